/** Durable messages per second of the store, beside bare loops of better-sqlite3 that commit 32 messages at a time. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { openWriter } from '../src/store/sqlite/connection.ts';
import { migrateDatabase } from '../src/store/sqlite/migrate.ts';
import { openSqliteStore, type SqliteStore } from '../src/store/sqlite/store.ts';
import { createLogger } from '../src/telemetry/log.ts';
import { median, type Report } from './report.ts';

const ROUNDS = 5;
const ROWS = 10_000;
const WRITERS = 20;
const ROWS_PER_COMMIT = 32;
const CONTENT = 'The parser fails on nested quotes; I take it from here. '.repeat(5);
/** Writes that a writer does not wait for, as with tool calls side by side. */
const IN_FLIGHT = 4;

/** Of a bare loop that writes the same rows. */
const SESSION_PK = 1;
const GROUPED_AT_LEAST = 0.6;

export async function benchStore(report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'schub-bench-'));
  try {
    const grouped = await openStore(folder, 'grouped', {});
    const single = await openStore(folder, 'single', { maxBatch: 1 });
    const same = openSameRows(join(folder, 'same.db'));
    const one = openOneTable(join(folder, 'one.db'));
    const loads: Readonly<Record<string, readonly [number, () => Promise<void>]>> = {
      same: [ROWS, async () => same.write(ROWS, ROWS_PER_COMMIT)],
      one: [ROWS, async () => one.write(ROWS, ROWS_PER_COMMIT)],
      grouped: [ROWS, () => post(grouped, ROWS, 1)],
      inFlight: [ROWS, () => post(grouped, ROWS, IN_FLIGHT)],
      single: [ROWS / 10, () => post(single, ROWS / 10, 1)],
    };
    const rates = new Map<string, number[]>();
    for (let i = 0; i < ROUNDS; i++) {
      for (const [name, [rows, load]] of Object.entries(loads)) {
        rates.set(name, [...(rates.get(name) ?? []), await rate(rows, load)]);
      }
    }
    await Promise.all([grouped.close(), single.close()]);
    same.close();
    one.close();
    const of = (name: string): number => median(rates.get(name) ?? []);
    const bench = `Store, ${WRITERS} writers`;
    const add = (figure: string, value: number, unit = '', promised: { atLeast?: number } = {}) =>
      report.add({ bench, figure, value, unit, ...promised });
    add('group commit', of('grouped'), 'messages/s');
    add(`group commit, ${IN_FLIGHT} writes of each in flight`, of('inFlight'), 'messages/s');
    add('group commit off: a commit for each', of('single'), 'messages/s');
    add(`bare loop of the same rows, ${ROWS_PER_COMMIT} a commit`, of('same'), 'messages/s');
    add(`bare loop of one table and one index, ${ROWS_PER_COMMIT} a commit`, of('one'), 'messages/s');
    add('group commit / bare loop of the same rows', of('grouped') / of('same'), '', {
      atLeast: GROUPED_AT_LEAST,
    });
    add('group commit / bare loop of one table and one index', of('grouped') / of('one'));
    add(`group commit, ${IN_FLIGHT} in flight / bare loop of the same rows`, of('inFlight') / of('same'));
    add('group commit / off', of('grouped') / of('single'));
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

/** Agents that post, each with so many messages at a time. */
async function post(store: SqliteStore, rows: number, inFlight: number): Promise<void> {
  let left = rows;
  const agent = async (sender: string): Promise<void> => {
    while (left-- > 0) {
      await store.write((tx) =>
        tx.messages.insert({
          ...{ sessionPk: SESSION_PK, workspace: 'bench', sender, senderType: 'bench', imported: false },
          ...{ content: CONTENT, visibility: 'public', messageType: 'message', pinned: false },
          ...{ to: [], addressees: [] },
          ...{ parentId: null, threadId: null, metadata: {}, createdAt: Date.now(), audiences: ['public'] },
        }),
      );
    }
  };
  await Promise.all(Array.from({ length: WRITERS * inFlight }, (_, i) => agent(`agent-${i % WRITERS}`)));
}

interface Bare {
  write(rows: number, perCommit: number): void;
  close(): void;
}

function bareLoop(sqlite: Database.Database, insert: (i: number) => void): Bare {
  const commit = sqlite.transaction((rows: number) => {
    for (let i = 0; i < rows; i++) insert(i);
  });
  return {
    write(rows, perCommit) {
      for (let done = 0; done < rows; done += perCommit) commit.immediate(perCommit);
    },
    close: () => sqlite.close(),
  };
}

/** The rows that the store writes for a message, in its own schema, with nothing around them. */
function openSameRows(path: string): Bare {
  const connection = openWriter(path);
  migrateDatabase(connection, { path });
  const { sqlite } = connection;
  const message = sqlite.prepare(`
    INSERT INTO messages (session_id, sender_id, visibility, message_type, pinned, created_at, content)
    VALUES (1, ?, 0, 0, 0, ?, ?)`);
  const audience = sqlite.prepare(`
    INSERT INTO message_audiences
      (audience_id, session_id, message_id, sender_id, created_at, visibility, message_type)
    VALUES (1, 1, ?, ?, ?, 0, 0)`);
  const count = sqlite.prepare(`
    INSERT INTO session_audiences (audience_id, session_id, message_count, last_seq) VALUES (1, 1, 1, ?)
    ON CONFLICT DO UPDATE SET message_count = message_count + 1, last_seq = excluded.last_seq`);
  const posted = sqlite.prepare(`
    INSERT INTO participants (session_id, audience_id, sender_id, message_count, last_id) VALUES (1, 1, ?, 1, ?)
    ON CONFLICT DO UPDATE SET message_count = message_count + 1, last_id = excluded.last_id`);
  return bareLoop(sqlite, (i) => {
    const sender = i % WRITERS;
    const at = Date.now();
    const id = Number(message.run(sender, at, CONTENT).lastInsertRowid);
    audience.run(id, sender, at);
    count.run(id);
    posted.run(sender, id);
  });
}

/** One table and one index, one statement: the least that keeps messages by session. */
function openOneTable(path: string): Bare {
  const { sqlite } = openWriter(path);
  sqlite.exec(`
    CREATE TABLE messages (id INTEGER PRIMARY KEY, session TEXT, sender TEXT, created INTEGER, content TEXT);
    CREATE INDEX by_session ON messages (session, id)`);
  const insert = sqlite.prepare(
    'INSERT INTO messages (session, sender, created, content) VALUES (?, ?, ?, ?)',
  );
  return bareLoop(sqlite, (i) => insert.run('session_bench', `agent-${i % WRITERS}`, Date.now(), CONTENT));
}

async function rate(rows: number, run: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await run();
  return (rows / (performance.now() - started)) * 1000;
}
