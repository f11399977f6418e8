/** Streams of clients that do not read them: they are cut, so that nothing is kept for them without end. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openSession, post } from '../_util/scenario-raw.ts';
import { AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

const headersOf = (agent: string) => ({
  ...{ authorization: `Bearer ${AGENT_KEY}`, 'x-agent-id': agent, 'x-agent-type': 'coder' },
});

let hub: TestHub;
let session_id: string;
let say: (content: string) => Promise<unknown>;
beforeAll(async () => {
  hub = await startTestHub({ env: { MAX_STREAMS_PER_KEY: '1' }, streams: { patienceMs: 50 } });
  const ann = await hub.connect('2026', { agent: 'ann', type: 'coder' });
  session_id = String((await ann.callTool('create_session', { purpose: 'to talk' })).json['session_id']);
  say = (content) => ann.callTool('add_message', { session_id, content });
});
afterAll(() => hub[Symbol.asyncDispose]());

/** A stream that is told of every message of the session. */
const OPEN = {
  '2025': async (agent: string): Promise<Response> => {
    const headers = await openSession(hub, headersOf(agent));
    const params = { uri: `session://${session_id}/messages` };
    await post(hub, '2025', { method: 'resources/subscribe', params, headers });
    return hub.request('/mcp', { headers: { ...headers, accept: 'text/event-stream' } });
  },
  '2026': (agent: string): Promise<Response> => {
    const notifications = { resourceSubscriptions: [`session://${session_id}/messages`] };
    const headers = headersOf(agent);
    return post(hub, '2026', { method: 'subscriptions/listen', params: { notifications }, headers });
  },
};

it.each(['2025', '2026'] as const)('of %s are cut, and make room for others', async (era) => {
  const unread = await OPEN[era]('idle');
  expect(unread.headers.get('content-type')).toBe('text/event-stream');
  let next: Response | undefined;
  await vi.waitUntil(
    async () => {
      await say('news');
      next = await OPEN[era]('next');
      return next.headers.get('content-type') === 'text/event-stream';
    },
    { timeout: 5000 },
  );
  const text = unread.text();
  await expect(text).rejects.toThrow('does not read');
  // One that is read goes on.
  let told = 0;
  const decoder = new TextDecoder();
  const read = new WritableStream<Uint8Array>({
    write: (chunk) => void (told += decoder.decode(chunk).split('resources/updated').length - 1),
  });
  const leaving = new AbortController();
  const reading = next?.body?.pipeTo(read, { signal: leaving.signal }).catch(() => leaving.signal.aborted);
  await vi.waitUntil(
    async () => {
      await say('more');
      return told >= 5;
    },
    { timeout: 5000 },
  );
  leaving.abort();
  expect(await reading).toBe(true);
});
