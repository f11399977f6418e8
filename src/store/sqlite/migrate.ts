/** Brings a database to this hub's schema, never backwards, and keeps a copy of what it was. */
import { existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { migrate } from 'drizzle-orm/better-sqlite3/migrator';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { StartError } from '../../errors.ts';
import type { Connection } from './connection.ts';

const MIGRATIONS_FOLDER = fileURLToPath(new URL('../../../migrations', import.meta.url));

/** How many of this hub's migrations the database has had; it is kept in the file's `user_version`. */
function schemaVersion({ sqlite }: Connection): number {
  return Number(sqlite.pragma('user_version', { simple: true }));
}

function isEmpty({ sqlite }: Connection): boolean {
  return sqlite.prepare('SELECT count(*) FROM sqlite_master').pluck().get() === 0;
}

/**
 * Applies what is missing, in one transaction. Answers the path of the copy made before, if the database had data.
 * @throws StartError for a database that is newer than this hub, or none of ours.
 */
export function migrateDatabase(connection: Connection, path: string, folder = MIGRATIONS_FOLDER): string | undefined {
  const known = readMigrationFiles({ migrationsFolder: folder }).length;
  const version = schemaVersion(connection);
  const empty = isEmpty(connection);
  if (version > known) {
    throw new StartError(
      `The database ${path} has schema version ${version}, this hub knows versions up to ${known}; start the newer hub it was written by. Nothing was changed.`,
    );
  }
  if (version === 0 && !empty) {
    throw new StartError(
      `The file ${path} is a database of another program; set DATABASE_PATH to a file of the hub's own. Nothing was changed.`,
    );
  }
  if (version === known) return undefined;
  const copy = empty ? undefined : copyBefore(connection, `${path}.before-v${known}`);
  migrate(connection.orm, { migrationsFolder: folder });
  connection.sqlite.pragma(`user_version = ${known}`);
  return copy;
}

function copyBefore({ sqlite }: Connection, copy: string): string {
  if (existsSync(copy)) rmSync(copy);
  sqlite.prepare('VACUUM INTO ?').run(copy);
  return copy;
}
