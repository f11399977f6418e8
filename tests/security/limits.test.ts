/**
 * Each documented limit, at it and one beyond, with the figures of the contract. Rates and guessing have files of their own
 * beside this one; quotas on what is stored are in tests/api/quotas.test.ts.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ErrorCode } from '../../src/errors.ts';
import { defineTool } from '../../src/mcp/tool.ts';
import { TOOLS } from '../../src/mcp/tools/index.ts';
import { bodyless, initialize, rawRequest, type RawRequest } from '../_util/raw-mcp.ts';
import { expectError, expectSuccess, openDoor, type Door } from '../_util/scenario-doors.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

const admin = { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' };
const send = async (hub: TestHub, request: Request): Promise<Response> => {
  request.headers.set('host', '127.0.0.1:23456');
  return hub.hub.app.fetch(request);
};
const codeOf = async (response: Response): Promise<unknown> => {
  const { code, error } = (await response.json()) as { code?: string; error?: { data?: { code: string } } };
  return code ?? error?.data?.code;
};

describe('parameters', () => {
  let hub: TestHub;
  let door: Door;
  let session_id: unknown;
  beforeAll(async () => {
    hub = await startTestHub();
    door = await openDoor(hub, '2026', { key: AGENT_KEY, agent: 'ann', type: 'claude' });
    session_id = expectSuccess(await door.call('create_session', { purpose: 'p' }))['session_id'];
  });
  afterAll(() => hub[Symbol.asyncDispose]());

  const text = (length: number): string => 'x'.repeat(length);
  const names = (count: number): string[] => Array.from({ length: count }, (_, n) => `agent-${n}`);
  /** JSON of so many bytes. */
  const object = (bytes: number) => ({ a: text(bytes - 8) });
  const YEAR = 365 * 24 * 60 * 60;

  it.each<[string, string, (n: number) => object, number, number, ErrorCode?]>([
    ['create_session', 'purpose', (n) => ({ purpose: text(n) }), 2_000, 2_001],
    ['create_session', 'shortest purpose', (n) => ({ purpose: text(n) }), 1, 0],
    [
      'create_session',
      'metadata',
      (n) => ({ purpose: 'p', metadata: object(n) }),
      10_000,
      10_001,
      'CONTENT_TOO_LARGE',
    ],
    [
      'create_session',
      'first_message',
      (n) => ({ purpose: 'p', first_message: text(n) }),
      100_000,
      100_001,
      'CONTENT_TOO_LARGE',
    ],
    ['get_session', 'most messages', (n) => ({ include_messages: n }), 50, 51],
    ['get_session', 'fewest messages', (n) => ({ include_messages: n }), 0, -1],
    ['get_session', 'max_tokens', (n) => ({ max_tokens: n }), 200_000, 200_001],
    ['list_sessions', 'limit', (n) => ({ limit: n }), 100, 101],
    ['list_sessions', 'least limit', (n) => ({ limit: n }), 1, 0],
    ['list_sessions', 'query', (n) => ({ query: text(n) }), 500, 501],
    ['update_session', 'purpose', (n) => ({ purpose: text(n) }), 2_000, 2_001],
    ['update_session', 'metadata', (n) => ({ metadata: object(n) }), 10_000, 10_001, 'CONTENT_TOO_LARGE'],
    ['add_message', 'content', (n) => ({ content: text(n) }), 100_000, 100_001, 'CONTENT_TOO_LARGE'],
    ['add_message', 'shortest content', (n) => ({ content: text(n) }), 1, 0],
    ['add_message', 'recipients', (n) => ({ content: 'c', to: names(n) }), 50, 51],
    [
      'add_message',
      'metadata',
      (n) => ({ content: 'c', metadata: object(n) }),
      10_000,
      10_001,
      'CONTENT_TOO_LARGE',
    ],
    ['add_message', 'idempotency_key', (n) => ({ content: 'c', idempotency_key: text(n) }), 200, 201],
    ['get_messages', 'limit', (n) => ({ limit: n }), 1_000, 1_001],
    ['get_messages', 'least limit', (n) => ({ limit: n }), 1, 0],
    ['get_messages', 'sender', (n) => ({ sender: text(n) }), 100, 101],
    ['search_by_sender', 'sender', (n) => ({ sender: text(n) }), 100, 101],
    ['set_memory', 'key', (n) => ({ key: text(n), value: 1 }), 255, 256],
    ['set_memory', 'value', (n) => ({ key: 'k', value: text(n - 2) }), 100_000, 100_001, 'CONTENT_TOO_LARGE'],
    [
      'set_memory',
      'metadata',
      (n) => ({ key: 'k', value: 1, metadata: object(n) }),
      10_000,
      10_001,
      'CONTENT_TOO_LARGE',
    ],
    ['set_memory', 'longest expires_in', (n) => ({ key: 'k', value: 1, expires_in: n }), YEAR, YEAR + 1],
    ['set_memory', 'shortest expires_in', (n) => ({ key: 'k', value: 1, expires_in: n }), 1, 0],
    ['list_memory', 'limit', (n) => ({ limit: n }), 200, 201],
    ['list_memory', 'least limit', (n) => ({ limit: n }), 1, 0],
  ])('%s: %s', async (tool, _what, make, most, beyond, code = 'INVALID_INPUT') => {
    const inSession = /^(get_session|get_messages|add_message|update_session)$/.test(tool);
    const args = (n: number) => ({ ...make(n), ...(inSession ? { session_id } : {}) });
    expectSuccess(await door.call(tool, args(most)));
    expectError(await door.call(tool, args(beyond)), code);
  });

  it.each([
    ['x-agent-id', 100],
    ['x-agent-type', 50],
  ])('%s', async (header, most) => {
    const ask = (length: number): Promise<Response> => {
      const id = header === 'x-agent-id' ? {} : { 'x-agent-id': `typed-${length}` };
      return hub.request('/api/v1/sessions', { headers: { ...admin, ...id, [header]: text(length) } });
    };
    expect((await ask(most)).status).toBe(200);
    const refused = await ask(most + 1);
    expect([refused.status, await codeOf(refused)]).toEqual([400, 'INVALID_INPUT']);
  });

  it('an imported sender', async () => {
    const line = (length: number): string =>
      JSON.stringify({
        ...{ id: `id-${length}`, session: 's', timestamp: '2020-01-01T00:00:00Z' },
        ...{ sender: text(length), content: 'c' },
      });
    const body = `${line(100)}\n${line(101)}`;
    const answer = await hub.request('/api/v1/import', { method: 'POST', headers: admin, body });
    expect(await answer.json()).toMatchObject({ imported: 1, failed: 1 });
  });

  it.each(['/api/v1/keys', '/mcp'])('a body of %s', async (path) => {
    const post = (body: string): Promise<Response> =>
      hub.request(path, { method: 'POST', headers: admin, body });
    const sized = (bytes: number): string => JSON.stringify({ a: text(bytes - 8) });
    expect(sized(1_048_576)).toHaveLength(1_048_576);
    expect((await post(sized(1_048_576))).status).toBe(400);
    const tooLarge = await post(sized(1_048_577));
    expect([tooLarge.status, await codeOf(tooLarge)]).toEqual([413, 'CONTENT_TOO_LARGE']);

    const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
    expect(await (await post(nested(64))).text()).not.toContain('nests deeper');
    const tooDeep = await post(nested(65));
    expect(tooDeep.status).toBe(400);
    expect(await tooDeep.text()).toContain('nests deeper than 64 levels');
  });
});

