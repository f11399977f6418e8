/** A steady clock that goes on by itself (or stands, if `base` does), and forward when it is told to. */
import { steadyClock, type SteadyClock } from '../../src/lib/steady-clock.ts';

export interface TestClock extends SteadyClock {
  /** So many milliseconds go by at once; what was to be done in them is done. */
  pass(ms: number): void;
  /** They go by while the process does not run: what was to be done in them has not been done yet. */
  skip(ms: number): void;
}

/** Stands still. */
export const STANDING: SteadyClock = { now: () => 0, after: () => () => undefined };

export function createTestClock(base: SteadyClock = steadyClock): TestClock {
  let ahead = 0;
  const waiting = new Set<{ readonly at: number; readonly run: () => void }>();
  const now = (): number => base.now() + ahead;
  return {
    now,
    after(ms, work) {
      const cancel = base.after(ms, () => entry.run());
      const entry = {
        at: now() + ms,
        run() {
          if (!waiting.delete(entry)) return;
          cancel();
          work();
        },
      };
      waiting.add(entry);
      return () => {
        waiting.delete(entry);
        cancel();
      };
    },
    skip(ms) {
      ahead += ms;
    },
    pass(ms) {
      ahead += ms;
      for (const entry of [...waiting]) if (entry.at <= now()) entry.run();
    },
  };
}
