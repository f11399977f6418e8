/** The removal of a session: the one place that knows all that belongs to one. */
import type { CommittedEvent, Writes } from '../../port.ts';
import type { Connection } from '../connection.ts';
import type { SyncNoun } from '../sync.ts';

type Removal = Pick<Writes['sessions'], 'removeSome'>;

/**
 * Those to whom memory of a session's workspace belongs, one by one, of whom there are fewer than entries: there is no index
 * of memory by session, which every entry would have to write to.
 */
export function memoryOwners({ sqlite }: Connection): (session: number) => Iterable<[number, number]> {
  const workspaceOf = sqlite
    .prepare<[number], number>('SELECT workspace_id FROM sessions WHERE id = ?')
    .pluck();
  const nextOwner = sqlite
    .prepare<[number, number], number | null>(
      'SELECT owner_id FROM memory_entries WHERE workspace_id = ? AND owner_id > ? ORDER BY owner_id LIMIT 1',
    )
    .pluck();
  return function* (session) {
    const workspace = workspaceOf.get(session) ?? 0;
    for (let owner = nextOwner.get(workspace, -1); owner != null; owner = nextOwner.get(workspace, owner))
      yield [workspace, owner];
  };
}

/**
 * Removes in steps of a bounded number of rows. What is counted of the session stays right at each of them. `tell` hears
 * that messages are other than they were, so that nobody remembers what is gone.
 */
