/** Looks at the health of the hub's parts from time to time, and tells what is other than before. */
import { setTimeout as delay } from 'node:timers/promises';
import type { HealthReport, PartHealth } from '../features/health/service.ts';
import type { HubEvents } from './objects.ts';

const EVERY_MS = 5000;

/** The first look is told of as far as parts are not healthy. */
export function watchHealth(
  look: () => Promise<HealthReport>,
  onChange: (change: HubEvents['health.changed']) => void,
  everyMs = EVERY_MS,
): Disposable {
  const stopped = new AbortController();
  const known = new Map<string, PartHealth['status']>();

  async function follow(): Promise<void> {
    while (!stopped.signal.aborted) {
      const { parts } = await look().catch(() => ({ parts: [] }));
      for (const { part, status, reason = null } of parts) {
        const was = known.get(part) ?? 'healthy';
        known.set(part, status);
        if (status !== was) onChange({ part, status, was, reason });
      }
      await delay(everyMs, undefined, { signal: stopped.signal, ref: false }).catch(() => undefined);
    }
  }
  void follow();
  return { [Symbol.dispose]: () => stopped.abort() };
}
