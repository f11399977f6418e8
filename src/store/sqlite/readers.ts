/**
 * Reader threads for queries that may take long. They are started on demand, stopped when idle, and replaced when they die;
 * a call whose thread died is asked once more.
 */
import { Worker } from 'node:worker_threads';
import { HubError } from '../../errors.ts';
import type { Logger } from '../../telemetry/log.ts';
import { unavailable } from './errors.ts';

export interface ReaderPool {
  /** Runs one query of the port on a reader thread. */
  run(noun: string, method: string, args: readonly unknown[]): Promise<unknown>;
  /** What is wrong with the pages of the file, all of which it reads; undefined if nothing. */
  findDamage(): Promise<string | undefined>;
  /** Threads that are alive. */
  size(): number;
  close(): Promise<void>;
}

export interface ReaderPoolOptions {
  readonly path: string;
  readonly max: number;
  readonly log: Logger;
  readonly idleMs?: number;
  readonly maxQueue?: number;
}

/** What goes to a reader thread, and what comes back: JSON text is a fifth of the price of a structured clone. */
export interface ReaderRequest {
  readonly noun: string;
  readonly method: string;
  readonly args: readonly unknown[];
}
export type ReaderReply =
  /** Said once, before the first call. */
  'ready' | { readonly json: string | undefined } | { readonly error: string; readonly code?: string };

interface Call extends ReaderRequest {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
  retried: boolean;
}

interface Reader {
  readonly worker: Worker;
  ready: boolean;
  call: Call | undefined;
  idle: NodeJS.Timeout | undefined;
}

const WORKER_FILE = import.meta.url.endsWith('.ts') ? './reader-thread.ts' : './reader-thread.js';
const IDLE_MS = 60_000;
const MAX_QUEUE = 1000;

export function createReaderPool(options: ReaderPoolOptions): ReaderPool {
  const { path, max, log, idleMs = IDLE_MS, maxQueue = MAX_QUEUE } = options;
  const readers = new Set<Reader>();
  const waiting: Call[] = [];
  let closed = false;

  function start(): void {
    const worker = new Worker(new URL(WORKER_FILE, import.meta.url), { workerData: { path } });
    const reader: Reader = { worker, ready: false, call: undefined, idle: undefined };
    readers.add(reader);
    worker.on('message', (reply: ReaderReply) => {
      if (reply === 'ready') reader.ready = true;
      else answer(reader, reply);
      serve();
    });
    worker.on('error', (error) => log.error({ err: error }, 'a reader thread failed'));
    worker.on('exit', () => gone(reader));
  }

  function answer(reader: Reader, reply: Exclude<ReaderReply, 'ready'>): void {
    const { call } = reader;
    reader.call = undefined;
    if (call === undefined) return;
    if ('json' in reply) call.resolve(reply.json === undefined ? undefined : JSON.parse(reply.json));
    else call.reject(reply.code === 'unavailable' ? unavailable(reply.error) : new Error(reply.error));
  }

  /** Hands out what waits. A thread is started for what is left, one at a time: most calls take less than its start. */
  function serve(): void {
    for (const reader of readers) {
      if (!reader.ready || reader.call !== undefined) continue;
      const call = waiting.shift();
      if (call === undefined) rest(reader);
      else give(reader, call);
    }
    const starting = [...readers].some((reader) => !reader.ready);
    if (!closed && waiting.length > 0 && readers.size < max && !starting) start();
  }

  function give(reader: Reader, call: Call): void {
    clearTimeout(reader.idle);
    reader.idle = undefined;
    reader.call = call;
    reader.worker.ref();
    const { noun, method, args } = call;
    reader.worker.postMessage({ noun, method, args } satisfies ReaderRequest);
  }

  function rest(reader: Reader): void {
    if (reader.idle !== undefined) return;
    reader.worker.unref();
    reader.idle = setTimeout(() => {
      // From here on it must be given nothing.
      readers.delete(reader);
      void reader.worker.terminate();
    }, idleMs);
    reader.idle.unref();
  }

  function gone(reader: Reader): void {
    clearTimeout(reader.idle);
    readers.delete(reader);
    // One that did not even start takes the call with it for which it was started.
    const call = reader.ready ? reader.call : waiting.shift();
    if (call !== undefined) {
      if (call.retried || closed) call.reject(unavailable());
      else {
        call.retried = true;
        waiting.unshift(call);
      }
    }
    serve();
  }

  function run(noun: string, method: string, args: readonly unknown[]): Promise<unknown> {
    if (closed) return Promise.reject(unavailable());
    if (waiting.length >= maxQueue) return Promise.reject(overloaded());
    return new Promise((resolve, reject) => {
      waiting.push({ noun, method, args, resolve, reject, retried: false });
      serve();
    });
  }

  return {
    run,
    findDamage: async () => (await run('pages', 'findDamage', [])) as string | undefined,
    size: () => readers.size,
    async close() {
      closed = true;
      for (const call of waiting.splice(0)) call.reject(unavailable());
      await Promise.all([...readers].map((reader) => reader.worker.terminate()));
    },
  };
}

function overloaded(): HubError {
  return new HubError('OVERLOADED', 'Too many long queries are waiting.', {
    retryAfter: 1,
    suggestions: ['Try again after retry_after seconds.'],
  });
}