export function sessionRemoval(
  connection: Connection,
  nextSeq: () => number,
  tell: (event: CommittedEvent) => void,
  touch: (sessionPk: number) => void,
): SyncNoun<Removal> {
  const { sqlite } = connection;
  const ownersOf = memoryOwners(connection);
  const close = sqlite.prepare<[number]>('UPDATE sessions SET is_active = 0 WHERE id = ?');
  const workspaceOf = sqlite.prepare<[number], { id: number; name: string }>(
    'SELECT w.id, w.name FROM sessions s JOIN workspaces w ON w.id = s.workspace_id WHERE s.id = ?',
  );
  /** Of all who posted to the session. */
  const posted = sqlite
    .prepare<[number], number>('SELECT DISTINCT audience_id FROM participants WHERE session_id = ?')
    .pluck();
  /** Every message has one of these; a session has the first from its beginning. */
  const main = sqlite
    .prepare<[number, string], number>(
      `SELECT a.id FROM sessions s CROSS JOIN audiences a ON a.workspace_id = s.workspace_id
       WHERE s.id = ? AND a.name = ?`,
    )
    .pluck();
  const messagesOf = sqlite
    .prepare<[number, number, number], number>(
      'SELECT message_id FROM message_audiences WHERE audience_id = ? AND session_id = ? ORDER BY message_id LIMIT ?',
    )
    .pluck();
  const shown = sqlite.prepare<[string, string, number], { audience: number; sender: number }>(
    `SELECT a.audience_id AS audience, a.sender_id AS sender FROM json_each(?) j CROSS JOIN json_each(?) m
     CROSS JOIN message_audiences a ON a.audience_id = j.value AND a.message_id = m.value AND a.session_id = ?`,
  );
  const uncount = sqlite.prepare<[number, number]>(
    'UPDATE session_audiences SET message_count = message_count - 1 WHERE audience_id = ? AND session_id = ?',
  );
  const unpost = sqlite.prepare<[number, number, number]>(
    `UPDATE participants SET message_count = message_count - 1
     WHERE session_id = ? AND audience_id = ? AND sender_id = ?`,
  );
  const hide = sqlite.prepare<[number, string, string]>(
    `DELETE FROM message_audiences WHERE session_id = ? AND audience_id IN (SELECT value FROM json_each(?))
     AND message_id IN (SELECT value FROM json_each(?))`,
  );
  const remove = sqlite.prepare<[string]>(
    'DELETE FROM messages WHERE id IN (SELECT value FROM json_each(?))',
  );
  // An audience after the other: there is no index by message, which every message would have to write to.
  const unaddress = sqlite.prepare<[Record<'session' | 'workspace' | 'first' | 'last', number>]>(
    `DELETE FROM message_addressees WHERE (audience_id, message_id) IN (
       SELECT d.audience_id, d.message_id FROM audiences a CROSS JOIN message_addressees d ON d.audience_id = a.id
       WHERE a.workspace_id = :workspace AND d.message_id BETWEEN :first AND :last AND d.session_id = :session)`,
  );
  const forgetReceipts = sqlite.prepare<[string]>(
    'DELETE FROM receipts WHERE message_id IN (SELECT value FROM json_each(?))',
  );
  const forgetEvents = sqlite.prepare<[number, number, number]>(
    `DELETE FROM events WHERE (audience_id, seq) IN (
       SELECT e.audience_id, e.seq FROM audiences a CROSS JOIN events e ON e.audience_id = a.id
       WHERE a.workspace_id = ? AND e.session_id = ? LIMIT ?)`,
  );
  // What is derived from messages, as the search index, learns here that they are gone.
  const changed = sqlite.prepare<[number, number]>(
    'INSERT INTO message_changes (seq, message_id) VALUES (?, ?)',
  );
  const forgetImports = sqlite.prepare<[number, number]>(
    `DELETE FROM imported_messages WHERE (session_id, external_id) IN
       (SELECT session_id, external_id FROM imported_messages WHERE session_id = ? LIMIT ?)`,
  );
  const forgetVersions = sqlite.prepare<[Record<'workspace' | 'owner' | 'session' | 'limit', number>]>(
    `DELETE FROM memory_versions WHERE id IN (
       SELECT v.id FROM (
         SELECT id FROM memory_entries
         WHERE workspace_id = :workspace AND owner_id = :owner AND session_id = :session LIMIT :limit) e
       CROSS JOIN memory_versions v ON v.entry_id = e.id LIMIT :limit)`,
  );
  const forgetMemory = sqlite.prepare<[number, number, number, number]>(
    `DELETE FROM memory_entries WHERE id IN
       (SELECT id FROM memory_entries WHERE workspace_id = ? AND owner_id = ? AND session_id = ? LIMIT ?)`,
  );
  const forgetAudience = sqlite.prepare<[number, number]>(
    'DELETE FROM session_audiences WHERE audience_id = ? AND session_id = ?',
  );
  const forgetParticipants = sqlite.prepare<[number]>('DELETE FROM participants WHERE session_id = ?');
  const removeSession = sqlite.prepare<[number]>('DELETE FROM sessions WHERE id = ?');

  function removeMessages(pk: number, audiences: readonly number[], limit: number): number {
    const ids = ['public', 'admin']
      .flatMap((name) => messagesOf.all(main.get(pk, name) ?? 0, pk, limit))
      .slice(0, limit);
    const [messageId] = ids;
    const workspace = workspaceOf.get(pk);
    if (messageId === undefined || workspace === undefined) return 0;
    const list = JSON.stringify(ids);
    const all = JSON.stringify(audiences);
    for (const { audience, sender } of shown.all(all, list, pk)) {
      uncount.run(audience, pk);
      unpost.run(pk, audience, sender);
    }
    hide.run(pk, all, list);
    const [first, last] = [Math.min(...ids), Math.max(...ids)];
    unaddress.run({ session: pk, workspace: workspace.id, first, last });
    forgetReceipts.run(list);
    remove.run(list);
    for (const id of ids) changed.run(nextSeq(), id);
    tell({
      ...{ seq: messageId, kind: 'message.updated', messageId, sessionPk: pk },
      ...{ workspace: workspace.name, audiences: ['public', 'admin'] },
    });
    return ids.length;
  }

  function removeMemory(pk: number, limit: number): boolean {
    for (const [workspace, owner] of ownersOf(pk)) {
      if (forgetVersions.run({ workspace, owner, session: pk, limit }).changes > 0) return true;
      if (forgetMemory.run(workspace, owner, pk, limit).changes > 0) return true;
    }
    return false;
  }

  return {
    removeSome(pk, limit) {
      touch(pk);
      // From here on nothing is posted to it any more.
      close.run(pk);
      const audiences = [...new Set([...posted.all(pk), main.get(pk, 'public') ?? 0])];
      const messages = removeMessages(pk, audiences, limit);
      const more =
        messages > 0 ||
        forgetImports.run(pk, limit).changes > 0 ||
        forgetEvents.run(workspaceOf.get(pk)?.id ?? 0, pk, limit).changes > 0 ||
        removeMemory(pk, limit);
      if (more) return { messages, done: false };
      for (const audience of audiences) forgetAudience.run(audience, pk);
      forgetParticipants.run(pk);
      removeSession.run(pk);
      return { messages, done: true };
    },
  };
}
