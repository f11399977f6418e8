/** The first questions of whoever comes back to its work. */
import { NOTES_LOOKED_AT, type Note } from '../../port.ts';
import type { Reads } from '../../port.ts';
import type { Connection } from '../connection.ts';
import type { Names } from '../names.ts';
import { TYPE_CODE } from '../rows.ts';
import type { SyncNoun } from '../sync.ts';

/** Sessions of one agent that are looked at, per audience. */
const MAX_PLACES = 200;
/** Messages of a thread among which the reply to a question is looked for. */
const MAX_REPLIES = 200;

/** As the partial index has it: an expression with parameters would not use it. */
const OF_NOTE = 'pinned = 1 OR message_type IN (1, 3, 5)';

const KINDS: ReadonlyMap<number, Note['kind']> = new Map(
  (['question', 'decision', 'handoff'] as const).map((kind) => [TYPE_CODE[kind], kind]),
);

export function overviewReads({ sqlite }: Connection, names: Names): SyncNoun<Reads['overview']> {
  const senders = sqlite
    .prepare<[number, string], number>(
      'SELECT id FROM senders WHERE workspace_id = ? AND name = ? AND imported = 0',
    )
    .pluck();
  const places = sqlite.prepare<[number, number], { sessionPk: number; lastId: number }>(`
    SELECT session_id AS sessionPk, last_id AS lastId FROM participants
    WHERE sender_id = ? AND audience_id = ? ORDER BY session_id DESC LIMIT ${MAX_PLACES}`);
  const notes = sqlite.prepare<[number, number], { id: number; pinned: number; type: number }>(`
    SELECT message_id AS id, pinned, message_type AS type FROM message_audiences
    WHERE audience_id = ? AND session_id = ? AND (${OF_NOTE}) ORDER BY message_id DESC LIMIT ${NOTES_LOOKED_AT}`);
  const unanswered = sqlite
    .prepare<[Record<string, string | number>], number>(
      `SELECT q.id FROM json_each(:ids) j CROSS JOIN messages q ON q.id = j.value
       WHERE NOT EXISTS (
         SELECT 1 FROM (
           SELECT id, session_id, parent_id, sender_id, message_type FROM messages
           WHERE thread_id = coalesce(q.thread_id, q.id) AND id > q.id ORDER BY id LIMIT ${MAX_REPLIES}) r
         WHERE r.parent_id = q.id AND r.sender_id <> q.sender_id AND r.message_type <> ${TYPE_CODE.question}
           AND EXISTS (
             SELECT 1 FROM json_each(:audiences) v CROSS JOIN message_audiences a
               ON a.audience_id = v.value AND a.session_id = r.session_id AND a.message_id = r.id))`,
    )
    .pluck();

  return {
    posted({ workspace, agentId, sight, limit }) {
      const workspaceId = names.workspace(workspace);
      if (workspaceId === undefined) return [];
      const last = new Map<number, number>();
      for (const audience of names.audiences(sight)) {
        for (const sender of senders.all(workspaceId, agentId)) {
          for (const { sessionPk, lastId } of places.all(sender, audience))
            last.set(sessionPk, Math.max(last.get(sessionPk) ?? 0, lastId));
        }
      }
      return [...last]
        .map(([sessionPk, lastId]) => ({ sessionPk, lastId }))
        .sort((a, b) => b.lastId - a.lastId)
        .slice(0, limit);
    },

    notes({ sessionPk, sight }) {
      return names
        .audiences(sight)
        .flatMap((audience) => notes.all(audience, sessionPk))
        .map(({ id, pinned, type }): Note => ({ id, pinned: pinned === 1, kind: KINDS.get(type) ?? 'other' }))
        .sort((a, b) => b.id - a.id)
        .slice(0, NOTES_LOOKED_AT);
    },

    unanswered(ids, sight) {
      if (ids.length === 0) return [];
      const audiences = JSON.stringify(names.audiences(sight));
      const open = new Set(unanswered.all({ ids: JSON.stringify(ids), audiences }));
      return ids.filter((id) => open.has(id));
    },
  };
}
