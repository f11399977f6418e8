/**
 * Where a reader of the log is, and what the answer with this cursor has shown it. Given back, it acknowledges what was
 * shown in full, and nothing else: a cursor knows no more than the answer that it came with.
 */
import { z } from 'zod';
import { decodeCursor, encodeCursor, invalidCursor } from '../cursor.ts';

export interface DeliveryCursor {
  /** The reader goes on after this position of the log. */
  readonly position: number;
  /** Who was shown the messages; to others the cursor is a position and no more. */
  readonly agentPk: number;
  /** Unread messages that the answer held in full. */
  readonly ids: readonly number[];
  /** Unread messages that no answer holds in full: they stay unread, but do not come again and again. */
  readonly cut: readonly number[];
}

const KIND = 'delivery';
const WORDS = { from: 'wait_for_messages or catch_up' };
/** More stay unread: a cursor is read by agents, who pay for its length. */
const MAX_IDS = 200;
const MAX_CUT = 20;

const position = z.int().min(0);
const steps = (max: number) => z.array(z.int()).max(max);
const form = z.tuple([position, position, steps(MAX_IDS), steps(MAX_CUT)]);

export function writeCursor(epoch: string, { position: at, agentPk, ids, cut }: DeliveryCursor): string {
  return encodeCursor(epoch, KIND, [
    at,
    agentPk,
    toSteps(at, ids.slice(0, MAX_IDS)),
    toSteps(at, cut.slice(-MAX_CUT)),
  ]);
}

/**
 * `head`: the position that the log has come to; no answer has given out a higher one.
 * @throws HubError INVALID_CURSOR
 */
export function readCursor(epoch: string, cursor: string, head = Infinity): DeliveryCursor {
  const [at, agentPk, ids, cut] = decodeCursor(epoch, KIND, form, cursor, WORDS);
  if (at > head) throw invalidCursor(cursor, WORDS);
  return { position: at, agentPk, ids: fromSteps(at, ids), cut: fromSteps(at, cut) };
}

/** Ids lie close together: what stands between them is shorter. */
function toSteps(from: number, ids: readonly number[]): number[] {
  return ids.map((id, i) => id - (ids[i - 1] ?? from));
}

function fromSteps(from: number, all: readonly number[]): number[] {
  let at = from;
  return all.map((step) => (at += step));
}
