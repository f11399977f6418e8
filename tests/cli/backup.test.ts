/** Backups of a hub that works, and what comes of them. */
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { connectClient } from '../_util/connect-client.ts';
import { databaseOf, HUB_ADMIN_KEY, HUB_KEY, startHub } from '../_util/hub-process.ts';
import { startLedger } from '../_util/ledger.ts';
import { startTestHub, temporaryFolder } from '../_util/test-hub.ts';
import { waitFor } from '../dev/wait.ts';
import { runSchub } from '../http/run-schub.ts';

let share: string;
beforeEach(() => {
  share = temporaryFolder();
});
afterEach(() => {
  rmSync(share, { recursive: true, force: true });
});

const env = { API_KEY: HUB_KEY, ADMIN_API_KEY: HUB_ADMIN_KEY };

async function schub(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const run = runSchub({ args, share, env });
  const code = await run.ended;
  return { code, out: run.stdout(), err: run.stderr() };
}

const connect = (url: string) =>
  connectClient(url, '2026', { key: HUB_KEY, headers: { 'x-agent-id': 'ann' } });

it('restores what was acknowledged before, and nothing that came after', async () => {
  const file = join(share, 'kept.db');
  const hub = startHub(share);
  const ledger = await startLedger({ writers: 4, url: () => hub.ready });
  await ledger.more(40);
  const before = new Set(ledger.acknowledged.keys());
  const made = await schub('backup', file, '--json');
  const begun = ledger.acknowledged.size;
  await ledger.more(40);
  await ledger.stop();
  expect(made.code, made.err).toBe(0);
  const report = JSON.parse(made.out) as { messages: number };
  expect(report).toEqual({
    file,
    bytes: statSync(file).size,
    sessions: 1,
    messages: expect.any(Number) as number,
  });
  expect(report.messages).toBeGreaterThanOrEqual(before.size);
  expect(report.messages).toBeLessThanOrEqual(begun + 4);
  expect(statSync(file).mode & 0o777).toBe(0o600);

  const ann = await connect(await hub.ready);
  const first = (await ann.callTool('list_sessions', { limit: 1 })).json;
  expect(first['sessions']).toHaveLength(1);
  const { session_id } = (await ann.callTool('create_session', { purpose: 'later' })).json;
  const { next_cursor: cursor } = (await ann.callTool('list_sessions', { limit: 1 })).json;
  expect(cursor).toBeDefined();
  const { message_id } = (await ann.callTool('add_message', { session_id, content: 'later words' })).json;
  await ann.close();

  const refused = await schub('restore', file);
  expect(refused.code).toBe(1);
  expect(refused.err).toMatch(/in use by a hub already running as process \d+ at http/);
  expect(await hub.stop()).toBe(0);

  const restored = await schub('restore', file, '--json');
  expect(restored.code, restored.err).toBe(0);
  const { kept } = JSON.parse(restored.out) as { kept: string };
  expect(JSON.parse(restored.out)).toMatchObject({ messages: report.messages, sessions: 1 });
  expect(readdirSync(join(databaseOf(share), '..')).filter((name) => /restoring|-wal/.test(name))).toEqual(
    [],
  );

  const next = startHub(share);
  const again = await connect(await next.ready);
  const stored = new Set<string>();
  for (let after = 0, more = true; more;) {
    const page = (
      await again.callTool('get_messages', { session_id: ledger.sessionId, after_id: after, limit: 1000 })
    ).json as { messages: { id: number; content: string }[]; has_more: boolean };
    for (const { content } of page.messages) stored.add(content);
    after = page.messages.at(-1)?.id ?? after;
    more = page.has_more;
  }
  expect([...before].filter((key) => !stored.has(key))).toEqual([]);
  expect(stored.size).toBe(report.messages);
  expect((await again.callTool('get_session', { session_id })).json).toMatchObject({
    code: 'SESSION_NOT_FOUND',
  });
  expect((await again.callTool('list_sessions', { limit: 1, cursor })).json).toMatchObject({
    code: 'INVALID_CURSOR',
  });
  // The index is of this database, and no id is given twice.
  const search = async (query: string) =>
    ((await again.callTool('search_context', { query, fuzzy_threshold: 100 })).json as { results: unknown[] })
      .results;
  expect(await search('later words')).toEqual([]);
  expect(await search([...before][0]!.replace('/', ' '))).not.toEqual([]);
  const posted = (await again.callTool('add_message', { session_id: ledger.sessionId, content: 'new' })).json;
  expect(posted['message_id']).toBeGreaterThan(message_id as number);
  await again.close();
  expect(await next.stop()).toBe(0);

  // And back.
  expect((await schub('restore', kept)).code).toBe(0);
  const last = startHub(share);
  const after = await connect(await last.ready);
  expect((await after.callTool('get_session', { session_id })).json).toMatchObject({ success: true });
  await after.close();
  expect(await last.stop()).toBe(0);
}, 60_000);

