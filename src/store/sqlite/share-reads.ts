/**
 * One answer for all who ask the same while nothing is committed: a message that many wait for is read by all of them at once.
 * For a connection that sees what is committed, and nothing else: there, what readers of messages and of the log see changes
 * with the head of the log only.
 */
import type { MessageRow, Reads, Sight } from '../port.ts';
import type { Connection } from './connection.ts';
import type { Names } from './names.ts';
import type { SyncNouns } from './sync.ts';

/** Answers kept, and how long the texts of one may be that is. */
const MAX_KNOWN = 128;
const MAX_KEPT_CHARS = 16_384;

export function shareReads({ sqlite }: Connection, names: Names, reads: SyncNouns<Reads>): SyncNouns<Reads> {
  const head = sqlite.prepare<[], number>('SELECT last_seq FROM hub').pluck();
  const known = new Map<string, unknown>();
  let upTo: number | undefined;

  /** What is too large is read anew for each. */
  function once<T>(key: readonly unknown[], read: () => T, chars: (answer: T) => number = () => 0): T {
    const now = head.get();
    if (now !== upTo || known.size >= MAX_KNOWN) known.clear();
    upTo = now;
    const text = JSON.stringify(key);
    if (known.has(text)) return known.get(text) as T;
    const answer = read();
    if (chars(answer) <= MAX_KEPT_CHARS) known.set(text, answer);
    return answer;
  }

  // What has no number yet may get one without a change of the log.
  const audiences = (sight: Sight): readonly number[] => names.audiences(sight);
  const { events, messages } = reads;
  return {
    ...reads,
    events: {
      ...events,
      page: ({ sight, after, sessionPk, limit }) =>
        once(['page', audiences(sight), after, sessionPk, limit], () =>
          events.page({ sight, after, limit, ...(sessionPk === undefined ? {} : { sessionPk }) }),
        ),
    },
    messages: {
      ...messages,
      heads: (list, sight) => once(['heads', audiences(sight), list], () => messages.heads(list, sight)),
      rows: (list, sight, maxBytes) =>
        once(['rows', audiences(sight), list, maxBytes], () => messages.rows(list, sight, maxBytes), charsOf),
    },
  };
}

function charsOf(rows: readonly MessageRow[]): number {
  return rows.reduce(
    (sum, { content, metadata }) => sum + content.length + JSON.stringify(metadata).length,
    0,
  );
}
