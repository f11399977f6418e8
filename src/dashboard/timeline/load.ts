/** The messages that a timeline shows, and how it goes on in both directions. */
import { toMessage, type Message } from '../../http/objects.ts';
import type { View } from '../page.ts';
import { filterOf, idOf, passes, type TimelineFilter } from './filter.ts';

export interface Rows {
  /** Oldest first. */
  readonly messages: readonly Message[];
  /** Queries of the rows before and after these; null: there are none. */
  readonly older: string | null;
  readonly newer: string | null;
  /** All up to this id has been looked at: what comes after it is new. */
  readonly upTo: number;
}

const PER_PAGE = 100;
/** Of the contents of one answer together, unless one alone has more: what is shown for the first time has to be rendered. */
const MAX_CHARS = 50_000;
/** Messages looked at for one answer where few of them fit. */
const MAX_LOOKED_AT = 2000;
const LOOKED_AT_ONCE = 200;

/** @throws HubError SESSION_NOT_FOUND, MESSAGE_NOT_FOUND for the thread of an unknown one, INVALID_INPUT */
export async function loadRows(view: View, sessionId: string): Promise<Rows> {
  const filter = filterOf(view.query);
  const place = placeOf(view.query);
  const limit = limitOf(view.query);
  const whole = { view, sessionId, filter };
  const isFromEnd = view.query.get('end') === '1';
  if (isTimed(filter) && !('before' in place || 'after' in place || isFromEnd)) return inTime(whole);
  if ('at' in place) {
    const [before, after] = [
      await walk(whole, { before: place.at + 1 }, { rows: PER_PAGE / 2, chars: MAX_CHARS / 2 }),
      await walk(whole, { after: place.at }, { rows: PER_PAGE / 2, chars: MAX_CHARS / 2 }),
    ];
    return { ...after, messages: [...before.messages, ...after.messages], older: before.older };
  }
  return walk(whole, place, { rows: limit, chars: MAX_CHARS });
}

/** Scripts ask for one row, too. @throws HubError INVALID_INPUT */
function limitOf(query: URLSearchParams): number {
  const limit = query.get('limit') ?? '';
  return limit === '' ? PER_PAGE : Math.min(Math.max(idOf('limit', limit), 1), PER_PAGE);
}

type Place = { readonly at: number } | { readonly before?: number; readonly after?: number };

function isTimed({ since, until }: TimelineFilter): boolean {
  return since !== undefined || until !== undefined;
}

function placeOf(query: URLSearchParams): Place {
  const of = (name: string): string => query.get(name) ?? '';
  if (of('at') !== '') return { at: idOf('at', of('at')) };
  if (of('before') !== '') return { before: idOf('before', of('before')) };
  if (of('after') !== '') return { after: idOf('after', of('after')) };
  return {};
}

interface Whole {
  readonly view: View;
  readonly sessionId: string;
  readonly filter: TimelineFilter;
}

interface Room {
  readonly rows: number;
  readonly chars: number;
}

/** As many of the first as there is room for, but one at least. */
function fitted(messages: readonly Message[], { rows, chars }: Room): readonly Message[] {
  let size = 0;
  const end = messages.findIndex(({ content }, i) => {
    size += content.length;
    return i >= rows || (size > chars && i > 0);
  });
  return end === -1 ? messages : messages.slice(0, end);
}

/** From a place on in one direction: what the store cannot filter by is looked for in a bounded number of messages. */
async function walk(
  { view, sessionId, filter }: Whole,
  start: { readonly before?: number; readonly after?: number },
  room: Room,
): Promise<Rows> {
  const { ctx, services, query } = view;
  const forward = start.after !== undefined;
  // In the order in which they are walked over.
  const found: Message[] = [];
  let { rows, chars } = room;
  let place = start;
  let more = true;
  let upTo = start.after ?? 0;
  for (let looked = 0; more && rows > 0 && chars > 0 && looked < MAX_LOOKED_AT;) {
    const page = await services.messages.page(ctx, {
      ...{ sessionId, ...place, limit: filter.code || isTimed(filter) ? LOOKED_AT_ONCE : rows },
      ...(filter.thread === undefined ? {} : { threadOf: filter.thread }),
      ...(filter.agent === undefined ? {} : { sender: filter.agent }),
      ...(filter.visibility === undefined ? {} : { visibility: filter.visibility }),
      ...(filter.type === undefined ? {} : { messageType: filter.type }),
    });
    more = page.more;
    const all = page.messages.map(toMessage);
    if (!forward) all.reverse();
    const last = all.at(-1);
    if (last === undefined) break;
    looked += all.length;
    upTo = Math.max(upTo, ...all.map(({ id }) => id));
    const fitting = all.filter((message) => passes(message, filter));
    const kept = fitted(fitting, { rows, chars });
    found.push(...kept);
    rows -= kept.length;
    chars -= kept.reduce((sum, { content }) => sum + content.length, 0);
    // Those that there is no room for are looked at again next time.
    const isFull = kept.length < fitting.length;
    const edge = (isFull ? kept.at(-1) : undefined) ?? last;
    place = forward ? { after: edge.id } : { before: edge.id };
    if (isFull) {
      more = true;
      break;
    }
  }
  if (!forward) found.reverse();
  const next = more ? queryOf(query, place) : null;
  const behind = { before: null, after: null };
  return forward
    ? {
        messages: found,
        older: found.length === 0 ? null : queryOf(query, { before: found[0]?.id ?? 0 }),
        newer: next,
        upTo: more ? (place.after ?? upTo) : upTo,
      }
    : {
        messages: found,
        older: next,
        newer: start.before === undefined ? null : queryOf(query, { ...behind, after: start.before - 1 }),
        upTo: start.before === undefined ? upTo : start.before - 1,
      };
}

/** A stretch of time, from its beginning on, or from a message in it that was the last so far. */
async function inTime({ view, sessionId, filter }: Whole): Promise<Rows> {
  const { ctx, services, query } = view;
  const { at, id } = pastOf(query) ?? { at: filter.since ?? 0, id: undefined };
  // Before the rows: what comes in between is looked at again.
  const { lastSeq } = await services.sessions.get(ctx, sessionId);
  const page = await services.messages.byTime(ctx, {
    ...{ sessionId, start: at, end: filter.until ?? Number.MAX_SAFE_INTEGER },
    ...{ limit: LOOKED_AT_ONCE, ...(id === undefined ? {} : { after: id }) },
  });
  const all = page.messages.map(toMessage);
  const last = all.at(-1);
  const more = page.more && last !== undefined;
  return {
    messages: all.filter((message) => passes(message, filter)),
    older: null,
    newer: more ? queryOf(query, { past: `${Date.parse(last.timestamp)}-${last.id}` }) : null,
    upTo: more ? 0 : lastSeq,
  };
}

/** The last message so far, by its time in milliseconds since the epoch and its id. @throws HubError INVALID_INPUT */
function pastOf(query: URLSearchParams): { readonly at: number; readonly id: number } | undefined {
  const past = query.get('past') ?? '';
  if (past === '') return undefined;
  const [at = '', id = ''] = past.split('-');
  return { at: idOf('past', at), id: idOf('past', id) };
}

function queryOf(query: URLSearchParams, change: Readonly<Record<string, number | string | null>>): string {
  const next = new URLSearchParams(query);
  for (const name of ['at', 'before', 'after', 'past', 'end', 'limit']) next.delete(name);
  for (const [name, value] of Object.entries(change)) if (value !== null) next.set(name, String(value));
  return `?${next.toString()}`;
}
