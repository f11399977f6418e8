/**
 * Group commit: writes that wait are run one after the other in one transaction and answered together after the commit is
 * on disk. A write that fails before it changed anything fails alone; if one fails halfway, the transaction is undone and
 * run again with a savepoint around each, so that it spoils no neighbour. (A savepoint around every write always would cost
 * a third of the rows per second.)
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { HubError } from '../../errors.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { CommittedEvent, StoreHealth, Tx } from '../port.ts';
import type { Commit } from '../../telemetry/metrics.ts';
import {
  isDiskError,
  isIoError,
  isSqliteError,
  refusedBecause,
  storeError,
  unavailable,
  uncertain,
} from './errors.ts';

/** What the queue needs of the connection it writes through; it may be reopened behind it. */
export interface WriterConnection {
  /** A transaction for one write to work with; it refuses what is asked of it after its end. */
  handle(): { readonly tx: Tx; end(): void };
  /** Counts up with every row that is changed. */
  changes(): number;
  /** @throws also when a distrusted connection cannot be opened again. */
  begin(): void;
  savepoint(): void;
  release(): void;
  /** Undoes the current savepoint. */
  rollbackTo(): void;
  /** Whether SQLite has given the whole transaction up by itself, as it does when the disk is full. */
  lost(): boolean;
  /** Answers the events of the transaction, or undefined if there was nothing to put on disk. */
  commit(): readonly CommittedEvent[] | undefined;
  rollback(): void;
  /** Has the connection opened anew before it is used again. */
  distrust(): void;
  /** Makes the current transaction one that has something to put on disk. */
  touch(): void;
}

export interface WriterOptions {
  readonly maxBatch: number;
  readonly maxQueue: number;
  readonly log: Logger;
  /** Called after each commit that put something on disk. */
  readonly onCommit?: (events: readonly CommittedEvent[]) => void;
  /** Called when a commit failed of which it is not known whether it is on disk. */
  readonly onUncertain?: () => void;
  /** Told of the same commits, with what they took. */
  readonly onMeasured?: (commit: Commit) => void;
}

export interface Writer {
  /** `work` may be run twice; what the first run did is undone before. */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Whether the last commit that had something to put on disk failed. */
  failing(): boolean;
  /** Tries whether the disk takes a commit. */
  probe(): Promise<void>;
  health(): StoreHealth;
  /** Refuses all writes from now on, saying why. */
  refuse(reason: string): void;
  /** Refuses writes until it is called without a reason; callers are told that. */
  pause(reason: string | undefined): void;
  /** Writes that wait for their transaction. */
  waiting(): number;
  /** Resolves when everything queued so far has been answered. */
  drain(): Promise<void>;
}

interface Job {
  readonly run: (tx: Tx) => Promise<unknown>;
  /** Since when it waits, in monotonic milliseconds. */
  readonly since: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

type Outcome = { readonly job: Job } & ({ readonly value: unknown } | { readonly error: unknown });

export function createWriter(
  connection: WriterConnection,
  { maxBatch, maxQueue, log, onCommit, onUncertain, onMeasured }: WriterOptions,
): Writer {
  let queue: Job[] = [];
  let flushing: Promise<void> | undefined;
  /** Why the last commit failed, until one that had something to put on disk succeeds. */
  let failure: string | undefined;
  let refusal: string | undefined;
  let paused: string | undefined;

  function write<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    if (refusal !== undefined) return Promise.reject(unavailable(refusal));
    if (paused !== undefined) return Promise.reject(refusedBecause(paused));
    if (queue.length >= maxQueue) return Promise.reject(overloaded());
    return new Promise<T>((resolve, reject) => {
      const since = performance.now();
      queue.push({ run: work, since, resolve: resolve as (value: unknown) => void, reject });
      flushing ??= flushAll();
    });
  }

  async function flushAll(): Promise<void> {
    await nextTurn();
    while (queue.length > 0) {
      const batch = queue.slice(0, maxBatch);
      queue = queue.slice(maxBatch);
      await flush(batch);
      if (queue.length > 0) await nextTurn();
    }
    flushing = undefined;
  }