describe('settings', () => {
  /** A request that takes a place until its body ends. */
  function hold(hub: TestHub): { readonly answer: Promise<Response>; end(): void } {
    const body = new TransformStream<Uint8Array, Uint8Array>();
    const answer = hub.request('/api/v1/keys', {
      ...{ method: 'POST', headers: admin, body: body.readable, duplex: 'half' },
    });
    return { answer, end: () => void body.writable.close() };
  }

  it('MAX_CONCURRENT_REQUESTS', async () => {
    await using hub = await startTestHub({ env: { MAX_CONCURRENT_REQUESTS: '2' } });
    const list = () => hub.request('/api/v1/sessions', { headers: admin });
    const first = hold(hub);
    expect((await list()).status).toBe(200);
    const second = hold(hub);
    const refused = await list();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await codeOf(refused)).toBe('OVERLOADED');
    first.end();
    await first.answer;
    expect((await list()).status).toBe(200);
    second.end();
    await second.answer;
  });

  it('REQUEST_TIMEOUT_SECONDS', async () => {
    await using hub = await startTestHub({ env: { REQUEST_TIMEOUT_SECONDS: '1' } });
    const { answer, end } = hold(hub);
    const late = await answer;
    expect([late.status, await codeOf(late)]).toEqual([503, 'OVERLOADED']);
    end();
  });

  it('TOOL_TIMEOUT_SECONDS', async () => {
    const slow = defineTool({
      name: 'slow',
      title: 'Slow',
      description: 'Answers after so many milliseconds.',
      permission: 'read',
      rate: 'reads',
      core: false,
      hints: { readOnly: true, idempotent: true, destructive: false },
      input: z.strictObject({ ms: z.number() }),
      output: z.object({ done: z.boolean() }),
      handler: (_hub, _ctx, { ms }) =>
        new Promise((resolve) => setTimeout(() => resolve({ done: true }), ms).unref()),
    });
    await using hub = await startTestHub({ env: { TOOL_TIMEOUT_SECONDS: '1' }, tools: [...TOOLS, slow] });
    const door = await openDoor(hub, '2025', { key: AGENT_KEY });
    expectSuccess(await door.call('slow', { ms: 1 }));
    const error = expectError(await door.call('slow', { ms: 60_000 }), 'OVERLOADED');
    expect(error.retry_after).toBe(1);
  });

  it('MAX_MCP_SESSIONS', async () => {
    await using hub = await startTestHub({ env: { MAX_MCP_SESSIONS: '2' } });
    const open = () => send(hub, initialize({ key: AGENT_KEY }));
    for (let n = 0; n < 2; n++) expect((await open()).status).toBe(200);
    const refused = await open();
    expect([refused.status, await codeOf(refused)]).toEqual([503, 'OVERLOADED']);
    expect(refused.headers.get('retry-after')).not.toBeNull();
  });

  it('MAX_RESPONSE_BYTES', async () => {
    await using hub = await startTestHub({ env: { MAX_RESPONSE_BYTES: '10000' } });
    const door = await openDoor(hub, '2026', { key: AGENT_KEY });
    const { session_id } = expectSuccess(await door.call('create_session', { purpose: 'p' }));
    for (let n = 0; n < 8; n++) await door.call('add_message', { session_id, content: 'x'.repeat(2_000) });
    const answer = await door.call('get_messages', { session_id });
    expect(expectSuccess(answer)).toMatchObject({ truncated: true, has_more: true });
    expect(answer.text.length).toBeLessThanOrEqual(10_000);
  });

  it('DATABASE_MAX_CONNECTIONS', async () => {
    await using hub = await startTestHub({ env: { DATABASE_MAX_CONNECTIONS: '20' } });
    const door = await openDoor(hub, '2026', { key: AGENT_KEY });
    const searches = Array.from({ length: 40 }, () => door.call('search_by_sender', { sender: 'x' }));
    for (const answer of await Promise.all(searches)) expectSuccess(answer);
  });
});

