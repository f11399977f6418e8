/** What a request and the filters of its query leave to be searched. */
import { normalizeSender } from '../lib/sender.ts';
import type { Filter } from './source.ts';
import type { Sqlite } from './index-db.ts';
import type { ParsedQuery } from './query.ts';
import type { SearchRequest } from './types.ts';

export interface Filters {
  /** Undefined: nothing can pass. */
  resolve(request: SearchRequest, query: ParsedQuery, upTo: number): Filter | undefined;
}

/** Names become numbers here. Those of other workspaces too, which do no harm: audiences decide what is seen. */
export function createFilters(sqlite: Sqlite): Filters {
  const senders = sqlite.prepare<[string], number>('SELECT id FROM hub.senders WHERE norm = ?').pluck();
  const session = sqlite
    .prepare<[string], number>('SELECT id FROM hub.sessions WHERE session_id = ?')
    .pluck();
  return {
    resolve(request, query, upTo) {
      const named = query.from.flatMap((name) => senders.all(normalizeSender(name)));
      const sessions = query.sessions.flatMap((id) => session.get(id) ?? []);
      const filter: Filter = {
        audienceIds: request.audienceIds,
        sessionPks: both(one(request.sessionPk), query.sessions.length > 0 ? sessions : undefined),
        senderIds: both(request.senderIds, query.from.length > 0 ? named : undefined),
        visibilities: both(
          request.visibilities,
          query.visibilities.length > 0 ? query.visibilities : undefined,
        ),
        messageTypes: both(one(request.messageType), query.types.length > 0 ? query.types : undefined),
        since: latest(request.since, query.since),
        until: earliest(request.until, query.until),
        hasCode: query.hasCode,
        metadata: request.metadata !== false,
        upTo,
      };
      const { audienceIds, sessionPks, senderIds, visibilities, messageTypes } = filter;
      const lists = [audienceIds, sessionPks, senderIds, visibilities, messageTypes];
      return lists.some((values) => values?.length === 0) ? undefined : filter;
    },
  };
}

const one = (value: number | undefined): readonly number[] | undefined =>
  value === undefined ? undefined : [value];

function both(
  a: readonly number[] | undefined,
  b: readonly number[] | undefined,
): readonly number[] | undefined {
  return a === undefined || b === undefined ? (a ?? b) : a.filter((value) => b.includes(value));
}

const latest = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);

const earliest = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
