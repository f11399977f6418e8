/** The vocabulary of a search thread, which follows the table `words` of search.db. */
import type { Sqlite } from './index-db.ts';
import { createVocabulary, type Vocabulary } from './vocabulary.ts';

export interface WordSource {
  /** The vocabulary as the index has it now. How frequent a word has become since it was read is not told. */
  current(): Vocabulary;
}

export function createWordSource(sqlite: Sqlite): WordSource {
  const generationOf = sqlite.prepare<[], string>('SELECT generation FROM main.state').pluck();
  const newer = sqlite
    .prepare<[number], [number, string, number]>(
      'SELECT id, word, df FROM main.words WHERE id > ? ORDER BY id',
    )
    .raw();
  let vocabulary = createVocabulary();
  let generation: string | undefined;
  let lastId = 0;
  return {
    current() {
      const found = generationOf.get();
      if (found !== generation) {
        vocabulary = createVocabulary();
        lastId = 0;
        generation = found;
      }
      for (const [id, word, df] of newer.iterate(lastId)) {
        vocabulary.add(word, df);
        lastId = id;
      }
      return vocabulary;
    },
  };
}
