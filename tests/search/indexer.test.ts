/** The indexer, a batch at a time, over a store as the hub makes it. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createAnswerer } from '../../src/search/answerer.ts';
import { openIndex, readState, type Sqlite } from '../../src/search/index-db.ts';
import { createIndexer, type Indexer } from '../../src/search/indexer.ts';
import type { SessionRow, Sight } from '../../src/store/port.ts';
import { openReader } from '../../src/store/sqlite/connection.ts';
import type { SqliteStore } from '../../src/store/sqlite/store.ts';
import {
  messageOf,
  newFolder,
  newSession,
  newWorkspace,
  openSqlite,
  post,
  seesPublic,
} from '../store/engine.ts';

let folder: string;
let store: SqliteStore;
let session: SessionRow;
let hub: Sqlite;
let index: Sqlite;
let indexer: Indexer;

beforeEach(async () => {
  folder = newFolder();
  store = await openSqlite(folder);
  session = await newSession(store, await newWorkspace(store));
  hub = openReader(join(folder, 'hub.db')).sqlite;
  index = openIndex(join(folder, 'search.db'), store.epoch, 0);
  indexer = createIndexer(hub, index);
});
afterEach(async () => {
  hub.close();
  if (index.open) index.close();
  await store.close();
  rmSync(folder, { recursive: true });
});

const holding = (word: string, column = 'text'): number[] =>
  index
    .prepare<[string], number>('SELECT rowid FROM docs WHERE docs MATCH ? ORDER BY rowid')
    .pluck()
    .all(`{${column}}:"${word}"`);

/** For each audience the messages that are counted for a word. */
const countsOf = (word: string): unknown[] =>
  index
    .prepare<[string], [number, number]>(
      'SELECT audience_id, df FROM words JOIN word_counts ON word_id = id WHERE word = ? ORDER BY audience_id',
    )
    .raw()
    .all(word)
    .map(([id, df]) => [hub.prepare('SELECT name FROM audiences WHERE id = ?').pluck().get(id), df]);

it('takes many messages in several batches, and goes on where another one was', async () => {
  const ids = await store.write(async (tx) => {
    const given: number[] = [];
    for (let i = 0; i < 1200; i++)
      given.push(await tx.messages.insert(messageOf(session, { content: `pebble ${i}` })));
    return given;
  });
  const first = indexer.step();
  expect(first.watermark).toBeLessThan(first.target);
  expect(holding('pebble')).toEqual(ids.filter((id) => id <= first.watermark));

  index.close();
  index = openIndex(join(folder, 'search.db'), store.epoch, first.target);
  indexer = createIndexer(hub, index);
  let steps = 0;
  for (let step = first; step.watermark < step.target; steps++) step = indexer.step();
  expect(steps).toBeGreaterThan(1);
  expect(holding('pebble')).toEqual(ids);
  expect(indexer.step()).toEqual({ watermark: first.target, target: first.target });
  expect(countsOf('pebble')).toEqual([['public', 1200]]);
});

it('takes in who sees a message now, and counts its words once for each who ever did', async () => {
  const id = await post(store, session, { content: 'otter', audiences: ['admin', 'agent:alice'] });
  indexer.step();
  const audience = (name: string): string =>
    `_a${Number(hub.prepare('SELECT id FROM audiences WHERE name = ?').pluck().get(name))}`;
  expect(holding(audience('admin'), 'scope')).toEqual([id]);
  expect(holding(audience('agent:alice'), 'scope')).toEqual([id]);
  await store.write((tx) => tx.messages.setVisibility(id, 'public', ['public']));
  indexer.step();
  expect(holding(audience('public'), 'scope')).toEqual([id]);
  expect(holding(audience('agent:alice'), 'scope')).toEqual([]);
  expect(holding('otter')).toEqual([id]);
  const counts = [
    ['public', 1],
    ['admin', 1],
    ['agent:alice', 1],
  ];
  expect(countsOf('otter')).toEqual(counts);
  await store.write((tx) => tx.messages.setVisibility(id, 'private', ['admin', 'agent:alice']));
  indexer.step();
  expect(countsOf('otter')).toEqual(counts);
});

it('merges what it wrote in many batches, a little at a time, and finds it all', async () => {
  const ids: number[] = [];
  for (let i = 0; i < 12; i++) {
    ids.push(await post(store, session, { content: `heron ${i}` }));
    indexer.step();
  }
  const segments = (): number =>
    index.prepare<[], number>('SELECT count(DISTINCT segid) FROM docs_idx').pluck().get() ?? 0;
  const before = segments();
  while (indexer.merge());
  expect(segments()).toBeLessThan(before);
  expect(holding('heron')).toEqual(ids);
  expect(indexer.merge()).toBe(false);
});

it('lets go of a message that is gone', async () => {
  const [gone, stays] = [
    await post(store, session, { content: 'walrus' }),
    await post(store, session, { content: 'walrus' }),
  ];
  indexer.step();
  const target = await post(store, session, { content: 'later' });
  const db = new Database(join(folder, 'hub.db'));
  db.prepare('DELETE FROM message_audiences WHERE message_id = ?').run(gone);
  db.prepare('DELETE FROM messages WHERE id = ?').run(gone);
  db.prepare('INSERT INTO message_changes (seq, message_id) VALUES (?, ?)').run(target, gone);
  db.close();
  const answerer = createAnswerer({ hubPath: join(folder, 'hub.db'), indexPath: join(folder, 'search.db') });
  const found = (sight: Sight): number[] => {
    const search = { query: 'walrus', sight, metadata: true, fuzzyThreshold: 60, limit: 10 };
    const answered = answerer.answer({ generation: readState(index).generation, messages: search });
    return 'messages' in answered ? answered.messages.hits.map(({ id }) => id) : [];
  };
  expect(found(seesPublic(session.workspace))).toEqual([stays]);
  indexer.step();
  expect(holding('walrus')).toEqual([stays]);
  expect(found(seesPublic(session.workspace))).toEqual([stays]);
  expect(found(seesPublic('elsewhere'))).toEqual([]);
  answerer.close();
});

it('lets the hub forget changes that it has seen, and begins again where it has not seen them', async () => {
  const id = await post(store, session, { content: 'badger' });
  const { watermark } = indexer.step();
  index.close();
  const change = async (times: number): Promise<void> => {
    await store.write(async (tx) => {
      for (let i = 0; i < times; i++) {
        if (i % 2 === 0) await tx.messages.setVisibility(id, 'private', ['admin']);
        else await tx.messages.setVisibility(id, 'public', ['public']);
      }
    });
  };
  const last = (): number => Number(hub.prepare('SELECT last_seq FROM hub').pluck().get());
  const kept = (): unknown => hub.prepare('SELECT count(*) FROM message_changes').pluck().get();
  const forget = (upTo: number, limit = 5000): Promise<number> =>
    store.write((tx) => tx.messages.forgetChanges(upTo, limit));
  await change(600);
  expect(await forget(last())).toBe(0);
  await change(600);
  expect(await forget(watermark)).toBe(0);
  expect(await forget(last(), 100)).toBe(100);
  expect(kept()).toBe(1100);
  expect(await forget(last())).toBe(1099);
  expect(await forget(last())).toBe(0);
  expect(kept()).toBe(1);

  const forgotten = Number(hub.prepare('SELECT seq FROM message_changes WHERE message_id = 0').pluck().get());
  const open = (from: number): number => {
    index = openIndex(join(folder, 'search.db'), store.epoch, last(), from);
    return readState(index).watermark;
  };
  expect(open(watermark)).toBe(watermark);
  index.close();
  expect(open(forgotten)).toBe(0);
});
