/** Durable rows per second of the store, beside a bare loop of better-sqlite3 that commits 32 rows at a time. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { openSqliteStore, type SqliteStore } from '../src/store/sqlite/store.ts';
import { createLogger } from '../src/telemetry/log.ts';
import { median, type Report } from './report.ts';

const ROUNDS = 5;
const ROWS = 10_000;
const WRITERS = 20;
const ROWS_PER_COMMIT = 32;
const CONTENT = 'The parser fails on nested quotes; I take it from here. '.repeat(5);
const BENCH = `store, ${WRITERS} writers`;

export async function benchStore(report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'schub-bench-'));
  try {
    const grouped = await openStore(folder, 'grouped', {});
    const single = await openStore(folder, 'single', { maxBatch: 1 });
    const bare = openBare(join(folder, 'bare.db'));
    const rates = { grouped: [] as number[], single: [] as number[], bare: [] as number[] };
    for (let i = 0; i < ROUNDS; i++) {
      rates.bare.push(await rate(ROWS, () => Promise.resolve(bare.write(ROWS))));
      rates.grouped.push(await rate(ROWS, () => post(grouped, ROWS)));
      rates.single.push(await rate(ROWS / 10, () => post(single, ROWS / 10)));
    }
    await Promise.all([grouped.close(), single.close()]);
    bare.close();
    const figures: readonly (readonly [string, number, string])[] = [
      ['group commit', median(rates.grouped), 'rows/s'],
      ['a commit for each', median(rates.single), 'rows/s'],
      [`bare loop, ${ROWS_PER_COMMIT} rows a commit`, median(rates.bare), 'rows/s'],
      ['group commit / bare loop', median(rates.grouped) / median(rates.bare), ''],
      ['group commit / a commit for each', median(rates.grouped) / median(rates.single), ''],
    ];
    for (const [figure, value, unit] of figures) report.add({ bench: BENCH, figure, value, unit });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function openStore(folder: string, name: string, options: { maxBatch?: number }): Promise<SqliteStore> {
  const log = createLogger({ level: 'error', format: 'json' });
  const store = await openSqliteStore({
    path: join(folder, `${name}.db`),
    maxConnections: 1,
    log,
    ...options,
  });
  await store.write(async (tx) => {
    await tx.workspaces.ensure('bench', 0);
    await tx.sessions.insert({
      ...{ sessionId: 'session_bench', workspace: 'bench', purpose: 'bench', createdBy: 'bench' },
      ...{ createdAt: 0, updatedAt: 0, isActive: true, metadata: {} },
    });
  });
  return store;
}

/** Agents that post one message after the other. */
async function post(store: SqliteStore, rows: number): Promise<void> {
  let left = rows;
  const agent = async (sender: string): Promise<void> => {
    while (left-- > 0) {
      await store.write(async (tx) => {
        const session = await tx.sessions.get('bench', 'session_bench');
        if (session === undefined) throw new Error('no session');
        return tx.messages.insert({
          ...{ sessionPk: session.pk, workspace: 'bench', sender, senderType: 'bench', imported: false },
          ...{ content: CONTENT, visibility: 'public', to: [], messageType: 'message', pinned: false },
          ...{ parentId: null, threadId: null, metadata: {}, createdAt: Date.now(), audiences: ['public'] },
        });
      });
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, i) => agent(`agent-${i}`)));
}

/** One table and one index, one statement: the least that keeps messages by session. */
function openBare(path: string) {
  const sqlite = new Database(path);
  sqlite.pragma('journal_mode = WAL');
  sqlite.pragma('synchronous = FULL');
  sqlite.exec(`
    CREATE TABLE messages (id INTEGER PRIMARY KEY, session TEXT, sender TEXT, created INTEGER, content TEXT);
    CREATE INDEX by_session ON messages (session, id)`);
  const insert = sqlite.prepare(
    'INSERT INTO messages (session, sender, created, content) VALUES (?, ?, ?, ?)',
  );
  const commit = sqlite.transaction((rows: number) => {
    for (let i = 0; i < rows; i++) insert.run('session_bench', `agent-${i % WRITERS}`, Date.now(), CONTENT);
  });
  return {
    write(rows: number): void {
      for (let done = 0; done < rows; done += ROWS_PER_COMMIT) commit.immediate(ROWS_PER_COMMIT);
    },
    close: () => sqlite.close(),
  };
}

async function rate(rows: number, run: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await run();
  return (rows / (performance.now() - started)) * 1000;
}
