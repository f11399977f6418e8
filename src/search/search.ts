/**
 * Search, as the rest of the hub sees it: threads that search, one that keeps the index up, and a cache. With no thread to
 * answer, the newest messages are searched here.
 */
import { LRUCache } from 'lru-cache';
import { HubError } from '../errors.ts';
import type { CacheMeters } from '../lib/cache-meter.ts';
import { createThreadPool } from '../lib/thread-pool.ts';
import type { MessageType, Sight, Visibility } from '../store/port.ts';
import { unavailable } from '../store/sqlite/errors.ts';
import type { Ran } from '../store/sqlite/statements.ts';
import type { Logger } from '../telemetry/log.ts';
import { createAnswerer, type Answered, type Answerer, type SearchCall } from './answerer.ts';
import { indexPathOf } from './index-db.ts';
import { createIndexFollower, type IndexProgress } from './index-follower.ts';
import type { MemoryHit, MemorySearch } from './memory-searcher.ts';
import type { SearchAnswer, SearchPosition } from './types.ts';

/** A search for messages by somebody who may see what `sight` meets. Times are milliseconds since the epoch. */
export interface MessageSearch {
  readonly query: string;
  readonly sight: Sight;
  readonly sessionPk?: number;
  /** Compared without case and without `_`, `-` and spaces. */
  readonly sender?: string;
  readonly visibility?: Visibility;
  readonly messageType?: MessageType;
  readonly metadata: boolean;
  /** Both inclusive. */
  readonly since?: number;
  readonly until?: number;
  /** 0–100; 100: exact words only. */
  readonly fuzzyThreshold: number;
  readonly limit: number;
  readonly position?: SearchPosition;
}

export interface Search {
  /** @throws HubError OVERLOADED if too many searches wait. */
  messages(query: MessageSearch): Promise<SearchAnswer>;
  /** Best first. @throws HubError OVERLOADED */
  memory(query: MemorySearch): Promise<readonly MemoryHit[]>;
  /** To be called after each commit. */
  committed(): void;
  /** Makes the index anew, beside the work. */
  reindex(): void;
  /** How far the index is, as far as that is known, and whether it cannot be kept up. */
  index(): { readonly progress: IndexProgress | undefined; readonly failing: boolean };
  /** Search threads, those of them at work, and searches that wait for one; whether threads die. */
  load(): {
    readonly threads: number;
    readonly busy: number;
    readonly waiting: number;
    readonly failing: boolean;
  };
  close(): Promise<void>;
}

export interface SearchOptions {
  /** The real path of hub.db. */
  readonly hubPath: string;
  readonly log: Logger;
  /** Search threads at most. */
  readonly threads?: number;
  readonly caches: CacheMeters;
  /** Told of every search for messages that was answered, with how long it took in milliseconds. */
  readonly onSearched?: (ms: number) => void;
  /** Told of the slowest statement of each search. */
  readonly onRan?: (ran: Ran) => void;
}

const THREAD_FILE = import.meta.url.endsWith('.ts') ? './search-thread.ts' : './search-thread.js';
/** Each holds the words of the index in memory. */
const THREADS = 2;
const THREAD_IDLE_MS = 10 * 60_000;
const MAX_QUEUE = 200;
const YOUNG_GENERATION_MB = 16;
/** How long the first search waits for the index to be checked, before it does without. */
const CHECKED_WITHIN_MS = 1000;
const CACHE_BYTES = 4_000_000;

export function createSearch(options: SearchOptions): Search {
  const { hubPath, log, threads = THREADS, caches, onSearched, onRan } = options;
  const indexPath = indexPathOf(hubPath);
  const follower = createIndexFollower({ hubPath, indexPath, log });
  const pool = createThreadPool<SearchCall>({
    file: new URL(THREAD_FILE, import.meta.url),
    data: { hubPath, indexPath },
    max: threads,
    idleMs: THREAD_IDLE_MS,
    maxQueue: MAX_QUEUE,
    youngGenerationMb: YOUNG_GENERATION_MB,
    onAside: (ran) => onRan?.(ran as Ran),
    onDeath: (error) => log.error({ err: error }, 'a search thread failed'),
    errors: {
      overloaded,
      unavailable: () => new NoThread('no search thread can answer'),
      failed: (error, code) => (code === 'unavailable' ? unavailable(error) : new Error(error)),
    },
  });
  /** Answers of the state that the last commit left. */
  const cache = new LRUCache<string, SearchAnswer>({
    maxSize: CACHE_BYTES,
    sizeCalculation: (answer, key) => Buffer.byteLength(key) + Buffer.byteLength(JSON.stringify(answer)),
    dispose: (_answer, _key, reason) => meter.disposed(reason),
  });
  const meter = caches.add('searches', () => ({ entries: cache.size, bytes: cache.calculatedSize }));
  let commits = 0;
  let here: Answerer | undefined;
  let closed = false;

  async function ask(call: SearchCall): Promise<{ answered: Answered; withoutThread: boolean }> {
    try {
      return { answered: JSON.parse((await pool.run(call)) ?? '') as Answered, withoutThread: false };
    } catch (error) {
      if (!(error instanceof NoThread)) throw error;
      if (closed) throw unavailable(error);
      here ??= createAnswerer({ hubPath, indexPath: undefined });
      return { answered: here.answer(call), withoutThread: true };
    }
  }

  async function messages(query: MessageSearch): Promise<SearchAnswer> {
    const key = JSON.stringify(query);
    const known = cache.get(key);
    meter.looked(known !== undefined);
    if (known !== undefined) return known;
    follower.start();
    if (follower.progress() === undefined && !follower.failing()) await follower.heard(CHECKED_WITHIN_MS);
    const before = commits;
    const { generation } = follower.progress() ?? {};
    const { answered, withoutThread } = await ask({ generation, messages: query });
    if (!('messages' in answered)) throw new Error('an answer to another question');
    const { damaged } = answered;
    const answer = {
      ...answered.messages,
      degraded: answered.messages.degraded || withoutThread || follower.failing(),
    };
    if (damaged !== undefined) follower.damaged(damaged);
    if (!answer.degraded && before === commits) cache.set(key, answer);
    return answer;
  }

  return {
    async messages(query) {
      const started = performance.now();
      const answer = await messages(query);
      onSearched?.(performance.now() - started);
      return answer;
    },
    async memory(query) {
      const { answered } = await ask({ memory: query });
      return 'memory' in answered ? answered.memory : [];
    },
    committed() {
      commits++;
      cache.clear();
      follower.committed();
    },
    reindex: () => follower.reindex(),
    index: () => ({ progress: follower.progress(), failing: follower.failing() }),
    load: () => ({ threads: pool.size(), ...pool.load(), failing: pool.failing() }),
    async close() {
      closed = true;
      await pool.close();
      here?.close();
      await follower.close();
    },
  };
}

class NoThread extends Error {}

function overloaded(): HubError {
  return new HubError('OVERLOADED', 'Too many searches are waiting.', {
    retryAfter: 1,
    suggestions: ['Try again after retry_after seconds.'],
  });
}
