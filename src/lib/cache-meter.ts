/** What the hub's caches are worth, by name. */

export interface CacheFigures {
  readonly hits: number;
  readonly misses: number;
  /** Entries that had to make room for others. */
  readonly evictions: number;
  readonly entries: number;
  /** Where the cache is bounded in bytes. */
  readonly bytes?: number;
}

export interface CacheMeter {
  looked(found: boolean): void;
  /** For an LRUCache's `dispose`. */
  disposed(reason: string): void;
}

export interface CacheMeters {
  /** Caches of one name are told together. `size` is asked when somebody wants to know. */
  add(name: string, size: () => Pick<CacheFigures, 'entries' | 'bytes'>): CacheMeter;
  figures(): ReadonlyMap<string, CacheFigures>;
}

export function createCacheMeters(): CacheMeters {
  const metered: { readonly name: string; readonly read: () => CacheFigures }[] = [];
  return {
    add(name, size) {
      const counts = { hits: 0, misses: 0, evictions: 0 };
      metered.push({ name, read: () => ({ ...counts, ...size() }) });
      return {
        looked(found) {
          if (found) counts.hits++;
          else counts.misses++;
        },
        disposed(reason) {
          if (reason === 'evict') counts.evictions++;
        },
      };
    },
    figures() {
      const all = new Map<string, CacheFigures>();
      for (const { name, read } of metered) {
        const before = all.get(name);
        all.set(name, before === undefined ? read() : sum(before, read()));
      }
      return all;
    },
  };
}

function sum(a: CacheFigures, b: CacheFigures): CacheFigures {
  const bytes = a.bytes === undefined ? b.bytes : a.bytes + (b.bytes ?? 0);
  return {
    hits: a.hits + b.hits,
    misses: a.misses + b.misses,
    evictions: a.evictions + b.evictions,
    entries: a.entries + b.entries,
    ...(bytes === undefined ? {} : { bytes }),
  };
}
