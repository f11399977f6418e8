/** Writes with an idempotency_key: the same call has the same answer and one effect, for 24 hours. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TOOLS } from '../../src/mcp/tools/index.ts';
import { expectError, expectSuccess, openDoor, type Door } from '../_util/scenario-doors.ts';
import { openRows, until, type Rows } from '../_util/scenario-rows.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

type Args = Record<string, unknown>;

const START = Date.parse('2026-03-01T00:00:00.000Z');
const DAY = 24 * 60 * 60 * 1000;

const clock = { at: START };
let hub: TestHub;
let rows: Rows;
let alice: Door;
let modern: Door;
let session_id: string;

beforeAll(async () => {
  hub = await startTestHub({ now: () => clock.at, housekeepingEveryMs: 20 });
  alice = await openDoor(hub, '2025', { key: AGENT_KEY, agent: 'alice', type: 'claude' });
  modern = await openDoor(hub, '2026', { key: AGENT_KEY, agent: 'Alice', type: 'claude' });
  session_id = String(expectSuccess(await alice.call('create_session', { purpose: 'Once' }))['session_id']);
  rows = openRows(hub);
});
afterAll(async () => {
  rows[Symbol.dispose]();
  await hub[Symbol.asyncDispose]();
});

const made = { count: 0 };
const newKey = (): string => `key-${++made.count}`;

interface Write {
  /** A call that works now, and one like it with another argument. */
  readonly args: () => Promise<readonly [Args, Args]>;
}

async function post(): Promise<number> {
  return Number(expectSuccess(await alice.call('add_message', { session_id, content: 'm' }))['message_id']);
}
async function entry(): Promise<string> {
  const key = `entry-${++made.count}`;
  expectSuccess(await alice.call('set_memory', { key, value: 1 }));
  return key;
}
async function lease(): Promise<unknown> {
  const granted = expectSuccess(await alice.call('acquire_lease', { resources: [`file-${++made.count}`] }));
  return (granted['lease'] as { lease_id: string }).lease_id;
}
const both = (args: Args, more: Args): readonly [Args, Args] => [args, { ...args, ...more }];

const WRITES: Readonly<Record<string, Write>> = {
  create_session: {
    args: async () => both({ purpose: 'p', first_message: 'f', metadata: { a: 1, b: 2 } }, { purpose: 'q' }),
  },
  update_session: {
    args: async () => both({ session_id, metadata: { n: ++made.count } }, { metadata: { n: 0 } }),
  },
  add_message: {
    args: async () => both({ session_id, content: 'c', metadata: { a: 1, b: 2 } }, { content: 'd' }),
  },
  set_message_visibility: {
    args: async () => both({ message_id: await post(), visibility: 'private' }, { visibility: 'public' }),
  },
  set_memory: { args: async () => both({ key: await entry(), value: { a: 1, b: 2 } }, { value: 2 }) },
  delete_memory: { args: async () => both({ key: await entry() }, { scope: 'shared' }) },
  acquire_lease: { args: async () => both({ resources: [`file-${++made.count}`] }, { mode: 'shared' }) },
  release_lease: { args: async () => both({ lease_id: await lease() }, { lease_id: 'lease_other' }) },
};

it('covers every tool that writes', () => {
  const writing = TOOLS.filter(
    ({ hints, permission, authenticates }) =>
      !hints.readOnly && permission !== 'read' && authenticates !== true,
  ).map(({ name }) => name);
  expect(Object.keys(WRITES).sort()).toEqual(writing.sort());
});

/** The same arguments in another order. */
const reversed = (args: Args): Args =>
  Object.fromEntries(
    Object.entries(args)
      .reverse()
      .map(([name, value]) => [
        name,
        typeof value === 'object' && value !== null && !Array.isArray(value)
          ? reversed(value as Args)
          : value,
      ]),
  );

