/** Brings a database to this hub's schema, never backwards, and keeps a copy of what it was. */
import { fileURLToPath } from 'node:url';
import { readMigrationFiles } from './drizzle.ts';
import { StartError } from '../../errors.ts';
import type { Connection } from './connection.ts';
import { copyDatabase } from './copy.ts';

const MIGRATIONS_FOLDER = fileURLToPath(new URL('../../../migrations', import.meta.url));
/** `SCHB`: tells a hub's database from any other program's. */
const APPLICATION_ID = 0x53434842;

export interface MigrateOptions {
  readonly path: string;
  readonly folder?: string;
}

/** The statements of each of this hub's migrations. A database's `user_version` says how many of them it has had. */
function readMigrations(folder = MIGRATIONS_FOLDER): readonly (readonly string[])[] {
  return readMigrationFiles({ migrationsFolder: folder }).map((file) => file.sql);
}

function isEmpty({ sqlite }: Connection): boolean {
  return sqlite.prepare('SELECT count(*) FROM sqlite_master').pluck().get() === 0;
}

function schemaVersion({ sqlite }: Connection): number {
  return Number(sqlite.pragma('user_version', { simple: true }));
}

/** @throws StartError for a database that is newer than this hub, or none of ours. A reading connection is enough. */
export function demandOurs(connection: Connection, { path, folder }: MigrateOptions): void {
  if (isEmpty(connection)) return;
  const known = readMigrations(folder).length;
  const version = schemaVersion(connection);
  if (version > known) {
    throw new StartError(
      `The database ${path} has schema version ${version}, this hub knows versions up to ${known}; start the newer hub it was written by. Nothing was changed.`,
    );
  }
  if (connection.sqlite.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
    throw new StartError(
      `The file ${path} is a database of another program; set DATABASE_PATH to a file of the hub's own. Nothing was changed.`,
    );
  }
}

/**
 * Applies what is missing in one transaction, the version with it: an interrupted migration leaves the database as it was.
 * Answers the path of the copy made before, if the database had data.
 */
export function migrateDatabase(
  connection: Connection,
  { path, folder }: MigrateOptions,
): string | undefined {
  const { sqlite } = connection;
  const migrations = readMigrations(folder);
  const known = migrations.length;
  const version = schemaVersion(connection);
  if (version === known) return undefined;
  const copy = isEmpty(connection) ? undefined : `${path}.before-v${known}`;
  if (copy !== undefined) copyDatabase(connection, copy);
  const apply = sqlite.transaction(() => {
    for (const statement of migrations.slice(version).flat()) sqlite.exec(statement);
    const broken = sqlite.pragma('foreign_key_check') as readonly unknown[];
    if (broken.length > 0)
      throw new Error(`the migration to version ${known} breaks ${broken.length} references`);
    sqlite.pragma(`application_id = ${APPLICATION_ID}`);
    sqlite.pragma(`user_version = ${known}`);
  });
  // A table that is rebuilt is dropped, and with the keys enforced its rows would be taken as deleted.
  sqlite.pragma('foreign_keys = OFF');
  try {
    apply.immediate();
  } finally {
    sqlite.pragma('foreign_keys = ON');
  }
  return copy;
}
