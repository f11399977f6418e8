/**
 * The leases that are held, as this process counts their time: by a clock that only goes forward. What is over keeps its
 * place until its row is gone, so that nothing has two holders on disk either.
 */
import type { SteadyClock } from '../../lib/steady-clock.ts';
import type { LeaseRow } from '../../store/port.ts';
import type { Claim } from './line.ts';

/** A claim that became, or is about to become, a lease. */
export interface Holding extends Claim {
  /** Absent: it waits, or its grant is not on disk yet. */
  lease?: LeaseRow;
  /** When it expires, on the steady clock. */
  deadline: number;
  /** While its row is being written or removed: settles when that is over. */
  busy?: Promise<unknown>;
}

export type HeldLease = Holding & { lease: LeaseRow };

export interface Held {
  get(leaseId: string): HeldLease | undefined;
  all(): Iterable<HeldLease>;
  /** Puts a lease in, or gives it another end. */
  put(holding: Holding, lease: LeaseRow, deadline: number): void;
  remove(holding: Holding): void;
  isOver(holding: Holding): boolean;
  /** Whether something may be over; quick. */
  anyDue(): boolean;
  /** Those that are over and not being written, at most `limit`. */
  due(limit: number): readonly Holding[];
  /** Calls `expire` again after so many milliseconds at most. */
  wake(ms: number): void;
  stop(): void;
}

/** Timers know no longer times than some weeks. */
const LONGEST_SLEEP_MS = 60 * 60 * 1000;

/** `expire` is called when something may be due. */
export function createHeld(clock: SteadyClock, expire: () => void): Held {
  const leases = new Map<string, HeldLease>();
  let wakesAt = Infinity;
  let cancel = (): void => undefined;
  let stopped = false;

  function wakeAt(time: number): void {
    if (stopped || time >= wakesAt) return;
    cancel();
    wakesAt = time;
    const ms = Math.min(Math.max(time - clock.now(), 0), LONGEST_SLEEP_MS);
    cancel = clock.after(ms, () => {
      wakesAt = Infinity;
      expire();
    });
  }

  const isOver = ({ deadline }: Holding): boolean => deadline <= clock.now();

  return {
    get: (leaseId) => leases.get(leaseId),
    all: () => leases.values(),
    isOver,
    put(holding, lease, deadline) {
      leases.set(lease.leaseId, Object.assign(holding, { lease, deadline }));
      wakeAt(deadline);
    },
    remove({ lease }) {
      if (lease !== undefined) leases.delete(lease.leaseId);
    },
    anyDue: () => wakesAt <= clock.now(),
    due(limit) {
      const found: Holding[] = [];
      for (const holding of leases.values()) {
        if (found.length >= limit) break;
        if (isOver(holding) && holding.busy === undefined) found.push(holding);
        else if (!isOver(holding)) wakeAt(holding.deadline);
      }
      return found;
    },
    wake: (ms) => wakeAt(clock.now() + ms),
    stop() {
      stopped = true;
      cancel();
    },
  };
}
