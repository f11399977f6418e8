import Database from 'better-sqlite3';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openAudit } from '../_util/audit-rows.ts';
import { expectError, expectSuccess, openDoor } from '../_util/scenario-doors.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';
import { indexed } from '../_util/search-index.ts';
import { waitFor } from '../dev/wait.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** More than one step removes. */
const MESSAGES = 450;

interface Rows extends Disposable {
  count(table: string, where?: string): number;
  pk(sessionId: string): number;
  /** Rows that tell of the session; of receipts all, as no other session has any. */
  told(table: string, pk: number): number;
}

function rowsOf({ folder }: TestHub): Rows {
  const db = new Database(join(folder, 'hub.db'), { readonly: true });
  const count = (table: string, where = 'true'): number =>
    Number(db.prepare(`SELECT count(*) FROM ${table} WHERE ${where}`).pluck().get());
  return {
    count,
    pk: (sessionId) =>
      Number(db.prepare('SELECT id FROM sessions WHERE session_id = ?').pluck().get(sessionId)),
    told: (table, pk) => (table === 'receipts' ? count(table) : count(table, `session_id = ${String(pk)}`)),
    [Symbol.dispose]: () => void db.close(),
  };
}

/** Messages with a word that the search index holds, whether they are still there or not. */
function holding({ folder }: TestHub, word: string): number {
  const db = new Database(join(folder, 'search.db'), { readonly: true });
  try {
    return Number(db.prepare('SELECT count(*) FROM docs WHERE docs MATCH ?').pluck().get(word));
  } finally {
    db.close();
  }
}

/** What tells of a session and its messages. */
const TOLD = ['events', 'message_addressees', 'receipts'];
const TABLES = [
  ...['sessions', 'messages', 'message_audiences', 'session_audiences', 'participants'],
  ...['memory_entries', 'memory_versions', 'imported_messages'],
];

it('removes sessions in which nothing happens with all that belongs to them, and nothing else', async () => {
  let now = Date.UTC(2026, 0, 1);
  const env = { INACTIVE_SESSION_RETENTION_DAYS: '30' };
  await using hub = await startTestHub({ env, now: () => now, housekeepingEveryMs: 5 });
  const ann = await openDoor(hub, '2026', { key: AGENT_KEY, agent: 'ann', type: 'claude' });
  const open = async (purpose: string) =>
    expectSuccess(await ann.call('create_session', { purpose }))['session_id'] as string;
  const post = async (session_id: string, content: string, visibility = 'public') =>
    expectSuccess(await ann.call('add_message', { session_id, content, visibility }))['message_id'] as number;
  const [kept, remembered] = [await open('kept'), await open('remembered')];
  await post(kept, 'kept words');
  for (const value of [1, 2]) expectSuccess(await ann.call('set_memory', { key: 'everywhere', value }));
  using rows = rowsOf(hub);
  const before = TABLES.map((table) => rows.count(table));

  const gone = await open('gone');
  const root = await post(gone, 'unforgettable words');
  await post(gone, 'private words', 'private');
  const lines = Array.from({ length: MESSAGES }, (_, i) => ({
    ...{ id: `${i}`, session: gone, sender: 'old', content: `line ${i}`, timestamp: '2020-01-01T00:00:00Z' },
  }));
  const headers = { authorization: `Bearer ${ADMIN_KEY}`, 'x-agent-id': 'operator' };
  const body = lines.map((line) => JSON.stringify(line)).join('\n');
  const sent = await hub.request('/api/v1/import', { method: 'POST', headers, body });
  expect(await sent.json()).toMatchObject({ imported: MESSAGES, sessions: 1 });
  for (const scope of ['agent', 'shared'])
    for (const value of [1, 2, 3])
      expectSuccess(await ann.call('set_memory', { key: 'k', value, session_id: gone, scope }));
  const bob = await openDoor(hub, '2025', { key: AGENT_KEY, agent: 'bob', type: 'codex' });
  expectSuccess(await bob.call('list_sessions'));
  const asked = { session_id: gone, content: 'bob?', to: ['bob', 'type:codex'] };
  const question = expectSuccess(await ann.call('add_message', asked))['message_id'] as number;
  const inbox = async () =>
    expectSuccess(await bob.call('wait_for_messages', { addressed_only: true, timeout_seconds: 0 }));
  expect(await inbox()).toMatchObject({ messages: [{ id: question }] });
  expectSuccess(await ann.call('set_message_visibility', { message_id: root, visibility: 'agent_only' }));
  expectSuccess(await ann.call('update_session', { session_id: gone, purpose: 'still gone' }));
  expectSuccess(await ann.call('acquire_lease', { resources: ['a.ts'], session_id: gone, ttl_seconds: 30 }));
  const last = await post(gone, 'last');
  expect(expectSuccess(await bob.call('list_sessions'))).toMatchObject({ inbox: { unread: 1 } });
  const pk = rows.pk(gone);
  await waitFor(() => (rows.count('receipts') > 0 ? true : undefined));
  for (const table of TOLD) expect(rows.told(table, pk), table).toBeGreaterThan(0);

  expectSuccess(await ann.call('search_context', { query: 'unforgettable' }));
  await waitFor(() => (holding(hub, 'unforgettable') === 1 ? true : undefined));

  now += 20 * DAY_MS;
  await post(kept, 'new words');
  expectSuccess(await ann.call('set_memory', { key: 'k', value: 1, session_id: remembered }));
  now += 10 * DAY_MS;
  expectSuccess(await ann.call('get_session', { session_id: gone }));
  now += 1;
  await waitFor(async () =>
    (await ann.call('get_session', { session_id: gone })).isError ? true : undefined,
  );
  await waitFor(() => (rows.count('sessions', `session_id = '${gone}'`) === 0 ? true : undefined));

  for (const table of TOLD) expect(rows.told(table, pk), table).toBe(0);
  // Nor does the hub remember that it was unread.
  const nothing = expectSuccess(await bob.call('list_sessions'));
  expect(JSON.stringify(nothing)).not.toContain('bob?');
  expect(nothing).not.toHaveProperty('inbox');
  expect(await inbox()).toMatchObject({ messages: [] });

  const added = [0, 1, 1, 0, 0, 1, 0, 0];
  expect(TABLES.map((table, i) => rows.count(table) - before[i]!)).toEqual(added);
  for (const session_id of [kept, remembered]) expectSuccess(await ann.call('get_session', { session_id }));
  expectError(await ann.call('get_messages', { session_id: gone }), 'SESSION_NOT_FOUND');
  expectError(
    await ann.call('set_message_visibility', { message_id: root, visibility: 'private' }),
    'MESSAGE_NOT_FOUND',
  );
  const found = expectSuccess(
    await ann.call('search_context', { query: 'unforgettable words', fuzzy_threshold: 100 }),
  );
  expect(JSON.stringify(found['results'])).not.toContain(gone);
  await waitFor(() => (holding(hub, 'unforgettable') === 0 ? true : undefined));
  // Neither a message's id nor the place of a session is given again.
  expect(await post(kept, 'later')).toBeGreaterThan(last);
  const anew = await open('anew');
  expect(expectSuccess(await ann.call('get_messages', { session_id: anew }))).toMatchObject({ count: 0 });
  expect(expectSuccess(await ann.call('list_memory', { session_id: anew }))['entries']).toEqual([]);

  using audit = openAudit(hub);
  expect((await audit.all()).filter(({ event_type }) => event_type === 'session.removed')).toEqual([
    expect.objectContaining({
      ...{ workspace: 'default', actor: null, action: 'retention', session_id: gone, result: 'ok' },
      details: { messages: MESSAGES + 4 },
    }),
  ]);
});

