/** A steady load: calls that begin when it is their time, however long others take. */
import type { BenchAgent } from './load.ts';

export interface Steady {
  /** Milliseconds that each call took. */
  readonly times: readonly number[];
  readonly perSecond: number;
}

/** Each agent makes its part of the calls, one after the other, until `work` is done. One that is late catches up. */
export async function steadily(
  agents: readonly BenchAgent[],
  perSecond: number,
  call: (agent: BenchAgent) => Promise<unknown>,
  work: () => Promise<void>,
): Promise<Steady> {
  const times: number[] = [];
  const everyMs = (1000 * agents.length) / perSecond;
  const working = work().finally(() => (done = true));
  let done = false;
  const started = performance.now();
  await Promise.all(
    agents.map(async (agent, i) => {
      for (let due = started + (everyMs * i) / agents.length; !done; due += everyMs) {
        const wait = due - performance.now();
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
        const from = performance.now();
        await call(agent);
        times.push(performance.now() - from);
      }
    }),
  );
  await working;
  return { times, perSecond: (1000 * times.length) / (performance.now() - started) };
}
