/** Migrations: a copy before, all or nothing, and on again after an end in the middle. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWriter } from '../../src/store/sqlite/connection.ts';
import { demandOurs, migrateDatabase } from '../../src/store/sqlite/migrate.ts';
import { newFolder, newSession, newWorkspace, openSqlite, post } from './engine.ts';

const MIGRATIONS = join(import.meta.dirname, '../../migrations');

let folder: string;
let path: string;
let migrations: string;
let known: number;
beforeEach(async () => {
  folder = newFolder();
  path = join(folder, 'hub.db');
  migrations = join(folder, 'migrations');
  cpSync(MIGRATIONS, migrations, { recursive: true });
  const store = await openSqlite(folder);
  const session = await newSession(store, await newWorkspace(store));
  await Promise.all(Array.from({ length: 30 }, () => post(store, session)));
  await store.close();
  known = Number(inside((db) => db.pragma('user_version', { simple: true })));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function inside<T>(use: (db: Database.Database) => T, file = path): T {
  const db = new Database(file, { readonly: true });
  try {
    return use(db);
  } finally {
    db.close();
  }
}

function addMigration(name: string, ...statements: string[]): void {
  const file = join(migrations, 'meta/_journal.json');
  const journal = JSON.parse(readFileSync(file, 'utf8')) as { entries: object[] };
  const entry = { idx: journal.entries.length, version: '6', when: Date.now(), tag: name, breakpoints: true };
  writeFileSync(file, JSON.stringify({ ...journal, entries: [...journal.entries, entry] }));
  writeFileSync(join(migrations, `${name}.sql`), statements.join('\n--> statement-breakpoint\n'));
}

function migrate(): string | undefined {
  const connection = openWriter(path);
  try {
    demandOurs(connection, { path, folder: migrations });
    return migrateDatabase(connection, { path, folder: migrations });
  } finally {
    connection.sqlite.close();
  }
}

const version = (file = path) => inside((db) => db.pragma('user_version', { simple: true }), file);
const count = (table: string, file = path) =>
  inside((db) => db.prepare(`SELECT count(*) FROM ${table}`).pluck().get(), file);

describe('a migration', () => {
  it('is made once, after a copy that is whole', () => {
    expect(migrate()).toBeUndefined();
    addMigration('next', 'CREATE TABLE next (a)', 'INSERT INTO next SELECT id FROM messages');
    const copy = migrate();
    expect(copy).toBe(`${path}.before-v${known + 1}`);
    expect([version(), count('next'), count('messages')]).toEqual([known + 1, 30, 30]);
    expect([version(copy), count('messages', copy)]).toEqual([known, 30]);
    expect(() => count('next', copy)).toThrow(/no such table/);
    expect(inside((db) => db.pragma('integrity_check', { simple: true }), copy)).toBe('ok');
    expect(inside((db) => db.pragma('application_id', { simple: true }), copy)).toBe(0x53434842);
    expect(existsSync(`${copy}.tmp`)).toBe(false);
    expect(migrate()).toBeUndefined();
  });

  it('that fails leaves the database as it was, and can be made later', () => {
    addMigration('bad', 'CREATE TABLE next (a)', 'DELETE FROM messages', 'INSERT INTO nowhere VALUES (1)');
    expect(() => migrate()).toThrow(/no such table/);
    expect([version(), count('messages')]).toEqual([known, 30]);
    expect(() => count('next')).toThrow(/no such table/);
    writeFileSync(join(migrations, 'bad.sql'), 'CREATE TABLE next (a)');
    migrate();
    expect([version(), count('next'), count('messages')]).toEqual([known + 1, 0, 30]);
  });

  it('may rebuild a table that others refer to, and may not break what they refer to', () => {
    const rebuild = (rows: string) => [
      'CREATE TABLE new_workspaces (id integer PRIMARY KEY NOT NULL, name text NOT NULL, created_at integer NOT NULL)',
      `INSERT INTO new_workspaces SELECT * FROM workspaces ${rows}`,
      'DROP TABLE workspaces',
      'ALTER TABLE new_workspaces RENAME TO workspaces',
    ];
    addMigration('rebuild', ...rebuild('WHERE id < 0'));
    expect(() => migrate()).toThrow(/breaks \d+ references/);
    expect([version(), count('workspaces')]).toEqual([known, 1]);
    writeFileSync(join(migrations, 'rebuild.sql'), rebuild('').join('\n--> statement-breakpoint\n'));
    migrate();
    expect([version(), count('workspaces'), count('sessions')]).toEqual([known + 1, 1, 1]);
  });

  it('that is killed halfway is made at the next start', async () => {
    const rows = (n: number) =>
      `INSERT INTO next WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${n}) SELECT i FROM n`;
    addMigration('long', 'CREATE TABLE next (a)', rows(1000), rows(1e9));
    const script = `
      const { openWriter } = await import(${JSON.stringify(sourceOf('connection'))});
      const { migrateDatabase } = await import(${JSON.stringify(sourceOf('migrate'))});
      const connection = openWriter(${JSON.stringify(path)});
      process.stdout.write('begins');
      migrateDatabase(connection, { path: ${JSON.stringify(path)}, folder: ${JSON.stringify(migrations)} });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    await expect.poll(() => existsSync(`${path}.before-v${known + 1}`), { timeout: 10_000 }).toBe(true);
    await delay(200);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect([version(), count('messages')]).toEqual([known, 30]);
    writeFileSync(
      join(migrations, 'long.sql'),
      ['CREATE TABLE next (a)', rows(1000)].join('\n--> statement-breakpoint\n'),
    );
    migrate();
    expect([version(), count('next'), count('messages')]).toEqual([known + 1, 1000, 30]);
  });

  it('of an old hub is refused by name: its database is newer', () => {
    addMigration('next', 'CREATE TABLE next (a)');
    migrate();
    rmSync(migrations, { recursive: true });
    cpSync(MIGRATIONS, migrations, { recursive: true });
    expect(() => migrate()).toThrow(`schema version ${known + 1}, this hub knows versions up to ${known};`);
  });
});

function sourceOf(module: string): string {
  return new URL(`../../src/store/sqlite/${module}.ts`, import.meta.url).href;
}
