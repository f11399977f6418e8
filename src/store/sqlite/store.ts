/** The store over one SQLite file: one writer, one reader on this thread for short queries, reader threads for long ones. */
import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { createCacheMeters, type CacheMeters } from '../../lib/cache-meter.ts';
import { createPeaks } from '../../lib/peaks.ts';
import { ensurePrivateFile } from '../../lib/private-file.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Commit } from '../../telemetry/metrics.ts';
import type { CommittedEvent, Reads, Store, StoreLoad } from '../port.ts';
import { backupDatabase } from './backup.ts';
import { damaged, inspectFile, prepareFolder, unreadable } from './checks.ts';
import { openReader, openWriter, type Connection } from './connection.ts';
import { acquireLock, realPath, type Lock } from './lock.ts';
import { migrateDatabase } from './migrate.ts';
import { createNames } from './names.ts';
import { createReads } from './queries/index.ts';
import { createReaderPool, type ReaderPool } from './readers.ts';
import { demandRoom } from './room.ts';
import { routeReads } from './route-reads.ts';
import { cacheSessions } from './session-cache.ts';
import { shareReads } from './share-reads.ts';
import { watchStatements, type Ran } from './statements.ts';
import { createWriterConnection } from './writer-connection.ts';
import { createWriter } from './writer.ts';

export interface SqliteStoreOptions {
  readonly path: string;
  /** Readers at most, this thread's own included. */
  readonly maxConnections: number;
  readonly log: Logger;
  /** How long to wait for a hub that is stopping. */
  readonly lockWaitMs?: number;
  /** The pages of a larger file are checked by a reader thread while the hub already serves. */
  readonly checkedAtStartBytes?: number | undefined;
  /** Writes per commit; 1 switches group commit off, for measurements. */
  readonly maxBatch?: number;
  /** Called after each commit that put something on disk, before its writes are answered. */
  readonly onCommit?: (events: readonly CommittedEvent[]) => void;
  /** Told of the same commits, with what they took. */
  readonly onMeasured?: (commit: Commit) => void;
  readonly caches?: CacheMeters;
}

export interface SqliteStore extends Store {
  /** Tells a second hub on this file where this one answers. */
  announce(url: string): void;
  /** Reader threads alive. */
  readonly readers: ReaderPool;
  /** The file itself, behind any links. */
  readonly path: string;
  /** The slowest of all statements that ended since `since` (as `performance.now()` tells it), on whichever thread; undefined if there was none. */
  slowest(since: number): Promise<Ran | undefined>;
  /** Tells of a statement that ran elsewhere. */
  readonly ran: (ran: Ran) => void;
}

const LOCK_WAIT_MS = 5000;
const MAX_BATCH = 512;
const MAX_QUEUE = 20_000;
const PROBE_MS = 1000;
const IDLE_MS = 5000;

/** @throws StartError if the file is in use, damaged, newer than this hub, or not a hub's. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const { path: named } = options;
  prepareFolder(named);
  let lock: Lock | undefined;
  try {
    const path = realPath(named);
    lock = await acquireLock(path, options.lockWaitMs ?? LOCK_WAIT_MS);
    return startStore({ ...options, path }, lock);
  } catch (error) {
    lock?.release();
    throw unreadable(named, error);
  }
}

/** Migrates the file; answers the epoch of its cursors. */
function prepareDatabase(connection: Connection, { path, log }: SqliteStoreOptions): string {
  const copy = migrateDatabase(connection, { path });
  if (copy !== undefined)
    log.info({ copy }, 'the database was copied before its schema was brought up to date');
  const { sqlite } = connection;
  sqlite
    .prepare('INSERT OR IGNORE INTO hub (id, last_seq, epoch) VALUES (1, 0, ?)')
    .run(randomBytes(6).toString('base64url'));
  return String(sqlite.prepare('SELECT epoch FROM hub').pluck().get());
}