it('refuses what is no good backup, and leaves the database alone', async () => {
  const hub = startHub(share);
  await hub.ready;
  await hub.stop();
  const file = join(share, 'kept.db');
  expect((await schub('backup', file)).code).toBe(0);
  const again = await schub('backup', file);
  expect([again.code, again.err]).toEqual([2, expect.stringContaining('exists already')]);
  const before = readFileSync(databaseOf(share));
  truncateSync(file, statSync(file).size - 8192);
  writeFileSync(join(share, 'text.db'), 'no database');
  for (const [name, code] of [
    ['kept.db', 1],
    ['text.db', 1],
    ['nothing.db', 2],
  ] as const) {
    const run = await schub('restore', join(share, name));
    expect([run.code, run.out], name).toEqual([code, '']);
    expect(run.err, name).toMatch(/^schub: .*\.\n$/);
    expect(run.err, name).not.toMatch(/ at .*:\d+/);
  }
  expect(readFileSync(databaseOf(share)).equals(before)).toBe(true);
  expect(existsSync(`${databaseOf(share)}.restoring`)).toBe(false);
});

it('takes the place of a database that cannot be read any more', async () => {
  const hub = startHub(share);
  await hub.ready;
  await hub.stop();
  const file = join(share, 'kept.db');
  await schub('backup', file);
  writeFileSync(databaseOf(share), 'not a database at all'.repeat(1000));
  const run = await schub('restore', file, '--json');
  expect(run.code, run.err).toBe(0);
  const { kept } = JSON.parse(run.out) as { kept: string };
  expect(readFileSync(kept, 'utf8')).toMatch(/^not a database/);
  const next = startHub(share);
  await next.ready;
  expect(await next.stop()).toBe(0);
});

it('makes one at each interval, over restarts too, and keeps so many', async () => {
  const folder = join(share, 'backups');
  const names = (): string[] =>
    existsSync(folder)
      ? readdirSync(folder)
          .filter((name) => name.endsWith('.db'))
          .sort()
      : [];
  let now = Date.UTC(2026, 0, 1);
  const options = {
    ...{ folder: share, now: () => now, backupLookEveryMs: 5 },
    env: { BACKUP_INTERVAL_HOURS: '2', BACKUP_KEEP: '2' },
  };
  const made = (count: string): Promise<true> =>
    waitFor(() => (names().at(-1)?.includes(count) === true ? true : undefined));
  {
    await using _hub = await startTestHub(options);
    await made('20260101T000000');
    now += 2 * 3600_000 - 1;
  }
  {
    await using _hub = await startTestHub(options);
    now += 1;
    await made('20260101T020000');
    now += 2 * 3600_000;
    await made('20260101T040000');
    await waitFor(() => (names().length === 2 ? true : undefined));
  }
  expect(names()).toEqual(['hub-20260101T020000Z.db', 'hub-20260101T040000Z.db']);
});
