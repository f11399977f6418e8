/** Words of texts that the index does not hold yet: they can be misspelt like any other. */
import { indexText } from './tokenize.ts';
import { countWords, createVocabulary, type Vocabulary } from './vocabulary.ts';

export type Words = Pick<Vocabulary, 'df' | 'near' | 'startingWith'>;

/** The words of the vocabulary and those of `texts`. */
export function withWordsOf(vocabulary: Words, texts: readonly string[]): Words {
  if (texts.length === 0) return vocabulary;
  const counts = new Map<string, number>();
  for (const text of texts) countWords(counts, indexText(text));
  const fresh = createVocabulary();
  for (const [word, df] of counts) if (vocabulary.df(word) === 0) fresh.add(word, df);
  if (fresh.size === 0) return vocabulary;
  return {
    df: (word) => vocabulary.df(word) || fresh.df(word),
    near: (word, max) => [...vocabulary.near(word, max), ...fresh.near(word, max)],
    startingWith(prefix, limit) {
      const known = vocabulary.startingWith(prefix, limit);
      const others = fresh.startingWith(prefix, limit);
      const words = [...known.words, ...others.words].sort((a, b) => b.df - a.df).slice(0, limit);
      return { words, df: known.df + others.df };
    },
  };
}
