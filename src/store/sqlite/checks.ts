/** What is checked before a database is used. Nothing here deletes or rewrites what it cannot read. */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { StartError } from '../../errors.ts';
import type { Connection } from './connection.ts';
import { isSqliteError } from './errors.ts';

/** The first release without the WAL-reset corruption bug, https://sqlite.org/wal.html#walresetbug. */
const OLDEST_SQLITE = '3.51.3';
/** A larger file is checked by a reader thread while the hub already serves. */
export const CHECKED_AT_START_BYTES = 256 * 1024 ** 2;

/** @throws StartError if the folder of the database cannot be used. */
export function prepareFolder(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unreadable(path, error);
  }
}

export function unreadable(path: string, error: unknown): StartError {
  if (error instanceof StartError) return error;
  const why = error instanceof Error ? error.message : String(error);
  const code = isSqliteError(error) ? ` (${error.code})` : '';
  return new StartError(
    `The database ${path} cannot be used: ${why}${code}. It was left as it is; check the file and its folder's permissions, or set DATABASE_PATH.`,
    { cause: error },
  );
}

/** Whether the last hub on this file stopped without tidying it. */
export function stoppedUncleanly(path: string): boolean {
  const wal = `${path}-wal`;
  return existsSync(wal) && statSync(wal).size > 0;
}

export function checkSqliteVersion({ sqlite }: Connection): void {
  const version = String(sqlite.prepare('SELECT sqlite_version()').pluck().get());
  if (version.localeCompare(OLDEST_SQLITE, 'en', { numeric: true }) < 0) {
    throw new StartError(`SQLite ${version} is too old; the hub needs ${OLDEST_SQLITE} or newer.`);
  }
}

/** What `quick_check` finds wrong; undefined if nothing. */
export function findDamage({ sqlite }: Connection): string | undefined {
  const found = String(sqlite.pragma('quick_check(1)', { simple: true }));
  return found === 'ok' ? undefined : found;
}
