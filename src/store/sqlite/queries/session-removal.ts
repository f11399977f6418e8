/** The removal of a session: the one place that knows all that belongs to one. */
import type { Writes } from '../../port.ts';
import type { Connection } from '../connection.ts';
import type { SyncNoun } from '../sync.ts';

type Removal = Pick<Writes['sessions'], 'removeSome'>;

/**
 * Selects memory of session `:session`. By owner, of which there are fewer than entries: there is no index by session, which
 * every entry would have to write to.
 */
export const sessionMemory = (column: string, where: string): string => `
  WITH RECURSIVE place (workspace) AS (SELECT workspace_id FROM sessions WHERE id = :session),
  owners (owner) AS (
    SELECT min(owner_id) FROM memory_entries WHERE workspace_id = (SELECT workspace FROM place)
    UNION ALL
    SELECT (SELECT min(owner_id) FROM memory_entries
      WHERE workspace_id = (SELECT workspace FROM place) AND owner_id > owner)
    FROM owners WHERE owner IS NOT NULL)
  SELECT ${column} FROM owners CROSS JOIN memory_entries e
    ON e.workspace_id = (SELECT workspace FROM place) AND e.owner_id = owner AND e.session_id = :session
  WHERE ${where}`;

/** Removes in steps of a bounded number of rows. What is counted of the session stays right at each of them. */
export function sessionRemoval({ sqlite }: Connection, nextSeq: () => number): SyncNoun<Removal> {
  const close = sqlite.prepare<[number]>('UPDATE sessions SET is_active = 0 WHERE id = ?');
  /** Of everyone who posted to the session; with `public`, all that see something of it. */
  const audiences = sqlite
    .prepare<[number, number], number>(
      `SELECT DISTINCT audience_id FROM participants WHERE session_id = ?
       UNION SELECT a.id FROM sessions s JOIN audiences a ON a.workspace_id = s.workspace_id AND a.name IN ('public', 'admin')
       WHERE s.id = ?`,
    )
    .pluck();
  const messagesOf = sqlite
    .prepare<[string, number, number], number>(
      `SELECT DISTINCT a.message_id FROM json_each(?) j
       CROSS JOIN message_audiences a ON a.audience_id = j.value AND a.session_id = ? ORDER BY a.message_id LIMIT ?`,
    )
    .pluck();
  const seen = sqlite.prepare<[string, string, number], { audience: number; sender: number; count: number }>(
    `SELECT a.audience_id AS audience, a.sender_id AS sender, count(*) AS count
     FROM json_each(?) j CROSS JOIN json_each(?) m
     CROSS JOIN message_audiences a ON a.audience_id = j.value AND a.session_id = ? AND a.message_id = m.value
     GROUP BY 1, 2`,
  );
  const uncount = sqlite.prepare<[number, number, number]>(
    'UPDATE session_audiences SET message_count = message_count - ? WHERE audience_id = ? AND session_id = ?',
  );
  const unpost = sqlite.prepare<[number, number, number, number]>(
    `UPDATE participants SET message_count = message_count - ?
     WHERE session_id = ? AND audience_id = ? AND sender_id = ?`,
  );
  const hide = sqlite.prepare<[number, string, string]>(
    `DELETE FROM message_audiences WHERE session_id = ? AND audience_id IN (SELECT value FROM json_each(?))
     AND message_id IN (SELECT value FROM json_each(?))`,
  );
  const remove = sqlite.prepare<[string]>(
    'DELETE FROM messages WHERE id IN (SELECT value FROM json_each(?))',
  );
  // What is derived from messages, as the search index, learns here that they are gone.
  const changed = sqlite.prepare<[number, number]>(
    'INSERT INTO message_changes (seq, message_id) VALUES (?, ?)',
  );
  const forgetImports = sqlite.prepare<[number, number]>(
    `DELETE FROM imported_messages WHERE (session_id, external_id) IN
       (SELECT session_id, external_id FROM imported_messages WHERE session_id = ? LIMIT ?)`,
  );
  const forgetMemory = sqlite.prepare<{ session: number; limit: number }>(
    `DELETE FROM memory_entries WHERE id IN (${sessionMemory('e.id', 'true LIMIT :limit')})`,
  );
  const forgetAudience = sqlite.prepare<[number, number]>(
    'DELETE FROM session_audiences WHERE audience_id = ? AND session_id = ?',
  );
  const forgetParticipants = sqlite.prepare<[number]>('DELETE FROM participants WHERE session_id = ?');
  const removeSession = sqlite.prepare<[number]>('DELETE FROM sessions WHERE id = ?');

  function removeMessages(pk: number, limit: number, all: string): number {
    const ids = messagesOf.all(all, pk, limit);
    if (ids.length === 0) return 0;
    const list = JSON.stringify(ids);
    for (const { audience, sender, count } of seen.all(all, list, pk)) {
      uncount.run(count, audience, pk);
      unpost.run(count, pk, audience, sender);
    }
    hide.run(pk, all, list);
    remove.run(list);
    for (const id of ids) changed.run(nextSeq(), id);
    return ids.length;
  }

  return {
    removeSome(pk, limit) {
      // From here on nothing is posted to it any more.
      close.run(pk);
      const all = audiences.all(pk, pk);
      const messages = removeMessages(pk, limit, JSON.stringify(all));
      if (messages > 0) return { messages, done: false };
      if (forgetImports.run(pk, limit).changes > 0) return { messages, done: false };
      if (forgetMemory.run({ session: pk, limit }).changes > 0) return { messages, done: false };
      for (const audience of all) forgetAudience.run(audience, pk);
      forgetParticipants.run(pk);
      removeSession.run(pk);
      return { messages, done: true };
    },
  };
}
