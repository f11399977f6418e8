/** Keeps the index thread at work: starts it, tells it of commits, starts it again when it dies, ends it. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Logger } from '../telemetry/log.ts';

/** `look`: something was committed; `reindex`: begin again; `damaged`: a reader found this generation's file no good. */
export type IndexerOrder = 'look' | 'reindex' | 'stop' | { readonly damaged: string };

/** What the thread tells. */
export type IndexReport = IndexProgress | { readonly failed: string };

export interface IndexProgress {
  readonly generation: string;
  /** Position up to which hub.db is in the index. */
  readonly watermark: number;
  /** The position that hub.db had come to. */
  readonly target: number;
  /** Whether it is on its way there. */
  readonly working: boolean;
}

export interface IndexFollower {
  /** Something was committed. */
  committed(): void;
  reindex(): void;
  /** A reader found the file of this generation no good. */
  damaged(generation: string): void;
  /** Starts the thread, if it does not run yet. */
  start(): void;
  /** Resolves when the thread has told something, after so many milliseconds at the latest. */
  heard(atMostMs: number): Promise<void>;
  /** What the thread told last; undefined before it has told anything: the index has not been checked then. */
  progress(): IndexProgress | undefined;
  /** Whether it cannot do its work. */
  failing(): boolean;
  close(): Promise<void>;
}

export interface IndexFollowerOptions {
  readonly hubPath: string;
  readonly indexPath: string;
  readonly log: Logger;
  /** How long after its making the thread starts by itself. */
  readonly startAfterMs?: number;
}

const THREAD_FILE = import.meta.url.endsWith('.ts') ? './indexer-thread.ts' : './indexer-thread.js';
const START_AFTER_MS = 1000;
/** Commits told of together: what is not indexed yet is found all the same, and large batches cost less by the message. */
const GATHER_MS = 50;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
const STOP_WITHIN_MS = 3000;
const YOUNG_GENERATION_MB = 16;

export function createIndexFollower(options: IndexFollowerOptions): IndexFollower {
  const { hubPath, indexPath, log, startAfterMs = START_AFTER_MS } = options;
  let worker: Worker | undefined;
  let progress: IndexProgress | undefined;
  let failing = false;
  let deaths = 0;
  let closed = false;
  const first = Promise.withResolvers<undefined>();
  let telling: NodeJS.Timeout | undefined;
  let starting: NodeJS.Timeout | undefined;
  startIn(startAfterMs);

  function startIn(ms: number): void {
    starting = setTimeout(start, ms);
    starting.unref();
  }

  function start(): void {
    if (closed || worker !== undefined) return;
    clearTimeout(starting);
    const started = new Worker(new URL(THREAD_FILE, import.meta.url), {
      workerData: { hubPath, indexPath },
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    worker = started;
    started.unref();
    started.on('message', (report: IndexReport) => {
      deaths = 0;
      hear(report);
    });
    started.on('error', (error) => log.error({ err: error }, 'the index thread failed'));
    started.on('exit', () => {
      if (worker !== started) return;
      worker = undefined;
      failing = true;
      if (closed) return;
      startIn(Math.min(FIRST_PAUSE_MS * 2 ** deaths, LONGEST_PAUSE_MS));
      deaths++;
    });
  }

  function hear(report: IndexReport): void {
    first.resolve(undefined);
    failing = 'failed' in report;
    if (!('failed' in report)) progress = report;
    else log.warn({ reason: report.failed }, 'the search index cannot be kept up; it is tried again');
  }

  function tell(order: IndexerOrder): void {
    start();
    worker?.postMessage(order);
  }

  return {
    committed() {
      if (worker === undefined || telling !== undefined) return;
      telling = setTimeout(() => {
        telling = undefined;
        worker?.postMessage('look' satisfies IndexerOrder);
      }, GATHER_MS);
      telling.unref();
    },
    reindex: () => tell('reindex'),
    damaged: (generation) => tell({ damaged: generation }),
    start,
    async heard(atMostMs) {
      const patience = new AbortController();
      const late = delay(atMostMs, undefined, { signal: patience.signal, ref: false });
      await Promise.race([first.promise, late.catch(() => undefined)]);
      patience.abort();
    },
    progress: () => progress,
    failing: () => failing,
    async close() {
      closed = true;
      clearTimeout(starting);
      clearTimeout(telling);
      const ending = worker;
      if (ending === undefined) return;
      const gone = once(ending, 'exit');
      ending.ref();
      ending.postMessage('stop' satisfies IndexerOrder);
      const patience = new AbortController();
      await Promise.race([gone, delay(STOP_WITHIN_MS, undefined, { signal: patience.signal })]);
      patience.abort();
      await ending.terminate();
    },
  };
}
