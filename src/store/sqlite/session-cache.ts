/**
 * What is asked again and again of a session: itself, and its newest messages. Kept until the commit that changes it, which
 * forgets it before its writes are answered. For a connection that sees what is committed, and nothing else.
 */
import { LRUCache } from 'lru-cache';
import type { CacheMeters } from '../../lib/cache-meter.ts';
import { ALL_WORKSPACES } from '../port.ts';
import type { FoundMessages, MessagePage, Reads, SessionRow, SessionView } from '../port.ts';
import type { Names } from './names.ts';
import type { SyncNouns } from './sync.ts';

export interface SessionCache {
  readonly reads: SyncNouns<Reads>;
  /** To be called after each commit, with the sessions that it changed. */
  forget(sessionPks: Iterable<number>): void;
  /** To be called when it is not known what was committed. */
  clear(): void;
}

export interface SessionCacheDeps {
  readonly names: Names;
  readonly reads: SyncNouns<Reads>;
  readonly caches: CacheMeters;
}

/** Answers by who sees them, and what else was asked; each has its size. */
type Variants<T> = ReadonlyMap<string, { readonly answer: T; readonly bytes: number }>;

/** A session, and what it is to those who may see different messages of it. */
interface Known {
  readonly row: SessionRow;
  readonly views: Variants<SessionView>;
}

const SESSIONS_BYTES = 8 * 1024 ** 2;
const NEWEST_BYTES = 32 * 1024 ** 2;
/** Of one session: whoever comes after these reads anew. */
const MAX_VARIANTS = 16;
const NO_PAGES: Variants<FoundMessages> = new Map();
const STRING_BYTES = 24;
const OBJECT_BYTES = 56;
const POINTER_BYTES = 8;

export function cacheSessions({ names, reads, caches }: SessionCacheDeps): SessionCache {
  const { sessions, messages } = reads;
  const idOf = new Map<number, string>();
  const known = new LRUCache<string, Known>({
    maxSize: SESSIONS_BYTES,
    sizeCalculation: ({ row, views }) => sum([bytesOf(row), ...sizes(views)]),
    dispose({ row }, _id, reason) {
      if (reason !== 'set') idOf.delete(row.pk);
      knownMeter.disposed(reason);
    },
  });
  const knownMeter = caches.add('sessions', () => ({ entries: known.size, bytes: known.calculatedSize }));
  const newest = new LRUCache<number, { readonly pages: Variants<FoundMessages> }>({
    maxSize: NEWEST_BYTES,
    sizeCalculation: ({ pages }) => sum([OBJECT_BYTES, ...sizes(pages)]),
    dispose: (_pages, _pk, reason) => newestMeter.disposed(reason),
  });
  const newestMeter = caches.add('newest', () => ({ entries: newest.size, bytes: newest.calculatedSize }));

  function find(workspace: string, sessionId: string): SessionRow | undefined {
    const there = known.get(sessionId);
    // Whose workspace it is not, to them it is as if it were not there; the query says so.
    const found = there !== undefined && (workspace === there.row.workspace || workspace === ALL_WORKSPACES);
    knownMeter.looked(found);
    if (found) return there.row;
    const row = sessions.get(workspace, sessionId);
    if (row === undefined || there !== undefined) return row;
    idOf.set(row.pk, sessionId);
    known.set(sessionId, { row, views: new Map() });
    return row;
  }

  function view(
    workspace: string,
    sessionId: string,
    audiences: string,
    read: () => SessionView | undefined,
  ) {
    const row = find(workspace, sessionId);
    const there = known.get(sessionId);
    if (row === undefined || there === undefined) return read();
    const before = there.views.get(audiences);
    if (before !== undefined) return before.answer;
    const answer = read();
    if (answer === undefined) return undefined;
    const variant = { answer, bytes: bytesOf(answer) };
    known.set(sessionId, { row, views: withOne(there.views, audiences, variant) });
    return answer;
  }

  function page(args: MessagePage, key: string): FoundMessages {
    const there = newest.get(args.sessionPk)?.pages;
    const before = there?.get(key);
    newestMeter.looked(before !== undefined);
    if (before !== undefined) return before.answer;
    const answer = messages.page(args);
    const variant = { answer, bytes: bytesOf(answer) };
    newest.set(args.sessionPk, { pages: withOne(there ?? NO_PAGES, key, variant) });
    return answer;
  }

  return {
    reads: {
      ...reads,
      sessions: {
        ...sessions,
        get: find,
        view: (workspace, sessionId, sight) =>
          view(workspace, sessionId, names.audiences(sight).join(), () =>
            sessions.view(workspace, sessionId, sight),
          ),
      },
      messages: {
        ...messages,
        page(args) {
          const { sight, limit, maxBytes } = args;
          if (!isNewest(args)) return messages.page(args);
          return page(args, [names.audiences(sight).join(), limit, maxBytes].join(' '));
        },
      },
    },
    forget(sessionPks) {
      for (const sessionPk of sessionPks) {
        known.delete(idOf.get(sessionPk) ?? '');
        newest.delete(sessionPk);
      }
    },
    clear() {
      known.clear();
      newest.clear();
    },
  };
}

function isNewest({ after, before, threadId, filters }: MessagePage): boolean {
  return [after, before, threadId, filters].every((narrower) => narrower === undefined);
}

/** With one more; none of before where there would be too many. */
function withOne<V>(all: ReadonlyMap<string, V>, key: string, value: V): ReadonlyMap<string, V> {
  return new Map([...(all.size < MAX_VARIANTS ? all : []), [key, value]]);
}

function sizes(variants: Variants<unknown>): readonly number[] {
  return [...variants].map(([key, { bytes }]) => bytes + bytesOf(key));
}

/** About what a value of JSON takes in memory, which is up to twenty times its text. */
function bytesOf(value: unknown): number {
  if (typeof value === 'string') return STRING_BYTES + 2 * value.length;
  if (typeof value !== 'object' || value === null) return 0;
  return OBJECT_BYTES + sum(Object.values(value).map((part) => POINTER_BYTES + bytesOf(part)));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
