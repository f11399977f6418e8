/** Sessions, and what each caller sees of them. */
import { createLikeness } from '../../../lib/alike.ts';
import { ALL_WORKSPACES } from '../../port.ts';
import type {
  CommittedEvent,
  Reads,
  SessionLabel,
  SessionOrder,
  SessionPosition,
  SessionRow,
  SessionView,
  Writes,
} from '../../port.ts';
import type { Connection } from '../connection.ts';
import type { NameMaker, Names } from '../names.ts';
import { toSessionRow, type RawSession } from '../rows.ts';
import type { SyncNoun } from '../sync.ts';
import { memoryOwners, sessionRemoval } from './session-removal.ts';

/** Sessions looked at for one page, filters or not; the page then says where to go on. */
const MAX_LOOKED_AT = 5000;
const MAX_PARTICIPANTS = 200;

const SESSION = `
  SELECT s.id AS pk, s.session_id, w.name AS workspace, s.purpose, s.created_by, s.created_at, s.updated_at, s.is_active,
    s.metadata
  FROM sessions s CROSS JOIN workspaces w ON w.id = s.workspace_id`;

interface Seen {
  readonly count: number;
  readonly seq: number;
}

/** A session in a stream of those that an audience sees. */
interface Placed extends Pick<Seen, 'seq'> {
  readonly pk: number;
  readonly position: number;
}

/** Orders in which each audience has a stream of its own. */
type StreamOrder = Exclude<SessionOrder, 'most_messages' | 'fewest_messages'>;

const isRising = (order: SessionOrder): boolean =>
  order === 'oldest' || order === 'opened_first' || order === 'fewest_messages';
const isByMessages = (order: SessionOrder): order is Exclude<SessionOrder, StreamOrder> =>
  order === 'most_messages' || order === 'fewest_messages';
const isByActivity = (order: SessionOrder): boolean => order === 'newest' || order === 'oldest';

interface Page {
  readonly audiences: readonly number[];
  readonly order?: SessionOrder;
  readonly limit: number;
  readonly before?: SessionPosition | undefined;
  readonly isActive?: boolean;
  readonly createdBy?: string;
}

