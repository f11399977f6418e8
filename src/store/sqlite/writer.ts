/**
 * Group commit: writes that wait are run one after the other in one transaction and answered together after the commit is
 * on disk. A write that fails before it changed anything fails alone; if one fails halfway, the transaction is undone and
 * run again with a savepoint around each, so that it spoils no neighbour. (A savepoint around every write always would cost
 * a third of the rows per second.)
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { HubError } from '../../errors.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Tx } from '../port.ts';
import { isIoError, storeError, unavailable } from './errors.ts';

/** What the queue needs of the connection it writes through; it may be reopened behind it. */
export interface WriterConnection {
  readonly tx: Tx;
  begin(): void;
  /** Whether anything was changed since it was last asked. */
  changed(): boolean;
  savepoint(): void;
  release(): void;
  /** Undoes the current savepoint. */
  rollbackTo(): void;
  /** Whether SQLite has given the whole transaction up by itself, as it does when the disk is full. */
  lost(): boolean;
  commit(): void;
  rollback(): void;
  reopen(): void;
}

export interface WriterOptions {
  readonly maxBatch: number;
  readonly maxQueue: number;
  readonly log: Logger;
}

export interface Writer {
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** The failure that the last commit ended with, until one succeeds. */
  failure(): unknown;
  /** Resolves when everything queued so far has been answered. */
  drain(): Promise<void>;
}

interface Job {
  readonly run: (tx: Tx) => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

type Outcome = { readonly job: Job } & ({ readonly value: unknown } | { readonly error: unknown });

export function createWriter(connection: WriterConnection, { maxBatch, maxQueue, log }: WriterOptions): Writer {
  let queue: Job[] = [];
  let flushing: Promise<void> | undefined;
  let failure: unknown;

  function write<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    if (queue.length >= maxQueue) return Promise.reject(overloaded());
    return new Promise<T>((resolve, reject) => {
      queue.push({ run: work, resolve: resolve as (value: unknown) => void, reject });
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
    const outcomes = (await attempt(batch, false)) ?? (await attempt(batch, true));
    for (const outcome of outcomes ?? []) {
      if ('error' in outcome) outcome.job.reject(outcome.error);
      else outcome.job.resolve(outcome.value);
    }
  }

  /** Runs and commits a batch; undefined if a write failed halfway and the batch must be run again in savepoints. */
  async function attempt(batch: readonly Job[], isolated: boolean): Promise<readonly Outcome[] | undefined> {
    const outcomes: Outcome[] = [];
    const watchdog = watch();
    try {
      connection.begin();
      for (const job of batch) {
        const outcome = isolated ? await runIsolated(job, watchdog.waited) : await run(job, watchdog.waited);
        if (outcome === undefined) {
          connection.rollback();
          return undefined;
        }
        outcomes.push(outcome);
      }
      connection.commit();
      failure = undefined;
      return outcomes;
    } catch (error) {
      abandon(error);
      return batch.map((job) => ({ job, error: unavailable(error) }));
    } finally {
      watchdog.stop();
    }
  }

  /** Undefined if the write failed after it had changed something. */
  async function run(job: Job, waited: Promise<never>): Promise<Outcome | undefined> {
    connection.changed();
    try {
      return { job, value: await Promise.race([job.run(connection.tx), waited]) };
    } catch (error) {
      if (connection.lost()) throw error;
      return connection.changed() ? undefined : { job, error: storeError(error) };
    }
  }

  async function runIsolated(job: Job, waited: Promise<never>): Promise<Outcome> {
    connection.savepoint();
    try {
      const value = await Promise.race([job.run(connection.tx), waited]);
      connection.release();
      return { job, value };
    } catch (error) {
      if (connection.lost()) throw error;
      connection.rollbackTo();
      return { job, error: storeError(error) };
    }
  }

  function abandon(error: unknown): void {
    failure = error;
    log.error({ err: error }, 'a commit failed; its writes were refused');
    try {
      connection.rollback();
      if (isIoError(error)) connection.reopen();
    } catch (again) {
      log.error({ err: again }, 'the database could not be put right; the next write tries again');
    }
  }

  return {
    write,
    failure: () => failure,
    drain: async () => {
      await flushing;
    },
  };
}

/** A batch runs in one turn of the event loop; if a turn passes, some work waited for something else than the store. */
function watch(): { readonly waited: Promise<never>; stop(): void } {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined);
  const timer = setImmediate(() => {
    reject(new Error('a write waited for something else than the store'));
  });
  return { waited: promise, stop: () => clearImmediate(timer) };
}

function overloaded(): HubError {
  return new HubError('OVERLOADED', 'Too many writes are waiting; nothing was stored.', {
    retryAfter: 1,
    suggestions: ['Try again after retry_after seconds, with the same idempotency_key.'],
  });
}
