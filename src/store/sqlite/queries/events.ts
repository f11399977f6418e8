/**
 * The event log as one audience after the other has it, merged by position. Messages as they were posted are events by
 * their rows in `message_audiences`; all else is in `events`.
 */
import { EVENT_KINDS, type CommittedEvent, type EventRow, type Reads, type Writes } from '../../port.ts';
import type { Connection } from '../connection.ts';
import type { NameMaker, Names } from '../names.ts';
import type { SyncNoun } from '../sync.ts';

type Raw = readonly [seq: number, kind: number, session: number, message: number, data: string | null];
type Stream = Record<'audience' | 'after' | 'upTo' | 'session' | 'limit', number>;

const ADDED = EVENT_KINDS.indexOf('message.added');

export function eventReads({ sqlite }: Connection, names: Names): SyncNoun<Reads['events']> {
  const head = sqlite.prepare<[], number>('SELECT last_seq FROM hub').pluck();
  const stream = (session: string) =>
    sqlite
      .prepare<[Stream], Raw>(
        `SELECT * FROM (
           SELECT message_id, ${ADDED}, session_id, message_id, NULL FROM message_audiences
           WHERE audience_id = :audience ${session} AND message_id > :after AND message_id <= :upTo
           ORDER BY message_id LIMIT :limit)
         UNION ALL
         SELECT * FROM (
           SELECT seq, kind, session_id, message_id, data FROM events
           WHERE audience_id = :audience ${session} AND seq > :after AND seq <= :upTo ORDER BY seq LIMIT :limit)`,
      )
      .raw();
  const everywhere = stream('');
  const inSession = stream('AND session_id = :session');

  return {
    page({ sight, after, sessionPk, limit }) {
      // Read first: all that lies up to it is there for the statements that follow, whatever is committed meanwhile.
      const upTo = head.get() ?? 0;
      const statement = sessionPk === undefined ? everywhere : inSession;
      const rows = names
        .audiences(sight)
        .flatMap((audience) =>
          statement.all({ audience, after, upTo, session: sessionPk ?? 0, limit: limit + 1 }),
        )
        .sort(([a], [b]) => a - b);
      const more = rows.length > limit;
      const events = rows.slice(0, limit).map(toEvent);
      return { events, more, upTo: more ? (events.at(-1)?.seq ?? after) : Math.max(after, upTo) };
    },
    head: () => head.get() ?? 0,
  };
}

function toEvent([seq, kind, session, message, data]: Raw): EventRow {
  const name = EVENT_KINDS[kind];
  if (name === undefined) throw new Error(`unknown event ${kind}`);
  return {
    ...{ seq, kind: name, data },
    sessionPk: session === 0 ? null : session,
    messageId: message === 0 ? null : message,
  };
}

/** `tell` hears of each event, to be passed on when it is committed. */
export function eventWrites(
  { sqlite }: Connection,
  names: NameMaker,
  nextSeq: () => number,
  tell: (event: CommittedEvent) => void,
): SyncNoun<Writes['events']> {
  const insert = sqlite.prepare<(number | string | null)[]>(
    'INSERT INTO events (audience_id, seq, kind, session_id, message_id, data) VALUES (?, ?, ?, ?, ?, ?)',
  );
  return {
    append({ data, ...event }) {
      const seq = nextSeq();
      const { workspace, audiences, kind, sessionPk, messageId } = event;
      const workspaceId = names.workspace(workspace);
      for (const name of audiences) {
        const audience = names.audience(workspaceId, name);
        insert.run(audience, seq, EVENT_KINDS.indexOf(kind), sessionPk ?? 0, messageId ?? 0, data);
      }
      tell({ ...event, seq });
      return seq;
    },
  };
}
