/** `GET /events` as a client sees it: which events come, to whom, from where, and when it ends. */
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ErrorObject } from '../../src/errors.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';
import { askForEvents, listenToEvents, type EventSourceReader } from '../_util/event-source.ts';
import { openDoor, type Door } from '../_util/scenario-doors.ts';
import { openAudit } from '../_util/audit-rows.ts';

let hub: TestHub;
let ahead = 0;
let doors: Door[] = [];

async function start(env: Record<string, string> = {}, more: object = {}): Promise<void> {
  ahead = 0;
  hub = await startTestHub({ env, now: () => Date.now() + ahead, ...more });
}

async function door(agent: string, type = 'coder', key = AGENT_KEY): Promise<Door> {
  const opened = await openDoor(hub, '2026', { key, agent, type });
  doors.push(opened);
  return opened;
}

async function done(by: Door, tool: string, args: object): Promise<Record<string, unknown>> {
  const answer = await by.call(tool, { ...args });
  expect(answer.isError, answer.text).toBe(false);
  return answer.json;
}

const listen = (agent: string, options: object = {}): Promise<EventSourceReader> =>
  listenToEvents(hub, { key: AGENT_KEY, agent, type: 'coder', ...options });

const told = async (reader: EventSourceReader, count: number): Promise<string[]> =>
  (await reader.take(count)).map(({ event, data }) => `${event} ${String(data['id'] ?? data['key'])}`);

async function stop(): Promise<void> {
  await Promise.all(doors.map((one) => one.close()));
  doors = [];
  await hub[Symbol.asyncDispose]();
}

