import { expect, it } from 'vitest';
import { createRateCounter } from './counter.ts';

it('counts keys apart, and says when one is exhausted without counting', async () => {
  const counter = createRateCounter(2);
  expect(await counter.exhausted('a')).toBe(0);
  expect([await counter.hit('a'), await counter.hit('a')]).toEqual([0, 0]);
  expect(await counter.exhausted('a')).toBeGreaterThan(0);
  expect(await counter.hit('a')).toBeGreaterThan(59_000);
  expect([await counter.hit('b'), await counter.exhausted('b')]).toEqual([0, 0]);
});

it('keeps so many keys, those that were used last', async () => {
  const counter = createRateCounter(1, 3);
  for (const key of ['a', 'b', 'c', 'a', 'd', 'e']) await counter.hit(key);
  expect(await counter.exhausted('a')).toBeGreaterThan(0);
  expect(await Promise.all(['b', 'c'].map((key) => counter.exhausted(key)))).toEqual([0, 0]);
});
