/** Who spoke in a time, counted over the messages of that time. */
import type { Spoken, SpokenIn } from '../../port.ts';
import type { Connection } from '../connection.ts';
import type { Names } from '../names.ts';

/** Messages that are counted, whatever the time; some tenths of a second. */
const MAX_COUNTED = 100_000;

interface Said {
  readonly session: string;
  readonly sender: string;
  readonly messages: number;
}

/** @param maxCounted messages that are counted at most, of all audiences together. */
export function countSpoken(
  { sqlite }: Connection,
  names: Names,
  maxCounted = MAX_COUNTED,
): (args: SpokenIn) => Spoken {
  const said = sqlite.prepare<[Record<'audience' | 'start' | 'end' | 'limit', number>], Said>(`
    SELECT s.session_id AS session, n.name AS sender, g.messages FROM (
      SELECT session_id, sender_id, count(*) AS messages FROM (
        SELECT session_id, sender_id FROM message_audiences INDEXED BY message_audiences_by_time
        WHERE audience_id = :audience AND created_at BETWEEN :start AND :end
        ORDER BY created_at DESC, message_id DESC LIMIT :limit)
      GROUP BY session_id, sender_id) g
    CROSS JOIN sessions s ON s.id = g.session_id CROSS JOIN senders n ON n.id = g.sender_id`);

  return ({ sight, start, end, limit }) => {
    const sessions = new Map<string, number>();
    const senders = new Map<string, number>();
    // One more tells that there are more.
    let room = maxCounted + 1;
    for (const audience of names.audiences(sight)) {
      for (const { session, sender, messages } of said.iterate({ audience, start, end, limit: room })) {
        add(sessions, session, messages);
        add(senders, sender, messages);
        room -= messages;
      }
    }
    return {
      messages: Math.min(maxCounted, maxCounted + 1 - room),
      more: room === 0,
      sessions: most(sessions, limit).map(([sessionId, messages]) => ({ sessionId, messages })),
      sessionsInAll: sessions.size,
      senders: most(senders, limit).map(([sender, messages]) => ({ sender, messages })),
      sendersInAll: senders.size,
    };
  };
}

function add(counts: Map<string, number>, name: string, count: number): void {
  counts.set(name, (counts.get(name) ?? 0) + count);
}

function most(counts: ReadonlyMap<string, number>, limit: number): readonly (readonly [string, number])[] {
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, limit);
}
