/**
 * Removes what has had its time: idle sessions if that is set, expired memory and old versions of it, answers kept for retries, dead handles and
 * tokens, old rows of the audit log, changes that the search index has taken in.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Store, Tx } from '../store/port.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Auditor } from './audit/auditor.ts';
import type { Visits } from './audit/visits.ts';
import { createSweeper } from './sessions/sweeper.ts';
import { IDEMPOTENCY_TTL_MS } from './write-once.ts';

export interface HousekeepingDeps {
  readonly store: Store;
  readonly now: () => number;
  readonly log: Logger;
  /** What it has counted is summed up in each round. */
  readonly visits: Pick<Visits, 'sum'>;
  /** How long rows of the audit log are kept; null: for ever. */
  readonly auditLogMs: number | null;
  /** The position up to which changes of messages are in the search index. */
  readonly indexedUpTo: () => number;
  /** How long a session is kept in which nothing happens; null: for ever. */
  readonly inactiveSessionMs: number | null;
  /** How long earlier versions of memory entries are kept; null: as long as their entry. */
  readonly memoryHistoryMs: number | null;
  readonly auditor: Pick<Auditor, 'write'>;
  readonly everyMs?: number;
}

const EVERY_MS = 5000;
const ROWS_PER_WRITE = 500;
/** For so long an expired handle is told from one that never was. */
const KEEP_HANDLES_MS = 24 * 60 * 60 * 1000;

/** For so long a lease that was lost is told from one that never was. */
const KEEP_ENDED_LEASES_MS = 7 * 24 * 60 * 60 * 1000;

/** Runs until it is stopped; each round removes all there is, a bounded number of rows per write. */
export function startHousekeeping(deps: HousekeepingDeps): { stop(): Promise<void> } {
  const { store, now, log, visits, auditLogMs, inactiveSessionMs, indexedUpTo, everyMs = EVERY_MS } = deps;
  const { memoryHistoryMs } = deps;
  const stopped = new AbortController();

  /** Each removes at most so many rows, and answers how many. */
  const chores: readonly ((tx: Tx) => Promise<number>)[] = [
    (tx) => tx.memory.deleteExpired(now(), ROWS_PER_WRITE),
    (tx) => {
      const replaced = memoryHistoryMs === null ? null : now() - memoryHistoryMs;
      return tx.memory.deleteVersions({ now: now(), replaced }, ROWS_PER_WRITE);
    },
    (tx) => tx.idempotency.deleteBefore(now() - IDEMPOTENCY_TTL_MS, ROWS_PER_WRITE),
    (tx) => tx.handles.deleteExpired(now() - KEEP_HANDLES_MS, ROWS_PER_WRITE),
    (tx) => tx.logins.deleteExpired(now(), ROWS_PER_WRITE),
    (tx) => tx.tokens.deleteExpiredRefresh(now(), ROWS_PER_WRITE),
    (tx) => tx.tokens.deleteExpiredFamilies(now(), ROWS_PER_WRITE),
    (tx) => tx.tokens.deleteExpiredRevocations(now(), ROWS_PER_WRITE),
    (tx) => tx.leases.forgetEnded(now() - KEEP_ENDED_LEASES_MS, ROWS_PER_WRITE),
    (tx) => tx.messages.forgetChanges(indexedUpTo(), ROWS_PER_WRITE),
  ];

  /** All chores in one commit, until none finds more than fits one. */
  async function tidy(): Promise<void> {
    let auditRows = 0;
    for (let more = true; more && !stopped.signal.aborted;) {
      const removed = await store.write(async (tx) => {
        const counts: number[] = [];
        for (const chore of chores) counts.push(await chore(tx));
        const audit =
          auditLogMs === null ? 0 : await tx.audit.deleteBefore(now() - auditLogMs, ROWS_PER_WRITE);
        return { counts: [...counts, audit], audit };
      });
      auditRows += removed.audit;
      more = removed.counts.includes(ROWS_PER_WRITE);
    }
    if (auditRows > 0) log.info({ rows: auditRows }, 'old rows of the audit log were removed');
  }

  const sweeper = inactiveSessionMs === null ? undefined : createSweeper(deps, inactiveSessionMs);

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      visits.sum();
      try {
        await tidy();
        await sweeper?.sweep(stopped.signal);
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
