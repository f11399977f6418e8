/** Which queries run here and which on a reader thread: only those bounded by a page run on the thread that serves. */
import type { MemoryPage, MessagePage, Reads, SessionPage } from '../port.ts';
import { storeError } from './errors.ts';
import type { ReaderPool } from './readers.ts';
import type { SyncNouns } from './sync.ts';

const LONG_PAGE = 200;

/** Told by its arguments: whether a query may walk over more than it answers. */
const LONG: { readonly [query: string]: ((args: never) => boolean) | undefined } = {
  'messages.page': (args: MessagePage) =>
    args.threadId !== undefined || args.filters !== undefined || args.limit > LONG_PAGE,
  'messages.bySender': () => true,
  'messages.byTime': (args: { sessionPk?: number }) => args.sessionPk !== undefined,
  'messages.spoken': () => true,
  // By messages all are sorted.
  'sessions.page': ({ isActive, createdBy, query, order }: SessionPage) =>
    isActive !== undefined ||
    createdBy !== undefined ||
    query !== undefined ||
    order === 'most_messages' ||
    order === 'fewest_messages',
  // These walk over those of other workspaces too.
  'sessions.inOrder': () => true,
  'sessions.idsByPrefix': () => true,
  'memory.page': ({ query, session, prefix }: MemoryPage) =>
    query !== undefined || (session === 'all' && prefix !== undefined),
  'memory.entries': () => true,
  // Filters besides the one that an index answers are checked row by row.
  'audit.page': () => true,
  // Sorts all agents of a workspace.
  'directory.recent': () => true,
};

type Query = (...args: readonly unknown[]) => unknown;

/** The port's reads over this thread's queries, with the long ones sent to `pool` if there is one. */
export function routeReads(nouns: SyncNouns<Reads>, pool: ReaderPool | undefined): Reads {
  const route = (noun: string, method: string, here: Query) => {
    const isLong = LONG[`${noun}.${method}`] as ((args: unknown) => boolean) | undefined;
    return async (...args: readonly unknown[]): Promise<unknown> => {
      if (pool !== undefined && isLong?.(args[0]) === true) return pool.run(noun, method, args);
      try {
        return here(...args);
      } catch (error) {
        throw storeError(error);
      }
    };
  };
  const entries = Object.entries(nouns as unknown as Record<string, Record<string, Query>>).map(
    ([noun, calls]) => [
      noun,
      Object.fromEntries(Object.entries(calls).map(([method, here]) => [method, route(noun, method, here)])),
    ],
  );
  return Object.fromEntries(entries) as Reads;
}
