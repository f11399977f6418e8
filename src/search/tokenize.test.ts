import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createWordFilter,
  hasCode,
  indexText,
  partsOf,
  scanWords,
  scopeText,
  type Word,
} from './tokenize.ts';

const wordsOf = (text: string): Word[] => {
  const words: Word[] = [];
  scanWords(text, (word) => words.push(word));
  return words;
};

describe('words', () => {
  it.each([
    ['Hello, World!', 'hello world'],
    ['src/store/port.ts', 'src store port ts'],
    ['Café ＡＢＣ ﬁne Ærø', 'cafe abc fine ærø'],
    ['__init__ user_name _', 'init user_name'],
    ['30→ const x — “so”', '30 const x so'],
    ['使用TypeScript编写', '使用 typescript 编写'],
    ['สวัสดี', 'สว วั ัส สด ดี'],
    ['山', '山'],
    ['done 🎉🚀', 'done 🎉 🚀'],
    ['привет ΣΟΦΌΣ', 'привет σοφος'],
    ['\u0000a\u0000', 'a'],
  ])('of %j', (text, words) => {
    expect(
      wordsOf(text)
        .map(({ word }) => word)
        .join(' '),
    ).toBe(words);
  });

  it('are found where they stand, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
        const words = wordsOf(text);
        words.forEach(({ word, at, start, end }, i) => {
          expect(at).toBe(i);
          expect(end).toBeGreaterThan(start);
          expect(end).toBeLessThanOrEqual(text.length);
          // What FTS5 takes for one word, and what no query can take for a token of the scope.
          expect(word).toMatch(/^[a-z\d\u0080-\u{10ffff}][\w\u0080-\u{10ffff}]*$/u);
        });
      }),
      { numRuns: 1000 },
    );
  });

  it('of a filtered scan are at least those wanted', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'B', 'c', '1', '_', ' ', 'é', '→', '使'),
      maxLength: 60,
    });
    fc.assert(
      fc.property(text, fc.nat(), (content, pick) => {
        const all = wordsOf(content);
        const wanted = all[pick % Math.max(1, all.length)]?.word ?? 'nothing';
        const seen: Word[] = [];
        const count = scanWords(content, (word) => seen.push(word), createWordFilter([wanted], []));
        expect(count).toBe(all.length);
        expect(seen.filter(({ word }) => word === wanted)).toEqual(all.filter(({ word }) => word === wanted));
      }),
      { numRuns: 1000 },
    );
  });
});

it.each([
  ['getUserName', ['get', 'user', 'name']],
  ['XMLHttpRequest', ['xml', 'http', 'request']],
  ['user_name', ['user', 'name']],
  ['sha256', ['sha', '256']],
  ['word', []],
  ['Capital', []],
  ['a3f9c0b1d2e4', []],
  ['aGVsbG8gd29ybGQx', []],
])('%s has the parts %j', (name, parts) => {
  expect(partsOf(name)).toEqual(parts);
});

it('indexes parts that are no words of the text already', () => {
  expect(indexText('getUserName of user in snake_case')).toEqual({
    text: 'getusername of user in snake_case',
    parts: 'get name snake case snakecase',
  });
});

it('names what a message is narrowed by', () => {
  const scope = {
    audienceIds: [1, 9],
    sessionPk: 4,
    senderId: 5,
    visibility: 1,
    messageType: 2,
    createdAt: 86_400_000 * 64,
  };
  expect(scopeText(scope, 'text')).toBe('_a1 _a9 _s4 _f5 _v1 _t2 _d64 _b2');
  expect(scopeText(scope, 'see:\n```\ncode\n```').endsWith(' _code')).toBe(true);
});

it.each([
  ['a ``` b', false],
  ['```ts\nlet a;\n```', true],
  ['text\n  ~~~\ncode', true],
])('%j has code: %j', (text, has) => {
  expect(hasCode(text)).toBe(has);
});
