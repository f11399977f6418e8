/** What agents do beside writing, as long as it is wanted: they search, wait, and follow streams. */
import { setTimeout as delay } from 'node:timers/promises';
import { EventSourceReader } from '../../_util/event-source.ts';
import { HUB_KEY } from '../../_util/hub-process.ts';
import { callTool } from '../../_util/ledger-client.ts';

export interface Load {
  /** Answers by what they are; `failed` are failures of the hub. */
  readonly counts: Readonly<Record<'searches' | 'waits' | 'unknown' | 'refused' | 'failed', number>>;
  /** What each stream was told of, in order. */
  readonly streams: readonly (readonly number[])[];
  stop(): Promise<void>;
}

export interface LoadOptions {
  readonly url: () => Promise<string>;
  readonly sessionId: string;
  readonly searchers: number;
  readonly waiters: number;
  readonly streams: number;
}

const PAUSE_MS = 50;
const SEARCH_EVERY_MS = 1000;
const WAIT_SECONDS = 5;

export function startLoad({ url, sessionId, searchers, waiters, streams }: LoadOptions): Load {
  const counts = { searches: 0, waits: 0, unknown: 0, refused: 0, failed: 0 };
  const told: number[][] = [];
  const over = new AbortController();

  async function ask(agent: string, tool: string, args: Readonly<Record<string, unknown>>) {
    const answer = await callTool(await url(), agent, tool, args);
    if (answer.is === 'success') return answer.value;
    if (answer.is === 'unknown') counts.unknown++;
    else if (answer.code === 'INTERNAL_ERROR' || answer.code.startsWith('HTTP 5')) counts.failed++;
    else counts.refused++;
    await delay(PAUSE_MS);
    return undefined;
  }

  async function search(nth: number): Promise<void> {
    for (let n = 0; !over.signal.aborted; n++) {
      const query = n % 2 === 0 ? `writer ${n % 50}` : `writr-${nth}`;
      const found = await ask(`searcher-${nth}`, 'search_context', { query, session_id: sessionId });
      if (found !== undefined) counts.searches++;
      await delay(SEARCH_EVERY_MS);
    }
  }

  async function wait(nth: number): Promise<void> {
    for (let cursor: unknown; !over.signal.aborted;) {
      const at = cursor === undefined ? {} : { cursor };
      const args = { session_id: sessionId, timeout_seconds: WAIT_SECONDS, limit: 100, ...at };
      const news = await ask(`waiter-${nth}`, 'wait_for_messages', args);
      if (news === undefined) continue;
      counts.waits++;
      ({ cursor } = news);
    }
  }

  async function follow(nth: number): Promise<void> {
    const seen: number[] = [];
    told.push(seen);
    for (let lastId = ''; !over.signal.aborted; await delay(PAUSE_MS)) {
      try {
        const headers = { authorization: `Bearer ${HUB_KEY}`, 'x-agent-id': `follower-${nth}` };
        const from: Readonly<Record<string, string>> = lastId === '' ? {} : { 'last-event-id': lastId };
        const address = `${await url()}/events?session_id=${sessionId}`;
        const reader = new EventSourceReader(
          await fetch(address, { headers: { ...headers, ...from }, signal: over.signal }),
        );
        for (let event = await reader.next(); event !== undefined; event = await reader.next()) {
          lastId = event.id;
          if (event.event === 'message.added') seen.push(Number(event.data['id']));
        }
        lastId = reader.lastId;
      } catch {
        // The hub was killed, or it is over.
      }
    }
  }

  const many = (count: number, one: (nth: number) => Promise<void>) =>
    Array.from({ length: count }, (_, i) => one(i));
  const running = Promise.all([...many(searchers, search), ...many(waiters, wait), ...many(streams, follow)]);
  // Awaited by `stop`.
  running.catch(() => undefined);
  return {
    counts,
    streams: told,
    async stop() {
      over.abort();
      await running;
    },
  };
}
