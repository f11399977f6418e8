import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonDepthExceeds } from './json-depth.ts';

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

describe('jsonDepthExceeds', () => {
  it('allows exactly the limit', () => {
    expect(jsonDepthExceeds(nested(64), 64)).toBe(false);
    expect(jsonDepthExceeds(nested(65), 64)).toBe(true);
    expect(jsonDepthExceeds('{"a":'.repeat(65) + '1' + '}'.repeat(65), 64)).toBe(true);
  });

  it('does not count siblings', () => {
    expect(jsonDepthExceeds(`[${Array.from({ length: 1000 }, () => '{"a":[]}').join(',')}]`, 3)).toBe(false);
  });

  it('does not count brackets inside strings', () => {
    expect(jsonDepthExceeds(JSON.stringify({ a: '['.repeat(500), '{{{"': '\\' }), 1)).toBe(false);
    expect(jsonDepthExceeds(String.raw`["\\",[["\""]]]`, 2)).toBe(true);
  });

  it('answers for text that is no JSON', () => {
    for (const text of ['', '"', '"\\', ']]]]', '[', '"[[[[[']) expect(jsonDepthExceeds(text, 4)).toBe(false);
  });

  it('takes a megabyte of brackets', () => {
    expect(jsonDepthExceeds('['.repeat(1 << 20), 1 << 20)).toBe(false);
    expect(jsonDepthExceeds(nested(500_000), 499_999)).toBe(true);
  });

  it('agrees with a walk over the value', () => {
    const depthOf = (value: unknown): number =>
      typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const depth = depthOf(value);
        const text = JSON.stringify(value);
        return !jsonDepthExceeds(text, depth) && (depth === 0 || jsonDepthExceeds(text, depth - 1));
      }),
    );
  });
});
