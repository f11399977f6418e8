/** `list_sessions` with a query: as it is written if there is any, else what it may be a misspelling of. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectSuccess, openDoor, type Door } from '../_util/scenario-doors.ts';
import { AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

let hub: TestHub;
let alice: Door;
let elsewhere: Door;

beforeAll(async () => {
  hub = await startTestHub();
  alice = await openDoor(hub, '2025', { key: AGENT_KEY, agent: 'alice', type: 'claude' });
  const key = await hub.makeKey('others', { workspace: 'elsewhere' });
  elsewhere = await openDoor(hub, '2026', { key, agent: 'eve', type: 'codex' });
  for (const purpose of ['Fix the login form', 'Billing export', 'Logins by key', 'Logic of retries'])
    expectSuccess(await alice.call('create_session', { purpose }));
  expectSuccess(await elsewhere.call('create_session', { purpose: 'lgoin of elsewhere' }));
});
afterAll(() => hub[Symbol.asyncDispose]());

async function purposes(door: Door, args: Record<string, unknown>): Promise<readonly string[]> {
  const found: string[] = [];
  for (let cursor: unknown; ;) {
    const page = expectSuccess(await door.call('list_sessions', { ...args, ...(cursor ? { cursor } : {}) }));
    found.push(...(page['sessions'] as { purpose: string }[]).map(({ purpose }) => purpose));
    cursor = page['next_cursor'];
    if (cursor === undefined) return found;
  }
}

it.each([
  ['LOGIN', ['Logins by key', 'Fix the login form']],
  ['lgoin', ['Logins by key', 'Fix the login form']],
  ['from login', ['Fix the login form']],
  ['exprot biling', ['Billing export']],
  ['logins by', ['Logins by key']],
  ['parser', []],
])('%j finds %j, in pages of any size', async (query, wanted) => {
  expect(await purposes(alice, { query })).toEqual(wanted);
  expect(await purposes(alice, { query, limit: 1 })).toEqual(wanted);
});

it('shows nothing of another workspace, and is not moved by it', async () => {
  expect(await purposes(elsewhere, { query: 'lgoin' })).toEqual(['lgoin of elsewhere']);
  expect(await purposes(elsewhere, { query: 'biling' })).toEqual([]);
});
