import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseQuery } from './query.ts';

const wordsOf = (query: string) => parseQuery(query).words.map(({ word }) => word);

it('takes words as they come, each once', () => {
  expect(wordsOf('Parser loses  the PARSER semicolon')).toEqual(['parser', 'loses', 'the', 'semicolon']);
});

it('knows phrases and what must not be there', () => {
  const { words, phrases, excluded } = parseQuery('lock "lost update" -retry -"dead lock"');
  expect(words.map(({ word }) => word)).toEqual(['lock']);
  expect(phrases.map((phrase) => phrase.map(({ word }) => word))).toEqual([['lost', 'update']]);
  expect(excluded).toEqual([['retry'], ['dead', 'lock']]);
});

it.each([
  '-rf',
  'a "half phrase',
  'exit -1',
  'x--y',
  'time: 12:30',
  'type:string',
  'visibility:poor',
  'before:lunch',
  'has:hope',
  'from:',
])('takes %j for words', (query) => {
  const { words, excluded, from, types, since, until, hasCode } = parseQuery(query);
  expect(words.length).toBeGreaterThan(0);
  expect({ excluded, from, types, since, until, hasCode }).toEqual({
    ...{ excluded: [], from: [], types: [], hasCode: false, since: undefined, until: undefined },
  });
});

describe('filters', () => {
  it('are read with their values', () => {
    const query = parseQuery(
      'bug from:alice FROM:"Old Name" session:session_1 type:decision visibility:private has:code',
    );
    expect(query).toMatchObject({
      ...{ from: ['alice', 'Old Name'], sessions: ['session_1'], types: [3], visibilities: [1] },
      hasCode: true,
    });
    expect(query.words.map(({ word }) => word)).toEqual(['bug']);
  });

  it.each([
    ['after:2026-03', Date.UTC(2026, 2, 1)],
    ['after:2026-03-05', Date.UTC(2026, 2, 5)],
    ['after:2026-03-05T10:00:00+02:00', Date.UTC(2026, 2, 5, 8)],
    ['after:2026-03-05T10:00', Date.UTC(2026, 2, 5, 10)],
  ])('%s is from then on', (query, since) => {
    expect(parseQuery(query)).toMatchObject({ since, words: [] });
  });

  it('before: ends a millisecond earlier; the narrowest counts', () => {
    expect(parseQuery('before:2026 before:2025-06-01').until).toBe(Date.UTC(2025, 5, 1) - 1);
  });

  it.each(['after:2026-02-30', 'after:2026-13', 'before:yesterday'])('%s is no time', (query) => {
    const { since, until, words } = parseQuery(query);
    expect([since, until]).toEqual([undefined, undefined]);
    expect(words.length).toBeGreaterThan(0);
  });
});

it('tells where words stand', () => {
  const query = 'from:alice  the pasrer';
  const word = parseQuery(query).words.at(-1)!;
  expect(query.slice(word.start, word.end)).toBe('pasrer');
});

it.each(['', '   ', '!!! ???', '\u0000', '"', '-'])('%j asks for nothing', (query) => {
  expect(parseQuery(query).asks).toBe(false);
});

it('takes any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      const { words, phrases } = parseQuery(text);
      for (const { word, start, end } of [...words, ...phrases.flat()]) {
        expect(word).toMatch(/^[^_\s"]/u);
        expect(end).toBeGreaterThan(start);
      }
    }),
  );
});
