import fc from 'fast-check';
import { countTokens } from 'gpt-tokenizer/encoding/cl100k_base';
import { beforeAll, expect, it } from 'vitest';
import { estimateTokens, tokenCounter, type CountTokens } from './tokens.ts';

let count: CountTokens;
beforeAll(async () => {
  count = await tokenCounter();
});

const AS_TEXT = { disallowedSpecial: new Set<string>() };

it('counts what the tokenizer counts, and not less than characters ÷ 4', () => {
  expect(count('')).toBe(0);
  expect(count('a-b-c-d-e-f')).toBe(countTokens('a-b-c-d-e-f'));
  const prose = 'Understanding international organizations requires considerable concentration. '.repeat(20);
  expect(countTokens(prose)).toBeLessThan(prose.length / 4);
  expect(count(prose)).toBe(prose.length / 4);
  // A name of a control token is text, and counts as such.
  expect(count('<|endoftext|>')).toBeGreaterThan(1);
});

it('counts no text for less than the tokenizer does', () => {
  const alphabets = [fc.string(), fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' })];
  const runs = fc
    .tuple(fc.constantFrom('a', ' ', '\n', '.', '漢', '😀', '1', 'é', '-', '\ud800'), fc.nat(300))
    .map(([unit, times]) => unit.repeat(times));
  fc.assert(
    fc.property(fc.array(fc.oneof(...alphabets, runs), { maxLength: 8 }), (parts) => {
      const text = parts.join(' ');
      expect(count(text)).toBeGreaterThanOrEqual(countTokens(text, AS_TEXT));
    }),
    { numRuns: 200 },
  );
});

it('takes as long for a word without end as for others', () => {
  // In one piece, each of these takes seconds to minutes.
  for (const unit of [' ', 'a', '\n', '😀', '漢字']) {
    const text = unit.repeat(100_000 / unit.length);
    expect(count(text)).toBeGreaterThanOrEqual(text.length / 4);
  }
});

it('estimates where there is no tokenizer', async () => {
  const without = await tokenCounter(() => Promise.reject(new Error('not installed')));
  expect(without).toBe(estimateTokens);
  expect(without('12345')).toBe(2);
});
