import fc from 'fast-check';
import { expect, it } from 'vitest';
import { exactGroup } from './expand.ts';
import { wordsOf } from './fresh-words.ts';
import { queryWords } from './query.ts';
import { createMatcher } from './score.ts';
import { snippetOf } from './snippet.ts';

const deps = { words: wordsOf([]), countOf: () => 1 };
const matcherOf = (query: string) =>
  createMatcher(
    queryWords(query).map((word) => exactGroup(word, 100, deps)),
    [],
    [],
  );
const snippet = (content: string, query: string) => snippetOf(content, matcherOf(query));

it('marks what matched, as it was written', () => {
  expect(snippet('The Parser loses a semicolon.', 'PARSER semicolon')).toBe(
    'The **Parser** loses a **semicolon**.',
  );
});

it('is one line, and shows no stars of the text as marks', () => {
  expect(snippet('**bold**\n\n\tthe\u202Eparser\u0000!', 'parser')).toBe('bold the **parser** !');
});

it('stands around the match of a long text', () => {
  const text = `${'before it '.repeat(200)}the needle lies here${' after it'.repeat(200)}`;
  const found = snippet(text, 'needle');
  expect(found).toMatch(/^….*\bthe \*\*needle\*\* lies here.*…$/);
  expect(found.length).toBeLessThan(260);
});

it('takes the place with the most of the query', () => {
  const text = `needle ${'x '.repeat(300)}the needle in a haystack`;
  expect(snippet(text, 'needle haystack')).toContain('**needle** in a **haystack**');
});

it('joins the pairs of a script without spaces', () => {
  expect(snippet('我们使用数据库连接', '数据库')).toBe('我们使用**数据库**连接');
});

it('marks nothing but words of the query, and breaks no character', () => {
  const text = fc.string({
    unit: fc.constantFrom('needle', ' ', 'x', '🎉', '使', '\n', '**', 'é', '.'),
    maxLength: 400,
  });
  fc.assert(
    fc.property(text, (content) => {
      const found = snippet(content, 'needle');
      expect(found.isWellFormed()).toBe(true);
      for (const [, marked] of found.matchAll(/\*\*(.*?)\*\*/gu)) expect(marked).toBe('needle');
    }),
    { numRuns: 500 },
  );
});