describe('the events', () => {
  let ann: Door;
  let session: string;
  beforeAll(async () => {
    await start();
    ann = await door('ann');
    session = String((await done(ann, 'create_session', { purpose: 'to talk' }))['session_id']);
  });
  afterAll(stop);

  const say = async (content: string, more: object = {}, by = ann): Promise<number> =>
    Number((await done(by, 'add_message', { session_id: session, content, ...more }))['message_id']);

  it('are the objects of the contract, each with a place to go on from', async () => {
    const reader = await listen('bob');
    const { headers } = reader.response;
    expect(headers.get('content-type')).toBe('text/event-stream');
    expect(headers.get('cache-control')).toContain('no-store');
    expect(headers.get('content-encoding')).toBeNull();
    expect(headers.get('x-request-id')).toBeTruthy();
    const id = await say('hello @bob', { metadata: { a: [1] } });
    const [message] = (await done(ann, 'get_messages', { session_id: session }))['messages'] as object[];
    const [added] = await reader.take(1);
    expect(added).toEqual({ id: expect.any(String), event: 'message.added', data: message });
    const { success: _, ...entry } = await done(ann, 'set_memory', {
      key: 'plan',
      value: { secret: 1 },
      scope: 'shared',
    });
    const [set] = await reader.take(1);
    expect(set?.event).toBe('memory.set');
    expect(set?.data).toEqual(entry);
    expect(set?.data).not.toHaveProperty('value');
    await done(ann, 'update_session', { session_id: session, purpose: 'to go on' });
    const [updated] = await reader.take(1);
    const view = (await done(ann, 'get_session', { session_id: session }))['session'];
    expect(updated).toMatchObject({ event: 'session.updated', data: view });
    await done(ann, 'delete_memory', { key: 'plan', scope: 'shared' });
    const gone = { key: 'plan', scope: 'shared', session_id: null, version: 1, updated_by: 'ann' };
    expect(await reader.take(1)).toMatchObject([{ event: 'memory.deleted' }]);
    await done(ann, 'set_memory', { key: 'brief', value: 1, scope: 'shared', expires_in: 1 });
    expect(await reader.take(1)).toMatchObject([{ event: 'memory.set', data: { key: 'brief', version: 1 } }]);
    // Of an entry that is not there any more: what the event itself says.
    ahead = 2000;
    onTestFinished(() => {
      ahead = 0;
    });
    const again = await listen('bob', { lastId: added?.id });
    expect((await again.take(4)).map(({ data }) => data)).toEqual([
      { ...gone },
      view,
      gone,
      { ...gone, key: 'brief' },
    ]);
    expect(id).toBeGreaterThan(0);
    await Promise.all([reader.close(), again.close()]);
  });

  it('come from now on, or without gap and double from where the client was', async () => {
    await say('before');
    const reader = await listen('bob');
    const first = await say('one');
    expect(await told(reader, 1)).toEqual([`message.added ${first}`]);
    const { lastId } = reader;
    await reader.close();
    const missed = [await say('two'), await say('three')];
    const again = await listen('bob', { lastId });
    const later = await say('four');
    expect(await told(again, 3)).toEqual([...missed, later].map((id) => `message.added ${id}`));
    await again.close();
  });

  it('are not lost to a client whose connection breaks before the first', async () => {
    const reader = await listen('bob');
    void reader.next();
    await vi.waitUntil(() => reader.lastId !== '', { interval: 1 });
    const { lastId } = reader;
    await reader.close();
    const missed = await say('meanwhile');
    const again = await listen('bob', { lastId });
    expect(await told(again, 1)).toEqual([`message.added ${missed}`]);
    await again.close();
  });

  it('can be those of one session', async () => {
    const reader = await listen('bob', { query: `?session_id=${session}` });
    const other = String((await done(ann, 'create_session', { purpose: 'other' }))['session_id']);
    await done(ann, 'add_message', { session_id: other, content: 'elsewhere' });
    await done(ann, 'set_memory', { key: 'global', value: 1, scope: 'shared' });
    const id = await say('here');
    await done(ann, 'set_memory', { key: 'local', value: 1, scope: 'shared', session_id: session });
    expect(await told(reader, 2)).toEqual([`message.added ${id}`, 'memory.set local']);
    await reader.close();
  });

  it('are only those that the caller may see', async () => {
    const [bob, carl, tess] = [await door('bob'), await door('carl'), await door('tess', 'tester')];
    const readers = [await listen('bob'), await listen('carl'), await listen('tess', { type: 'tester' })];
    const secret = await say('for bob', { visibility: 'private', to: ['bob'] });
    const coders = await say('for coders', { visibility: 'agent_only' });
    await done(bob, 'set_memory', { key: 'own', value: 1 });
    await done(ann, 'create_session', { purpose: 'for all' });
    const end = await say('for all');
    const all = [`message.added ${end}`];
    const seen = await Promise.all([told(readers[0]!, 5), told(readers[1]!, 3), told(readers[2]!, 2)]);
    expect(seen).toEqual([
      [`message.added ${secret}`, `message.added ${coders}`, 'memory.set own', expect.anything(), ...all],
      [`message.added ${coders}`, expect.anything(), ...all],
      [expect.stringMatching(/^session.created/), ...all],
    ]);
    expect([carl, tess]).toHaveLength(2);
    await Promise.all(readers.map((reader) => reader.close()));
  });

  it('tell of a message again when more may see it, and not of one that was hidden meanwhile', async () => {
    const reader = await listen('bob');
    const id = await say('a draft', { visibility: 'private' });
    await done(ann, 'set_message_visibility', { message_id: id, visibility: 'public' });
    // A reader that had not come so far meets it in its place, too.
    const [, shown] = await reader.take(2);
    expect(shown).toMatchObject({ event: 'message.updated', data: { id, content: 'a draft' } });
    expect(JSON.stringify(shown)).not.toContain('before');
    await done(ann, 'set_message_visibility', { message_id: id, visibility: 'private' });
    const next = await say('next');
    expect(await told(reader, 1)).toEqual([`message.added ${next}`]);
    // Who comes back to before it was hidden learns nothing of it either.
    const again = await listen('bob', { lastId: reader.lastId });
    await again.close();
    await reader.close();
    const all = await listen('carl', { lastId: shown!.id });
    expect(await told(all, 1)).toEqual([`message.added ${next}`]);
    await all.close();
  });

  it('that show an admin what others keep to themselves leave one row about all of it', async () => {
    const reader = await listenToEvents(hub, { key: ADMIN_KEY, agent: 'root', type: 'human' });
    await door('bob');
    const ids: number[] = [];
    for (let i = 0; i < 5; i++) ids.push(await say(`secret ${i}`, { visibility: 'private', to: ['bob'] }));
    await say('open');
    await reader.take(6);
    await reader.close();
    using audit = openAudit(hub);
    const rows = async () => (await audit.all()).filter(({ action }) => action === 'GET /events');
    const counted = (row: { details: Readonly<Record<string, unknown>> }): number =>
      Number(row.details['count'] ?? 0);
    const total = async (): Promise<number> => (await rows()).map(counted).reduce((a, b) => a + b, 0);
    await vi.waitUntil(async () => (await total()) === 5);
    const found = (await rows()).filter((row) => counted(row) > 0);
    expect(found.length).toBeLessThanOrEqual(2);
    expect(found[0]).toMatchObject({ actor: 'root', session_id: session });
    expect(Math.min(...found.map((row) => Number(row.details['first_id'])))).toBe(ids[0]);
    expect(Math.max(...found.map((row) => Number(row.details['last_id'])))).toBe(ids[4]);
  });

  it('that are many and large come in full', async () => {
    const reader = await listen('bob');
    const content = 'é'.repeat(60_000);
    const ids = await Promise.all(Array.from({ length: 30 }, (_, i) => say(`${i} ${content}`)));
    const events = await reader.take(30);
    expect(events.map(({ data }) => data['id'])).toEqual(ids.toSorted((a, b) => a - b));
    expect(events.every(({ data }) => String(data['content']).length > 60_000)).toBe(true);
    await reader.close();
  });
});

