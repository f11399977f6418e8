/** Waiting for messages: it wakes for what counts, its cursor acknowledges what it showed, and nothing else. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type AnyClient, type TestHub } from '../_util/test-hub.ts';
import type { ClientEra } from '../_util/connect-client.ts';

type Args = Record<string, unknown>;
interface Waited {
  readonly messages: readonly { readonly id: number; readonly content: string; readonly sender: string }[];
  readonly cursor: string;
  readonly timed_out: boolean;
  readonly truncated: boolean;
  readonly inbox?: { readonly unread: number; readonly latest: readonly { readonly id: number }[] };
}

let hub: TestHub;
let ann: AnyClient;
let bob: AnyClient;
let eve: AnyClient;
let session_id: string;

const connect = (agent: string, type: string, era: ClientEra = '2026', key = AGENT_KEY) =>
  hub.connect(era, { key, agent, type });

async function call(agent: AnyClient, name: string, args: Args = {}): Promise<Args> {
  const answer = await agent.callTool(name, args);
  expect(answer.isError, answer.text).toBe(false);
  return answer.json;
}
const open = async () => String((await call(ann, 'create_session', { purpose: 'Waiting' }))['session_id']);
const post = async (agent: AnyClient, content: string, more: Args = {}) =>
  Number((await call(agent, 'add_message', { session_id, content, ...more }))['message_id']);
const wait = async (agent: AnyClient, args: Args = {}) =>
  (await call(agent, 'wait_for_messages', args)) as unknown as Waited;
const poll = (agent: AnyClient, args: Args = {}) => wait(agent, { timeout_seconds: 0, ...args });
const contents = ({ messages }: Waited) => messages.map(({ content }) => content);
/** Until so many more calls wait. */
const listening = () => hub.hub.services.delivery.waiting;
async function untilWaiting(count: number): Promise<void> {
  await vi.waitUntil(() => listening() === count, { interval: 1, timeout: 5000 });
}

beforeAll(async () => {
  hub = await startTestHub({ progressMs: 20 });
  ann = await connect('ann', 'coder');
  bob = await connect('bob', 'tester');
  eve = await connect('eve', 'tester', '2025');
});
afterAll(() => hub[Symbol.asyncDispose]());
beforeEach(async () => {
  session_id = await open();
  // Nobody has anything unread.
  for (const agent of [ann, bob, eve])
    for (let waited = await poll(agent, { addressed_only: true }); waited.messages.length > 0;)
      waited = await poll(agent, { addressed_only: true, cursor: waited.cursor });
});

describe.each(['2025', '2026'] as const)('a wait of revision %s', (era) => {
  let waiter: AnyClient;
  beforeAll(async () => {
    waiter = await connect(`waiter-${era}`, 'tester', era);
  });

  it('answers as soon as a message arrives', async () => {
    const waiting = wait(waiter, { session_id });
    await untilWaiting(1);
    const id = await post(ann, 'now');
    const waited = await waiting;
    expect(waited).toMatchObject({ messages: [{ id, content: 'now', sender: 'ann' }], timed_out: false });
    expect(waited).not.toHaveProperty('inbox');
    await untilWaiting(0);
  });

  it('goes on from its cursor, and ends with the time', async () => {
    const { cursor } = await poll(waiter, { session_id });
    await post(ann, 'one');
    await post(ann, 'two');
    const waited = await wait(waiter, { session_id, cursor });
    expect(contents(waited)).toEqual(['one', 'two']);
    const later = await wait(waiter, { session_id, cursor: waited.cursor, timeout_seconds: 1 });
    expect(later).toMatchObject({ messages: [], timed_out: true });
  });

  it('tells a client that asks for it that it goes on', async () => {
    const seen: number[] = [];
    const { client } = waiter as { client: { callTool: (...args: unknown[]) => Promise<unknown> } };
    const params = { name: 'wait_for_messages', arguments: { session_id } };
    const options = { onprogress: ({ progress }: { progress: number }) => seen.push(progress) };
    const waiting = client.callTool(...(era === '2025' ? [params, undefined, options] : [params, options]));
    await vi.waitUntil(() => seen.length >= 3, { interval: 5, timeout: 5000 });
    await post(ann, 'at last');
    expect(await waiting).toMatchObject({
      structuredContent: { messages: [{ content: 'at last' }], timed_out: false },
    });
  });

  it('is over when the client cancels it', async () => {
    const stop = new AbortController();
    const waiting = waiter.callTool('wait_for_messages', { session_id }, { signal: stop.signal });
    waiting.catch(() => undefined);
    await untilWaiting(1);
    stop.abort();
    await untilWaiting(0);
    await expect(waiting).rejects.toThrow();
  });
});

