import { expect, it } from 'vitest';
import { createWindows, toolIn } from './windows.ts';

const SECOND = 1000;
const HOUR = 3_600 * SECOND;
const START = Date.UTC(2026, 0, 1);

function counted() {
  let now = START;
  const windows = createWindows(() => now);
  return {
    windows,
    count() {
      windows.record((figures) => {
        toolIn(figures, 't').calls++;
      });
    },
    go: (ms: number) => {
      now += ms;
      return now;
    },
    callsSince: (from: number) => windows.since(from).figures.tools.get('t')?.calls ?? 0,
  };
}

it('counts every moment of the last day once, whatever the steps', () => {
  const { windows, count, go } = counted();
  let calls = 0;
  let now = START;
  for (; now < START + 20 * HOUR; now = go(61 * SECOND)) {
    count();
    calls++;
  }
  for (const [span, stepMs] of [
    [21 * HOUR, 60 * SECOND],
    [21 * HOUR, 7 * 60 * SECOND],
    [21 * HOUR, 90 * SECOND],
  ] as const) {
    const { steps, stepMs: used } = windows.steps(now - span, now + 1, stepMs);
    expect(used % (60 * SECOND)).toBe(0);
    expect(used).toBeGreaterThanOrEqual(stepMs);
    const sums = steps.map(({ figures }) => figures.tools.get('t')?.calls ?? 0);
    expect(sums.reduce((sum, n) => sum + n)).toBe(calls);
    expect(steps.map(({ at }) => at)).toEqual(steps.map(({ at }) => at).toSorted((a, b) => a - b));
  }
});

it('forgets what is older than a day, also what nothing has taken the place of', () => {
  const { windows, count, go, callsSince } = counted();
  count();
  const now = go(25 * HOUR);
  expect(callsSince(now - 24 * HOUR)).toBe(0);
  expect(windows.steps(now - 24 * HOUR, now, SECOND).steps).toEqual([]);
  count();
  expect(callsSince(now - 24 * HOUR)).toBe(1);
});

it('gives the place of what was a day ago to what is now', () => {
  const { count, go, callsSince } = counted();
  count();
  // Slots of both lengths come round in a day, and in an hour those of the shorter.
  for (const hours of [1, 23]) {
    const now = go(hours * HOUR);
    count();
    expect(callsSince(now)).toBe(1);
    expect(callsSince(now - 2 * HOUR)).toBe(hours === 1 ? 2 : 1);
  }
});

it('goes on when the clock is set back', () => {
  const { count, go, callsSince } = counted();
  count();
  const now = go(-2 * HOUR);
  count();
  expect(callsSince(now)).toBeGreaterThanOrEqual(1);
  expect(callsSince(now - HOUR)).toBeGreaterThanOrEqual(1);
});
