import { expect, it } from 'vitest';
import { createTurns } from './turns.ts';

it('gives everybody a turn of its own, in order, and others theirs between', async () => {
  const turn = createTurns();
  const seen: string[] = [];
  const take = async (name: string): Promise<void> => {
    for (let i = 0; i < 3; i++) {
      await turn();
      seen.push(name);
    }
  };
  const others = async (): Promise<void> => {
    for (let i = 0; i < 12; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      seen.push('-');
    }
  };
  await Promise.all([take('a'), take('b'), take('c'), others()]);
  expect(seen.filter((name) => name !== '-').join('')).toBe('abcabcabc');
  expect(seen.join('')).not.toMatch(/[abc]{2}/);
});
