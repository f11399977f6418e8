import fc from 'fast-check';
import { expect, it } from 'vitest';
import { boundedDistance, createScratch } from './edit-distance.ts';

/** By the book: the whole table. */
function editsBetween(a: string, b: string): number {
  const table = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, k) => (i === 0 ? k : k === 0 ? i : 0)),
  );
  for (let i = 1; i <= a.length; i++) {
    for (let k = 1; k <= b.length; k++) {
      const same = a[i - 1] === b[k - 1] ? 0 : 1;
      let edits = Math.min(table[i - 1]![k]! + 1, table[i]![k - 1]! + 1, table[i - 1]![k - 1]! + same);
      if (i > 1 && k > 1 && a[i - 1] === b[k - 2] && a[i - 2] === b[k - 1]) {
        edits = Math.min(edits, table[i - 2]![k - 2]! + 1);
      }
      table[i]![k] = edits;
    }
  }
  return table[a.length]![b.length]!;
}

const units = (word: string) => Uint16Array.from(word, (character) => character.charCodeAt(0));
const scratch = createScratch(32);
const distance = (a: string, b: string, max: number): number =>
  boundedDistance(units(a), units(`xyz${b}`), 3, b.length, max, scratch);

it.each([
  ['recieve', 'receive', 1],
  ['teh', 'the', 1],
  ['sesion', 'session', 1],
  ['kitten', 'sitting', 3],
  ['', 'abc', 3],
])('counts the edits between %j and %j', (a, b, edits) => {
  expect(distance(a, b, 3)).toBe(edits);
});

it('is what the whole table says, as far as it is asked for', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), maxLength: 10 });
  fc.assert(
    fc.property(word, word, fc.integer({ min: 0, max: 3 }), (a, b, max) => {
      expect(distance(a, b, max)).toBe(Math.min(editsBetween(a, b), max + 1));
    }),
    { numRuns: 3000 },
  );
});
