import { setTimeout as delay } from 'node:timers/promises';

const STEP_MS = 10;

/** Waits until `look` answers something; rejects after `withinMs`, saying what it waited for. */
export async function waitFor<T>(
  look: () => T | undefined | Promise<T | undefined>,
  withinMs = 25_000,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${look.toString()}`);
    await delay(STEP_MS);
  }
}