describe('what wakes', () => {
  it('is nothing of another session, of the caller itself, or that it may not see', async () => {
    const waiting = wait(bob, { session_id, timeout_seconds: 1 });
    await untilWaiting(1);
    const elsewhere = await open();
    await call(ann, 'add_message', { session_id: elsewhere, content: 'elsewhere' });
    await post(ann, 'hidden', { visibility: 'agent_only' });
    await post(ann, 'for eve', { visibility: 'private', to: ['eve'] });
    await post(bob, 'my own');
    const waited = await waiting;
    expect(waited.timed_out).toBe(true);
    expect(contents(waited)).toEqual(['my own']);
  });

  it('comes with the own messages before it, in order', async () => {
    const { cursor } = await poll(bob, { session_id });
    const waiting = wait(bob, { session_id, cursor });
    await untilWaiting(1);
    await post(bob, 'mine');
    await post(ann, 'hers');
    expect(contents(await waiting)).toEqual(['mine', 'hers']);
    expect(contents(await poll(bob, { session_id, cursor }))).toEqual(['mine', 'hers']);
  });

  it('is found behind more own messages than an answer holds', async () => {
    let { cursor } = await poll(bob, { session_id });
    for (let i = 0; i < 5; i++) await post(bob, `mine ${i}`);
    const none = await wait(bob, { session_id, cursor, limit: 2, timeout_seconds: 1 });
    expect(none).toMatchObject({ timed_out: true, messages: [{ content: 'mine 0' }, { content: 'mine 1' }] });
    await post(ann, 'hers');
    const all: string[] = [];
    for (let i = 0; i < 3; i++) {
      const waited = await wait(bob, { session_id, cursor, limit: 2 });
      expect(waited.timed_out).toBe(false);
      all.push(...contents(waited));
      ({ cursor } = waited);
    }
    expect(all).toEqual(['mine 0', 'mine 1', 'mine 2', 'mine 3', 'mine 4', 'hers']);
  });

  it('is a message that was widened, as new', async () => {
    const id = await post(ann, 'a draft', { visibility: 'agent_only' });
    await post(ann, 'later');
    const { cursor, messages } = await poll(bob, { session_id, limit: 100 });
    expect(messages).toEqual([]);
    const waiting = wait(bob, { session_id, cursor });
    await untilWaiting(1);
    await call(ann, 'set_message_visibility', { message_id: id, visibility: 'public' });
    expect(contents(await waiting)).toEqual(['a draft']);
  });

  it('is with addressed_only what speaks to the caller', async () => {
    const waiting = wait(bob, { addressed_only: true });
    await untilWaiting(1);
    await post(ann, 'to all');
    await post(ann, 'to coders', { to: ['type:coder'] });
    await post(ann, 'to @Bob.');
    expect(contents(await waiting)).toEqual(['to @Bob.']);
  });
});

