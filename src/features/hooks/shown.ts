/** What hooks have shown in each session of a client, so that nothing is shown there twice. In memory, and bounded. */
import { LRUCache } from 'lru-cache';

export interface Shown {
  has(place: string, id: number): boolean;
  add(place: string, ids: readonly number[]): void;
  forget(place: string): void;
}

const MAX_PLACES = 5_000;
const MAX_IDS = 2_000;

export function createShown(): Shown {
  const places = new LRUCache<string, Set<number>>({ max: MAX_PLACES });
  return {
    has: (place, id) => places.get(place)?.has(id) === true,
    add(place, ids) {
      const there = places.get(place) ?? new Set<number>();
      for (const id of ids) {
        there.add(id);
        const [oldest] = there;
        if (there.size > MAX_IDS && oldest !== undefined) there.delete(oldest);
      }
      places.set(place, there);
    },
    forget: (place) => void places.delete(place),
  };
}
