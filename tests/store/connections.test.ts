/** What the promises of the store rest on: the pragmas of its connections. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openReader, openWriter, type Connection } from '../../src/store/sqlite/connection.ts';
import { newFolder, newSession, newWorkspace, openSqlite, post } from './engine.ts';
import { watchConnections } from './spy.ts';

const folder = newFolder();
const path = join(folder, 'hub.db');
let writer: Connection;
let reader: Connection;
beforeAll(() => {
  writer = openWriter(path);
  reader = openReader(path);
});
afterAll(() => {
  reader.sqlite.close();
  writer.sqlite.close();
  rmSync(folder, { recursive: true });
});

const pragma = ({ sqlite }: Connection, name: string): unknown => sqlite.pragma(name, { simple: true });

describe('the writing connection', () => {
  it('keeps a write-ahead log and syncs every commit', () => {
    expect(pragma(writer, 'journal_mode')).toBe('wal');
    expect(pragma(writer, 'synchronous')).toBe(2);
    expect(pragma(writer, 'foreign_keys')).toBe(1);
    expect(pragma(writer, 'wal_autocheckpoint')).toBe(4000);
    expect(pragma(writer, 'journal_size_limit')).toBe(64 * 1024 * 1024);
    expect(pragma(writer, 'busy_timeout')).toBe(5000);
  });

  it('is the one the store writes with, and still is so after tidying', async () => {
    const watched = watchConnections();
    const own = newFolder();
    const store = await openSqlite(own);
    const sqlite = watched.writer();
    await post(store, await newSession(store, await newWorkspace(store)));
    expect(sqlite.pragma('synchronous', { simple: true })).toBe(2);
    expect(sqlite.pragma('foreign_keys', { simple: true })).toBe(1);
    const tidied = vi.spyOn(sqlite, 'pragma');
    await store.close();
    watched.stop();
    rmSync(own, { recursive: true });
    expect(tidied).toHaveBeenCalledWith('wal_checkpoint(TRUNCATE)');
    expect(tidied).toHaveBeenLastCalledWith('busy_timeout = 5000');
  });
});

describe('a reading connection', () => {
  it('cannot write', () => {
    expect(pragma(reader, 'query_only')).toBe(1);
    expect(reader.sqlite.readonly).toBe(true);
    expect(() => reader.sqlite.exec('CREATE TABLE t (a)')).toThrow(/readonly/);
  });

  it('is not made of a file that does not exist', () => {
    expect(() => openReader(join(folder, 'none.db'))).toThrow();
    expect(() => openWriter(join(folder, 'none.db'), { fileMustExist: true })).toThrow();
  });
});

describe('any connection', () => {
  it('hides bound values from the planner, which would prepare a statement again for each', () => {
    const { sqlite } = writer;
    sqlite.exec('CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)');
    sqlite.prepare('INSERT INTO t (b) VALUES (?), (:b)').run('x', { b: 'y' });
    const found = sqlite.prepare('SELECT b FROM t WHERE a >= ? AND b <> :b ORDER BY a LIMIT ?').pluck();
    expect(found.source).toBe('SELECT b FROM t WHERE a >= +? AND b <> +:b ORDER BY a LIMIT +?');
    expect(found.all(1, 10, { b: 'y' })).toEqual(['x']);
    expect(sqlite.prepare('SELECT a FROM t WHERE b = ?').pluck().get('y')).toBe(2);
  });

  it('is closed again where it cannot be used', () => {
    const close = vi.spyOn(Database.prototype, 'close');
    const text = join(folder, 'text.db');
    writeFileSync(text, 'not a database, although it is long enough to have a header of one; '.repeat(100));
    expect(() => openWriter(text)).toThrow(/not a database/);
    expect(close).toHaveBeenCalledOnce();
    close.mockRestore();
  });
});
