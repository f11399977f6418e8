/** The store over one SQLite file: one writer, one reader on this thread for short queries, reader threads for long ones. */
import { statSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { StartError } from '../../errors.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Reads, Store, StoreHealth } from '../port.ts';
import {
  CHECKED_AT_START_BYTES,
  checkSqliteVersion,
  findDamage,
  prepareFolder,
  stoppedUncleanly,
  unreadable,
} from './checks.ts';
import { openReader, openWriter, type Connection } from './connection.ts';
import { acquireLock, type Lock } from './lock.ts';
import { migrateDatabase } from './migrate.ts';
import { createNames } from './names.ts';
import { createReads } from './queries/index.ts';
import { createReaderPool, type ReaderPool } from './readers.ts';
import { routeReads } from './route-reads.ts';
import { createWriterConnection } from './writer-connection.ts';
import { createWriter } from './writer.ts';

export interface SqliteStoreOptions {
  readonly path: string;
  /** Readers at most, this thread's own included. */
  readonly maxConnections: number;
  readonly log: Logger;
  /** How long to wait for a hub that is stopping. */
  readonly lockWaitMs?: number;
  /** Writes per commit; 1 switches group commit off, for measurements. */
  readonly maxBatch?: number;
}

export interface SqliteStore extends Store {
  /** Tells a second hub on this file where this one answers. */
  announce(url: string): void;
  /** Reader threads alive. */
  readonly readers: ReaderPool;
}

const LOCK_WAIT_MS = 5000;
const MAX_BATCH = 512;
const MAX_QUEUE = 20_000;
const PROBE_MS = 1000;
const IDLE_MS = 5000;

/** @throws StartError if the file is in use, damaged, newer than this hub, or not a hub's. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const { path } = options;
  prepareFolder(path);
  let lock: Lock;
  try {
    lock = await acquireLock(path, options.lockWaitMs ?? LOCK_WAIT_MS);
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    return startStore(options, lock);
  } catch (error) {
    lock.release();
    throw unreadable(path, error);
  }
}

/** Opens, checks and migrates the file; answers the epoch of its cursors. */
function prepareDatabase(connection: Connection, { path, log }: SqliteStoreOptions, unclean: boolean): string {
  checkSqliteVersion(connection);
  if (unclean && statSync(path).size <= CHECKED_AT_START_BYTES) {
    const damage = findDamage(connection);
    if (damage !== undefined) throw new StartError(`The database ${path} is damaged (${damage}). It was left as it is.`);
  }
  const copy = migrateDatabase(connection, path);
  if (copy !== undefined) log.info({ copy }, 'the database was copied before its schema was brought up to date');
  const { sqlite } = connection;
  sqlite
    .prepare('INSERT OR IGNORE INTO hub (id, last_seq, epoch) VALUES (1, 0, ?)')
    .run(randomBytes(6).toString('base64url'));
  return String(sqlite.prepare('SELECT epoch FROM hub').pluck().get());
}

function startStore(options: SqliteStoreOptions, lock: Lock): SqliteStore {
  const { path, maxConnections, log } = options;
  const unclean = stoppedUncleanly(path);
  const first = openWriter(path);
  let epoch: string;
  try {
    epoch = prepareDatabase(first, options, unclean);
  } catch (error) {
    first.sqlite.close();
    throw error;
  }
  const connection = createWriterConnection(first, () => openWriter(path));
  const writer = createWriter(connection, { maxBatch: options.maxBatch ?? MAX_BATCH, maxQueue: MAX_QUEUE, log });
  const main = openReader(path);
  const readers = createReaderPool({ path, max: maxConnections - 1, log });
  const read: Reads = routeReads(createReads(main, createNames(main)), maxConnections > 1 ? readers : undefined);
  const stop = new AbortController();
  void keepHouse();

  /** While idle: tidy the file. After a failed commit: try whether the disk takes writes again. */
  async function keepHouse(): Promise<void> {
    let tidyAt = 0;
    while (!stop.signal.aborted) {
      await delay(PROBE_MS, undefined, { signal: stop.signal, ref: false }).catch(() => undefined);
      if (stop.signal.aborted) return;
      if (writer.failure() !== undefined) await writer.write((tx) => tx.workspaces.exists('')).catch(() => undefined);
      else if (connection.lastWriteAt() > tidyAt && Date.now() - connection.lastWriteAt() > IDLE_MS) {
        tidyAt = connection.lastWriteAt();
        tidy();
      }
    }
  }

  function tidy(): void {
    try {
      connection.tidy();
    } catch (error) {
      log.warn({ err: error }, 'the database could not be tidied');
    }
  }

  return {
    read,
    write: writer.write,
    epoch,
    readers,
    announce: (url) => lock.announce({ pid: process.pid, url }),
    health: () => health(writer.failure()),
    async close() {
      stop.abort();
      await writer.drain();
      await readers.close();
      main.sqlite.close();
      tidy();
      connection.close();
      lock.release();
    },
  };
}

function health(failure: unknown): StoreHealth {
  if (failure === undefined) return { writable: true };
  const code = failure instanceof Error && 'code' in failure ? String(failure.code) : 'unknown';
  return { writable: false, reason: `the last write to the database failed (${code})` };
}
