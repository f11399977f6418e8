/** What memory was before: for those who may read the entry, within what is kept, and gone with it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDoor, expectSuccess, type Door } from '../_util/scenario-doors.ts';
import { openRows, until } from '../_util/scenario-rows.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const START = Date.parse('2026-03-01T00:00:00.000Z');
const clock = { at: START };
let hub: TestHub;
let alice: Door;
let session_id: string;

beforeAll(async () => {
  const env = {
    MAX_MEMORY_VERSIONS: '3',
    MAX_MEMORY_HISTORY_BYTES: '200',
    MEMORY_HISTORY_RETENTION_DAYS: '10',
  };
  hub = await startTestHub({ env, now: () => clock.at, housekeepingEveryMs: 20 });
  alice = await openDoor(hub, '2026', { key: AGENT_KEY, agent: 'alice', type: 'claude' });
  session_id = String(expectSuccess(await alice.call('create_session', { purpose: 'Memory' }))['session_id']);
});
afterAll(() => hub[Symbol.asyncDispose]());

type Args = Record<string, unknown>;
interface History {
  readonly versions: { version: number; value_size: number; updated_by: string; updated_at: string }[];
  readonly has_more: boolean;
}

const set = async (args: Args, by = alice) => expectSuccess(await by.call('set_memory', args));
async function ask(path: string, agent = 'alice', key = AGENT_KEY) {
  const headers = { authorization: `Bearer ${key}`, 'x-agent-id': agent };
  const response = await hub.request(`/api/v1/memory/${path}`, { headers });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
async function historyOf(path: string, agent?: string): Promise<History> {
  const { status, body } = await ask(path, agent);
  expect(status, JSON.stringify(body)).toBe(200);
  return body as unknown as History;
}
const numbersOf = async (path: string): Promise<number[]> =>
  (await historyOf(path)).versions.map(({ version }) => version);

it('tells versions, who wrote them and when, and their values exactly', async () => {
  const bob = await openDoor(hub, '2025', { key: AGENT_KEY, agent: 'bob', type: 'codex' });
  const key = 'deep/plan%2F ü'.replace(' ', '');
  const where = { key, scope: 'shared', session_id };
  await set({ ...where, value: { step: 1, text: 'a\u0000b\ud800' } });
  clock.at += 1000;
  await set({ ...where, value: 'second' }, bob);
  clock.at += 1000;
  await set({ ...where, value: null });
  const path = `${encodeURIComponent(key)}/history`;
  const query = `?scope=shared&session_id=${session_id}`;
  const at = (ms: number): string => new Date(START + ms).toISOString();
  expect(await historyOf(path + query)).toEqual({
    versions: [
      { version: 3, value_size: 4, updated_by: 'alice', updated_at: at(2000), expires_at: null },
      { version: 2, value_size: 8, updated_by: 'bob', updated_at: at(1000), expires_at: null },
      { version: 1, value_size: 34, updated_by: 'alice', updated_at: at(0), expires_at: null },
    ],
    has_more: false,
  });
  expect(await historyOf(`${path}${query}&limit=1`, 'bob')).toMatchObject({
    ...{ versions: [{ version: 3 }], has_more: true },
  });
  expect(await historyOf(`${path}${query}&limit=1&before_version=2`)).toMatchObject({
    ...{ versions: [{ version: 1 }], has_more: false },
  });
  const values = [1, 2, 3].map(async (version) => (await ask(`${path}/${version}${query}`)).body['value']);
  expect(await Promise.all(values)).toEqual([{ step: 1, text: 'a\u0000b\ud800' }, 'second', null]);
  // Neither of another scope nor of no session.
  for (const other of [`?scope=agent&session_id=${session_id}`, '?scope=shared', '']) {
    expect(await ask(path + other)).toMatchObject({ status: 404, body: { code: 'MEMORY_NOT_FOUND' } });
    expect(await ask(`${path}/1${other}`)).toMatchObject({ status: 404, body: { code: 'MEMORY_NOT_FOUND' } });
  }
});

it('is nobody else’s, not an operator’s either, and looks as if nothing were there', async () => {
  await set({ key: 'own', value: 'my first thought' });
  await set({ key: 'own', value: 'my second' });
  expect(await numbersOf('own/history')).toEqual([2, 1]);
  for (const [agent, key] of [
    ['bob', AGENT_KEY],
    ['operator', ADMIN_KEY],
  ] as const) {
    for (const path of ['history', 'history/1', 'history/2']) {
      const { status, body } = await ask(`own/${path}`, agent, key);
      const nothing = await ask(`other/${path}`, agent, key);
      expect([status, body['code']]).toEqual([404, 'MEMORY_NOT_FOUND']);
      expect(String(body['error'])).toBe(String(nothing.body['error']).replace('other', 'own'));
      expect(JSON.stringify(body)).not.toContain('thought');
    }
  }
  const writer = await hub.makeKey('writer', { permissions: ['write'] });
  expect(await ask('own/history?scope=shared', 'writer', writer)).toMatchObject({ status: 403 });
  expect(await ask('own/history/1?scope=shared', 'writer', writer)).toMatchObject({ status: 403 });
});

it('is kept as far as its settings say', async () => {
  for (let value = 1; value <= 6; value++) await set({ key: 'often', value });
  expect(await numbersOf('often/history')).toEqual([6, 5, 4, 3]);
  const gone = await ask('often/history/2');
  expect(gone).toMatchObject({ status: 404, body: { code: 'MEMORY_NOT_FOUND', context: { version: 2 } } });
  for (const text of ['a', 'b', 'c']) await set({ key: 'large', value: text.repeat(98) });
  expect(await numbersOf('large/history')).toEqual([3, 2, 1]);
  await set({ key: 'large', value: 'd' });
  expect(await numbersOf('large/history')).toEqual([4, 3, 2]);
  await set({ key: 'large', value: 'e'.repeat(199) });
  await set({ key: 'large', value: 'f' });
  expect(await numbersOf('large/history')).toEqual([6]);
});

it('does not outlive the entry, nor the time that a value was given', async () => {
  for (const value of ['first life', 'first life too']) await set({ key: 'short', value, scope: 'shared' });
  expectSuccess(await alice.call('delete_memory', { key: 'short', scope: 'shared' }));
  expect(await ask('short/history?scope=shared')).toMatchObject({ status: 404 });
  await set({ key: 'short', value: 'second life', scope: 'shared', expires_in: 60 });
  expect(await numbersOf('short/history?scope=shared')).toEqual([1]);
  await set({ key: 'short', value: 'for good', scope: 'shared' });
  expect(await numbersOf('short/history?scope=shared')).toEqual([2, 1]);
  clock.at += 60_000;
  expect(await numbersOf('short/history?scope=shared')).toEqual([2]);
  expect(await ask('short/history/1?scope=shared')).toMatchObject({ status: 404 });

  await set({ key: 'over', value: 'once' });
  await set({ key: 'over', value: 'twice', expires_in: 60 });
  clock.at += 60_000;
  await set({ key: 'over', value: 'anew' });
  expect(await numbersOf('over/history')).toEqual([1]);
});

it('is swept when it is old, and what is there now stays', async () => {
  await set({ key: 'old', value: 'was' });
  await set({ key: 'old', value: 'is' });
  clock.at += 10 * DAY_MS;
  expect(await numbersOf('old/history')).toEqual([2, 1]);
  clock.at += 1;
  using rows = openRows(hub);
  await until(() => rows.count('memory_versions') === 0, 'old versions are removed');
  expect(await numbersOf('old/history')).toEqual([2]);
  expect(expectSuccess(await alice.call('get_memory', { key: 'old' }))).toMatchObject({ value: 'is' });
});

it('is none where none is to be kept', async () => {
  await using without = await startTestHub({ env: { MAX_MEMORY_VERSIONS: '0' } });
  const ann = await openDoor(without, '2026', { key: AGENT_KEY, agent: 'ann', type: 'claude' });
  for (const value of [1, 2, 3]) await set({ key: 'k', value }, ann);
  using rows = openRows(without);
  expect(rows.count('memory_versions')).toBe(0);
  const headers = { authorization: `Bearer ${AGENT_KEY}`, 'x-agent-id': 'ann' };
  const response = await without.request('/api/v1/memory/k/history', { headers });
  expect(await response.json()).toMatchObject({ versions: [{ version: 3 }], has_more: false });
});
