/** A bounded cache of what was read, that can be emptied while something is being read. */
import { boundedCache } from './bounded-cache.ts';

export interface ReadCache<V extends object> {
  /** What is known under the key, or else what `read` answers; undefined is not remembered. */
  get(key: string, read: () => Promise<V | undefined>): Promise<V | undefined>;
  /** Puts `next` in the place of `known`, unless that has been forgotten. */
  replace(key: string, known: V, next: V): void;
  /** Forgets everything, what is being read now included. */
  clear(): void;
}

export function createReadCache<V extends object>(max: number): ReadCache<V> {
  const known = boundedCache<string, V>(max);
  let generation = 0;
  return {
    async get(key, read) {
      const found = known.get(key);
      if (found !== undefined) return found;
      const before = generation;
      const value = await read();
      if (value !== undefined && before === generation) known.set(key, value);
      return value;
    },
    replace(key, before, next) {
      if (known.get(key) === before) known.set(key, next);
    },
    clear() {
      generation++;
      known.clear();
    },
  };
}
