import { expect, it } from 'vitest';
import { createBatches } from './batches.ts';

/** Batches as they are sent; each is under way until the test says otherwise. */
function collecting(options: { readonly max: number; readonly maxQueue: number; readonly delayMs?: number }) {
  const sent: (readonly number[])[] = [];
  const done: (() => void)[] = [];
  const batches = createBatches<number>({
    delayMs: 600_000,
    ...options,
    send: (items) => {
      sent.push(items);
      return new Promise((resolve) => done.push(resolve));
    },
  });
  return { batches, sent, next: () => done.shift()?.() };
}

it('sends a batch when it is full, one at a time, and drops what cannot wait', async () => {
  const { batches, sent, next } = collecting({ max: 2, maxQueue: 3 });
  for (let i = 1; i <= 7; i++) batches.add(i);
  expect(sent).toEqual([[1, 2]]);
  next();
  await expect
    .poll(() => sent)
    .toEqual([
      [1, 2],
      [3, 4],
    ]);
  const closing = batches.close();
  next();
  await expect.poll(() => sent).toEqual([[1, 2], [3, 4], [5]]);
  batches.add(8);
  next();
  await closing;
  expect(sent).toHaveLength(3);
});

it('sends one that is not full after a while, each anew', async () => {
  const { batches, sent, next } = collecting({ max: 10, maxQueue: 10, delayMs: 1 });
  batches.add(1);
  await expect.poll(() => sent).toEqual([[1]]);
  next();
  await new Promise(setImmediate);
  batches.add(2);
  await expect.poll(() => sent).toEqual([[1], [2]]);
  next();
  await batches.close();
});