describe.each(Object.entries(WRITES))('%s', (tool, { args }) => {
  it('answers the same again, from either era, and stores nothing more', async () => {
    const idempotency_key = newKey();
    const [call] = await args();
    const first = expectSuccess(await alice.call(tool, { ...call, idempotency_key }));
    const stored = rows.all();
    clock.at += 1000;
    expect(expectSuccess(await alice.call(tool, { ...call, idempotency_key }))).toEqual(first);
    expect(expectSuccess(await modern.call(tool, reversed({ ...call, idempotency_key })))).toEqual(first);
    expect(rows.all()).toEqual(stored);
  });

  it('is carried out once, however often it is sent at once', async () => {
    const idempotency_key = newKey();
    const [call] = await args();
    const before = { messages: rows.count('messages'), sessions: rows.count('sessions') };
    const doors = Array.from({ length: 12 }, (_, index) => (index % 2 === 0 ? alice : modern));
    const answers = await Promise.all(doors.map((door) => door.call(tool, { ...call, idempotency_key })));
    expect(new Set(answers.map((answer) => JSON.stringify(expectSuccess(answer)))).size).toBe(1);
    const made = tool === 'create_session' ? 1 : 0;
    expect(rows.count('sessions') - before.sessions).toBe(made);
    expect(rows.count('messages') - before.messages).toBe(tool === 'add_message' ? 1 : made);
  });

  it('refuses the key for other arguments and for another tool', async () => {
    const idempotency_key = newKey();
    const [call, other] = await args();
    expectSuccess(await alice.call(tool, { ...call, idempotency_key }));
    const stored = rows.all();
    const mismatch = expectError(
      await alice.call(tool, { ...other, idempotency_key }),
      'IDEMPOTENCY_MISMATCH',
    );
    expect(mismatch.error).toContain(idempotency_key);
    const another = tool === 'set_memory' ? 'delete_memory' : 'set_memory';
    const foreign = another === 'set_memory' ? { key: 'other', value: 1 } : { key: 'other' };
    expectError(await alice.call(another, { ...foreign, idempotency_key }), 'IDEMPOTENCY_MISMATCH');
    expect(rows.all()).toEqual(stored);
  });
});

it('holds for 24 hours, then the key is free, and its row goes', async () => {
  const call = { session_id, content: 'daily', idempotency_key: newKey() };
  const first = expectSuccess(await alice.call('add_message', call));
  clock.at += DAY - 1;
  expect(expectSuccess(await alice.call('add_message', call))).toEqual(first);
  clock.at += 1;
  const second = expectSuccess(await alice.call('add_message', call));
  expect(second['message_id']).toBeGreaterThan(Number(first['message_id']));
  expect(expectSuccess(await alice.call('add_message', call))).toEqual(second);
  clock.at += DAY + 1;
  await until(() => rows.count('idempotency') === 0, 'old answers are removed');
  expectSuccess(
    await alice.call('set_memory', { key: 'k', value: 1, idempotency_key: call.idempotency_key }),
  );
});

it('belongs to one agent of one workspace', async () => {
  const idempotency_key = newKey();
  const others = [
    await openDoor(hub, '2025', { key: AGENT_KEY, agent: 'bob' }),
    await openDoor(hub, '2026', { key: ADMIN_KEY, agent: 'operator' }),
    await openDoor(hub, '2026', { key: await hub.makeKey('far', { workspace: 'other' }), agent: 'alice' }),
  ];
  const call = { purpose: 'Same words', idempotency_key };
  const ids = new Set<unknown>();
  for (const door of [alice, ...others])
    ids.add(expectSuccess(await door.call('create_session', call))['session_id']);
  expect(ids.size).toBe(4);
});

it('remembers successes only', async () => {
  const idempotency_key = newKey();
  const call = { key: newKey(), value: 1, if_version: 1, idempotency_key };
  expectError(await alice.call('set_memory', call), 'VERSION_MISMATCH');
  expectSuccess(await alice.call('set_memory', { key: call.key, value: 0 }));
  expect(expectSuccess(await alice.call('set_memory', call))['version']).toBe(2);
  expect(expectSuccess(await alice.call('set_memory', call))['version']).toBe(2);
});

it('answers a retry although the call would fail by now', async () => {
  const opened = expectSuccess(await alice.call('create_session', { purpose: 'Soon closed' }));
  const of = { session_id: opened['session_id'] };
  const call = { ...of, content: 'in time', idempotency_key: newKey() };
  const first = expectSuccess(await alice.call('add_message', call));
  expectSuccess(await alice.call('update_session', { ...of, is_active: false }));
  expect(expectSuccess(await alice.call('add_message', call))).toEqual(first);
  expectError(await alice.call('add_message', { ...call, idempotency_key: newKey() }), 'SESSION_CLOSED');
});

it.each([
  ['the shortest', 'k'],
  ['the longest', 'k'.repeat(200)],
  ['an odd one', ' \u0000 ключ 🔑'],
])('takes %s key', async (_what, idempotency_key) => {
  const call = { session_id, content: 'c', idempotency_key };
  expect(expectSuccess(await alice.call('add_message', call))).toEqual(
    expectSuccess(await alice.call('add_message', call)),
  );
});
