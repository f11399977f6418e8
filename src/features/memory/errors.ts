/** What is wrong with a call about memory, and what to do. */
import { HubError } from '../../errors.ts';
import type { MemoryRow } from '../../store/port.ts';
import type { MemoryAddress } from './service.ts';

/** @throws HubError VERSION_MISMATCH */
export function demandVersion(key: string, ifVersion: number, old: MemoryRow | undefined): void {
  const actual = old?.version ?? 0;
  if (ifVersion === actual) return;
  throw new HubError(
    'VERSION_MISMATCH',
    `Memory ${JSON.stringify(key)} has version ${actual}, not ${ifVersion}.`,
    {
      context: { key, if_version: ifVersion, version: actual },
      suggestions: [
        'Read it again with get_memory, redo the change on what is there, and try with its version.',
      ],
      relatedResources: ['get_memory'],
    },
  );
}

export function keyExists(key: string, old: MemoryRow): HubError {
  return new HubError(
    'KEY_EXISTS',
    `Memory ${JSON.stringify(key)} exists already, with version ${old.version}.`,
    {
      context: { key, version: old.version, updated_by: old.updatedBy },
      suggestions: ['Use another key, overwrite=true, or if_version with its version.'],
      relatedResources: ['get_memory'],
    },
  );
}

/** `version`: one that is asked for, whether the entry is there or not. */
export function memoryNotFound(key: string, where: Omit<MemoryAddress, 'key'>, version?: number): HubError {
  const what = `${where.scope} memory ${JSON.stringify(key)}`;
  return new HubError(
    'MEMORY_NOT_FOUND',
    `There is no ${version === undefined ? what : `version ${version} of ${what}`} ${where.sessionId === undefined ? 'outside sessions' : `in ${where.sessionId}`}.`,
    {
      context: {
        ...{ key, scope: where.scope, session_id: where.sessionId ?? null },
        ...(version === undefined ? {} : { version }),
      },
      suggestions: [
        'See what there is with list_memory; scope and session_id must be those it was stored with.',
      ],
      relatedResources: ['list_memory'],
    },
  );
}
