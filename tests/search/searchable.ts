/** A store and an index of it, searched directly. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { indexPathOf, openForSearch, openIndex } from '../../src/search/index-db.ts';
import { createIndexer } from '../../src/search/indexer.ts';
import { createSearcher } from '../../src/search/searcher.ts';
import type { SearchAnswer, SearchRequest } from '../../src/search/types.ts';
import type { NewMessage, SessionRow, Store } from '../../src/store/port.ts';
import { openReader } from '../../src/store/sqlite/connection.ts';
import { createNames } from '../../src/store/sqlite/names.ts';
import { newFolder, newSession, newWorkspace, openSqlite, post } from '../store/engine.ts';

export interface Searchable extends AsyncDisposable {
  readonly store: Store;
  readonly session: SessionRow;
  readonly other: SessionRow;
  post(content: string, over?: Partial<NewMessage>): Promise<number>;
  postAll(contents: readonly string[]): Promise<readonly number[]>;
  /** Brings the index up to date. */
  index(): void;
  search(query: string, over?: Partial<SearchRequest>, audiences?: readonly string[]): SearchAnswer;
  /** The contents found, best first. */
  find(query: string, over?: Partial<SearchRequest>): readonly string[];
}

export async function openSearchable(): Promise<Searchable> {
  const folder = newFolder();
  const hubPath = join(folder, 'hub.db');
  const indexPath = indexPathOf(hubPath);
  const store = await openSqlite(folder);
  const workspace = await newWorkspace(store);
  const session = await newSession(store, workspace);
  const other = await newSession(store, workspace);
  const hub = openReader(hubPath).sqlite;
  const index = openIndex(indexPath, store.epoch, 0);
  const indexer = createIndexer(hub, index);
  const sqlite = openForSearch(indexPath, hubPath);
  const searcher = createSearcher({ sqlite });
  const names = createNames({ sqlite });
  const contentOf = sqlite.prepare<[number], string>('SELECT content FROM hub.messages WHERE id = ?').pluck();
  const search: Searchable['search'] = (query, over = {}, audiences = ['public']) =>
    searcher.search({
      ...{ query, fuzzyThreshold: 60, limit: 10 },
      audienceIds: names.audiences({ workspace, audiences }),
      ...over,
    });
  return {
    ...{ store, session, other, search },
    post: (content, over = {}) => post(store, session, { content, ...over }),
    postAll: (contents) => Promise.all(contents.map((content) => post(store, session, { content }))),
    index() {
      for (let step = indexer.step(); step.watermark < step.target;) step = indexer.step();
    },
    find: (query, over = {}) => search(query, over).hits.map(({ id }) => contentOf.get(id) ?? ''),
    async [Symbol.asyncDispose]() {
      sqlite.close();
      index.close();
      hub.close();
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}
