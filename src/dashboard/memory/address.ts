/** Where an entry of the memory is shown: an address says all that finds it. */
import type { MemoryEntry } from '../../http/objects.ts';

export type EntryPlace = Pick<MemoryEntry, 'key' | 'scope' | 'session_id'>;

export function entryAddress({ key, scope, session_id: session }: EntryPlace): string {
  const query = new URLSearchParams({ key, scope, ...(session === null ? {} : { session }) });
  return `/ui/memory/entry?${query.toString()}`;
}
