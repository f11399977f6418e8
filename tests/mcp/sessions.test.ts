/** Sessions of the 2025 revisions: how they come to be, and whose they are. */
import { describe, expect, it } from 'vitest';
import { KEYS } from '../_util/mcp-fixture.ts';
import { RawAgent } from '../_util/raw-agent.ts';

describe('a session', () => {
  it('does not exist for another key or another agent, exactly as an unknown one', async () => {
    await using agent = new RawAgent();
    const sessionId = await agent.open();
    expect((await agent.send(sessionId)).status).toBe(200);
    const strangers = [
      await agent.send('00000000-0000-4000-8000-000000000000'),
      await agent.send(sessionId, { key: KEYS.bob }),
      await agent.send(sessionId, { headers: { 'x-agent-id': 'bea' } }),
      await agent.send(sessionId, { headers: {} }),
      await agent.send(sessionId, { key: KEYS.bob, headers: {} }),
    ];
    const answers = await Promise.all(
      strangers.map(async (response) => [response.status, await response.json()]),
    );
    const data = {
      success: false,
      error: 'Session not found',
      code: 'INVALID_INPUT',
      number: 'VALIDATION_001',
      severity: 'warning',
      recoverable: true,
      suggestions: ['Open a new session with initialize.'],
      context: {},
      related_resources: [],
      request_id: expect.any(String) as unknown,
      timestamp: expect.any(String) as unknown,
    };
    const error = { code: -32001, message: 'Session not found', data };
    const unknown = [404, { jsonrpc: '2.0', id: 1, error }];
    expect(answers).toEqual(strangers.map(() => unknown));
    expect([(await agent.end('x')).status, (await agent.stream('x')).status]).toEqual([404, 404]);
    expect((await agent.send(sessionId)).status).toBe(200);
  });

  it('knows what it is bound to, its agent in any case', async () => {
    await using agent = new RawAgent();
    const sessionId = await agent.open();
    const of = { keyId: 'k1', agentId: 'ann', client: { name: 'raw', version: '1' } };
    const binding = { ...of, toolSet: 'all', channel: false };
    expect(agent.engine.sessions.get(sessionId)?.binding).toEqual(binding);
    expect((await agent.send(sessionId, { headers: { 'x-agent-id': 'aNN' } })).status).toBe(200);
  });

  it('keeps the tool set it was opened with', async () => {
    await using agent = new RawAgent();
    const sessionId = await agent.open({ path: '/mcp?tools=core' });
    const { result } = (await (await agent.send(sessionId)).json()) as {
      result: { tools: { name: string }[] };
    };
    expect(result.tools.map((tool) => tool.name)).toEqual(['echo']);
  });

  it('is needed for everything but initialize', async () => {
    await using agent = new RawAgent();
    for (const [method, id] of [
      ['tools/list', 7],
      ['notifications/initialized', null],
    ] as const) {
      const response = await agent.send(undefined, { method, id });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        id,
        error: { code: -32000, data: { code: 'INVALID_INPUT' } },
      });
    }
    expect([(await agent.stream(undefined)).status, (await agent.end(undefined)).status]).toEqual([400, 400]);
  });

  it('is not opened by a malformed or unacceptable initialize', async () => {
    await using agent = new RawAgent();
    const malformed = await agent.initialize({ params: { protocolVersion: 1 } });
    expect(malformed.status).toBe(400);
    expect(await malformed.json()).toMatchObject({ id: 1, error: { code: -32602 } });
    const started = performance.now();
    expect((await agent.initialize({ headers: { accept: 'application/json' } })).status).toBe(406);
    expect((await agent.initialize({ headers: { 'content-type': 'text/plain' } })).status).toBe(415);
    expect((await agent.initialize({ headers: { 'x-agent-id': 'forbidden' } })).status).toBe(403);
    expect(performance.now() - started).toBeLessThan(500);
    agent.expectNothingLeft();
  });

  it('is not opened by a client that has gone', async () => {
    await using agent = new RawAgent();
    await agent.initialize({ signal: AbortSignal.abort() });
    agent.expectNothingLeft();
  });

  it('is not opened twice', async () => {
    await using agent = new RawAgent();
    const sessionId = await agent.open();
    expect((await agent.initialize({ sessionId })).status).toBe(400);
    expect((await agent.initialize({ sessionId: 'dead' })).status).toBe(404);
    expect(agent.engine.sessions.size).toBe(1);
  });

  it('speaks the revision that was asked for, or its newest', async () => {
    await using agent = new RawAgent();
    const clientInfo = { name: 'raw', version: '1' };
    const versions = [];
    for (const protocolVersion of ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25', '1999-01-01']) {
      const response = await agent.initialize({ params: { protocolVersion, capabilities: {}, clientInfo } });
      versions.push(
        ((await response.json()) as { result: { protocolVersion: string } }).result.protocolVersion,
      );
    }
    expect(versions).toEqual(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25', '2025-11-25']);
  });

  it('does not care for a client that has roots, which it would have to be asked for', async () => {
    await using agent = new RawAgent();
    const clientInfo = { name: 'raw', version: '1' };
    const capabilities = { roots: { listChanged: true }, sampling: {}, elicitation: {} };
    await agent.open({ params: { protocolVersion: '2025-11-25', capabilities, clientInfo } });
  });
});

describe('the number of sessions', () => {
  it('has a limit, below which idle ones make room', async () => {
    let now = 0;
    await using agent = new RawAgent({ maxSessions: 2, sessionIdleMs: 1000, now: () => now });
    await agent.open();
    now = 500;
    await agent.open();
    const refused = await agent.initialize();
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(await refused.json()).toMatchObject({ success: false, code: 'OVERLOADED', retry_after: 5 });
    now = 1200;
    await agent.open();
    expect(agent.engine.sessions.size).toBe(2);
  });

  it('is shared between keys: whoever holds most makes room, and nobody takes more than an equal share so', async () => {
    let now = 0;
    await using agent = new RawAgent({ maxSessions: 4, now: () => now });
    const opened: string[] = [];
    for (; now < 4; now++) opened.push(await agent.open({ key: KEYS.alice }));
    expect((await agent.initialize({ key: KEYS.alice })).status).toBe(503);
    const stream = await agent.stream(opened[0]);
    const ofBob = [await agent.open({ key: KEYS.bob }), await agent.open({ key: KEYS.bob })];
    expect((await agent.initialize({ key: KEYS.bob })).status).toBe(503);
    // The one with an open stream is in use; of the others those went that were unused for longest.
    const left = [...agent.engine.sessions.keys()];
    expect(left).toEqual([opened[0], opened[3], ...ofBob]);
    await stream.body?.cancel();
  });

  it('keeps to the limit when all come at once', async () => {
    await using agent = new RawAgent({ maxSessions: 5 });
    const answers = await Promise.all(Array.from({ length: 50 }, () => agent.initialize()));
    expect(answers.filter((response) => response.status === 200)).toHaveLength(5);
    expect(agent.engine.sessions.size).toBe(5);
  });
});
