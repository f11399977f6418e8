/**
 * Threads that answer calls, each one at a time. They are started on demand, stopped when idle, and replaced when they
 * die; a call whose thread died is asked once more. After deaths in a row the next start waits, and calls are refused
 * meanwhile.
 */
import { Worker } from 'node:worker_threads';

export interface ThreadPool<Request> {
  /** The answer's JSON; undefined if the answer is. */
  run(request: Request): Promise<string | undefined>;
  /** Threads that are alive. */
  size(): number;
  /** How many of them work, and how many calls wait for one. */
  load(): { readonly busy: number; readonly waiting: number };
  /** Whether the last thing that happened is that a thread died. */
  failing(): boolean;
  close(): Promise<void>;
}

/** What a thread says: JSON text is a fifth of the price of a structured clone. */
export type ThreadReply =
  /** Said once, before the first call. */
  | 'ready'
  | { readonly json: string | undefined; readonly aside?: unknown }
  | { readonly error: string; readonly code?: string };

export interface ThreadPoolOptions {
  readonly file: URL;
  /** The thread's `workerData`. */
  readonly data: unknown;
  readonly max: number;
  readonly idleMs?: number;
  readonly maxQueue?: number;
  /** Where what lives shortly is kept; by default it may grow to some 50 MB a thread. */
  readonly youngGenerationMb?: number;
  readonly onDeath: (error: Error) => void;
  /** Told what an answer came with. */
  readonly onAside?: (aside: unknown) => void;
  /** What callers get to see. */
  readonly errors: {
    readonly overloaded: () => Error;
    /** No thread could answer. */
    readonly unavailable: () => Error;
    /** The thread answered that it failed. */
    readonly failed: (error: string, code: string | undefined) => Error;
  };
}

interface Call<Request> {
  readonly request: Request;
  readonly resolve: (json: string | undefined) => void;
  readonly reject: (reason: Error) => void;
  retried: boolean;
}

interface Thread<Request> {
  readonly worker: Worker;
  ready: boolean;
  call: Call<Request> | undefined;
  idle: NodeJS.Timeout | undefined;
}

const IDLE_MS = 60_000;
const MAX_QUEUE = 1000;
/** The two deaths that one call may cause are mended at once. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;

/** How long to wait after the `deaths`th death in a row. */
function pauseAfter(deaths: number): number {
  return deaths < 3 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (deaths - 3), LONGEST_PAUSE_MS);
}

export function createThreadPool<Request>(options: ThreadPoolOptions): ThreadPool<Request> {
  const { file, data, max, idleMs = IDLE_MS, maxQueue = MAX_QUEUE, onDeath, errors } = options;
  const { youngGenerationMb } = options;
  const threads = new Set<Thread<Request>>();
  const waiting: Call<Request>[] = [];
  let closed = false;
  let deaths = 0;
  let pausedUntil = 0;

  const paused = (): boolean => threads.size === 0 && performance.now() < pausedUntil;

  function start(): void {
    const worker = new Worker(file, {
      workerData: data,
      ...(youngGenerationMb === undefined
        ? {}
        : { resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb } }),
    });
    const thread: Thread<Request> = { worker, ready: false, call: undefined, idle: undefined };
    threads.add(thread);
    worker.on('message', (reply: ThreadReply) => {
      if (reply === 'ready') thread.ready = true;
      else answer(thread, reply);
      serve();
    });
    worker.on('error', onDeath);
    worker.on('exit', () => gone(thread));
  }

  function answer(thread: Thread<Request>, reply: Exclude<ThreadReply, 'ready'>): void {
    const { call } = thread;
    thread.call = undefined;
    deaths = 0;
    if ('json' in reply) {
      if (reply.aside !== undefined) options.onAside?.(reply.aside);
      call?.resolve(reply.json);
    } else call?.reject(errors.failed(reply.error, reply.code));
  }

  /** Hands out what waits. A thread is started for what is left, one at a time: most calls take less than its start. */
  function serve(): void {
    for (const thread of threads) {
      if (!thread.ready || thread.call !== undefined) continue;
      const call = waiting.shift();
      if (call === undefined) rest(thread);
      else give(thread, call);
    }
    if (paused()) for (const call of waiting.splice(0)) call.reject(errors.unavailable());
    const starting = [...threads].some((thread) => !thread.ready);
    if (!closed && waiting.length > 0 && threads.size < max && !starting) start();
  }

  function give(thread: Thread<Request>, call: Call<Request>): void {
    clearTimeout(thread.idle);
    thread.idle = undefined;
    thread.call = call;
    thread.worker.ref();
    thread.worker.postMessage(call.request);
  }

  function rest(thread: Thread<Request>): void {
    if (thread.idle !== undefined) return;
    thread.worker.unref();
    thread.idle = setTimeout(() => {
      // From here on it must be given nothing.
      threads.delete(thread);
      void thread.worker.terminate();
    }, idleMs);
    thread.idle.unref();
  }

  function gone(thread: Thread<Request>): void {
    clearTimeout(thread.idle);
    if (threads.delete(thread) && !closed) {
      deaths++;
      pausedUntil = performance.now() + pauseAfter(deaths);
    }
    // One that did not even start takes the call with it for which it was started.
    const call = thread.ready ? thread.call : waiting.shift();
    if (call !== undefined) {
      if (call.retried || closed) call.reject(errors.unavailable());
      else {
        call.retried = true;
        waiting.unshift(call);
      }
    }
    serve();
  }

  return {
    run(request) {
      if (closed || paused()) return Promise.reject(errors.unavailable());
      if (waiting.length >= maxQueue) return Promise.reject(errors.overloaded());
      return new Promise((resolve, reject) => {
        waiting.push({ request, resolve, reject, retried: false });
        serve();
      });
    },
    size: () => threads.size,
    load: () => ({
      busy: [...threads].filter((thread) => thread.call !== undefined).length,
      waiting: waiting.length,
    }),
    failing: () => deaths > 0,
    async close() {
      closed = true;
      for (const call of waiting.splice(0)) call.reject(errors.unavailable());
      await Promise.all([...threads].map((thread) => thread.worker.terminate()));
    },
  };
}
