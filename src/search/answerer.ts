/**
 * Answers searches over search.db and hub.db; for a thread of its own. Each search sees one state of both: search.db is
 * read first, so that hub.db is never behind it. Where there is no index that can be used it does without: what is not
 * indexed is read from hub.db, the newest first, and the answer says how far that went.
 */
import { TYPE_CODE, VISIBILITY_CODE } from '../store/sqlite/rows.ts';
import { createNames, type Names } from '../store/sqlite/names.ts';
import { watchSlowest, type Ran } from '../store/sqlite/statements.ts';
import { isUnusable, openForSearch, openWithoutIndex, readState, type Sqlite } from './index-db.ts';
import { createMemorySearcher, type MemoryHit, type MemorySearch } from './memory-searcher.ts';
import { createSearcher } from './searcher.ts';
import type { MessageSearch } from './search.ts';
import type { SearchAnswer, Searcher, SearchRequest } from './types.ts';

/** What goes to a search thread. */
export type SearchCall =
  | {
      /** The index that the hub knows of, undefined: none that was checked. The file is opened anew if it is another one. */
      readonly generation: string | undefined;
      readonly messages: MessageSearch;
    }
  | { readonly memory: MemorySearch };

export type Answered =
  | {
      readonly messages: SearchAnswer;
      /** The generation of an index that could not be read. */
      readonly damaged?: string;
    }
  | { readonly memory: readonly MemoryHit[] };

export interface Answerer {
  answer(call: SearchCall): Answered;
  /** Of all that the last answer took. */
  slowest(): Ran | undefined;
  close(): void;
}

export interface AnswererOptions {
  readonly hubPath: string;
  /** Undefined: without an index. */
  readonly indexPath: string | undefined;
}

interface Opened {
  readonly sqlite: Sqlite;
  readonly names: Names;
  readonly indexed: boolean;
  readonly watch: ReturnType<typeof watchSlowest>;
  readonly memory: (search: MemorySearch) => readonly MemoryHit[];
  searcher: Searcher;
  generation: string;
}

const RETRY_MS = 250;

export function createAnswerer({ hubPath, indexPath }: AnswererOptions): Answerer {
  let opened: Opened | undefined;
  let triedAt = -Infinity;
  /** What the hub knew of when the file was opened; it may be behind the file. */
  let openedFor: string | undefined;
  let damaged: string | undefined;

  function open(sqlite: Sqlite, indexed: boolean): Opened {
    opened?.sqlite.close();
    const watch = watchSlowest(sqlite);
    const names = createNames({ sqlite });
    opened = {
      ...{ sqlite, indexed, names, watch },
      memory: createMemorySearcher(sqlite, names),
      searcher: createSearcher({ sqlite }),
      generation: readState(sqlite).generation,
    };
    return opened;
  }

  function openIndexed(generation: string): Opened | undefined {
    if (indexPath === undefined || performance.now() - triedAt < RETRY_MS) return undefined;
    triedAt = performance.now();
    try {
      const sqlite = openForSearch(indexPath, hubPath);
      if (readState(sqlite).generation !== damaged) {
        openedFor = generation;
        return open(sqlite, true);
      }
      sqlite.close();
      return undefined;
    } catch {
      // There is none yet, or none any more: the index thread sees to it.
      return undefined;
    }
  }

  const openedAnyhow = (): Opened => opened ?? open(openWithoutIndex(hubPath), false);

  function usable(generation: string | undefined): Opened {
    if (opened?.indexed === true) {
      if (generation === opened.generation || generation === openedFor) return opened;
    }
    const indexed = generation === undefined ? undefined : openIndexed(generation);
    return indexed ?? openedAnyhow();
  }

  function search(over: Opened, query: MessageSearch): SearchAnswer {
    const run = over.sqlite.transaction(() => {
      const { generation } = readState(over.sqlite);
      if (generation !== over.generation) {
        over.generation = generation;
        over.searcher = createSearcher({ sqlite: over.sqlite });
      }
      return over.searcher.search(requestOf(over, query));
    });
    return run();
  }

  return {
    answer(call) {
      opened?.watch.begin();
      if ('memory' in call) return { memory: openedAnyhow().memory(call.memory) };
      const over = usable(call.generation);
      try {
        return { messages: search(over, call.messages) };
      } catch (error) {
        if (!over.indexed || !isUnusable(error)) throw error;
        damaged = over.generation;
        return { messages: search(open(openWithoutIndex(hubPath), false), call.messages), damaged };
      }
    },
    slowest: () => opened?.watch.slowest(),
    close() {
      opened?.sqlite.close();
      opened = undefined;
    },
  };
}

/** Names as numbers. */
function requestOf({ names }: Opened, query: MessageSearch): SearchRequest {
  const { sight, visibility, sender, messageType, ...rest } = query;
  return {
    ...rest,
    audienceIds: names.audiences(sight),
    ...(visibility === undefined ? {} : { visibilities: [VISIBILITY_CODE[visibility]] }),
    ...(sender === undefined ? {} : { senderIds: names.senders(sight.workspace, sender) }),
    ...(messageType === undefined ? {} : { messageType: TYPE_CODE[messageType] }),
  };
}
