/** Removes what has had its time: expired memory, answers kept for retries, dead handles and tokens. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Store } from '../store/port.ts';
import type { Logger } from '../telemetry/log.ts';
import { IDEMPOTENCY_TTL_MS } from './write-once.ts';

export interface HousekeepingDeps {
  readonly store: Store;
  readonly now: () => number;
  readonly log: Logger;
  readonly everyMs?: number;
}

const EVERY_MS = 5000;
const ROWS_PER_WRITE = 500;
/** For so long an expired handle is told from one that never was. */
const KEEP_HANDLES_MS = 24 * 60 * 60 * 1000;

/** Runs until it is stopped; each round removes all there is, a bounded number of rows per write. */
export function startHousekeeping({ store, now, log, everyMs = EVERY_MS }: HousekeepingDeps): {
  stop(): Promise<void>;
} {
  const stopped = new AbortController();

  async function all(remove: () => Promise<number>): Promise<void> {
    while ((await remove()) === ROWS_PER_WRITE && !stopped.signal.aborted);
  }

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      try {
        await all(() => store.write((tx) => tx.memory.deleteExpired(now(), ROWS_PER_WRITE)));
        await all(() =>
          store.write((tx) => tx.idempotency.deleteBefore(now() - IDEMPOTENCY_TTL_MS, ROWS_PER_WRITE)),
        );
        await all(() =>
          store.write((tx) => tx.handles.deleteExpired(now() - KEEP_HANDLES_MS, ROWS_PER_WRITE)),
        );
        await all(() => store.write((tx) => tx.tokens.deleteExpiredRefresh(now(), ROWS_PER_WRITE)));
        await all(() => store.write((tx) => tx.tokens.deleteExpiredFamilies(now(), ROWS_PER_WRITE)));
        await all(() => store.write((tx) => tx.tokens.deleteExpiredRevocations(now(), ROWS_PER_WRITE)));
      } catch (error) {
        log.warn({ err: error }, 'housekeeping failed; it tries again');
      }
      await delay(everyMs, undefined, { signal: stopped.signal, ref: false }).catch(() => undefined);
    }
  }

  const running = run();
  return {
    async stop() {
      stopped.abort();
      await running;
    },
  };
}