export function sessionReads({ sqlite }: Connection, names: Names): SyncNoun<Reads['sessions']> {
  const byId = sqlite.prepare<[string], RawSession>(`${SESSION} WHERE s.session_id = ?`);
  const byPk = sqlite.prepare<[number], RawSession>(`${SESSION} WHERE s.id = ?`);
  const seenBy = sqlite.prepare<[number, number], Seen>(
    'SELECT message_count AS count, last_seq AS seq FROM session_audiences WHERE audience_id = ? AND session_id = ?',
  );
  const lastMessage = sqlite
    .prepare<[number, number], number | null>(
      'SELECT max(message_id) FROM message_audiences WHERE audience_id = ? AND session_id = ?',
    )
    .pluck();
  const sentAt = sqlite.prepare<[number], number>('SELECT created_at FROM messages WHERE id = ?').pluck();
  const posters = sqlite
    .prepare<[string, number], string>(
      `SELECT a.name FROM json_each(?) j
       CROSS JOIN participants p ON p.session_id = ? AND p.audience_id = j.value
       CROSS JOIN senders a ON a.id = p.sender_id
       GROUP BY a.name ORDER BY sum(p.message_count) DESC, a.name LIMIT ${MAX_PARTICIPANTS}`,
    )
    .pluck();
  const inOrderOf = (column: 'last_seq' | 'session_id', beyond: '<' | '>') =>
    sqlite.prepare<[number, number, number], Placed>(
      `SELECT session_id AS pk, last_seq AS seq, ${column} AS position FROM session_audiences
       WHERE audience_id = ? AND ${column} ${beyond} ? ORDER BY ${column} ${beyond === '<' ? 'DESC' : 'ASC'} LIMIT ?`,
    );
  const orders = {
    newest: inOrderOf('last_seq', '<'),
    oldest: inOrderOf('last_seq', '>'),
    opened_last: inOrderOf('session_id', '<'),
    opened_first: inOrderOf('session_id', '>'),
  } as const satisfies Record<StreamOrder, unknown>;
  /** There is no index by messages, which every message would have to write to. */
  const byMessagesOf = (beyond: '<' | '>', direction: 'DESC' | 'ASC') =>
    sqlite.prepare<
      [Record<'messages' | 'pk' | 'limit', number> & { audiences: string }],
      Record<'messages' | 'pk', number>
    >(
      `SELECT a.session_id AS pk, sum(a.message_count) AS messages
       FROM json_each(:audiences) j CROSS JOIN session_audiences a ON a.audience_id = j.value
       GROUP BY a.session_id HAVING (sum(a.message_count), a.session_id) ${beyond} (:messages, :pk)
       ORDER BY messages ${direction}, pk ${direction} LIMIT :limit`,
    );
  const byMessages = {
    most_messages: byMessagesOf('<', 'DESC'),
    fewest_messages: byMessagesOf('>', 'ASC'),
  } as const;
  const idsByPrefix = sqlite
    .prepare<[string, string, number], string>(
      'SELECT session_id FROM sessions WHERE session_id >= ? AND session_id < ? AND +workspace_id = ? ORDER BY session_id LIMIT 100',
    )
    .pluck();
  const idsByPrefixAnywhere = sqlite
    .prepare<[string, string], string>(
      'SELECT session_id FROM sessions WHERE session_id >= ? AND session_id < ? ORDER BY session_id LIMIT 100',
    )
    .pluck();

  const inOrder = sqlite.prepare<[number, string, string, number], RawSession>(
    `${SESSION} WHERE s.id > ? AND (? = '${ALL_WORKSPACES}' OR w.name = ?) ORDER BY s.id LIMIT ?`,
  );
  const next = sqlite.prepare<[number, number], RawSession>(
    `${SESSION} WHERE s.id > ? ORDER BY s.id LIMIT ?`,
  );
  const lastIn = sqlite
    .prepare<[number, string], number | null>(
      `SELECT (SELECT max(message_id) FROM message_audiences b WHERE b.audience_id = a.id AND b.session_id = s.id)
       FROM sessions s CROSS JOIN audiences a ON a.workspace_id = s.workspace_id WHERE s.id = ? AND a.name = ?`,
    )
    .pluck();
  const ownersOf = memoryOwners({ sqlite });
  const memoryAt = sqlite
    .prepare<[number, number, number, number], number>(
      `SELECT 1 FROM memory_entries
       WHERE workspace_id = ? AND owner_id = ? AND session_id = ? AND updated_at >= ? LIMIT 1`,
    )
    .pluck();
  const labels = sqlite.prepare<[string], SessionLabel & { workspace: string }>(`
    SELECT s.id AS pk, s.session_id AS sessionId, s.purpose, w.name AS workspace FROM json_each(?) j
    CROSS JOIN sessions s ON s.id = j.value CROSS JOIN workspaces w ON w.id = s.workspace_id`);

  function get(workspace: string, sessionId: string): SessionRow | undefined {
    const raw = byId.get(sessionId);
    if (raw === undefined || (workspace !== ALL_WORKSPACES && raw.workspace !== workspace)) return undefined;
    return toSessionRow(raw);
  }

  function seen(pk: number, audiences: readonly number[]): Seen {
    const parts = audiences.flatMap((audience) => seenBy.get(audience, pk) ?? []);
    return {
      count: parts.reduce((sum, part) => sum + part.count, 0),
      seq: parts.reduce((last, part) => Math.max(last, part.seq), 0),
    };
  }

  function lastAt(pk: number): number {
    const last = Math.max(lastIn.get(pk, 'public') ?? 0, lastIn.get(pk, 'admin') ?? 0);
    return last === 0 ? 0 : (sentAt.get(last) ?? 0);
  }

  /** Whether memory was kept in the session since `time`. */
  function isRemembered(pk: number, time: number): boolean {
    for (const [workspace, owner] of ownersOf(pk))
      if (memoryAt.get(workspace, owner, pk, time) !== undefined) return true;
    return false;
  }

  function viewOf(row: SessionRow, audiences: readonly number[]): SessionView {
    const { count, seq } = seen(row.pk, audiences);
    const last = audiences.reduce((id, audience) => Math.max(id, lastMessage.get(audience, row.pk) ?? 0), 0);
    return {
      ...row,
      messageCount: count,
      lastMessageAt: last === 0 ? null : (sentAt.get(last) ?? null),
      participants: count === 0 ? [] : posters.all(JSON.stringify(audiences), row.pk),
      lastSeq: seq,
    };
  }

  return {
    get,

    view(workspace, sessionId, sight) {
      const row = get(workspace, sessionId);
      return row && viewOf(row, names.audiences(sight));
    },

    page({ sight, query, ...rest }) {
      const page = { ...rest, audiences: names.audiences(sight) };
      if (query === undefined) return pageOf(page, () => true);
      const text = query.toLowerCase();
      const holds = ({ purpose }: SessionRow): boolean => purpose.toLowerCase().includes(text);
      // As written if there is any, whichever page is asked for.
      if (pageOf({ ...page, limit: 1, before: undefined }, holds).sessions.length > 0)
        return pageOf(page, holds);
      const isAlike = createLikeness(query);
      return pageOf(page, ({ purpose }) => isAlike(purpose));
    },

    idle({ before, after, limit }) {
      const rows = next.all(after, limit);
      const isIdle = ({ pk, updated_at: at }: RawSession): boolean =>
        at < before && lastAt(pk) < before && !isRemembered(pk, before);
      return {
        sessions: rows.filter(isIdle).map(toSessionRow),
        next: rows.length < limit ? null : (rows.at(-1)?.pk ?? null),
      };
    },

    inOrder: ({ workspace, after, limit }) =>
      inOrder.all(after, workspace, workspace, limit).map(toSessionRow),

    labels(workspace, pks) {
      return labels
        .all(JSON.stringify(pks))
        .filter((label) => workspace === ALL_WORKSPACES || label.workspace === workspace)
        .map(({ pk, sessionId, purpose }) => ({ pk, sessionId, purpose }));
    },

    idsByPrefix(workspace, prefix, limit) {
      const end = `${prefix}\u{10ffff}`;
      const workspaceId = names.workspace(workspace);
      if (workspace === ALL_WORKSPACES) return idsByPrefixAnywhere.all(prefix, end).slice(0, limit);
      return workspaceId === undefined ? [] : idsByPrefix.all(prefix, end, workspaceId).slice(0, limit);
    },
  };

  function pageOf(
    { audiences, limit, before, isActive, createdBy, order = 'newest' }: Page,
    passes: (row: SessionRow) => boolean,
  ) {
    const creator = createdBy?.toLowerCase();
    const sessions: SessionView[] = [];
    let position = before ?? (isRising(order) ? 0 : Number.MAX_SAFE_INTEGER);
    let last = 0;
    // To sort is the same work for few and for many.
    const atOnce = isByMessages(order) ? MAX_LOOKED_AT : Math.max(limit, 100);
    for (let looked = 0; looked < MAX_LOOKED_AT;) {
      const chunk = following(order, audiences, position, atOnce);
      if (chunk.length === 0) return { sessions, next: null };
      for (const { pk, seq, position: place } of chunk) {
        looked++;
        position = place;
        // A session stands in the stream of each audience: side by side, or belonging where the caller saw it last.
        if (isByActivity(order) ? seen(pk, audiences).seq !== seq : pk === last) continue;
        last = pk;
        const row = toSessionRow(rowOf(pk));
        if (isActive !== undefined && row.isActive !== isActive) continue;
        if (creator !== undefined && row.createdBy.toLowerCase() !== creator) continue;
        if (!passes(row)) continue;
        sessions.push(viewOf(row, audiences));
        if (sessions.length === limit) {
          return { sessions, next: following(order, audiences, position, 1).length === 0 ? null : position };
        }
      }
    }
    return { sessions, next: position };
  }

  /** Positions in the order, each after the one before; a session may be there once for each audience. */
  function following(
    order: SessionOrder,
    audiences: readonly number[],
    after: SessionPosition,
    limit: number,
  ): readonly (Pick<Placed, 'pk' | 'seq'> & { readonly position: SessionPosition })[] {
    const sign = isRising(order) ? 1 : -1;
    if (isByMessages(order)) {
      const [messages, pk] = typeof after === 'number' ? [after, sign * -1] : after;
      return byMessages[order]
        .all({ audiences: JSON.stringify(audiences), messages, pk, limit })
        .map((row) => ({ pk: row.pk, seq: 0, position: [row.messages, row.pk] }));
    }
    if (typeof after !== 'number') throw new Error(`a position by messages is none of the order ${order}`);
    return audiences
      .flatMap((audience) => orders[order].all(audience, after, limit))
      .sort((a, b) => sign * (a.position - b.position))
      .slice(0, limit);
  }

  function rowOf(pk: number): RawSession {
    const raw = byPk.get(pk);
    if (raw === undefined) throw new Error(`session ${pk} is counted but does not exist`);
    return raw;
  }
}

