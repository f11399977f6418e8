/** Removes what has had its time: expired memory, answers kept for retries, dead handles and tokens, old rows of the audit log. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Store } from '../store/port.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Visits } from './audit/visits.ts';
import { IDEMPOTENCY_TTL_MS } from './write-once.ts';

export interface HousekeepingDeps {
  readonly store: Store;
  readonly now: () => number;
  readonly log: Logger;
  /** What it has counted is summed up in each round. */
  readonly visits: Pick<Visits, 'sum'>;
  /** How long rows of the audit log are kept; null: for ever. */
  readonly auditLogMs: number | null;
  readonly everyMs?: number;
}

const EVERY_MS = 5000;
const ROWS_PER_WRITE = 500;
/** For so long an expired handle is told from one that never was. */
const KEEP_HANDLES_MS = 24 * 60 * 60 * 1000;

/** Runs until it is stopped; each round removes all there is, a bounded number of rows per write. */
export function startHousekeeping(deps: HousekeepingDeps): { stop(): Promise<void> } {
  const { store, now, log, visits, auditLogMs, everyMs = EVERY_MS } = deps;
  const stopped = new AbortController();

  async function all(remove: () => Promise<number>): Promise<number> {
    let removed = 0;
    for (let last = ROWS_PER_WRITE; last === ROWS_PER_WRITE && !stopped.signal.aborted; removed += last) {
      last = await remove();
    }
    return removed;
  }

  async function forgetAudit(keptMs: number): Promise<void> {
    const before = now() - keptMs;
    const removed = await all(() => store.write((tx) => tx.audit.deleteBefore(before, ROWS_PER_WRITE)));
    if (removed > 0) log.info({ rows: removed }, 'old rows of the audit log were removed');
  }

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      visits.sum();
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
        if (auditLogMs !== null) await forgetAudit(auditLogMs);
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
