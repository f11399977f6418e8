/** Tells a client that asked for it that its call still waits. */
import type { Ctx } from '../context.ts';

/** Ends with its disposal; without a client that wants to hear there is nothing to run. */
export function tellProgress({ client }: Ctx, totalSeconds: number, everyMs: number): Disposable | undefined {
  if (client?.wantsProgress !== true) return undefined;
  const started = performance.now();
  const timer = setInterval(() => {
    void client.progress(Math.round((performance.now() - started) / 1000), totalSeconds);
  }, everyMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
