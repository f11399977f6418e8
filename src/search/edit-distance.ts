/** How many edits lie between two words: insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */

/** Rows of the table, kept between calls: millions of words are compared. */
export interface DistanceScratch {
  readonly rows: readonly [Int32Array, Int32Array, Int32Array];
}

export const createScratch = (maxLength: number): DistanceScratch => {
  const row = () => new Int32Array(maxLength + 1);
  return { rows: [row(), row(), row()] };
};

/**
 * Edits between `a` and the `length` units of `words` from `offset` on, if they are at most `max`; else `max` + 1. Only
 * the band of the table is computed in which a distance of `max` can lie.
 */
export function boundedDistance(
  a: Uint16Array,
  words: Uint16Array,
  offset: number,
  length: number,
  max: number,
  { rows }: DistanceScratch,
): number {
  const n = a.length;
  const far = max + 1;
  if (Math.abs(n - length) > max) return far;
  let [before, previous, current] = rows;
  for (let i = 0; i <= n; i++) previous[i] = i;
  for (let y = 1; y <= length; y++) {
    const low = Math.max(1, y - max);
    const high = Math.min(n, y + max);
    const unit = words[offset + y - 1];
    const unitBefore = y > 1 ? words[offset + y - 2] : -1;
    let best = (current[low - 1] = low > 1 ? far : y);
    for (let x = low; x <= high; x++) {
      const same = a[x - 1] === unit;
      let edits = (previous[x - 1] ?? far) + (same ? 0 : 1);
      if (x < y + max) edits = Math.min(edits, (previous[x] ?? far) + 1);
      edits = Math.min(edits, (current[x - 1] ?? far) + 1);
      if (x > 1 && a[x - 1] === unitBefore && a[x - 2] === unit) {
        edits = Math.min(edits, (before[x - 2] ?? far) + 1);
      }
      current[x] = edits;
      if (edits < best) best = edits;
    }
    if (best > max) return far;
    [before, previous, current] = [previous, current, before];
  }
  return Math.min(previous[n] ?? far, far);
}
