/**
 * The ledger of a fault test: writers that note every acknowledged message and repeat what was not acknowledged with the
 * same key, a reader that follows its cursor, and the check that the hub has kept its word.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { callTool, mustCall } from './ledger-client.ts';

export interface LedgerOptions {
  readonly writers: number;
  /** Where the hub answers now; may wait for one that is starting. */
  readonly url: () => Promise<string>;
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

interface Stored {
  readonly id: number;
  readonly content: string;
}

/** Errors after which the same call may succeed. */
const PASSING = new Set(['STORE_UNAVAILABLE', 'OVERLOADED']);
const PAUSE_MS = 5;
const PAGE = 1000;

export async function startLedger({ writers, url }: LedgerOptions): Promise<Ledger> {
  const created = await mustCall(await url(), 'founder', 'create_session', { purpose: 'to keep a ledger' });
  const sessionId = String(created['session_id']);
  const acknowledged = new Map<string, number>();
  const followed: number[] = [];
  let stopping = false;

  async function untilDone(
    agent: string,
    name: string,
    args: Record<string, unknown>,
  ): Promise<Record<string, unknown>> {
    for (;;) {
      const answer = await callTool(await url(), agent, name, args);
      if (answer.is === 'success') return answer.value;
      if (answer.is === 'refusal' && !PASSING.has(answer.code)) throw new Error(JSON.stringify(answer));
      await delay(PAUSE_MS);
    }
  }

  async function write(writer: number): Promise<void> {
    const agent = `writer-${writer}`;
    for (let n = 0; !stopping; n++) {
      const key = `${agent}/${n}`;
      const args = { session_id: sessionId, content: key, idempotency_key: key };
      acknowledged.set(key, Number((await untilDone(agent, 'add_message', args))['message_id']));
    }
  }

  async function follow(): Promise<void> {
    for (let more = true; more; await delay(PAUSE_MS)) {
      const ended = stopping;
      const page = await readAfter(followed.at(-1) ?? 0);
      followed.push(...page.map((message) => message.id));
      // What is left in the end may be more than a page.
      more = !ended || page.length > 0;
    }
  }

  async function readAfter(after: number): Promise<Stored[]> {
    const args = { session_id: sessionId, after_id: after, limit: PAGE };
    return (await untilDone('reader', 'get_messages', args))['messages'] as Stored[];
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
      const stored: Stored[] = [];
      for (let page: Stored[] = []; stored.length === 0 || page.length > 0; stored.push(...page)) {
        const args = { session_id: sessionId, after_id: stored.at(-1)?.id ?? 0, limit: PAGE };
        page = (await mustCall(at, 'checker', 'get_messages', args))['messages'] as Stored[];
        if (page.length === 0) break;
      }
      const byKey = new Map(stored.map((message) => [message.content, message.id]));
      const ids = stored.map((message) => message.id);
      const session = await mustCall(at, 'checker', 'get_session', { session_id: sessionId });
      return {
        acknowledged: acknowledged.size,
        lost: [...acknowledged].filter(([key, id]) => byKey.get(key) !== id).length,
        doubled: stored.length - byKey.size,
        strange: [...byKey.keys()].filter((key) => !acknowledged.has(key)).length,
        missed: ids.filter((id, i) => followed[i] !== id).length + Math.max(0, followed.length - ids.length),
        counted: Number(session['message_count']),
      };
    },
  };
}
