/** Words of texts that the index does not hold, or not yet: they can be misspelt like any other. */
import { indexText } from './tokenize.ts';
import { createVocabulary, speltWords } from './vocabulary.ts';
import type { Words } from './words.ts';

const NONE: Words = { dfs: (words) => words.map(() => 0), near: () => [], startingWith: () => [] };

export function wordsOf(texts: readonly string[]): Words {
  if (texts.length === 0) return NONE;
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of speltWords(indexText(text))) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const vocabulary = createVocabulary();
  let id = 0;
  for (const word of counts.keys()) vocabulary.add(word, ++id);
  return {
    dfs: (words) => words.map((word) => counts.get(word) ?? 0),
    near: (word, max) => vocabulary.near(word, max),
    startingWith: (prefix, limit) => vocabulary.startingWith(prefix, limit),
  };
}

/** The words of both. What `fresh` tells of a word counts only if `known` does not know it. */
export function together(known: Words, fresh: Words): Words {
  if (fresh === NONE) return known;
  return {
    dfs(words) {
      const others = fresh.dfs(words);
      return known.dfs(words).map((df, i) => df || (others[i] ?? 0));
    },
    near(word, max) {
      const near = [...known.near(word, max), ...fresh.near(word, max)];
      return [...new Map(near.map((found) => [found.word, found])).values()];
    },
    startingWith(prefix, limit) {
      const longer = [...known.startingWith(prefix, limit), ...fresh.startingWith(prefix, limit)];
      return [...new Set(longer)].sort((a, b) => a.length - b.length).slice(0, limit);
    },
  };
}
