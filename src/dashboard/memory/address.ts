/** Where an entry of the memory is shown: an address says all that finds it. */
import { invalid } from '../../errors.ts';
import type { MemoryAddress } from '../../features/memory/service.ts';
import type { MemoryEntry } from '../../http/objects.ts';

export type EntryPlace = Pick<MemoryEntry, 'key' | 'scope' | 'session_id'>;

export function entryAddress(place: EntryPlace): string {
  return `/ui/memory/entry?${queryOf(place).toString()}`;
}

export function historyAddress(place: EntryPlace): string {
  return `/ui/memory/history?${queryOf(place).toString()}`;
}

function queryOf({ key, scope, session_id: session }: EntryPlace): URLSearchParams {
  return new URLSearchParams({ key, scope, ...(session === null ? {} : { session }) });
}

/** What an address, or a form, asks for. @throws HubError INVALID_INPUT */
export function addressOf(given: (name: string) => string | null | undefined): MemoryAddress {
  const [key, scope, session] = [given('key') ?? '', given('scope') ?? '', given('session') ?? ''];
  if (key === '') throw invalid('key', key, 'the key of an entry');
  if (scope !== 'shared' && scope !== 'agent') throw invalid('scope', scope, 'shared or agent');
  return { key, scope, ...(session === '' ? {} : { sessionId: session }) };
}
