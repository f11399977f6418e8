import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addTime, addTimes, noTimes, quantile, type Times } from './times.ts';

function timesOf(all: readonly number[]): Times {
  const times = noTimes();
  for (const ms of all) addTime(times, ms);
  return times;
}

const durations = fc.array(fc.double({ min: 0.06, max: 100_000, noNaN: true }), { minLength: 1 });

it('knows quantiles to a tenth, and count, sum and the longest exactly', () => {
  fc.assert(
    fc.property(durations, fc.constantFrom(0.5, 0.95, 0.99), (all, q) => {
      const times = timesOf(all);
      const sorted = all.toSorted((a, b) => a - b);
      const exact = sorted[Math.ceil(q * all.length) - 1] ?? NaN;
      expect(Math.abs((quantile(times, q) ?? NaN) / exact - 1)).toBeLessThan(0.1);
      expect([times.count, times.maxMs]).toEqual([all.length, sorted.at(-1)]);
      expect(times.sumMs).toBeCloseTo(all.reduce((sum, ms) => sum + ms));
    }),
  );
});

it('is the same whether added at once or in parts', () => {
  fc.assert(
    fc.property(durations, durations, (first, second) => {
      const sum = timesOf(first);
      addTimes(sum, timesOf(second));
      addTimes(sum, noTimes());
      const { sumMs, ...rest } = sum;
      const { sumMs: atOnce, ...others } = timesOf([...first, ...second]);
      expect(rest).toEqual(others);
      expect(sumMs).toBeCloseTo(atOnce);
    }),
  );
});

it('takes whatever a clock says', () => {
  for (const ms of [0, -1, 1e9]) expect(timesOf([ms]).count).toBe(1);
  expect(quantile(noTimes(), 0.5)).toBeNull();
});
