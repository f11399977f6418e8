import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundedDistance, createScratch } from './edit-distance.ts';
import { countWords, createVocabulary, isSpelt } from './vocabulary.ts';

const units = (word: string) => Uint16Array.from(word, (character) => character.charCodeAt(0));
const scratch = createScratch(32);

function vocabularyOf(words: Iterable<readonly [string, number]>) {
  const vocabulary = createVocabulary();
  for (const [word, df] of words) vocabulary.add(word, df);
  return vocabulary;
}

describe('near', () => {
  it('finds exactly the words within so many edits', () => {
    const word = fc.string({
      unit: fc.constantFrom('a', 'b', 'c', 'z', 'é', 'ж'),
      minLength: 3,
      maxLength: 9,
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(word, { maxLength: 200 }),
        word,
        fc.integer({ min: 1, max: 3 }),
        (all, asked, max) => {
          const near = vocabularyOf(all.map((one) => [one, 1])).near(asked, max);
          const wanted = all.filter((one) => {
            const edits = boundedDistance(units(asked), units(one), 0, one.length, max, scratch);
            return edits > 0 && edits <= max;
          });
          expect(near.map((found) => found.word).sort()).toEqual(wanted.sort());
        },
      ),
    );
  });

  it('tells distance and how frequent a word is', () => {
    const vocabulary = vocabularyOf([
      ['receive', 7],
      ['deceive', 2],
    ]);
    expect(vocabulary.near('recieve', 1)).toEqual([{ word: 'receive', df: 7, distance: 1 }]);
  });
});

it('finds thousands of words again, and counts on', () => {
  const words = Array.from({ length: 5000 }, (_, i) => `word${String.fromCharCode(97 + (i % 26))}${i}`);
  const vocabulary = vocabularyOf(words.map((word) => [word, 1]));
  vocabulary.add('worda0', 2);
  expect(vocabulary.size).toBe(5000);
  expect(vocabulary.df('worda0')).toBe(3);
  expect(words.every((word) => vocabulary.df(word) > 0)).toBe(true);
  expect(vocabulary.df('wordless')).toBe(0);
});

it('lists what begins with a word, most frequent first', () => {
  const vocabulary = vocabularyOf([
    ['session', 5],
    ['sessions', 9],
    ['sessionless', 1],
    ['obsession', 3],
    ['sessional', 2],
  ]);
  expect(vocabulary.startingWith('session', 2)).toEqual({
    words: [
      { word: 'sessions', df: 9 },
      { word: 'sessional', df: 2 },
    ],
    df: 12,
  });
});

it.each(['12345', 'deadbeef01', 'a1b2c3d4', 'ab', 'x'.repeat(33), '使用'])('keeps no %j', (word) => {
  expect(isSpelt(word)).toBe(false);
});

it('counts each word of a message once', () => {
  const counts = new Map<string, number>();
  countWords(counts, { text: 'lock the lock 2026', parts: 'user lock' });
  countWords(counts, { text: 'the end', parts: '' });
  expect(Object.fromEntries(counts)).toEqual({ lock: 1, the: 2, user: 1, end: 1 });
});
