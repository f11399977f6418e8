import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { emptyIndex, indexPathOf, openIndex, readState } from './index-db.ts';

it('lies beside its database, and never in the way of another one', () => {
  expect(indexPathOf('/data/hub.db')).toBe('/data/search.db');
  expect(indexPathOf('/data/team.db')).toBe('/data/team.search.db');
  expect(indexPathOf('/data/search.db')).toBe('/data/search.search.db');
});

it('is kept while it fits, and begins again where it does not', () => {
  const folder = mkdtempSync(join(tmpdir(), 'schub-index-'));
  const path = join(folder, 'search.db');
  const open = (epoch: string, lastSeq: number, watermark?: number) => {
    const index = openIndex(path, epoch, lastSeq);
    if (watermark !== undefined) index.prepare('UPDATE state SET watermark = ?').run(watermark);
    const state = readState(index);
    index.close();
    return state;
  };
  const made = open('a', 10, 10);
  expect(open('a', 10)).toEqual(made);
  expect(open('a', 11)).toEqual(made);
  const behind = open('a', 9);
  expect(behind).toMatchObject({ watermark: 0 });
  expect(behind.generation).not.toBe(made.generation);
  expect(open('b', 9).generation).not.toBe(behind.generation);

  const index = openIndex(path, 'b', 9);
  index.prepare("INSERT INTO docs (rowid, text, parts, scope) VALUES (1, 'x', '', '')").run();
  index.prepare("INSERT INTO words (word) VALUES ('x')").run();
  const before = readState(index);
  emptyIndex(index);
  expect(readState(index).generation).not.toBe(before.generation);
  expect(
    index.prepare('SELECT (SELECT count(*) FROM docs) + (SELECT count(*) FROM words)').pluck().get(),
  ).toBe(0);
  index.close();
  rmSync(folder, { recursive: true });
});