describe('unread messages', () => {
  it('come again until the cursor that showed them is given back', async () => {
    const id = await post(ann, 'please', { to: ['bob'] });
    await post(ann, 'by the way');
    const first = await poll(bob);
    expect(contents(first)).toEqual(['please', 'by the way']);
    const again = await poll(bob);
    expect(contents(again)).toEqual(['please', 'by the way']);
    // A cursor that did not show it, from before and from after it.
    const { cursor } = await poll(eve);
    expect(contents(await poll(bob, { cursor }))).toEqual(['please']);
    expect((await call(bob, 'list_sessions'))['inbox']).toMatchObject({ unread: 1, latest: [{ id }] });
    expect(contents(await poll(bob, { cursor: again.cursor }))).toEqual([]);
    expect(contents(await poll(bob))).toEqual([]);
    expect(contents(await poll(bob, { cursor }))).toEqual([]);
    expect(await call(bob, 'list_sessions')).not.toHaveProperty('inbox');
  });

  it('are left out of the inbox of the answer that shows them', async () => {
    await post(ann, 'first', { to: ['bob'] });
    const second = await post(ann, 'second', { to: ['type:tester'] });
    const waited = await poll(bob, { limit: 1 });
    expect(contents(waited)).toEqual(['first']);
    expect(waited.inbox).toMatchObject({ unread: 1, latest: [{ id: second }] });
    expect(await poll(bob, { limit: 2 })).not.toHaveProperty('inbox');
  });

  it('of a type are unread by each agent of it, those that come later too', async () => {
    const early = await connect('early', 'reviewer', '2025');
    await post(ann, 'all reviewers', { to: ['type:REVIEWER'] });
    for (const agent of [early, await connect('late', 'Reviewer')]) {
      const waited = await poll(agent, { session_id });
      expect(contents(waited)).toEqual(['all reviewers']);
      expect((await call(agent, 'list_sessions'))['inbox']).toMatchObject({ unread: 1 });
      expect(contents(await poll(agent, { cursor: waited.cursor }))).toEqual([]);
      expect(await call(agent, 'list_sessions')).not.toHaveProperty('inbox');
    }
  });

  it('are not acknowledged by the cursor of another agent', async () => {
    await post(ann, 'for both', { to: ['bob', 'eve'] });
    const { cursor } = await poll(eve);
    const waited = await poll(bob, { cursor });
    expect(contents(waited)).toEqual(['for both']);
    expect(contents(await poll(bob, { cursor }))).toEqual(['for both']);
    expect(contents(await poll(eve, { cursor }))).toEqual([]);
    expect(contents(await poll(bob, { cursor: waited.cursor }))).toEqual([]);
  });

  it('that were cut come in full where there is room, and do not come again and again', async () => {
    const id = await post(ann, 'x'.repeat(5000), { to: ['bob'] });
    const small = await poll(bob, { max_tokens: 500 });
    expect(small).toMatchObject({ messages: [{ id, content_truncated: true }], truncated: true });
    const next = await poll(bob, { cursor: small.cursor, max_tokens: 500 });
    expect(next.messages).toEqual([]);
    expect((await call(bob, 'list_sessions'))['inbox']).toMatchObject({ unread: 1 });
    const full = await poll(bob, { cursor: (await poll(bob)).cursor });
    expect(full.messages).toEqual([]);
    expect(await call(bob, 'list_sessions')).not.toHaveProperty('inbox');
  });

  it('are those of one session where one is asked for', async () => {
    await post(ann, 'here', { to: ['bob'] });
    const here = session_id;
    session_id = await open();
    await post(ann, 'there', { to: ['bob'] });
    const waited = await poll(bob, { session_id: here });
    expect(contents(waited)).toEqual(['here']);
    // Acknowledges what it showed: "there" comes again, though the cursor lies behind it.
    expect(contents(await poll(bob, { cursor: waited.cursor }))).toEqual(['there']);
  });
});

describe('a wait', () => {
  it('sees with admin what admins see, and leaves an audit row', async () => {
    const ops = await connect('ops', 'human', '2026', ADMIN_KEY);
    const { cursor } = await poll(ops, { session_id });
    await post(ann, 'between us', { visibility: 'private', to: ['bob'] });
    expect(contents(await poll(ops, { session_id, cursor }))).toEqual(['between us']);
    await vi.waitUntil(
      async () => {
        const rows = await call(ops, 'get_audit_log', { event_type: 'admin.read', session_id });
        return (rows['entries'] as { action: string }[]).some(({ action }) => action === 'wait_for_messages');
      },
      { interval: 10, timeout: 5000 },
    );
  });

  it('refuses a cursor of something else', async () => {
    const bad = await bob.callTool('wait_for_messages', { cursor: 'nonsense' });
    expect(bad.json).toMatchObject({ code: 'INVALID_CURSOR' });
    const { next_cursor } = await call(bob, 'list_sessions', { limit: 1 });
    expect((await bob.callTool('wait_for_messages', { cursor: next_cursor })).json).toMatchObject({
      code: 'INVALID_CURSOR',
    });
  });

  it('needs no more than read', async () => {
    const key = await hub.makeKey('readers', { permissions: ['read'] });
    const reader = await connect('reader', 'reader', '2026', key);
    await post(ann, 'read this', { to: ['reader'] });
    const waited = await wait(reader);
    expect(contents(waited)).toEqual(['read this']);
    expect((await poll(reader, { cursor: waited.cursor })).messages).toEqual([]);
  });
});
