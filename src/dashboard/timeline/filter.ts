/** What a timeline is filtered by: all of it stands in the address. */
import { invalid } from '../../errors.ts';
import { MESSAGE_TYPES, VISIBILITIES, type Message } from '../../http/objects.ts';
import { normalizeSender } from '../../lib/sender.ts';
import { queryOf } from '../search/asked.ts';

export interface TimelineFilter {
  readonly agent?: string;
  readonly visibility?: (typeof VISIBILITIES)[number];
  readonly type?: (typeof MESSAGE_TYPES)[number];
  /** Milliseconds since the epoch, both included. */
  readonly since?: number;
  readonly until?: number;
  /** Only what has code in it. */
  readonly code?: true;
  /** Only the thread of this message. */
  readonly thread?: number;
}

/** Names of the parameters, in the order of the form. */
export const FILTERS = ['agent', 'type', 'visibility', 'since', 'until', 'code', 'thread'] as const;

const CODE = /```|~~~|(^|\n)( {4}|\t)\S|`[^`\n]+`/;

/** @throws HubError INVALID_INPUT */
export function filterOf(query: URLSearchParams): TimelineFilter {
  const given = (name: (typeof FILTERS)[number]): string => (query.get(name) ?? '').trim();
  const [agent, visibility, type] = [given('agent'), given('visibility'), given('type')];
  const [since, until, thread] = [given('since'), given('until'), given('thread')];
  return {
    ...(agent === '' ? {} : { agent }),
    ...(visibility === '' ? {} : { visibility: oneOf('visibility', visibility, VISIBILITIES) }),
    ...(type === '' ? {} : { type: oneOf('type', type, MESSAGE_TYPES) }),
    ...(since === '' ? {} : { since: timeOf('since', since) }),
    ...(until === '' ? {} : { until: timeOf('until', until) }),
    ...(given('code') === '' ? {} : { code: true as const }),
    ...(thread === '' ? {} : { thread: idOf('thread', thread) }),
  };
}

export function passes(message: Message, filter: TimelineFilter): boolean {
  const { agent, visibility, type, since, until, code } = filter;
  const at = Date.parse(message.timestamp);
  return (
    (agent === undefined || normalizeSender(agent) === normalizeSender(message.sender)) &&
    (visibility === undefined || message.visibility === visibility) &&
    (type === undefined || message.message_type === type) &&
    (since === undefined || at >= since) &&
    (until === undefined || at <= until) &&
    (code === undefined || CODE.test(message.content))
  );
}

/** The same as a query of the search, of which only `thread` knows nothing. @throws HubError INVALID_INPUT */
export function searchFor(query: URLSearchParams): string {
  const { agent = '', type = '', visibility = '', since, until, code } = filterOf(query);
  const iso = (at: number | undefined): string => (at === undefined ? '' : new Date(at).toISOString());
  return queryOf('', [
    ['from', agent],
    ['type', type],
    ['visibility', visibility],
    ['after', iso(since)],
    ['before', iso(until === undefined ? undefined : until + 1)],
    ['has', code === true ? 'code' : ''],
  ]);
}

/** @throws HubError INVALID_INPUT */
export function idOf(field: string, text: string): number {
  const id = Number(text);
  if (/^\d{1,15}$/.test(text)) return id;
  throw invalid(field, text, 'the id of a message');
}

/** @throws HubError INVALID_INPUT */
export function oneOf<T extends string>(field: string, text: string, known: readonly T[]): T {
  const found = known.find((value) => value === text);
  if (found === undefined) throw invalid(field, text, known.join(', '));
  return found;
}

/** As `datetime-local` of browsers writes it, or ISO 8601; UTC where it does not say. */
function timeOf(field: string, text: string): number {
  const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(text) || !text.includes('T') ? text : `${text}Z`;
  const at = Date.parse(zoned);
  if (Number.isNaN(at)) throw invalid(field, text, 'a time, as 2026-11-21T18:00 (UTC)');
  return at;
}
