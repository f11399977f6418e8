/**
 * A ledger: writers that note every acknowledged message and repeat what was not acknowledged with the same key, a reader
 * that follows its cursor, and the check that the hub has kept its word.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { successOf, type CallTool } from './call-tool.ts';

export interface LedgerOptions {
  readonly writers: number;
  /** Where the hub answers now; may wait for one that is starting. */
  readonly url: () => Promise<string>;
  readonly call: CallTool;
  /** How often each writer begins a message, in milliseconds, once the one before is acknowledged; 0: at once. */
  readonly everyMs?: number;
  /** Ends writers and reader with an error, wherever they are. */
  readonly signal?: AbortSignal;
}

export interface Ledger {
  readonly sessionId: string;
  /** The id that the hub acknowledged, by idempotency key. */
  readonly acknowledged: ReadonlyMap<string, number>;
  /** Resolves when that many more messages are acknowledged. */
  more(count: number): Promise<void>;
  /** Ends writers and reader; everything that was begun is acknowledged then. */
  stop(): Promise<void>;
  /** Compares with what a hub has stored. */
  check(url: string): Promise<LedgerReport>;
}

export interface LedgerReport {
  readonly acknowledged: number;
  /** Acknowledged, but not there under its id. */
  readonly lost: number;
  /** There more than once. */
  readonly doubled: number;
  /** There, although nobody holds an acknowledgement; in the end all writers do. */
  readonly strange: number;
  /** What the following reader did not see, or not in order. */
  readonly missed: number;
  /** As the session counts them. */
  readonly counted: number;
}

const createdSchema = z.looseObject({ session_id: z.string() });
const postedSchema = z.looseObject({ message_id: z.int() });
const pageSchema = z.looseObject({
  messages: z.array(z.looseObject({ id: z.int(), content: z.string() })),
});
const sessionSchema = z.looseObject({ message_count: z.int() });
type Stored = z.output<typeof pageSchema>['messages'][number];

/** Errors after which the same call may succeed. */
const PASSING = new Set(['STORE_UNAVAILABLE', 'OVERLOADED']);
const PAUSE_MS = 5;
const PAGE = 1000;
const MOST_TOKENS = 200_000;
/** Who looks at the end. */
const CHECKER = 'checker';

/** Opens a session and begins. @throws Error if the hub refuses what it must not */
export async function startLedger({
  writers,
  url,
  call,
  signal,
  everyMs = 0,
}: LedgerOptions): Promise<Ledger> {
  const opened = await call(await url(), 'founder', 'create_session', { purpose: 'to keep a ledger' });
  const { session_id: sessionId } = createdSchema.parse(successOf('create_session', opened));
  const acknowledged = new Map<string, number>();
  const followed: number[] = [];
  let stopping = false;

  async function untilDone(agent: string, tool: string, args: Readonly<Record<string, unknown>>) {
    for (;;) {
      signal?.throwIfAborted();
      const answer = await call(await url(), agent, tool, args);
      if (answer.is === 'success') return answer.value;
      if (answer.is === 'refusal' && !PASSING.has(answer.code)) throw new Error(JSON.stringify(answer));
      await delay(PAUSE_MS);
    }
  }

  async function write(writer: number): Promise<void> {
    const agent = `writer-${String(writer)}`;
    for (let n = 0; !stopping; n++) {
      const key = `${agent}/${String(n)}`;
      const next = performance.now() + everyMs;
      const args = { session_id: sessionId, content: key, idempotency_key: key };
      const posted = postedSchema.parse(await untilDone(agent, 'add_message', args));
      acknowledged.set(key, posted.message_id);
      if (next > performance.now()) await delay(next - performance.now());
    }
  }

  const pageAfter = (after: number) => ({
    session_id: sessionId,
    after_id: after,
    limit: PAGE,
    max_tokens: MOST_TOKENS,
  });

  async function follow(): Promise<void> {
    for (let more = true; more; await delay(PAUSE_MS)) {
      const ended = stopping;
      const answer = await untilDone('reader', 'get_messages', pageAfter(followed.at(-1) ?? 0));
      const page = pageSchema.parse(answer).messages;
      followed.push(...page.map((message) => message.id));
      // What is left in the end may be more than a page.
      more = !ended || page.length > 0;
    }
  }

  async function readAll(at: string): Promise<Stored[]> {
    const stored: Stored[] = [];
    for (;;) {
      const answer = await call(at, CHECKER, 'get_messages', pageAfter(stored.at(-1)?.id ?? 0));
      const page = pageSchema.parse(successOf('get_messages', answer)).messages;
      if (page.length === 0) return stored;
      stored.push(...page);
    }
  }

  const writing = Promise.all(Array.from({ length: writers }, (_, i) => write(i)));
  const following = follow();
  // Awaited by `stop`.
  for (const one of [writing, following]) one.catch(() => undefined);

  return {
    sessionId,
    acknowledged,
    async more(count) {
      const wanted = acknowledged.size + count;
      const failed = writing.then(() => undefined);
      while (acknowledged.size < wanted) await Promise.race([delay(PAUSE_MS), failed]);
    },
    async stop() {
      stopping = true;
      await writing;
      await following;
    },
    async check(at) {
      const stored = await readAll(at);
      const byKey = new Map(stored.map((message) => [message.content, message.id]));
      const ids = stored.map((message) => message.id);
      const answer = await call(at, CHECKER, 'get_session', { session_id: sessionId, include_messages: 0 });
      const session = sessionSchema.parse(successOf('get_session', answer));
      return {
        acknowledged: acknowledged.size,
        lost: [...acknowledged].filter(([key, id]) => byKey.get(key) !== id).length,
        doubled: stored.length - byKey.size,
        strange: [...byKey.keys()].filter((key) => !acknowledged.has(key)).length,
        missed: ids.filter((id, i) => followed[i] !== id).length + Math.max(0, followed.length - ids.length),
        counted: session.message_count,
      };
    },
  };
}
