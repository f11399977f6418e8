/** The largest of what was measured lately, whenever "lately" began: those that a larger one followed are never asked for. */

export interface Peaks<T> {
  add(size: number, of: T): void;
  /** The largest of those that were added since `since` (as `performance.now()` tells it), as far as they are kept. */
  largest(since: number): T | undefined;
}

interface Kept<T> {
  readonly at: number;
  readonly size: number;
  readonly of: T;
}

/** The oldest are dropped first. */
const MOST = 256;

export function createPeaks<T>(): Peaks<T> {
  /** From the largest to the smallest, and so from the oldest to the newest. */
  const kept: Kept<T>[] = [];
  return {
    add(size, of) {
      for (let last = kept.at(-1); last !== undefined && last.size <= size; last = kept.at(-1)) kept.pop();
      if (kept.length >= MOST) kept.shift();
      kept.push({ at: performance.now(), size, of });
    },
    largest: (since) => kept.find(({ at }) => at >= since)?.of,
  };
}
