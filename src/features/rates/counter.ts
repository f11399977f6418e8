/**
 * Counts what happens per key in windows of a minute, each begun by the first event in it. The counting is the library's;
 * it keeps every key until its window ends, so which keys there are at once is bounded here.
 */
import { boundedCache } from '../../lib/bounded-cache.ts';
import { RateLimiterMemory } from 'rate-limiter-flexible';

export interface RateCounter {
  /** Counts one event. Answers 0 while the limit holds, beyond it the milliseconds until the window ends. */
  hit(key: string): Promise<number>;
  /** Counts nothing. Answers 0 while another event would hold the limit, else the milliseconds until the window ends. */
  exhausted(key: string): Promise<number>;
}

const WINDOW_SECONDS = 60;
/** Beyond, the key that was quiet for longest begins anew. */
const MAX_KEYS = 50_000;

export function createRateCounter(limit: number, maxKeys = MAX_KEYS): RateCounter {
  const counter = new RateLimiterMemory({ points: limit, duration: WINDOW_SECONDS });
  const keys = boundedCache<string, true>(maxKeys, (_value, key) => void counter.delete(key));
  return {
    async hit(key) {
      if (keys.get(key) === undefined) keys.set(key, true);
      const { consumedPoints, msBeforeNext } = await counter.penalty(key);
      return consumedPoints > limit ? msBeforeNext : 0;
    },
    async exhausted(key) {
      const counted = await counter.get(key);
      return counted !== null && counted.consumedPoints >= limit ? Math.max(counted.msBeforeNext, 0) : 0;
    },
  };
}
