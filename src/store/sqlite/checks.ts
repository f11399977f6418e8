/** What is checked before a database is used. Nothing here deletes or rewrites what it cannot read. */
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { StartError } from '../../errors.ts';
import { openReader, type Connection } from './connection.ts';
import { isSqliteError } from './errors.ts';
import { findDamage } from './damage.ts';
import { demandOurs, type MigrateOptions } from './migrate.ts';

/** The first release without the WAL-reset corruption bug, https://sqlite.org/wal.html#walresetbug. */
const OLDEST_SQLITE = '3.51.3';
/** Half a second's work. */
const CHECKED_AT_START_BYTES = 128 * 1024 ** 2;

export { findDamage };

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

/**
 * Looks at the file through a connection that cannot write: one that can would turn it to WAL, or fold its WAL into it.
 * Answers whether its pages were checked; those of a file of more than `checkedBytes` are not.
 * @throws StartError if it is damaged, newer than this hub, or not a hub's.
 */
export function inspectFile(options: MigrateOptions, checkedBytes = CHECKED_AT_START_BYTES): boolean {
  const { path } = options;
  const size = sizeOf(path);
  if (size === 0) {
    if (sizeOf(`${path}-wal`) === 0) return true;
    throw new StartError(
      `The database ${path} is missing, but ${path}-wal, which belongs to it, is there: put the file back, or move that one away.`,
    );
  }
  const connection = openReader(path);
  try {
    demandSqliteVersion(connection);
    demandOurs(connection, options);
    if (size > checkedBytes) return false;
    const damage = findDamage(connection);
    if (damage !== undefined) throw new StartError(damaged(path, damage));
    return true;
  } finally {
    connection.sqlite.close();
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

export function damaged(path: string, damage: string): string {
  return `The database ${path} is damaged (${damage}). It was left as it is; restore a backup, or set DATABASE_PATH to another file.`;
}

function demandSqliteVersion({ sqlite }: Connection): void {
  const version = String(sqlite.prepare('SELECT sqlite_version()').pluck().get());
  if (version.localeCompare(OLDEST_SQLITE, 'en', { numeric: true }) < 0) {
    throw new StartError(`SQLite ${version} is too old; the hub needs ${OLDEST_SQLITE} or newer.`);
  }
}