describe('MAX_STREAMS_PER_KEY', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await startTestHub({ env: { MAX_STREAMS_PER_KEY: '3', RATE_LIMIT_ENABLED: 'false' } });
  });
  afterAll(() => hub[Symbol.asyncDispose]());

  const as = (key: string, agent: string): Partial<RawRequest> => ({ key, headers: { 'x-agent-id': agent } });
  async function session(key: string, agent: string): Promise<string> {
    const response = await send(hub, initialize(as(key, agent)));
    return response.headers.get('mcp-session-id') ?? '';
  }
  const listen = (key: string, agent: string): Promise<Response> =>
    send(
      hub,
      rawRequest('2026', {
        ...{ method: 'subscriptions/listen', params: { notifications: {} }, id: 's' },
        ...as(key, agent),
      }),
    );
  const stream = (key: string, agent: string, id: string, accept = 'text/event-stream'): Promise<Response> =>
    send(
      hub,
      bodyless('GET', id, { headers: { authorization: `Bearer ${key}`, 'x-agent-id': agent, accept } }),
    );
  async function expectFull(response: Response): Promise<void> {
    expect([response.status, await codeOf(response)]).toEqual([429, 'QUOTA_EXCEEDED']);
  }

  it('holds for all agents and both eras together, and for each key by itself', async () => {
    const key = await hub.makeKey('streams');
    const id = await session(key, 'ann');
    const open = [await stream(key, 'ann', id), await listen(key, 'ann'), await listen(key, 'ben')];
    expect(open.map(({ status }) => status)).toEqual([200, 200, 200]);
    await expectFull(await listen(key, 'carl'));
    const another = await session(key, 'carl');
    await expectFull(await stream(key, 'carl', another));
    expect((await listen(AGENT_KEY, 'dora')).status).toBe(200);

    await open[1]!.body?.cancel();
    const instead = await stream(key, 'carl', another);
    expect(instead.status).toBe(200);
    await expectFull(await listen(key, 'ann'));
    for (const response of [...open, instead]) if (!response.body?.locked) await response.body?.cancel();
  });

  it('lets a session open its stream anew, and counts what is refused no longer than that takes', async () => {
    const key = await hub.makeKey('again');
    const id = await session(key, 'eve');
    const streams = [await listen(key, 'fay'), await listen(key, 'fay')];
    for (let n = 0; n < 5; n++) expect((await stream(key, 'eve', id)).status).toBe(200);
    for (let n = 0; n < 5; n++) expect((await stream(key, 'eve', id, 'text/html')).status).toBe(406);
    await expectFull(await listen(key, 'fay'));
    await streams[0]!.body?.cancel();
    for (let n = 0; n < 5; n++) expect((await stream(key, 'eve', 'no-session')).status).toBe(404);
    expect((await listen(key, 'fay')).status).toBe(200);
    await expectFull(await listen(key, 'fay'));
  });
});
