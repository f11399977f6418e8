/** Puts a backup in the place of a database that no hub uses. The old one is kept beside it. */
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, renameSync, rmSync, constants } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { StartError } from '../../errors.ts';
import type { BackupReport } from '../port.ts';
import { verifyBackup } from './backup.ts';
import { inspectFile, prepareFolder } from './checks.ts';
import { openReader, openWriter } from './connection.ts';
import { copyDatabase, syncFolder, syncToDisk } from './copy.ts';
import { acquireLock, realPath } from './lock.ts';

export interface RestoreOptions {
  /** The database, which need not exist. */
  readonly path: string;
  readonly from: string;
  /** Milliseconds since the epoch; part of the name under which the old one is kept. */
  readonly now: number;
}

export interface Restored extends Pick<BackupReport, 'sessions' | 'messages'> {
  /** Where the old database is kept; undefined if there was none. */
  readonly kept: string | undefined;
}

/**
 * The restored database has another epoch, so that cursors of the old one are refused and the search index is made anew,
 * and gives out no position that the old one gave. A crash on the way leaves the old one, or the new one.
 * @throws StartError if a hub uses the database, or the backup is damaged, newer than this hub, or not a hub's.
 */
export async function restoreDatabase({ path: named, from, now }: RestoreOptions): Promise<Restored> {
  if (!existsSync(from)) throw new StartError(`There is no backup ${from}.`);
  const counts = inspectBackup(from);
  prepareFolder(named);
  const path = realPath(named);
  const lock = await acquireLock(path, 0);
  const restoring = `${path}.restoring`;
  try {
    const source = openReader(from);
    try {
      source.sqlite.pragma('query_only = OFF');
      copyDatabase(source, restoring);
    } finally {
      source.sqlite.close();
    }
    const old = existsSync(path) ? keepOld(path, `${path}.before-restore-${stamp(now)}`) : undefined;
    begin(restoring, old?.lastSeq ?? 0);
    renameSync(restoring, path);
    syncFolder(dirname(path));
    return { sessions: counts.sessions, messages: counts.messages, kept: old?.kept };
  } finally {
    for (const suffix of ['', '-journal']) rmSync(`${restoring}${suffix}`, { force: true });
    lock.release();
  }
}

function inspectBackup(from: string): ReturnType<typeof verifyBackup> {
  try {
    inspectFile({ path: from }, Infinity);
    return verifyBackup(from);
  } catch (error) {
    if (error instanceof StartError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new StartError(`The backup ${from} cannot be read: ${why}. Nothing was changed.`, { cause: error });
  }
}

const stamp = (now: number): string => new Date(now).toISOString().replace(/\.\d+|[:-]/g, '');

/** Leaves the database where it is until the new one takes its place, unless it is one that cannot be read. */
function keepOld(path: string, kept: string): { kept: string; lastSeq: number } {
  try {
    const { sqlite } = openWriter(path, { fileMustExist: true });
    let lastSeq: number;
    try {
      // What is in the log belongs to this file; the new one must not find it.
      sqlite.pragma('wal_checkpoint(TRUNCATE)');
      lastSeq = Number(sqlite.prepare('SELECT last_seq FROM hub').pluck().get());
    } finally {
      sqlite.close();
    }
    copyFileSync(path, kept, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    syncToDisk(kept, 'r+');
    return { kept, lastSeq };
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error;
    for (const suffix of ['', '-wal', '-shm'])
      if (existsSync(`${path}${suffix}`)) renameSync(`${path}${suffix}`, `${kept}${suffix}`);
    return { kept, lastSeq: 0 };
  }
}

function begin(path: string, lastSeq: number): void {
  const sqlite = new Database(path, { fileMustExist: true });
  try {
    sqlite.pragma('synchronous = FULL');
    sqlite
      .prepare('UPDATE hub SET epoch = ?, last_seq = max(last_seq, ?)')
      .run(randomBytes(6).toString('base64url'), lastSeq);
  } finally {
    sqlite.close();
  }
  syncToDisk(path, 'r+');
}
