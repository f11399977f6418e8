/** A cache of so many entries, of which the one that was used longest ago goes first. */
import { LRUCache } from 'lru-cache';

/**
 * Takes memory as it fills: with `max` the library sets all of the room aside at once, some 24 bytes for each entry that may
 * come. `forgotten` is told of each entry that goes, or is replaced.
 */
export function boundedCache<K extends string | number, V extends string | number | boolean | object>(
  max: number,
  forgotten?: (value: V, key: K, reason: LRUCache.DisposeReason) => void,
): LRUCache<K, V> {
  return new LRUCache<K, V>({
    maxSize: max,
    sizeCalculation: () => 1,
    ...(forgotten === undefined ? {} : { dispose: forgotten }),
  });
}
