/** Sessions of the 2025 revisions: whose they are, how long they live, and that nothing of them stays behind. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { connectClient } from '../_util/connect-client.ts';
import { createMcpFixture, type FixtureOptions, initialize, KEYS, type McpFixture, type RawRequest, rawRequest } from '../_util/mcp-fixture.ts';

const ann = { 'x-agent-id': 'Ann' };
let fixture: McpFixture;

function start(options: FixtureOptions = {}): McpFixture {
  fixture = createMcpFixture(options);
  return fixture;
}

afterEach(async () => {
  await fixture[Symbol.asyncDispose]();
});

async function open(options: Partial<RawRequest> = {}): Promise<string> {
  const response = await fixture.app.fetch(initialize({ headers: ann, ...options }));
  expect(response.status).toBe(200);
  return response.headers.get('mcp-session-id') ?? '';
}

async function send(sessionId: string, options: Partial<RawRequest> = {}): Promise<Response> {
  return fixture.app.fetch(rawRequest('2025', { method: 'tools/list', sessionId, headers: ann, ...options }));
}

function stream(sessionId: string, signal?: AbortSignal): Request {
  const headers = { authorization: `Bearer ${KEYS.alice}`, accept: 'text/event-stream', 'mcp-session-id': sessionId, ...ann };
  return new Request('http://127.0.0.1:23456/mcp', { headers, ...(signal === undefined ? {} : { signal }) });
}

function end(sessionId: string): Request {
  return new Request('http://127.0.0.1:23456/mcp', {
    method: 'DELETE',
    headers: { authorization: `Bearer ${KEYS.alice}`, 'mcp-session-id': sessionId, ...ann },
  });
}

const running = (count: number): Promise<unknown> =>
  vi.waitUntil(() => fixture.seen.running.size === count, { interval: 1 });

function expectNothingLeft(): void {
  expect(fixture.engines.legacy.sessions.size).toBe(0);
  expect(fixture.engines.legacy.fastmcpSessions).toBe(0);
}

describe('a session', () => {
  it('does not exist for another key or another agent, exactly as an unknown one', async () => {
    start();
    const sessionId = await open();
    expect((await send(sessionId)).status).toBe(200);
    const strangers = [
      await send('00000000-0000-4000-8000-000000000000'),
      await send(sessionId, { key: KEYS.bob }),
      await send(sessionId, { headers: { 'x-agent-id': 'bea' } }),
      await send(sessionId, { headers: {} }),
      await send(sessionId, { key: KEYS.bob, headers: {} }),
    ];
    const answers = await Promise.all(strangers.map(async (response) => [response.status, await response.json()]));
    const unknown = [404, { jsonrpc: '2.0', id: 1, error: { code: -32001, message: 'Session not found' } }];
    expect(answers).toEqual(strangers.map(() => unknown));
    for (const response of [await fixture.app.fetch(end('x')), await fixture.app.fetch(stream('x'))]) {
      expect(response.status).toBe(404);
    }
    expect((await send(sessionId)).status).toBe(200);
  });

  it('knows its agent in any case', async () => {
    start();
    const sessionId = await open();
    expect((await send(sessionId, { headers: { 'x-agent-id': 'aNN' } })).status).toBe(200);
  });

  it('keeps the tool set it was opened with', async () => {
    start();
    const sessionId = await open({ path: '/mcp?tools=core' });
    const { result } = (await (await send(sessionId)).json()) as { result: { tools: { name: string }[] } };
    expect(result.tools.map((tool) => tool.name)).toEqual(['echo']);
  });

  it('shows and allows what the key may do now, not what it could when it was opened', async () => {
    start();
    const sessionId = await open();
    const [session] = fixture.engines.legacy.sessions.values();
    expect(session?.binding).toMatchObject({ keyId: 'k1', agentId: 'ann', client: { name: 'raw', version: '1' } });
    expect((await send(sessionId)).status).toBe(200);
  });

  it('is needed for everything but initialize', async () => {
    start();
    for (const [method, id] of [['tools/list', 7], ['notifications/initialized', null]] as const) {
      const response = await fixture.app.fetch(rawRequest('2025', { method, id }));
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ id, error: { code: -32000 } });
    }
    const headers = { authorization: `Bearer ${KEYS.alice}`, accept: 'text/event-stream' };
    for (const method of ['GET', 'DELETE']) {
      expect((await fixture.app.request('/mcp', { method, headers })).status).toBe(400);
    }
  });

  it('is not opened by a malformed or unacceptable initialize', async () => {
    start();
    const malformed = await fixture.app.fetch(initialize({ params: { protocolVersion: 1 } }));
    expect(malformed.status).toBe(400);
    expect(await malformed.json()).toMatchObject({ id: 1, error: { code: -32602 } });
    const started = performance.now();
    expect((await fixture.app.fetch(initialize({ headers: { accept: 'application/json' } }))).status).toBe(406);
    expect((await fixture.app.fetch(initialize({ headers: { 'content-type': 'text/plain' } }))).status).toBe(415);
    expect(performance.now() - started).toBeLessThan(500);
    expectNothingLeft();
  });

  it('is not opened twice', async () => {
    start();
    const sessionId = await open();
    const again = await fixture.app.fetch(initialize({ headers: ann, sessionId }));
    expect(again.status).toBe(400);
    const dead = await fixture.app.fetch(initialize({ headers: ann, sessionId: 'dead' }));
    expect(dead.status).toBe(404);
    expect(fixture.engines.legacy.sessions.size).toBe(1);
  });

  it('speaks the revision that was asked for, or its newest', async () => {
    start();
    const clientInfo = { name: 'raw', version: '1' };
    const versions = [];
    for (const protocolVersion of ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25', '1999-01-01']) {
      const response = await fixture.app.fetch(initialize({ params: { protocolVersion, capabilities: {}, clientInfo } }));
      versions.push(((await response.json()) as { result: { protocolVersion: string } }).result.protocolVersion);
    }
    expect(versions).toEqual(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25', '2025-11-25']);
  });
});

describe('the end of a session', () => {
  it('comes with DELETE, and answers what is under way', async () => {
    start();
    const sessionId = await open();
    const call = send(sessionId, { method: 'tools/call', params: { name: 'slow' }, id: 5 });
    await running(1);
    expect((await fixture.app.fetch(end(sessionId))).status).toBe(200);
    expect(await (await call).json()).toMatchObject({ id: 5, error: { code: -32000, message: 'Session closed' } });
    expect(fixture.seen.aborted).toEqual(['slow']);
    expect((await send(sessionId)).status).toBe(404);
    expectNothingLeft();
  });

  it('comes when nobody has used it for the idle time', async () => {
    let now = 0;
    start({ sessionIdleMs: 1000, now: () => now });
    const used = await open();
    const unused = await open();
    now = 600;
    await send(used);
    now = 1100;
    await fixture.engines.legacy.sweep();
    expect([(await send(used)).status, (await send(unused)).status]).toEqual([200, 404]);
  });

  it('comes by itself', async () => {
    start({ sessionIdleMs: 40 });
    await open();
    await expect.poll(() => fixture.engines.legacy.sessions.size).toBe(0);
    expectNothingLeft();
  });

  it('does not come while a request is under way or a stream is open', async () => {
    let now = 0;
    start({ sessionIdleMs: 1000, now: () => now });
    const sessionId = await open();
    const call = send(sessionId, { method: 'tools/call', params: { name: 'slow', arguments: { ms: 100 } } });
    await running(1);
    now = 5000;
    await fixture.engines.legacy.sweep();
    expect((await call).status).toBe(200);

    const hangUp = new AbortController();
    expect((await fixture.app.fetch(stream(sessionId, hangUp.signal))).status).toBe(200);
    now = 10_000;
    await fixture.engines.legacy.sweep();
    expect((await send(sessionId)).status).toBe(200);
    hangUp.abort();
    now = 20_000;
    await fixture.engines.legacy.sweep();
    expect((await send(sessionId)).status).toBe(404);
  });

  it('leaves nothing behind, a thousand times', async () => {
    start();
    const clients = await Promise.all(Array.from({ length: 1000 }, () => open()));
    expect(fixture.engines.legacy.sessions.size).toBe(1000);
    expect(fixture.engines.legacy.fastmcpSessions).toBe(1000);
    const streams = await Promise.all(clients.slice(0, 100).map((id) => fixture.app.fetch(stream(id))));
    await Promise.all(clients.slice(0, 900).map((id) => fixture.app.fetch(end(id))));
    for (const response of streams) expect(await response.text()).toBe('');
    expect(fixture.engines.legacy.sessions.size).toBe(100);
    await fixture.engines[Symbol.asyncDispose]();
    expectNothingLeft();
  });

  it('makes a client connect anew after a restart', async () => {
    const before = start();
    const sessionId = await open();
    await before[Symbol.asyncDispose]();
    start();
    expect((await send(sessionId)).status).toBe(404);
    expect(await open()).not.toBe(sessionId);
  });
});

describe('the number of sessions', () => {
  it('has a limit, below which idle ones make room', async () => {
    let now = 0;
    start({ maxSessions: 2, sessionIdleMs: 1000, now: () => now });
    await open();
    now = 500;
    await open();
    const refused = await fixture.app.fetch(initialize());
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(await refused.json()).toMatchObject({ success: false, code: 'OVERLOADED', retry_after: 5 });
    now = 1200;
    await open();
    expect(fixture.engines.legacy.sessions.size).toBe(2);
  });

  it('keeps to the limit when all come at once', async () => {
    start({ maxSessions: 5 });
    const answers = await Promise.all(Array.from({ length: 50 }, () => fixture.app.fetch(initialize())));
    expect(answers.filter((response) => response.status === 200)).toHaveLength(5);
    expect(fixture.engines.legacy.sessions.size).toBe(5);
  });
});

describe('the stream of a session', () => {
  it('is opened and closed by the client', async () => {
    start();
    const connected = await connectClient(fixture.app, '2025', { key: KEYS.alice });
    await expect.poll(() => openStreams()).toBe(1);
    await connected.close();
    expectNothingLeft();
  });

  it('gives way to a newer one', async () => {
    start();
    const sessionId = await open();
    const first = await fixture.app.fetch(stream(sessionId));
    const second = await fixture.app.fetch(stream(sessionId));
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(await first.text()).toBe('');
    await second.body?.cancel();
  });

  it('carries what the server sends on its own', async () => {
    start();
    const sessionId = await open();
    const response = await fixture.app.fetch(stream(sessionId));
    const message = { jsonrpc: '2.0', method: 'notifications/tools/list_changed' } as const;
    await fixture.engines.legacy.sessions.get(sessionId)?.transport.send(message);
    await fixture.app.fetch(end(sessionId));
    expect(await response.text()).toBe(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
  });
});

function openStreams(): number {
  return [...fixture.engines.legacy.sessions.values()].filter((session) => !session.idleSince(Infinity)).length;
}

describe('messages of a session', () => {
  it('may come in batches, as revision 2025-03-26 has them', async () => {
    start();
    const sessionId = await open();
    const batch = async (...messages: object[]): Promise<Response> => {
      const { headers } = rawRequest('2025', { method: 'ping', sessionId, headers: ann });
      return fixture.app.request('/mcp', { method: 'POST', headers, body: JSON.stringify(messages) });
    };
    const rpc = { jsonrpc: '2.0' };
    const call = { ...rpc, method: 'tools/call', params: { name: 'echo', arguments: { text: 'a' } } };
    const answer = await batch({ ...call, id: 1 }, { ...rpc, method: 'notifications/initialized' }, { ...rpc, id: 'b', method: 'ping' });
    expect(await answer.json()).toMatchObject([{ id: 1, result: { structuredContent: { text: 'a' } } }, { id: 'b', result: {} }]);
    expect((await batch({ ...rpc, method: 'notifications/initialized' })).status).toBe(202);
    expect((await batch({ ...call, id: 1 }, { ...call, id: 1 })).status).toBe(400);
    expect((await batch()).status).toBe(400);
    expect((await batch({ nonsense: true })).status).toBe(400);
    const params = { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
    expect((await batch({ ...rpc, id: 3, method: 'initialize', params }, { ...call, id: 4 })).status).toBe(400);
    expect((await batch(...Array.from({ length: 101 }, (_, id) => ({ ...call, id })))).status).toBe(400);
  });

  it('that are notifications or answers are accepted', async () => {
    start();
    const sessionId = await open();
    const accepted = await send(sessionId, { method: 'notifications/initialized', id: null });
    expect([accepted.status, await accepted.text()]).toEqual([202, '']);
    expect((await send(sessionId, { method: 'notifications/unheard-of', id: null })).status).toBe(202);
  });

  it('do not share an id while they are under way', async () => {
    start();
    const sessionId = await open();
    const params = { name: 'slow', arguments: { ms: 100 } };
    const first = send(sessionId, { method: 'tools/call', params, id: 'same' });
    await running(1);
    const second = await send(sessionId, { method: 'tools/call', params, id: 'same' });
    expect([second.status, (await first).status]).toEqual([400, 200]);
    expect((await send(sessionId, { method: 'ping', id: 'same' })).status).toBe(200);
  });

  it('are taken back by id, 0 among them, with no answer', async () => {
    start();
    const sessionId = await open();
    const call = send(sessionId, { method: 'tools/call', params: { name: 'slow' }, id: 0 });
    await running(1);
    const params = { requestId: 0, reason: 'enough' };
    expect((await send(sessionId, { method: 'notifications/cancelled', id: null, params })).status).toBe(202);
    expect([(await call).status, await (await call).text()]).toEqual([202, '']);
    expect(fixture.seen.aborted).toEqual(['slow']);
    expect((await send(sessionId, { method: 'notifications/cancelled', id: null, params })).status).toBe(202);
  });
});