function startStore(options: SqliteStoreOptions, lock: Lock): SqliteStore {
  const { path, maxConnections, log } = options;
  const checked = inspectFile({ path }, options.checkedAtStartBytes);
  ensurePrivateFile(path);
  const first = openWriter(path);
  let epoch: string;
  try {
    epoch = prepareDatabase(first, options);
  } catch (error) {
    first.sqlite.close();
    throw error;
  }
  const peaks = createPeaks<Ran & { readonly sql?: string }>();
  const ran = (one: Ran): void => peaks.add(one.ms, one);
  const watched = (opened: Connection): Connection => {
    watchStatements(opened.sqlite, (sql, ms, rows) => peaks.add(ms, { sql, ms, rows, plan: null }));
    return opened;
  };
  const main = watched(openReader(path));
  const names = createNames(main);
  const { caches = createCacheMeters() } = options;
  const cache = cacheSessions({ names, reads: createReads(main, names), caches });
  const connection = createWriterConnection(watched(first), () =>
    watched(openWriter(path, { fileMustExist: true })),
  );
  const writer = createWriter(connection, {
    maxBatch: options.maxBatch ?? MAX_BATCH,
    maxQueue: MAX_QUEUE,
    log,
    onCommit(events) {
      cache.forget(connection.touched());
      options.onCommit?.(events);
    },
    onUncertain: () => cache.clear(),
    ...(options.onMeasured === undefined ? {} : { onMeasured: options.onMeasured }),
  });
  const readers = createReaderPool({ path, max: Math.max(1, maxConnections - 1), log, onRan: ran });
  const read: Reads = routeReads(
    shareReads(main, names, cache.reads),
    maxConnections > 1 ? readers : undefined,
  );
  const stop = new AbortController();
  let closed: Promise<void> | undefined;
  void keepHouse();
  if (!checked) void checkPages();

  /** While idle: tidy the file. After a failed commit: try whether the disk takes writes again. */
  async function keepHouse(): Promise<void> {
    let tidyAt = 0;
    for (;;) {
      await delay(PROBE_MS, undefined, { signal: stop.signal, ref: false }).catch(() => undefined);
      if (stop.signal.aborted) return;
      if (writer.failing()) await tryDisk();
      else if (connection.lastWriteAt() > tidyAt && Date.now() - connection.lastWriteAt() > IDLE_MS) {
        tidyAt = connection.lastWriteAt();
        tidy();
      }
    }
  }

  async function tryDisk(): Promise<void> {
    try {
      await demandRoom(path);
      await writer.probe();
      log.info('the disk takes writes again');
    } catch (error) {
      log.debug({ err: error }, 'the disk still takes no writes');
    }
  }

  async function checkPages(): Promise<void> {
    try {
      const damage = await readers.findDamage();
      if (damage === undefined) return;
      log.fatal({ damage }, damaged(path, damage));
      writer.refuse('the database is damaged');
    } catch (error) {
      log.warn({ err: error }, 'the pages of the database could not be checked');
    }
  }

  function tidy(): void {
    try {
      connection.tidy();
    } catch (error) {
      log.warn({ err: error }, 'the database could not be tidied');
    }
  }

  /** On a reader thread: to plan a statement may read statistics. */
  async function slowest(since: number): Promise<Ran | undefined> {
    const found = peaks.largest(since);
    if (found?.sql === undefined) return found;
    const { sql, ...rest } = found;
    return { ...rest, plan: await readers.planOf(sql).catch(() => null) };
  }

  async function load(): Promise<StoreLoad> {
    const { busy, waiting } = readers.load();
    return {
      writesWaiting: writer.waiting(),
      readers: readers.size(),
      readersBusy: busy,
      readsWaiting: waiting,
      readersFailing: readers.failing(),
      databaseBytes: await sizeOf(path),
      walBytes: await sizeOf(`${path}-wal`),
    };
  }

  async function close(): Promise<void> {
    stop.abort();
    writer.refuse('the hub is stopping');
    await writer.drain();
    await readers.close();
    main.sqlite.close();
    tidy();
    connection.close();
    lock.release();
  }

  return {
    read,
    write: (work) => writer.write(work),
    backup: (target) => backupDatabase({ path, target }),
    epoch,
    ...{ readers, path, slowest, ran },
    announce: (url) => lock.announce({ pid: process.pid, url }),
    health: () => writer.health(),
    load,
    pauseWrites: (reason) => writer.pause(reason),
    close: () => (closed ??= close()),
  };
}

async function sizeOf(file: string): Promise<number | null> {
  return stat(file).then(
    ({ size }) => size,
    () => null,
  );
}