it('corrects no query by a word of which nobody sees a message any more', async () => {
  let now = Date.UTC(2026, 0, 1);
  const env = { INACTIVE_SESSION_RETENTION_DAYS: '30' };
  await using hub = await startTestHub({ env, now: () => now, housekeepingEveryMs: 5 });
  const ann = await openDoor(hub, '2026', { key: AGENT_KEY, agent: 'ann', type: 'claude' });
  const say = async (content: string): Promise<void> => {
    const { session_id } = expectSuccess(await ann.call('create_session', { purpose: 'to talk' }));
    expectSuccess(await ann.call('add_message', { session_id, content }));
  };
  const corrected = async (query: string): Promise<unknown> =>
    expectSuccess(await ann.call('search_context', { query }))['corrected_query'];
  for (let i = 0; i < 5; i++) await say(`the zanzibar plan, part ${i}`);
  await indexed(hub.request);
  expect(await corrected('zanzibr plan')).toBe('zanzibar plan');
  now += 40 * DAY_MS;
  await say('another plan of sansibar');
  await waitFor(async () => {
    const { sessions } = expectSuccess(await ann.call('list_sessions', {})) as { sessions: unknown[] };
    return sessions.length === 1 || undefined;
  });
  for (const state of ['as it was', 'as it is']) {
    for (const query of ['zanzibr', 'zanzibr plan', 'zanzi', '"zanzibar plan"', 'zanziba plan sansibr'])
      expect(String(await corrected(query)), `${query}, the index ${state}`).not.toContain('zanzibar');
    await waitFor(() => holding(hub, 'zanzibar') === 0 || undefined);
  }
});

it('removes no session where nothing is set', async () => {
  let now = Date.UTC(2026, 0, 1);
  await using hub = await startTestHub({ now: () => now, housekeepingEveryMs: 5 });
  const ann = await openDoor(hub, '2025', { key: AGENT_KEY, agent: 'ann', type: 'claude' });
  const { session_id } = expectSuccess(await ann.call('create_session', { purpose: 'kept' }));
  const set = { key: 'short', value: 1, expires_in: 60 };
  expectSuccess(await ann.call('set_memory', set));
  using rows = rowsOf(hub);
  now += 3000 * DAY_MS;
  // A round has passed when what has expired is gone.
  await waitFor(() => (rows.count('memory_entries') === 0 ? true : undefined));
  expectSuccess(await ann.call('set_memory', set));
  now += DAY_MS;
  await waitFor(() => (rows.count('memory_entries') === 0 ? true : undefined));
  expectSuccess(await ann.call('get_session', { session_id }));
});
