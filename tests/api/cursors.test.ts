/** Cursors are good for the listing and the hub that they come from, and for nothing else. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { setStage } from '../_util/scenario-calls.ts';
import { ERAS, expectError, expectSuccess, openDoor, type Door } from '../_util/scenario-doors.ts';
import { openRows } from '../_util/scenario-rows.ts';
import { AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

let hub: TestHub;
let alice: Record<string, Door>;
let bob: Door;

beforeAll(async () => {
  hub = await startTestHub();
  const open = (era: '2025' | '2026') =>
    openDoor(hub, era, { key: AGENT_KEY, agent: 'alice', type: 'claude' });
  alice = { '2025': await open('2025'), '2026': await open('2026') };
  bob = await openDoor(hub, '2026', { key: await hub.makeKey('bobs'), agent: 'bob', type: 'claude' });
  for (let n = 0; n < 3; n++) await setStage(alice['2025']!);
});
afterAll(() => hub[Symbol.asyncDispose]());

const cursorOf = (...parts: unknown[]): string => Buffer.from(JSON.stringify(parts)).toString('base64url');
const INVENTED = [
  ...['x', '!!!', '{}', 'null', 'AAAA'.repeat(200), '\u0000', '漢字'],
  ...[cursorOf(), cursorOf('foreign-epoch', 'sessions', 5), cursorOf(null, 'memory', {})],
];

it.each(ERAS)('refuses what is no cursor (%s)', async (era) => {
  using rows = openRows(hub);
  const before = rows.all();
  for (const tool of ['list_sessions', 'list_memory']) {
    for (const cursor of INVENTED) {
      const error = expectError(await alice[era]!.call(tool, { cursor }), 'INVALID_CURSOR', cursor);
      expect(error.context).toMatchObject({ field: 'cursor' });
      expect(error.error).toContain('cursor');
    }
  }
  expect(rows.all()).toEqual(before);
});

it('takes a cursor only for the listing and the hub it comes from', async () => {
  const door = alice['2025']!;
  const sessions = String(expectSuccess(await door.call('list_sessions', { limit: 1 }))['next_cursor']);
  const memory = String(expectSuccess(await door.call('list_memory', { limit: 1 }))['next_cursor']);
  expectError(await door.call('list_sessions', { cursor: memory }), 'INVALID_CURSOR');
  expectError(await door.call('list_memory', { cursor: sessions }), 'INVALID_CURSOR');
  expectSuccess(await door.call('list_sessions', { cursor: sessions }));
  const headers = { authorization: `Bearer ${AGENT_KEY}`, 'x-agent-id': 'alice' };
  const ofApi = (await (await hub.request('/api/v1/sessions?limit=1', { headers })).json()) as {
    next_cursor: string;
  };
  // It is the same listing by either door.
  expectSuccess(await door.call('list_sessions', { cursor: ofApi.next_cursor }));
  expect((await hub.request(`/api/v1/sessions?cursor=${sessions}`, { headers })).status).toBe(200);
  expect((await hub.request(`/api/v1/sessions?cursor=${memory}`, { headers })).status).toBe(400);
  expect((await hub.request(`/api/v1/sessions?cursor=${ofApi.next_cursor}`, { headers })).status).toBe(200);
  expectSuccess(await bob.call('list_sessions', { cursor: sessions }));
  await using other = await startTestHub();
  const there = await openDoor(other, '2026', { key: AGENT_KEY, agent: 'alice' });
  expectError(await there.call('list_sessions', { cursor: sessions }), 'INVALID_CURSOR');
  expectError(await there.call('list_memory', { cursor: memory }), 'INVALID_CURSOR');
});

it.each(ERAS)('refuses a place in the log where nobody has been (%s)', async (era) => {
  const door = alice[era]!;
  const wait = (cursor: string) => door.call('wait_for_messages', { cursor, timeout_seconds: 0 });
  const here = String(expectSuccess(await door.call('wait_for_messages', { timeout_seconds: 0 }))['cursor']);
  expectSuccess(await wait(here));
  const parts = JSON.parse(Buffer.from(here, 'base64url').toString()) as [string, string, number[]];
  const [epoch, kind, [position = 0, ...rest]] = parts;
  const ahead = cursorOf(epoch, kind, [position + 1, ...rest]);
  for (const cursor of [ahead, cursorOf(epoch, kind, [Number.MAX_SAFE_INTEGER, ...rest]), ...INVENTED]) {
    const error = expectError(await wait(cursor), 'INVALID_CURSOR', cursor);
    expect(error.error).toBe(
      'cursor is not one of wait_for_messages or catch_up, or comes from before the hub was restored.',
    );
  }
  expectSuccess(await wait(here));
});

it('takes a memory cursor of another agent or scope for none, instead of ending early', async () => {
  const door = alice['2025']!;
  const { next_cursor: cursor } = expectSuccess(await door.call('list_memory', { limit: 1, scope: 'agent' }));
  expectSuccess(await door.call('list_memory', { cursor, scope: 'agent' }));
  expectError(await door.call('list_memory', { cursor, scope: 'shared' }), 'INVALID_CURSOR');
  expectError(await door.call('list_memory', { cursor }), 'INVALID_CURSOR');
  expectError(await bob.call('list_memory', { cursor, scope: 'agent' }), 'INVALID_CURSOR');
});
