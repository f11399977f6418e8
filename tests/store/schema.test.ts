/** The schema in three forms that must agree: schema.ts, drizzle-kit's snapshot, and the tables that the migrations make. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { generateSQLiteDrizzleJson, generateSQLiteMigration } from 'drizzle-kit/api';
import { sqliteCore } from '../../src/store/sqlite/drizzle.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as schema from '../../src/store/sqlite/schema.ts';
import { newFolder, openSqlite } from './engine.ts';

const MIGRATIONS = join(import.meta.dirname, '../../migrations');
const WITHOUT_ROWID = [
  'ended_leases',
  'events',
  'idempotency',
  'imported_messages',
  'message_addressees',
  'message_audiences',
  'participants',
  'receipts',
  'session_audiences',
];

const folder = newFolder();
let db: Database.Database;
beforeAll(async () => {
  await (await openSqlite(folder)).close();
  db = new Database(join(folder, 'hub.db'), { readonly: true });
});
afterAll(() => {
  db.close();
  rmSync(folder, { recursive: true });
});

type Kit = Parameters<typeof generateSQLiteMigration>;

function newestSnapshot(): Kit[0] {
  const files = readdirSync(join(MIGRATIONS, 'meta')).filter((file) => file.endsWith('_snapshot.json'));
  return JSON.parse(readFileSync(join(MIGRATIONS, 'meta', files.sort().at(-1) ?? ''), 'utf8')) as Kit[0];
}

async function differences(tables: Record<string, unknown>): Promise<string[]> {
  const snapshot = newestSnapshot();
  return generateSQLiteMigration(snapshot, await generateSQLiteDrizzleJson(tables, snapshot.id));
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly pk: number;
}

describe('the schema', () => {
  it('is what the newest snapshot says: drizzle-kit would generate nothing', async () => {
    expect(await differences(schema)).toEqual([]);
    const { participants: _, ...without } = schema;
    expect(await differences(without)).toEqual([expect.stringContaining('DROP TABLE `participants`')]);
  });

  it('has a migration for each entry of the journal, and no other', () => {
    const journal = JSON.parse(readFileSync(join(MIGRATIONS, 'meta/_journal.json'), 'utf8')) as {
      entries: { idx: number; tag: string }[];
    };
    const files = readdirSync(MIGRATIONS).filter((file) => file.endsWith('.sql'));
    expect(journal.entries.map((entry) => `${entry.tag}.sql`)).toEqual(files.sort());
    expect(journal.entries.map((entry) => entry.idx)).toEqual(files.map((_, i) => i));
    expect(db.pragma('user_version', { simple: true })).toBe(files.length);
  });

  it('is what the migrations make', () => {
    const tables = Object.values(schema).filter((value) => value instanceof sqliteCore.SQLiteTable);
    const made = db
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .pluck();
    expect(made.all().sort()).toEqual(tables.map((table) => sqliteCore.getTableConfig(table).name).sort());
    for (const table of tables) {
      const { name, columns, primaryKeys, indexes, foreignKeys } = sqliteCore.getTableConfig(table);
      const keys = primaryKeys.flatMap((key) => key.columns.map((column) => column.name));
      const found = db.pragma(`table_info(${name})`) as Column[];
      expect(found.map(({ name: column, type, notnull, pk }) => ({ column, type, notnull, pk }))).toEqual(
        columns.map((column) => ({
          column: column.name,
          type: column.getSQLType().toUpperCase(),
          notnull: column.notNull ? 1 : 0,
          pk: column.primary ? 1 : keys.indexOf(column.name) + 1,
        })),
      );
      const unique = columns.filter((column) => column.isUnique).map((column) => column.uniqueName);
      const index = db
        .prepare("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql NOTNULL")
        .pluck();
      expect(index.all(name).sort()).toEqual([...indexes.map((one) => one.config.name), ...unique].sort());
      expect(db.pragma(`foreign_key_list(${name})`)).toHaveLength(foreignKeys.length);
    }
  });

  it('keeps five tables in the order of their keys, without rowids', () => {
    const tables = db.pragma('table_list') as { schema: string; name: string; wr: number; type: string }[];
    const without = tables
      .filter((table) => table.schema === 'main' && table.wr === 1)
      .map((table) => table.name);
    expect(without.sort()).toEqual(WITHOUT_ROWID);
  });
});
