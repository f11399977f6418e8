import { expect, it } from 'vitest';
import { createPeaks } from './peaks.ts';

it('answers the largest since a time, however late it is asked', () => {
  const peaks = createPeaks<string>();
  expect(peaks.largest(0)).toBeUndefined();
  peaks.add(9, 'before');
  const since = performance.now();
  for (const [size, of] of [
    [2, 'small'],
    [5, 'largest'],
    [3, 'last'],
  ] as const)
    peaks.add(size, of);
  expect(peaks.largest(since)).toBe('largest');
  expect(peaks.largest(0)).toBe('before');
  expect(peaks.largest(performance.now())).toBeUndefined();
});
