/** Limits of operations, set small: what exceeds them is refused, stores nothing, and what is removed makes room. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectError, expectSuccess, openDoor, type Door } from '../_util/scenario-doors.ts';
import { openRows, type Rows } from '../_util/scenario-rows.ts';
import { AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

const clock = { at: Date.parse('2026-03-01T00:00:00.000Z') };
let hub: TestHub;
let rows: Rows;

beforeAll(async () => {
  hub = await startTestHub({
    now: () => clock.at,
    env: {
      MAX_SESSIONS_PER_AGENT: '3',
      MAX_MESSAGES_PER_SESSION: '5',
      MAX_MEMORY_ENTRIES_PER_AGENT: '4',
      MAX_MESSAGE_LENGTH: '50',
      MAX_METADATA_BYTES: '20',
      MAX_MEMORY_VALUE_BYTES: '30',
      MAX_MEMORY_VERSIONS: '200',
    },
  });
  rows = openRows(hub);
});
afterAll(async () => {
  rows[Symbol.dispose]();
  await hub[Symbol.asyncDispose]();
});

const open = (agent: string): Promise<Door> =>
  openDoor(hub, '2026', { key: AGENT_KEY, agent, type: 'claude' });

async function expectQuota(
  door: Door,
  tool: string,
  args: Record<string, unknown>,
  limit: number,
): Promise<void> {
  const before = rows.all();
  const error = expectError(await door.call(tool, args), 'QUOTA_EXCEEDED');
  expect(error.context['limit']).toBe(limit);
  expect(error.suggestions).not.toEqual([]);
  expect(rows.all()).toEqual(before);
}

it('an agent opens so many sessions, also when it opens them at once', async () => {
  const alice = await open('alice');
  const opening = Array.from({ length: 8 }, (_, n) => alice.call('create_session', { purpose: `p${n}` }));
  const answers = await Promise.all(opening);
  for (const answer of answers.filter(({ isError }) => isError)) expectError(answer, 'QUOTA_EXCEEDED');
  expect(answers.filter(({ isError }) => !isError)).toHaveLength(3);
  expect(rows.count('sessions')).toBe(3);
  await expectQuota(await open('ALICE'), 'create_session', { purpose: 'one more' }, 3);
  expectSuccess(await (await open('bob')).call('create_session', { purpose: 'another agent' }));
});

it('a session takes so many messages, hidden ones and the first among them', async () => {
  const [carol, dave] = [await open('carol'), await open('dave')];
  const opened = expectSuccess(await carol.call('create_session', { purpose: 'p', first_message: '1' }));
  const session_id = opened['session_id'];
  for (const visibility of ['private', 'agent_only', 'public']) {
    expectSuccess(await dave.call('add_message', { session_id, content: 'c', visibility }));
  }
  const call = { session_id, content: 'the last', idempotency_key: 'last' };
  const last = expectSuccess(await carol.call('add_message', call));
  await expectQuota(carol, 'add_message', { session_id, content: 'c', visibility: 'private' }, 5);
  await expectQuota(dave, 'add_message', { session_id, content: 'c' }, 5);
  expect(expectSuccess(await carol.call('add_message', call))).toEqual(last);
});

it('an agent keeps so many memory entries; replacing, removing and expiry cost nothing', async () => {
  const erin = await open('erin');
  const session_id = expectSuccess(await erin.call('create_session', { purpose: 'p' }))['session_id'];
  const set = (key: string, more: object = {}) => erin.call('set_memory', { key, value: 1, ...more });
  for (const key of ['a', 'b']) expectSuccess(await set(key));
  expectSuccess(await set('in-session', { session_id }));
  expectSuccess(await set('brief', { expires_in: 60 }));
  await expectQuota(erin, 'set_memory', { key: 'e', value: 1 }, 4);
  await expectQuota(erin, 'set_memory', { key: 'e', value: 1, session_id }, 4);
  expectSuccess(await set('a', { value: 2 }));
  expectSuccess(await set('shared', { scope: 'shared' }));
  expectSuccess(await (await open('fred')).call('set_memory', { key: 'e', value: 1 }));
  clock.at += 60_000;
  expectSuccess(await set('in-place-of-brief'));
  await expectQuota(erin, 'set_memory', { key: 'e', value: 1 }, 4);
  expectSuccess(await erin.call('delete_memory', { key: 'b' }));
  expectSuccess(await set('e'));
});

it('what has expired takes no room, with however many versions', async () => {
  const hal = await open('hal');
  const set = (key: string, n: number) => hal.call('set_memory', { key, value: n, expires_in: 60 });
  for (let n = 0; n < 150; n++)
    await Promise.all(['a', 'b', 'c', 'd'].map(async (key) => expectSuccess(await set(key, n))));
  await expectQuota(hal, 'set_memory', { key: 'e', value: 1 }, 4);
  clock.at += 60_000;
  expectSuccess(await set('e', 1));
});

it('sizes are those of the settings', async () => {
  const gina = await open('gina');
  const session_id = expectSuccess(await gina.call('create_session', { purpose: 'p'.repeat(2000) }))[
    'session_id'
  ];
  expectSuccess(
    await gina.call('add_message', { session_id, content: 'x'.repeat(50), metadata: { a: 'x'.repeat(12) } }),
  );
  expectSuccess(await gina.call('set_memory', { key: 'k', value: 'é'.repeat(14) }));
  const before = rows.all();
  const refused = {
    content: ['add_message', { session_id, content: 'x'.repeat(51) }],
    metadata: ['add_message', { session_id, content: 'x', metadata: { a: 'x'.repeat(13) } }],
    value: ['set_memory', { key: 'k', value: 'é'.repeat(15) }],
  } as const;
  for (const [field, [tool, args]] of Object.entries(refused)) {
    expect(expectError(await gina.call(tool, args), 'CONTENT_TOO_LARGE').context).toMatchObject({ field });
  }
  expect(rows.all()).toEqual(before);
});
