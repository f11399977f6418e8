/**
 * Reads of messages. Each listing merges bounded streams, one per audience of the caller: a message stands in at most one
 * of them (the audiences of a message are disjoint for every caller), so there is nothing to scan, skip or count twice.
 */
import { PAGE_BYTES, type MessageFilters, type MessagePage, type Reads, type Sight } from '../../port.ts';
import type { Connection } from '../connection.ts';
import type { Names } from '../names.ts';
import {
  toMessageHead,
  toMessageRow,
  TYPE_CODE,
  VISIBILITY_CODE,
  type RawHead,
  type RawMessage,
} from '../rows.ts';
import type { SyncNoun } from '../sync.ts';
import { countSpoken } from './spoken.ts';

const FIRST_ID = 0;
const LAST_ID = Number.MAX_SAFE_INTEGER;

type Bind = Record<string, number | string | null>;
type Direction = 'ASC' | 'DESC';

const FILTERS = `(:visibility IS NULL OR visibility = :visibility)
  AND (:type IS NULL OR message_type = :type)
  AND (:senders IS NULL OR sender_id IN (SELECT value FROM json_each(:senders)))`;

const inSession = (direction: Direction): string => `
  SELECT message_id FROM message_audiences
  WHERE audience_id = :audience AND session_id = :session AND message_id > :after AND message_id < :before AND ${FILTERS}
  ORDER BY message_id ${direction} LIMIT :limit`;

/** A thread's first message has no thread_id; its id is below those of all replies. */
const inThread = (direction: Direction): string => `
  SELECT m.id FROM (
    SELECT id, visibility, message_type, sender_id FROM messages WHERE id = :thread
    UNION ALL
    SELECT id, visibility, message_type, sender_id FROM messages WHERE thread_id = :thread
  ) m
  WHERE m.id > :after AND m.id < :before AND ${FILTERS}
    AND EXISTS (
      SELECT 1 FROM message_audiences a
      WHERE a.audience_id IN (SELECT value FROM json_each(:audiences)) AND a.session_id = :session AND a.message_id = m.id)
  ORDER BY m.id ${direction} LIMIT :limit`;

/** A parent that the caller does not see leaves no trace. */
const HEADS = `
  SELECT m.id, m.session_id AS session_pk, s.session_id, a.name AS sender, a.type AS sender_type, a.imported,
    m.visibility, m.recipients, m.message_type, m.thread_id, m.metadata, m.pinned, m.created_at,
    CASE WHEN m.parent_id IS NOT NULL AND EXISTS (
      SELECT 1 FROM json_each(:audiences) v CROSS JOIN message_audiences p
        ON p.audience_id = v.value AND p.session_id = m.session_id AND p.message_id = m.parent_id
    ) THEN m.parent_id END AS parent_id`;

