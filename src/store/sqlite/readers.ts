/** Reader threads for queries that may take long. */
import { HubError } from '../../errors.ts';
import { createThreadPool, type ThreadPool } from '../../lib/thread-pool.ts';
import type { Logger } from '../../telemetry/log.ts';
import { unavailable } from './errors.ts';
import type { Ran } from './statements.ts';

export interface ReaderPool {
  /** Runs one query of the port on a reader thread. */
  run(noun: string, method: string, args: readonly unknown[]): Promise<unknown>;
  /** How SQLite runs a statement; null where it cannot. */
  planOf(sql: string): Promise<readonly string[] | null>;
  /** What is wrong with the pages of the file, all of which it reads; undefined if nothing. */
  findDamage(): Promise<string | undefined>;
  /** Threads that are alive, those of them at work, and queries that wait for one. */
  size(): number;
  load: ThreadPool<ReaderRequest>['load'];
  /** Whether a thread died, and none has answered since. */
  failing(): boolean;
  close(): Promise<void>;
}

export interface ReaderPoolOptions {
  readonly path: string;
  readonly max: number;
  readonly log: Logger;
  readonly idleMs?: number;
  readonly maxQueue?: number;
  /** Told of the slowest statement of each query. */
  readonly onRan?: (ran: Ran) => void;
}

/** What goes to a reader thread. */
export interface ReaderRequest {
  readonly noun: string;
  readonly method: string;
  readonly args: readonly unknown[];
}

const THREAD_FILE = import.meta.url.endsWith('.ts') ? './reader-thread.ts' : './reader-thread.js';

export function createReaderPool({ path, log, onRan, ...bounds }: ReaderPoolOptions): ReaderPool {
  const threads = createThreadPool<ReaderRequest>({
    ...bounds,
    file: new URL(THREAD_FILE, import.meta.url),
    data: { path },
    onAside: (ran) => onRan?.(ran as Ran),
    onDeath: (error) => log.error({ err: error }, 'a reader thread failed'),
    errors: {
      overloaded,
      unavailable: () => unavailable(),
      failed: (error, code) => (code === 'unavailable' ? unavailable(error) : new Error(error)),
    },
  });

  async function run(noun: string, method: string, args: readonly unknown[]): Promise<unknown> {
    const json = await threads.run({ noun, method, args });
    return json === undefined ? undefined : JSON.parse(json);
  }

  return {
    run,
    planOf: async (sql) => (await run('statements', 'planOf', [sql])) as readonly string[] | null,
    findDamage: async () => (await run('pages', 'findDamage', [])) as string | undefined,
    size: () => threads.size(),
    load: () => threads.load(),
    failing: () => threads.failing(),
    close: () => threads.close(),
  };
}

function overloaded(): HubError {
  return new HubError('OVERLOADED', 'Too many long queries are waiting.', {
    retryAfter: 1,
    suggestions: ['Try again after retry_after seconds.'],
  });
}
