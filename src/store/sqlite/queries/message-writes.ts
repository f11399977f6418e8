/** Writes of messages: the row, its audiences, and what each audience has counted. */
import type { CommittedEvent, Writes } from '../../port.ts';
import type { Connection } from '../connection.ts';
import type { NameMaker } from '../names.ts';
import { TYPE_CODE, VISIBILITY_CODE } from '../rows.ts';
import type { SyncNoun } from '../sync.ts';

interface Placed {
  readonly session_id: number;
  readonly sender_id: number;
  readonly created_at: number;
  readonly message_type: number;
  readonly visibility: number;
  readonly pinned: number;
  readonly workspace_id: number;
}

/** So few changes are not worth the sign that others were forgotten. */
const KEPT_CHANGES = 1000;

export function messageWrites(
  { sqlite }: Connection,
  names: NameMaker,
  nextSeq: () => number,
  tell: (event: CommittedEvent) => void,
  touch: (sessionPk: number) => void,
): SyncNoun<Writes['messages']> {
  const insert = sqlite.prepare(`
    INSERT INTO messages (id, session_id, sender_id, visibility, message_type, pinned, parent_id, thread_id, created_at,
      recipients, metadata, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const show = sqlite.prepare<number[]>(`
    INSERT INTO message_audiences (audience_id, session_id, message_id, sender_id, created_at, visibility, message_type,
      pinned) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
  const countIn = sqlite.prepare<number[]>(`
    INSERT INTO session_audiences (audience_id, session_id, message_count, last_seq) VALUES (?, ?, 1, ?)
    ON CONFLICT DO UPDATE SET message_count = message_count + 1, last_seq = max(last_seq, excluded.last_seq)`);
  const posted = sqlite.prepare<number[]>(`
    INSERT INTO participants (session_id, audience_id, sender_id, message_count, last_id) VALUES (?, ?, ?, 1, ?)
    ON CONFLICT DO UPDATE SET message_count = message_count + 1, last_id = max(last_id, excluded.last_id)`);

  const address = sqlite.prepare<number[]>(
    'INSERT INTO message_addressees (audience_id, message_id, session_id, sender_id) VALUES (?, ?, ?, ?)',
  );

  const placed = sqlite.prepare<[number], Placed>(`
    SELECT m.session_id, m.sender_id, m.created_at, m.message_type, m.visibility, m.pinned, s.workspace_id
    FROM messages m JOIN sessions s ON s.id = m.session_id WHERE m.id = ?`);
  const audiencesOf = sqlite.prepare<[number, number, number], { id: number; name: string }>(
    `SELECT a.id, a.name FROM audiences a CROSS JOIN message_audiences b
     ON b.audience_id = a.id AND b.session_id = ? AND b.message_id = ? WHERE a.workspace_id = ?`,
  );
  const hide = sqlite.prepare<number[]>(
    'DELETE FROM message_audiences WHERE audience_id = ? AND session_id = ? AND message_id = ?',
  );
  const setVisibility = sqlite.prepare<number[]>('UPDATE messages SET visibility = ? WHERE id = ?');
  /** What the audience still sees of the session decides how far it has come. */
  const countOut = sqlite.prepare<{ audience: number; session: number }[]>(`
    UPDATE session_audiences SET message_count = message_count - 1,
      last_seq = max(
        coalesce((SELECT max(message_id) FROM message_audiences
          WHERE audience_id = :audience AND session_id = :session), 0),
        (SELECT seq FROM sessions WHERE id = :session))
    WHERE audience_id = :audience AND session_id = :session`);
  const dropIfEmpty = sqlite.prepare<number[]>(`
    DELETE FROM session_audiences WHERE audience_id = ? AND session_id = ? AND message_count = 0
      AND audience_id NOT IN (SELECT id FROM audiences WHERE name = 'public')`);
  const unposted = sqlite.prepare<number[]>(`
    UPDATE participants SET message_count = message_count - 1 WHERE session_id = ? AND audience_id = ? AND sender_id = ?`);
  const dropParticipant = sqlite.prepare<number[]>(`
    DELETE FROM participants WHERE session_id = ? AND audience_id = ? AND sender_id = ? AND message_count = 0`);
  const changed = sqlite.prepare<number[]>('INSERT INTO message_changes (seq, message_id) VALUES (?, ?)');
  const lastToForget = sqlite
    .prepare<[number], number>(`SELECT seq FROM message_changes WHERE seq <= ? ORDER BY seq DESC LIMIT 1`)
    .pluck();
  const many = sqlite
    .prepare<[number], number>(
      `SELECT 1 FROM message_changes WHERE seq <= ? ORDER BY seq LIMIT 1 OFFSET ${KEPT_CHANGES}`,
    )
    .pluck();
  const forget = sqlite.prepare<[number, number]>(
    `DELETE FROM message_changes WHERE seq IN
      (SELECT seq FROM message_changes WHERE seq < ? ORDER BY seq LIMIT ?)`,
  );
  const markForgotten = sqlite.prepare<[number]>('UPDATE message_changes SET message_id = 0 WHERE seq = ?');
  const total = sqlite
    .prepare<[number], number>(
      `SELECT coalesce(sum(message_count), 0) FROM session_audiences a JOIN sessions s ON s.id = a.session_id
       WHERE s.id = ? AND a.audience_id IN
         (SELECT id FROM audiences WHERE workspace_id = s.workspace_id AND name IN ('public', 'admin'))`,
    )
    .pluck();

  return {
    insert(message) {
      const id = nextSeq();
      const workspaceId = names.workspace(message.workspace);
      const sender = names.sender(workspaceId, message.sender, message.senderType, message.imported);
      const visibility = VISIBILITY_CODE[message.visibility];
      const type = TYPE_CODE[message.messageType];
      const pinned = message.pinned ? 1 : 0;
      insert.run(
        id,
        message.sessionPk,
        sender,
        visibility,
        type,
        pinned,
        message.parentId,
        message.threadId,
        message.createdAt,
        message.to.length === 0 ? null : JSON.stringify(message.to),
        Object.keys(message.metadata).length === 0 ? null : JSON.stringify(message.metadata),
        message.content,
      );
      for (const name of message.audiences) {
        const audience = names.audience(workspaceId, name);
        show.run(audience, message.sessionPk, id, sender, message.createdAt, visibility, type, pinned);
        countIn.run(audience, message.sessionPk, id);
        posted.run(message.sessionPk, audience, sender, id);
      }
      for (const name of message.addressees)
        address.run(names.audience(workspaceId, name), id, message.sessionPk, sender);
      const { workspace, audiences, addressees, sessionPk } = message;
      tell({
        ...{ seq: id, kind: 'message.added', messageId: id, sessionPk, workspace, audiences, addressees },
        sender: message.sender,
      });
      return id;
    },

    setVisibility(id, visibility, audiences) {
      const row = placed.get(id);
      if (row === undefined) throw new Error(`message ${id} does not exist`);
      const code = VISIBILITY_CODE[visibility];
      const old = audiencesOf.all(row.session_id, id, row.workspace_id);
      const wanted = new Set(audiences.map((name) => names.audience(row.workspace_id, name)));
      const before = old.map(({ name }) => name);
      if (
        row.visibility === code &&
        wanted.size === old.length &&
        old.every(({ id: one }) => wanted.has(one))
      )
        return before;
      touch(row.session_id);
      for (const { id: audience } of old) {
        hide.run(audience, row.session_id, id);
        countOut.run({ audience, session: row.session_id });
        dropIfEmpty.run(audience, row.session_id);
        unposted.run(row.session_id, audience, row.sender_id);
        dropParticipant.run(row.session_id, audience, row.sender_id);
      }
      setVisibility.run(code, id);
      changed.run(nextSeq(), id);
      const { session_id: session, sender_id: sender, created_at: at, message_type: type, pinned } = row;
      for (const audience of wanted) {
        show.run(audience, session, id, sender, at, code, type, pinned);
        countIn.run(audience, session, id);
        posted.run(session, audience, sender, id);
      }
      return before;
    },

    forgetChanges(upTo, limit) {
      const last = lastToForget.get(upTo);
      if (last === undefined || many.get(upTo) === undefined) return 0;
      markForgotten.run(last);
      return forget.run(last, limit).changes;
    },

    countAll(sessionPk) {
      return total.get(sessionPk) ?? 0;
    },
  };
}
