import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundedDistance, createScratch } from './edit-distance.ts';
import { createVocabulary, isSpelt, speltWords } from './vocabulary.ts';

const units = (word: string) => Uint16Array.from(word, (character) => character.charCodeAt(0));
const scratch = createScratch(32);

function vocabularyOf(words: readonly string[]) {
  const vocabulary = createVocabulary();
  words.forEach((word, i) => vocabulary.add(word, i + 1));
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
          const near = vocabularyOf(all).near(asked, max);
          const wanted = all.filter((one) => {
            const edits = boundedDistance(units(asked), units(one), 0, one.length, max, scratch);
            return edits > 0 && edits <= max;
          });
          expect(near.map((found) => found.word).sort()).toEqual(wanted.sort());
        },
      ),
    );
  });

  it('tells the distance', () => {
    const vocabulary = vocabularyOf(['receive', 'deceive']);
    expect(vocabulary.near('recieve', 1)).toEqual([{ word: 'receive', distance: 1 }]);
  });
});

it('finds thousands of words again, each under its first id', () => {
  const words = Array.from({ length: 5000 }, (_, i) => `word${String.fromCharCode(97 + (i % 26))}${i}`);
  const vocabulary = vocabularyOf(words);
  vocabulary.add('worda0', 9999);
  expect(vocabulary.size).toBe(5000);
  expect(words.every((word, i) => vocabulary.idOf(word) === i + 1)).toBe(true);
  expect(vocabulary.idOf('wordless')).toBe(0);
});

it('lists what begins with a word, shortest first', () => {
  const vocabulary = vocabularyOf([
    'sessionless',
    'session',
    'sessions',
    'obsession',
    'sessional',
    'sensible',
  ]);
  expect(vocabulary.startingWith('session', 2)).toEqual(['sessions', 'sessional']);
});

it.each(['12345', 'deadbeef01', 'a1b2c3d4', 'ab', 'x'.repeat(33), '使用'])('keeps no %j', (word) => {
  expect(isSpelt(word)).toBe(false);
});

it('takes each word of a message once', () => {
  expect(speltWords({ text: 'lock the lock 2026', parts: 'user lock' })).toEqual(['lock', 'the', 'user']);
});
