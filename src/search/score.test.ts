import { describe, expect, it } from 'vitest';
import { exactGroup, expandGroup } from './expand.ts';
import { wordsOf } from './fresh-words.ts';
import { queryWords } from './query.ts';
import { createMatcher, scoreOf } from './score.ts';

const MESSAGES = 1000;
const words = wordsOf([
  ...Array.from({ length: 3 }, () => 'session sessions error parser receive get user'),
  ...Array.from({ length: 300 }, (_, i) => (i === 0 ? 'frequent rareness' : 'frequent')),
]);
const deps = { words, countOf: (word: string) => words.dfs([word])[0] ?? 0 };

function matcherOf(query: string, phrases: readonly string[][] = [], excluded: readonly string[][] = []) {
  const groups = queryWords(query).map((word) =>
    expandGroup(exactGroup(word, MESSAGES, deps), MESSAGES, 0.6, deps),
  );
  return createMatcher(groups, phrases, excluded);
}

/** Scores of texts for a query, all equally old. */
function scores(query: string, texts: readonly string[]): number[] {
  const matcher = matcherOf(query);
  return texts.map((text) => {
    const match = matcher.match(text);
    return match === undefined ? 0 : scoreOf(match, 0.5);
  });
}

/** Each scores more than the next. */
const expectOrder = (query: string, texts: readonly string[]) => {
  const found = scores(query, texts);
  expect(found).toEqual([...new Set(found)].sort((a, b) => b - a));
  expect(found.at(-1)).toBeGreaterThan(0);
};

describe('more counts', () => {
  it('a word as it was written than one that is alike, however good the rest', () => {
    expectOrder('session error', [`error ${'and so on '.repeat(200)} session`, 'sessions error', 'error']);
  });

  it('words close together, and in their order', () => {
    expectOrder('session error', [
      'a session error in it',
      'an error session in it',
      'an error and what comes of a session',
    ]);
  });

  it('a short text than a long one', () => {
    expectOrder('parser', ['the parser', `the parser ${'x '.repeat(300)}`]);
  });

  it('fewer edits than more', () => {
    expectOrder('sesion', ['session', 'sessions']);
  });
});

it('a rare word more than a frequent one', () => {
  expectOrder('frequent rareness', ['rareness', 'frequent']);
});

it('finds the parts of an identifier, and an identifier by its parts', () => {
  expect(scores('user', ['call getUser() now'])[0]).toBeGreaterThan(50);
  const found = scores('getUser', ['get_user', 'get the user', 'get it']);
  expect(found[0]).toBeGreaterThan(50);
  expect(found[1]).toBeGreaterThan(50);
  expect(found[2]).toBe(0);
});

it.each([
  ['the lost update', true],
  ['update lost', false],
  ['lost an update', false],
  ['LOST, update!', true],
])('a phrase is in %j: %j', (text, is) => {
  const matcher = createMatcher([], [['lost', 'update']], []);
  expect(matcher.match(text) !== undefined).toBe(is);
});

it('refuses what must not be there', () => {
  const matcher = matcherOf('session', [], [['dead', 'lock']]);
  expect(matcher.match('session with a dead lock')).toBeUndefined();
  expect(matcher.match('session with a lock, dead')).toBeDefined();
});

it('is from 0 to 100', () => {
  expect(scoreOf({ coverage: 1, quality: 1, words: [] }, 1)).toBe(100);
  expect(scoreOf({ coverage: 1, quality: 0, words: [] }, 0)).toBe(80);
  expect(scoreOf({ coverage: 0.999, quality: 1, words: [] }, 1)).toBeLessThan(80);
});