export function sessionWrites(
  { sqlite }: Connection,
  names: NameMaker,
  nextSeq: () => number,
  tell: (event: CommittedEvent) => void,
  touch: (sessionPk: number) => void,
): SyncNoun<Writes['sessions']> {
  const byId = sqlite.prepare<[string], RawSession>(`${SESSION} WHERE s.session_id = ?`);
  const insert = sqlite.prepare(
    // Its pk is its position: the pk of a session that was removed is never given again.
    `INSERT INTO sessions (id, session_id, workspace_id, purpose, created_by, created_at, updated_at, is_active, metadata, seq)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const announce = sqlite.prepare<number[]>(
    `INSERT INTO session_audiences (audience_id, session_id, message_count, last_seq) VALUES (?, ?, 0, ?)
     ON CONFLICT DO UPDATE SET last_seq = excluded.last_seq`,
  );
  const update = sqlite.prepare(
    `UPDATE sessions SET purpose = coalesce(?, purpose), metadata = coalesce(?, metadata),
     is_active = coalesce(?, is_active), updated_at = ? WHERE id = ?`,
  );
  const countCreated = sqlite
    .prepare<[number, string, number], number>(
      'SELECT count(*) FROM (SELECT 1 FROM sessions WHERE workspace_id = ? AND created_by = ? LIMIT ?)',
    )
    .pluck();

  return {
    ...sessionRemoval({ sqlite }, nextSeq, tell, touch),

    insert(session) {
      const existing = byId.get(session.sessionId);
      if (existing) return { row: toSessionRow(existing), created: false };
      const workspaceId = names.workspace(session.workspace);
      const seq = nextSeq();
      insert.run(
        seq,
        session.sessionId,
        workspaceId,
        session.purpose,
        session.createdBy,
        session.createdAt,
        session.updatedAt,
        session.isActive ? 1 : 0,
        JSON.stringify(session.metadata),
        seq,
      );
      announce.run(names.audience(workspaceId, 'public'), seq, seq);
      return { row: { ...session, pk: seq }, created: true };
    },

    update(pk, change) {
      touch(pk);
      update.run(
        change.purpose ?? null,
        change.metadata === undefined ? null : JSON.stringify(change.metadata),
        change.isActive === undefined ? null : change.isActive ? 1 : 0,
        change.updatedAt,
        pk,
      );
    },

    countBy(workspace, createdBy, atMost) {
      return countCreated.get(names.workspace(workspace), createdBy, atMost) ?? 0;
    },
  };
}
