/** A bounded cache of what was read, that can be emptied while something is being read. */
import { boundedCache } from './bounded-cache.ts';
import type { CacheMeters } from './cache-meter.ts';

export interface ReadCache<V extends object> {
  /** What is known under the key, or else what `read` answers; undefined is not remembered. */
  get(key: string, read: () => Promise<V | undefined>): Promise<V | undefined>;
  /** Puts `next` in the place of `known`, unless that has been forgotten. */
  replace(key: string, known: V, next: V): void;
  /** Forgets everything, what is being read now included. */
  clear(): void;
}

export interface ReadCacheOptions {
  /** Entries at most. */
  readonly max: number;
  /** As `caches` calls it. */
  readonly name: string;
  readonly caches: CacheMeters;
}

export function createReadCache<V extends object>({ max, name, caches }: ReadCacheOptions): ReadCache<V> {
  const meter = caches.add(name, () => ({ entries: known.size }));
  const known = boundedCache<string, V>(max, (_value, _key, reason) => meter.disposed(reason));
  let generation = 0;
  return {
    async get(key, read) {
      const found = known.get(key);
      meter.looked(found !== undefined);
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
