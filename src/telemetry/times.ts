/**
 * Many durations in little memory: how many fell into each of buckets that grow by a fifth, their sum and the longest. So
 * quantiles are true to a tenth of their value; counts, sums and the longest are exact.
 */

const SMALLEST_MS = 0.05;
const GROWTH = 2 ** 0.25;
/** The last one begins at some three minutes. */
const BUCKETS = 88;

export interface Times {
  count: number;
  sumMs: number;
  maxMs: number;
  /** None as long as there is nothing in them: most are never used. */
  buckets: Uint32Array | undefined;
}

export function noTimes(): Times {
  return { count: 0, sumMs: 0, maxMs: 0, buckets: undefined };
}

export function addTime(times: Times, ms: number): void {
  const bucket = bucketOf(ms);
  times.count++;
  times.sumMs += ms;
  if (ms > times.maxMs) times.maxMs = ms;
  times.buckets ??= new Uint32Array(BUCKETS);
  times.buckets[bucket] = (times.buckets[bucket] ?? 0) + 1;
}

/** Adds all of `from` to `to`. */
export function addTimes(to: Times, from: Times): void {
  to.count += from.count;
  to.sumMs += from.sumMs;
  to.maxMs = Math.max(to.maxMs, from.maxMs);
  if (from.buckets === undefined) return;
  const sums = (to.buckets ??= new Uint32Array(BUCKETS));
  for (const [bucket, count] of from.buckets.entries()) sums[bucket] = (sums[bucket] ?? 0) + count;
}

/** The duration in milliseconds that a part `q` (0–1) of all does not exceed; null if there is none. */
export function quantile(times: Times, q: number): number | null {
  let left = Math.ceil(q * times.count);
  if (left === 0 || times.buckets === undefined) return null;
  for (const [bucket, count] of times.buckets.entries()) {
    left -= count;
    if (left <= 0) return Math.min(middleOf(bucket), times.maxMs);
  }
  return times.maxMs;
}

function bucketOf(ms: number): number {
  if (ms <= SMALLEST_MS) return 0;
  return Math.min(BUCKETS - 1, 1 + Math.floor(Math.log(ms / SMALLEST_MS) / Math.log(GROWTH)));
}

/** Of a bucket's bounds the geometric mean: as far from either end. */
function middleOf(bucket: number): number {
  return SMALLEST_MS * GROWTH ** (bucket - 0.5);
}