describe('a request for events', () => {
  afterEach(stop);

  const refusal = async (options: object, status: number): Promise<ErrorObject> => {
    const response = await askForEvents(hub, { key: AGENT_KEY, agent: 'bob', ...options });
    const error = (await response.json()) as ErrorObject;
    expect(response.status, error.error).toBe(status);
    return error;
  };

  it('is refused as everywhere', async () => {
    await start();
    expect((await refusal({ key: 'schk_nobody-nobody-nobody-nobody' }, 401)).code).toBe(
      'AUTHENTICATION_FAILED',
    );
    const none = await refusal({ query: '?session_id=session_0123456789abcdef' }, 404);
    expect(none.code).toBe('SESSION_NOT_FOUND');
    const extra = await refusal({ query: '?since=1' }, 400);
    expect([extra.code, extra.context['field']]).toEqual(['INVALID_INPUT', 'since']);
    for (const lastId of ['7', 'nonsense', Buffer.from('["other","events",7]').toString('base64url')]) {
      const error = await refusal({ lastId }, 400);
      expect([error.code, error.context['field']]).toEqual(['INVALID_CURSOR', 'Last-Event-ID']);
    }
    const writer = await hub.makeKey('writer', { permissions: ['write'] });
    expect((await refusal({ key: writer, agent: 'writer' }, 403)).code).toBe('PERMISSION_DENIED');
    expect((await hub.request('/events')).status).toBe(401);
    expect(
      (await hub.request('/events', { method: 'POST', headers: { authorization: `Bearer ${AGENT_KEY}` } }))
        .status,
    ).toBe(405);
    const head = await hub.request('/events', {
      method: 'HEAD',
      headers: { authorization: `Bearer ${AGENT_KEY}` },
    });
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  });

  it('is counted among the streams of its key until it ends', async () => {
    await start({ MAX_STREAMS_PER_KEY: '2' });
    const open = [await listen('ann'), await listen('bob')];
    expect((await refusal({}, 429)).code).toBe('QUOTA_EXCEEDED');
    await open[0]?.close();
    const next = await listen('carl');
    // A request that asks for the headers only, and one that is refused, hold none.
    await Promise.all([next.close(), open[1]?.close()]);
    const headers = { authorization: `Bearer ${AGENT_KEY}`, 'x-agent-id': 'bob' };
    for (let i = 0; i < 3; i++) await hub.request('/events', { method: 'HEAD', headers });
    for (let i = 0; i < 5; i++) await refusal({ query: '?session_id=session_0123456789abcdef' }, 404);
    const two = [await listen('ann'), await listen('bob')];
    await Promise.all(two.map((one) => one.close()));
  });
});

describe('a stream of events', () => {
  afterEach(stop);

  it('gives signs of life', async () => {
    await start({}, { streams: { heartbeatMs: 5 } });
    const reader = await listen('bob');
    void reader.next().catch(() => undefined);
    await vi.waitUntil(() => reader.heartbeats >= 3, { interval: 1 });
    await reader.close();
  });

  it('ends with its credential, and no other does', async () => {
    await start();
    const key = await hub.makeKey('brief');
    const [mine, others] = [await listen('mallory', { key }), await listen('bob')];
    const ended = mine.rest();
    const response = await hub.request('/api/v1/keys/brief', {
      ...{ method: 'DELETE', headers: { authorization: `Bearer ${ADMIN_KEY}` } },
    });
    expect(response.status).toBe(200);
    expect(await ended).toEqual([]);
    const ann = await door('ann');
    await done(ann, 'create_session', { purpose: 'p' });
    expect(await others.take(1)).toMatchObject([{ event: 'session.created' }]);
    await others.close();
  });

  it('ends when the hub closes', async () => {
    await start();
    const reader = await listen('bob');
    const rest = reader.rest();
    await hub.hub.close();
    expect(await rest).toEqual([]);
    await start();
  });
});
