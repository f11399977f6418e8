/** What holds whichever revision a client speaks. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ConnectOptions, connectClient } from '../_util/connect-client.ts';
import { createMcpFixture, KEYS, type McpFixture, principalOf } from '../_util/mcp-fixture.ts';
import { type RawRequest, rawRequest } from '../_util/raw-mcp.ts';

const ann = { 'x-agent-id': 'ann' };

describe.each(['2025', '2026'] as const)('a client of %s', (era) => {
  let fixture: McpFixture;
  beforeEach(() => {
    fixture = createMcpFixture();
  });
  afterEach(async () => {
    await fixture[Symbol.asyncDispose]();
  });
  const running = (count: number): Promise<unknown> =>
    vi.waitUntil(() => fixture.seen.running.size === count, { interval: 1 });
  const connect = (options: Partial<ConnectOptions> = {}) =>
    connectClient(fixture.app, era, { key: KEYS.alice, ...options });

  it('learns what the server is and can', async () => {
    const { client } = await connect();
    expect(client.getServerVersion()).toEqual(fixture.surface.serverInfo);
    expect(client.getInstructions()).toBe('Call whoami first.');
    expect(client.getServerCapabilities()).toEqual({
      tools: {},
      resources: {},
      prompts: {},
      completions: {},
    });
  });

  it('speaks its own revision', async () => {
    const connected = await connect();
    expect(connected.sessionId === undefined).toBe(era === '2026');
    expect(fixture.engines.legacy.sessions.size).toBe(era === '2025' ? 1 : 0);
  });

  it('sees the tools it may use, whole', async () => {
    const agent = await connect();
    expect(await agent.listTools()).toEqual(['echo', 'whoami', 'fail', 'throw', 'slow']);
    const operator = await connect({ key: KEYS.admin });
    expect(await operator.listTools()).toContain('operate');
    const { tools } = await agent.client.listTools();
    expect(tools[0]).toEqual(fixture.surface.listTools(principalOf(KEYS.alice), 'all')[0]);
  });

  it('sees the small tool set if it asks for it', async () => {
    const { listTools } = await connect({ path: '/mcp?tools=core' });
    expect(await listTools()).toEqual(['echo']);
  });

  it('gets a success as structure and as text', async () => {
    const { callTool } = await connect();
    const answer = await callTool('echo', { text: 'hi' });
    expect(answer.structuredContent).toEqual({ success: true, text: 'hi' });
    expect(answer.json).toEqual(answer.structuredContent);
    expect(answer.isError).toBe(false);
  });

  it.each([
    ['fail', {}, 'SESSION_NOT_FOUND'],
    ['echo', { text: 5 }, 'INVALID_INPUT'],
    ['operate', {}, 'PERMISSION_DENIED'],
    ['throw', {}, 'INTERNAL_ERROR'],
  ])('gets the error of %s %j as text alone', async (name, args, code) => {
    // The first SDK checks structured content against the schemas it has listed.
    const connected = await connect();
    await connected.listTools();
    const answer = await connected.callTool(name, args);
    expect(answer).toMatchObject({
      isError: true,
      structuredContent: undefined,
      json: { success: false, code },
    });
    expect(answer.json['request_id']).toMatch(/^[\w-]{36}$/);
    expect(answer.text).not.toMatch(/secret|SELECT|stack/);
  });

  it('hears of a tool that does not exist as −32602', async () => {
    const { callTool } = await connect();
    await expect(callTool('nothing')).rejects.toMatchObject({
      code: -32602,
      message: expect.stringContaining('There is no tool "nothing".') as string,
      data: { code: 'INVALID_INPUT', context: { field: 'name', value: 'nothing' } },
    });
  });

  it('hears of malformed parameters and unknown methods in the words of the protocol', async () => {
    const { sessionId } = await connect({ headers: ann });
    const errorOf = async (raw: RawRequest): Promise<unknown> => {
      const response = await fixture.app.fetch(rawRequest(era, { sessionId, headers: ann, ...raw }));
      return ((await response.json()) as { error: unknown }).error;
    };
    const malformed = { code: -32602, data: { success: false, code: 'INVALID_INPUT' } };
    expect(await errorOf({ method: 'prompts/get', params: { name: 5 } })).toMatchObject(malformed);
    expect(await errorOf({ method: 'tools/call', params: {} })).toMatchObject(malformed);
    expect(await errorOf({ method: 'resources/read', params: { uri: null } })).toMatchObject(malformed);
    expect(await errorOf({ method: 'tools/nonsense' })).toMatchObject({ code: -32601 });
    expect(await errorOf({ method: 'resources/subscribe', params: { uri: 'hub://info' } })).toMatchObject({
      code: -32601,
    });
  });

  it('reads resources', async () => {
    const { client } = await connect({ headers: ann });
    expect((await client.listResources()).resources).toMatchObject([{ uri: 'hub://info', title: 'Info' }]);
    expect((await client.listResourceTemplates()).resourceTemplates).toMatchObject([
      { uriTemplate: 'session://{session_id}' },
    ]);
    const read = await client.readResource({ uri: 'hub://info' });
    expect(read.contents).toEqual([
      { uri: 'hub://info', mimeType: 'application/json', text: '{"agent":"ann"}' },
    ]);
  });

  it('hears that a resource does not exist with the code of its era', async () => {
    const { client } = await connect();
    const code = era === '2025' ? -32002 : -32602;
    const missing = { code, data: { success: false, code: 'SESSION_NOT_FOUND', number: 'RESOURCE_001' } };
    await expect(client.readResource({ uri: 'session://x' })).rejects.toMatchObject(missing);
    await expect(client.readResource({ uri: 'nothing://x' })).rejects.toMatchObject({
      code,
      data: { code: 'INVALID_INPUT' },
    });
  });

  it('hears of other refusals with the error object, and never of internals', async () => {
    const { client } = await connect();
    const denied = { code: -32600, data: { code: 'PERMISSION_DENIED' } };
    await expect(client.readResource({ uri: 'performance://metrics' })).rejects.toMatchObject(denied);
    const broken = client.readResource({ uri: 'broken://x' });
    await expect(broken).rejects.toMatchObject({ code: -32603, data: { code: 'INTERNAL_ERROR' } });
    await expect(broken).rejects.not.toThrow(/secret|SELECT/);
  });

  it('gets prompts and completions', async () => {
    const { client } = await connect();
    expect((await client.listPrompts()).prompts).toMatchObject([
      { name: 'catch-up', arguments: [{ name: 'session_id' }] },
    ]);
    const prompt = await client.getPrompt({ name: 'catch-up', arguments: { session_id: 's' } });
    expect(prompt.messages).toEqual([{ role: 'user', content: { type: 'text', text: 'Catch up with s.' } }]);
    await expect(client.getPrompt({ name: 'nothing' })).rejects.toMatchObject({
      code: -32602,
      data: { code: 'INVALID_INPUT' },
    });

    const argument = { name: 'session_id', value: 'a' };
    const { completion } = await client.complete({ ref: { type: 'ref/prompt', name: 'catch-up' }, argument });
    expect(completion).toMatchObject({ total: 150, hasMore: true });
    expect(completion.values).toHaveLength(100);
    await client.complete({ ref: { type: 'ref/resource', uri: 'session://{session_id}' }, argument });
    const unknown = client.complete({ ref: { type: 'ref/prompt', name: 'nothing' }, argument });
    await expect(unknown).rejects.toMatchObject({ code: -32602 });
  });

  it('acts as the agent of each request', async () => {
    const { callTool } = await connect({ headers: ann });
    expect((await callTool('whoami')).json).toMatchObject({ agent_id: 'ann', key_id: 'k1' });
    const unnamed = await connect({ clientInfo: { name: 'codex', version: '1' } });
    expect((await unnamed.callTool('whoami')).json).toMatchObject({ agent_id: 'codex@alice' });
  });

  it('has one context per request, however many run at once', async () => {
    const { sessionId } = await connect({ headers: ann });
    const call = async (index: number): Promise<unknown> => {
      const id = `request-${String(index)}`;
      const params = { name: 'slow', arguments: { label: id, ms: 20 - index } };
      const headers = { ...ann, 'x-request-id': id };
      const request = rawRequest(era, { method: 'tools/call', params, id: index, sessionId, headers });
      const response = await fixture.app.fetch(request);
      const { result } = (await response.json()) as {
        result: { structuredContent: { request_id: string; label: string } };
      };
      return [
        id,
        result.structuredContent.request_id,
        result.structuredContent.label,
        response.headers.get('x-request-id'),
      ];
    };
    const seen = await Promise.all(Array.from({ length: 20 }, (_, index) => call(index)));
    for (const [index, all] of seen.entries()) expect(all).toEqual(Array(4).fill(`request-${String(index)}`));
  });

  it('stops a tool by cancelling', async () => {
    const { callTool } = await connect();
    const controller = new AbortController();
    const answer = callTool('slow', { label: 'mine' }, { signal: controller.signal });
    const other = callTool('slow', { label: 'other', ms: 80 });
    await running(2);
    controller.abort('enough');
    await expect(answer).rejects.toThrow();
    await expect.poll(() => fixture.seen.aborted).toEqual(['mine']);
    expect((await other).json['label']).toBe('other');
    expect((await callTool('echo', { text: 'on' })).json['text']).toBe('on');
  });

  it('stops a tool by hanging up', async () => {
    const { sessionId } = await connect({ headers: ann });
    const hangUp = new AbortController();
    const params = { name: 'slow', arguments: { label: 'left' } };
    // Id 0: the first SDK takes it for none when it looks for what to cancel.
    const raw = { method: 'tools/call', params, id: 0, sessionId, headers: ann, signal: hangUp.signal };
    const response = fixture.app.fetch(rawRequest(era, raw));
    await running(1);
    hangUp.abort();
    await response;
    expect(fixture.seen.aborted).toEqual(['left']);
  });

  it('needs a key, and hears of no OAuth', async () => {
    const response = await fixture.app.request('/mcp', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: 'not even JSON',
    });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(await response.json()).toMatchObject({ success: false, code: 'AUTHENTICATION_FAILED' });
    await expect(connect({ key: 'wrong' })).rejects.toThrow();
  });

  it('may not be an agent that is not its own', async () => {
    await expect(connect({ headers: { 'x-agent-id': 'forbidden' } })).rejects.toThrow();
    expect(fixture.engines.legacy.sessions.size).toBe(0);
  });
});