export function messageReads(connection: Connection, names: Names): SyncNoun<Reads['messages']> {
  const { sqlite } = connection;
  const ids = (sql: string) => sqlite.prepare<[Bind], number>(sql).pluck();
  const session = { ASC: ids(inSession('ASC')), DESC: ids(inSession('DESC')) };
  const thread = { ASC: ids(inThread('ASC')), DESC: ids(inThread('DESC')) };
  const postedIn = sqlite.prepare<[number, number], { session: number; last: number }>(
    'SELECT session_id AS session, last_id AS last FROM participants WHERE sender_id = ? AND audience_id = ?',
  );
  const bySender = ids(`
    SELECT message_id FROM message_audiences
    WHERE audience_id = :audience AND session_id = :session AND message_id > :after AND message_id <= :last
      AND sender_id = :sender
    ORDER BY message_id DESC LIMIT :limit`);
  const sessionByTime = sqlite.prepare<[Bind], { id: number; at: number }>(`
    SELECT message_id AS id, created_at AS at FROM message_audiences
    WHERE audience_id = :audience AND session_id = :session AND created_at BETWEEN :start AND :end
      AND (created_at > :start OR message_id > :after)
    ORDER BY +created_at, message_id LIMIT :limit`);
  const byTime = sqlite.prepare<[Bind], { id: number; at: number }>(`
    SELECT message_id AS id, created_at AS at FROM message_audiences
    WHERE audience_id = :audience AND (created_at, message_id) > (:start, :after) AND created_at <= :end
    ORDER BY created_at, message_id LIMIT :limit`);
  const rows = sqlite.prepare<[Bind], RawMessage>(`${HEADS}, m.content
    FROM json_each(:ids) j CROSS JOIN messages m ON m.id = j.value
    CROSS JOIN senders a ON a.id = m.sender_id CROSS JOIN sessions s ON s.id = m.session_id
    ORDER BY j.key`);
  const isSeen = `EXISTS (
      SELECT 1 FROM json_each(:audiences) v CROSS JOIN message_audiences b
        ON b.audience_id = v.value AND b.session_id = m.session_id AND b.message_id = m.id)`;
  const heads = sqlite.prepare<[Bind], RawHead>(`${HEADS}
    FROM json_each(:ids) j CROSS JOIN messages m ON m.id = j.value
    CROSS JOIN senders a ON a.id = m.sender_id CROSS JOIN sessions s ON s.id = m.session_id
    WHERE ${isSeen} ORDER BY j.key`);
  const seen = ids(
    `SELECT m.id FROM json_each(:ids) j CROSS JOIN messages m ON m.id = j.value WHERE ${isSeen} ORDER BY j.key`,
  );
  /** Read from the head of a row, without its text. */
  const sizes = sqlite
    .prepare<[string], number>(
      `SELECT octet_length(m.content) + coalesce(octet_length(m.metadata), 0)
       FROM json_each(?) j CROSS JOIN messages m ON m.id = j.value ORDER BY j.key`,
    )
    .pluck();
  const visible = sqlite
    .prepare<[string, number], number>(
      `SELECT m.id FROM messages m CROSS JOIN json_each(?) j
       CROSS JOIN message_audiences a ON a.audience_id = j.value AND a.session_id = m.session_id AND a.message_id = m.id
       WHERE m.id = ? LIMIT 1`,
    )
    .pluck();

  const counted = sqlite
    .prepare<[number, number], number>(
      'SELECT message_count FROM session_audiences WHERE audience_id = ? AND session_id = ?',
    )
    .pluck();

  const fetch = (list: readonly number[], audiences: readonly number[]) =>
    list.length === 0
      ? []
      : rows.all({ ids: JSON.stringify(list), audiences: JSON.stringify(audiences) }).map(toMessageRow);

  /** As many of the first `limit` as their texts allow, but one at least. */
  function cut(list: readonly number[], limit: number, maxBytes = PAGE_BYTES): number[] {
    const wanted = list.slice(0, limit);
    let bytes = 0;
    let count = 0;
    for (const size of sizes.iterate(JSON.stringify(wanted))) {
      bytes += size;
      if (bytes > maxBytes && count > 0) break;
      count++;
    }
    return wanted.slice(0, count);
  }

  /** The filters as bound values; undefined when nobody has the sender's name. */
  function filterValues(sight: Sight, filters: MessageFilters = {}): Bind | undefined {
    const senders = filters.sender === undefined ? null : names.senders(sight.workspace, filters.sender);
    if (senders?.length === 0) return undefined;
    return {
      visibility: filters.visibility === undefined ? null : VISIBILITY_CODE[filters.visibility],
      type: filters.messageType === undefined ? null : TYPE_CODE[filters.messageType],
      senders: senders === null ? null : JSON.stringify(senders),
    };
  }

  /** At most `limit + 1` ids in the page's direction. */
  function pageIds(args: MessagePage, direction: Direction): number[] {
    const audiences = names.audiences(args.sight);
    const filters = filterValues(args.sight, args.filters);
    if (filters === undefined || audiences.length === 0) return [];
    const bind: Bind = {
      ...filters,
      session: args.sessionPk,
      after: args.after ?? FIRST_ID,
      before: args.before ?? LAST_ID,
      limit: args.limit + 1,
    };
    if (args.threadId !== undefined) {
      return thread[direction].all({ ...bind, thread: args.threadId, audiences: JSON.stringify(audiences) });
    }
    const found = audiences.flatMap((audience) => session[direction].all({ ...bind, audience }));
    found.sort((a, b) => (direction === 'ASC' ? a - b : b - a));
    return found.slice(0, args.limit + 1);
  }

  /** Session by session, latest first, until no other one can hold anything newer. */
  function newestOf(audiences: readonly number[], senders: readonly number[], limit: number): number[] {
    const places = audiences.flatMap((audience) =>
      senders.flatMap((sender) =>
        postedIn.all(sender, audience).map((place) => ({ ...place, audience, sender })),
      ),
    );
    let found: number[] = [];
    for (const { audience, sender, session: place, last } of places.sort((a, b) => b.last - a.last)) {
      const after = found[limit - 1] ?? FIRST_ID;
      if (last <= after) break;
      const more = bySender.all({ audience, sender, session: place, last, after, limit });
      found = [...found, ...more].sort((a, b) => b - a).slice(0, limit);
    }
    return found;
  }

  return {
    spoken: countSpoken(connection, names),

    get(id, sight) {
      const audiences = names.audiences(sight);
      if (audiences.length === 0 || visible.get(JSON.stringify(audiences), id) === undefined)
        return undefined;
      return fetch([id], audiences)[0];
    },

    heads(list, sight) {
      const audiences = names.audiences(sight);
      if (list.length === 0 || audiences.length === 0) return [];
      return heads
        .all({ ids: JSON.stringify(list), audiences: JSON.stringify(audiences) })
        .map(toMessageHead);
    },

    rows(list, sight, maxBytes) {
      const audiences = names.audiences(sight);
      if (list.length === 0 || audiences.length === 0) return [];
      const found = seen.all({ ids: JSON.stringify(list), audiences: JSON.stringify(audiences) });
      return fetch(cut(found, found.length, maxBytes), audiences);
    },

    page(args) {
      const direction = args.after !== undefined ? 'ASC' : 'DESC';
      const found = pageIds(args, direction);
      const chosen = cut(found, args.limit, args.maxBytes).sort((a, b) => a - b);
      return { messages: fetch(chosen, names.audiences(args.sight)), more: found.length > chosen.length };
    },

    count(sessionPk, sight) {
      return names
        .audiences(sight)
        .reduce((sum, audience) => sum + (counted.get(audience, sessionPk) ?? 0), 0);
    },

    bySender({ sight, sessionPk, sender, limit, maxBytes }) {
      const audiences = names.audiences(sight);
      const found =
        sessionPk === undefined
          ? newestOf(audiences, names.senders(sight.workspace, sender), limit + 1)
          : pageIds({ sessionPk, sight, limit, filters: { sender } }, 'DESC');
      const chosen = cut(found, limit, maxBytes);
      return { messages: fetch(chosen, audiences), more: found.length > chosen.length };
    },

    byTime({ sight, sessionPk, start, end, limit, maxBytes, after = FIRST_ID }) {
      const audiences = names.audiences(sight);
      const found = audiences.flatMap((audience) => {
        const bind = { audience, start, end, after, limit: limit + 1 };
        return sessionPk === undefined
          ? byTime.all(bind)
          : sessionByTime.all({ ...bind, session: sessionPk });
      });
      found.sort((a, b) => a.at - b.at || a.id - b.id);
      const chosen = cut(
        found.map((row) => row.id),
        limit,
        maxBytes,
      );
      return { messages: fetch(chosen, audiences), more: found.length > chosen.length };
    },
  };
}
