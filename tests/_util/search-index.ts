/** Looks at search.db from outside, and does to it what happens to files. */
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, vi } from 'vitest';
import { indexText } from '../../src/search/tokenize.ts';
import { searchableText } from '../../src/search/text.ts';
import { ADMIN_KEY, type TestHub } from './test-hub.ts';

export const indexOf = (folder: string): string => join(folder, 'search.db');

interface Status {
  readonly state: string;
  readonly indexed: number;
  readonly last: number;
  readonly generation: string | null;
}

export async function statusOf(ask: TestHub['request'], key = ADMIN_KEY): Promise<Status> {
  const response = await ask('/api/v1/search/status', { headers: { authorization: `Bearer ${key}` } });
  return (await response.json()) as Status;
}

/** Waits until all is in the index. */
export async function indexed(ask: TestHub['request'], key = ADMIN_KEY): Promise<Status> {
  return vi.waitUntil(
    async () => {
      const status = await statusOf(ask, key);
      return status.state === 'ready' && status.indexed === status.last ? status : undefined;
    },
    { timeout: 20_000, interval: 20 },
  );
}

interface Row {
  readonly id: number;
  readonly content: string;
  readonly metadata: string | null;
}

/** The checker: table and index hold the same messages up to the watermark, with the same words, seen by the same. */
export function expectAgreement(folder: string): void {
  const db = new Database(indexOf(folder), { readonly: true });
  try {
    db.prepare('ATTACH ? AS hub').run(join(folder, 'hub.db'));
    expect(db.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    const watermark = Number(db.prepare('SELECT watermark FROM state').pluck().get());
    const rows = db
      .prepare<[number], Row>('SELECT id, content, metadata FROM hub.messages WHERE id <= ? ORDER BY id')
      .all(watermark);
    const docs = db.prepare<[], number>('SELECT id FROM docs_docsize ORDER BY id').pluck().all();
    expect(docs).toEqual(rows.map(({ id }) => id));
    const holds = db.prepare<[string, number]>('SELECT 1 FROM docs WHERE docs MATCH ? AND rowid = ?');
    const audiences = db
      .prepare<[number], number>('SELECT audience_id FROM hub.message_audiences WHERE message_id = ?')
      .pluck();
    const every = Math.max(1, Math.floor(rows.length / 50));
    for (const { id, content, metadata } of rows.filter((_, at) => at % every === 0)) {
      for (const word of indexText(searchableText(content, metadata)).text.split(' ').slice(0, 10)) {
        expect(holds.get(`{text}:"${word}"`, id), `${word} of ${id}`).toBeDefined();
      }
      for (const audience of audiences.all(id)) {
        expect(holds.get(`{scope}:"_a${audience}"`, id), `audience ${audience} of ${id}`).toBeDefined();
      }
    }
  } finally {
    db.close();
  }
}

function change(path: string, sql: string): void {
  const db = new Database(path);
  db.exec(sql);
  db.close();
}

/** Some bytes of one page; false: there is none of that number. */
export function nibble(path: string, page: number): boolean {
  const bytes = readFileSync(path);
  const at = page * 4096;
  if (at >= bytes.length) return false;
  bytes.fill(0x5a, at + 3800, at + 3900);
  writeFileSync(path, bytes);
  return true;
}

/** Bytes in the middle of every page but the first. */
export function scribble(path: string): void {
  const bytes = readFileSync(path);
  for (let at = 4096; at < bytes.length; at += 4096) bytes.fill(0xa5, at + 100, at + 3000);
  writeFileSync(path, bytes);
}

/** What may have become of a search.db while no hub ran. */
export const MISHAPS: Readonly<Record<string, (path: string) => void>> = {
  deleted: (path) => rmSync(path),
  empty: (path) => truncateSync(path, 0),
  'cut short': (path) => truncateSync(path, 8192),
  'no database': (path) => writeFileSync(path, 'Dear diary, '.repeat(1000)),
  scribbled: scribble,
  'of another hub': (path) => change(path, "UPDATE state SET epoch = 'another'"),
  'of a newer version': (path) =>
    change(path, 'UPDATE state SET version = 99; ALTER TABLE state ADD COLUMN more'),
  'of another tokenizer': (path) => change(path, 'UPDATE state SET tokenizer = 0'),
  'ahead of the hub': (path) => change(path, 'UPDATE state SET watermark = 1000000'),
  'without its state': (path) => change(path, 'DELETE FROM state'),
  "another program's": (path) => {
    rmSync(path);
    change(path, "CREATE TABLE diary (day); INSERT INTO diary VALUES ('monday')");
  },
};
