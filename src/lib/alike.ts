/** Whether a short text holds what was asked for, a slip of the keyboard forgiven. */
import Fuse from 'fuse.js';

/** From these lengths on a word may have one or two edits; neighbours that changed places count as one. */
const ONE_EDIT = 4;
const TWO_EDITS = 8;
/** Fuse.js looks for so long a piece at once. */
const MAX_WORD = 32;
const MAX_WORDS = 8;

/** Of each text that `query`'s words are in, in any order. Texts are looked at as far as their first 2,000 characters. */
export function createLikeness(query: string): (text: string) => boolean {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => /[\p{L}\p{N}]/u.test(word))
    .slice(0, MAX_WORDS)
    .map((word) => ({ word: word.slice(0, MAX_WORD), swapped: swapsOf(word.slice(0, MAX_WORD)) }));
  return (given) => {
    const text = given.slice(0, 2000).toLowerCase();
    return words.length > 0 && words.every(({ word, swapped }) => holds(text, word, swapped));
  };
}

function holds(text: string, word: string, swapped: readonly string[]): boolean {
  if (text.includes(word) || swapped.some((other) => text.includes(other))) return true;
  const edits = word.length < ONE_EDIT ? 0 : word.length < TWO_EDITS ? 1 : 2;
  if (edits === 0) return false;
  const threshold = (edits + 0.01) / word.length;
  return Fuse.match(word, text, { ignoreLocation: true, ignoreDiacritics: true, threshold }).isMatch;
}

/** The word with each two neighbours changed over. */
function swapsOf(word: string): readonly string[] {
  if (word.length < ONE_EDIT) return [];
  return Array.from(
    { length: word.length - 1 },
    (_, i) => word.slice(0, i) + word.charAt(i + 1) + word.charAt(i) + word.slice(i + 2),
  );
}
