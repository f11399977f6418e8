/**
 * Brings the index up to what hub.db holds, a batch at a time. Each batch reads one state of hub.db in a short transaction,
 * and moves the watermark in the transaction that writes its rows: whenever it is cut off, the next one goes on there.
 */
import type Database from 'better-sqlite3';
import { readState, type Sqlite } from './index-db.ts';
import { searchableText } from './text.ts';
import { createWordCounter } from './word-counter.ts';
import { indexText, scopeText, type Scope } from './tokenize.ts';

export interface Step {
  readonly watermark: number;
  /** The position that hub.db had come to. */
  readonly target: number;
}

export interface Indexer {
  /** Indexes the next batch, if there is one. */
  step(): Step;
  /** Merges a few pages of the index, which makes searches quicker. Answers whether there was anything to merge. */
  merge(): boolean;
}

interface Message extends Omit<Scope, 'audienceIds'> {
  readonly id: number;
  readonly content: string;
  /** JSON; null: none. */
  readonly metadata: string | null;
}

interface Batch {
  /** Rows of the index that are to go, or to be replaced. */
  readonly old: readonly number[];
  readonly messages: readonly (Message & Scope)[];
  readonly upTo: number;
  readonly target: number;
}

const BATCH_MESSAGES = 500;
/** Of content; one message comes in any case. */
const BATCH_CHARS = 1_000_000;
/** Of 4 KiB. */
const MERGED_PAGES = 64;

export function createIndexer(hub: Sqlite, index: Sqlite): Indexer {
  const lastSeq = hub.prepare<[], number>('SELECT last_seq FROM hub').pluck();
  const columns = `id, session_id AS sessionPk, sender_id AS senderId, visibility, message_type AS messageType,
    created_at AS createdAt, content, metadata`;
  const newer = hub.prepare<[number], Message>(`SELECT ${columns} FROM messages WHERE id > ? ORDER BY id`);
  const changed = hub
    .prepare<[number, number], number>(
      'SELECT DISTINCT message_id FROM message_changes WHERE seq > ? AND seq <= ?',
    )
    .pluck();
  const byId = hub.prepare<[number], Message>(`SELECT ${columns} FROM messages WHERE id = ?`);
  const audiencesOf = audiencesIn(hub);
  const remove = index.prepare<[number]>('DELETE FROM docs WHERE rowid = ?');
  const insert = index.prepare<[number, string, string, string]>(
    'INSERT INTO docs (rowid, text, parts, scope) VALUES (?, ?, ?, ?)',
  );
  const counter = createWordCounter(index);
  const mergeSome = index.prepare(`INSERT INTO docs (docs, rank) VALUES ('merge', ${MERGED_PAGES})`);
  const changes = index.prepare<[], number>('SELECT total_changes()').pluck();
  const move = index.prepare<[number]>('UPDATE state SET watermark = ?');

  /** As many messages above the watermark as a batch holds. */
  function nextMessages(after: number): { messages: Message[]; full: boolean } {
    const messages: Message[] = [];
    let chars = 0;
    for (const message of newer.iterate(after)) {
      messages.push(message);
      chars += message.content.length;
      if (messages.length === BATCH_MESSAGES || chars >= BATCH_CHARS) return { messages, full: true };
    }
    return { messages, full: false };
  }

  const read = hub.transaction((after: number): Batch => {
    const target = lastSeq.get() ?? 0;
    if (target <= after) return { old: [], messages: [], upTo: after, target };
    const { messages, full } = nextMessages(after);
    const upTo = full ? (messages.at(-1)?.id ?? target) : target;
    const old = changed.all(after, upTo).filter((id) => id <= after);
    const again = old.flatMap((id) => byId.get(id) ?? []);
    const audiences = audiencesOf();
    const all = [...again, ...messages].map((message) => ({ ...message, audienceIds: audiences(message) }));
    return { old, messages: all, upTo, target };
  });

  const write = index.transaction(({ old, messages, upTo }: Batch): void => {
    for (const id of old) remove.run(id);
    const again = new Set(old);
    for (const message of messages) {
      const words = indexText(searchableText(message.content, message.metadata));
      insert.run(message.id, words.text, words.parts, scopeText(message, message.content));
      counter.add(words, message.audienceIds, again.has(message.id));
    }
    counter.write();
    move.run(upTo);
  });

  return {
    step() {
      const after = readState(index).watermark;
      const batch = read(after);
      if (batch.upTo > after) write.immediate(batch);
      return { watermark: batch.upTo, target: batch.target };
    },

    merge() {
      const before = changes.get() ?? 0;
      mergeSome.run();
      // The statement itself counts as one.
      return (changes.get() ?? 0) - before > 1;
    },
  };
}

/**
 * A message's audiences. There is no way to them from the message alone; they are among those that its sender has posted to
 * in its session, which are remembered for one batch.
 */
function audiencesIn(hub: Sqlite): () => (message: Message) => readonly number[] {
  const postedTo: Database.Statement<[number, number], number> = hub
    .prepare<[number, number], number>(
      'SELECT audience_id FROM participants WHERE session_id = ? AND sender_id = ?',
    )
    .pluck();
  const isIn = hub
    .prepare<[number, number, number], number>(
      'SELECT 1 FROM message_audiences WHERE audience_id = ? AND session_id = ? AND message_id = ?',
    )
    .pluck();
  return () => {
    const known = new Map<string, readonly number[]>();
    return ({ id, sessionPk, senderId }) => {
      const key = `${sessionPk}/${senderId}`;
      const possible = known.get(key) ?? postedTo.all(sessionPk, senderId);
      known.set(key, possible);
      return possible.filter((audience) => isIn.get(audience, sessionPk, id) !== undefined);
    };
  };
}
