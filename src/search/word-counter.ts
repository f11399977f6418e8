/** Counts, for each audience, the messages that hold a word. */
import type { Sqlite } from './index-db.ts';
import { speltWords } from './vocabulary.ts';

export interface WordCounter {
  /** Counts the words of a message; of one that was counted before only those that an audience does not know. */
  add(
    indexed: { readonly text: string; readonly parts: string },
    audienceIds: readonly number[],
    again: boolean,
  ): void;
  /** Writes what was added since the last time. To be called in the transaction that indexes the messages. */
  write(): void;
}

export function createWordCounter(index: Sqlite): WordCounter {
  const find = index.prepare<[string], number>('SELECT id FROM words WHERE word = ?').pluck();
  const insert = index.prepare<[string], number>('INSERT INTO words (word) VALUES (?) RETURNING id').pluck();
  const count = index.prepare<[number, number, number, number]>(
    `INSERT INTO word_counts (audience_id, word_id, df) VALUES (?, ?, max(?, 1))
      ON CONFLICT (audience_id, word_id) DO UPDATE SET df = df + ?`,
  );
  /** By word and audience. */
  let added = new Map<string, Map<number, number>>();
  return {
    add(indexed, audienceIds, again) {
      for (const word of speltWords(indexed)) {
        const counts = added.get(word) ?? new Map<number, number>();
        added.set(word, counts);
        for (const audience of audienceIds)
          counts.set(audience, (counts.get(audience) ?? 0) + (again ? 0 : 1));
      }
    },
    write() {
      const counted = added;
      added = new Map<string, Map<number, number>>();
      for (const [word, counts] of counted) {
        const id = find.get(word) ?? insert.get(word) ?? 0;
        for (const [audience, df] of counts) count.run(audience, id, df, df);
      }
    },
  };
}