  async function flush(batch: readonly Job[]): Promise<void> {
    const outcomes = (await attempt(batch, false)) ?? (await attempt(batch, true)) ?? [];
    for (const outcome of outcomes) {
      if ('error' in outcome) outcome.job.reject(outcome.error);
      else outcome.job.resolve(outcome.value);
    }
  }

  /** Runs and commits a batch; undefined if a write failed halfway and the batch must be run again in savepoints. */
  async function attempt(batch: readonly Job[], isolated: boolean): Promise<readonly Outcome[] | undefined> {
    const outcomes: Outcome[] = [];
    let committing = false;
    const watchdog = createWatchdog();
    const waitedMs = performance.now() - (batch[0]?.since ?? 0);
    try {
      connection.begin();
      for (const job of batch) {
        const outcome = await run(job, isolated, watchdog);
        if (outcome === undefined) {
          connection.rollback();
          return undefined;
        }
        outcomes.push(outcome);
      }
      committing = true;
      const started = performance.now();
      const events = connection.commit();
      if (events !== undefined) {
        const ms = performance.now() - started;
        failure = undefined;
        onMeasured?.({ ms, waitedMs, writes: outcomes.filter((outcome) => 'value' in outcome).length });
        onCommit?.(events);
      }
      return outcomes;
    } catch (error) {
      abandon(error);
      onUncertain?.();
      const refused = committing && isIoError(error) ? uncertain(error) : unavailable(error);
      return batch.map((job) => ({ job, error: refused }));
    } finally {
      watchdog.stop();
    }
  }

  /** Undefined if the write failed after it had changed something and there is no savepoint to go back to. */
  async function run(job: Job, isolated: boolean, watchdog: Watchdog): Promise<Outcome | undefined> {
    const before = connection.changes();
    const handle = connection.handle();
    if (isolated) connection.savepoint();
    try {
      const value = await watchdog.inOneTurn(() => job.run(handle.tx));
      if (connection.lost()) throw new Error('a write went on after its transaction was lost');
      if (isolated) connection.release();
      return { job, value };
    } catch (error) {
      if (connection.lost() || isDiskError(error)) throw error;
      if (isolated) connection.rollbackTo();
      else if (connection.changes() !== before) return undefined;
      return { job, error: storeError(error) };
    } finally {
      handle.end();
    }
  }

  function abandon(error: unknown): void {
    if (failure === undefined) log.error({ err: error }, 'a commit failed; its writes were refused');
    failure = isSqliteError(error) ? error.code : 'unknown';
    try {
      connection.rollback();
      if (isIoError(error)) connection.distrust();
    } catch (again) {
      connection.distrust();
      log.error({ err: again }, 'a failed transaction could not be undone; the database is opened anew');
    }
  }

  return {
    write,
    failing: () => failure !== undefined && refusal === undefined,
    probe: () => write(() => Promise.resolve(connection.touch())),
    health() {
      if (refusal !== undefined) return { writable: false, reason: refusal };
      if (paused !== undefined) return { writable: false, paused: true, reason: paused };
      if (failure === undefined) return { writable: true };
      return { writable: false, reason: `the last write to the database failed (${failure})` };
    },
    refuse(reason) {
      refusal = reason;
    },
    pause(reason) {
      paused = reason;
    },
    waiting: () => queue.length,
    drain: async () => {
      await flushing;
    },
  };
}

/**
 * A batch runs in one turn of the event loop. If a turn passes, the write that is running waits for something else than
 * the store, and is rejected.
 */
function createWatchdog() {
  let bark: (reason: Error) => void = () => undefined;
  let immediate: NodeJS.Immediate | undefined;
  const arm = (): void => {
    immediate ??= setImmediate(() => {
      immediate = undefined;
      bark(new Error('a write waited for something else than the store'));
    });
  };
  return {
    inOneTurn(work: () => Promise<unknown>): Promise<unknown> {
      return new Promise((resolve, reject) => {
        bark = reject;
        arm();
        work().then(resolve, reject);
      });
    },
    stop() {
      clearImmediate(immediate);
    },
  };
}

type Watchdog = ReturnType<typeof createWatchdog>;

function overloaded(): HubError {
  return new HubError('OVERLOADED', 'Too many writes are waiting; nothing was stored.', {
    retryAfter: 1,
    suggestions: ['Try again after retry_after seconds, with the same idempotency_key.'],
  });
}
