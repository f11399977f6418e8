/** One round of a load: agents that call a tool one call after the other, until all calls are made. */
import type { BenchAgent } from './load.ts';
import { quantile } from './report.ts';

export interface Round {
  readonly callsPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** `argsOf` is asked anew for each call. */
export async function round(
  agents: readonly BenchAgent[],
  tool: string,
  argsOf: () => object,
  calls: number,
): Promise<Round> {
  const times: number[] = [];
  let left = calls;
  const started = performance.now();
  await Promise.all(
    agents.map(async (agent) => {
      while (left-- > 0) {
        const from = performance.now();
        await agent.call(tool, argsOf());
        times.push(performance.now() - from);
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  return { callsPerSecond: times.length / seconds, p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}
