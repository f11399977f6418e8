/** The words of the index, which a search thread follows, and how frequent each is among the messages that a caller sees. */
import type { Sqlite } from './index-db.ts';
import { createVocabulary, type NearWord } from './vocabulary.ts';

/** The words that a caller may find. */
export interface Words {
  /** Messages that hold each of the words, of those that the caller sees; 0: none. */
  dfs(words: readonly string[]): readonly number[];
  /** Words within `max` edits, the word itself not among them; the caller may see no message that holds them. */
  near(word: string, max: number): readonly NearWord[];
  /** Words that begin with `prefix` and are longer, shortest first, at most `limit`; the same holds for them. */
  startingWith(prefix: string, limit: number): readonly string[];
}

export interface WordSource {
  /** The words as the index has them now, for a caller who belongs to these audiences. */
  seenBy(audienceIds: readonly number[]): Words;
}

export function createWordSource(sqlite: Sqlite): WordSource {
  const generationOf = sqlite.prepare<[], string>('SELECT generation FROM main.state').pluck();
  const newer = sqlite
    .prepare<[number], [number, string]>('SELECT id, word FROM main.words WHERE id > ? ORDER BY id')
    .raw();
  const counting = sqlite
    .prepare<[string, string], [number, number]>(
      `SELECT c.word_id, c.df FROM json_each(?) a CROSS JOIN json_each(?) w
        CROSS JOIN main.word_counts c ON c.audience_id = a.value AND c.word_id = w.value`,
    )
    .raw();
  let vocabulary = createVocabulary();
  let generation: string | undefined;
  let lastId = 0;

  function followIndex(): void {
    const found = generationOf.get();
    if (found !== generation) {
      vocabulary = createVocabulary();
      lastId = 0;
      generation = found;
    }
    for (const [id, word] of newer.iterate(lastId)) {
      vocabulary.add(word, id);
      lastId = id;
    }
  }

  return {
    seenBy(audienceIds) {
      followIndex();
      const audiences = JSON.stringify(audienceIds);
      return {
        dfs(words) {
          const ids = words.map((word) => vocabulary.idOf(word));
          const dfs = new Map<number, number>();
          for (const [id, df] of counting.iterate(audiences, JSON.stringify(ids))) {
            dfs.set(id, (dfs.get(id) ?? 0) + df);
          }
          return ids.map((id) => dfs.get(id) ?? 0);
        },
        near: (word, max) => vocabulary.near(word, max),
        startingWith: (prefix, limit) => vocabulary.startingWith(prefix, limit),
      };
    },
  };
}
