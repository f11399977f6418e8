/** Answers that say something before they end: progress, records of the log, questions. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CreateMessageRequestSchema, CreateMessageResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it, vi } from 'vitest';
import type { RichCtx } from '../../src/mcp/engines/rich-surface.ts';
import { connectClient, fetchFrom } from '../_util/connect-client.ts';
import { createMcpFixture, KEYS } from '../_util/mcp-fixture.ts';
import { RawAgent } from '../_util/raw-agent.ts';
import { rawRequest } from '../_util/raw-mcp.ts';
import { withBatches } from './batches.ts';
import { EventReader, enrich } from './rich.ts';

const progress = (token: string) => ({
  jsonrpc: '2.0',
  method: 'notifications/progress',
  params: { progressToken: token, progress: 1, total: 2, message: 'half' },
});
const record = (level: string, text: string) => ({
  jsonrpc: '2.0',
  method: 'notifications/message',
  params: { level, data: { text } },
});
const call = (name: string, token?: string) => ({
  method: 'tools/call',
  params: { name, ...(token === undefined ? {} : { _meta: { progressToken: token } }) },
});

describe.each(['2025', '2026'] as const)('a client of %s', (era) => {
  it('hears of progress if it asks for it', async () => {
    await using fixture = createMcpFixture({ extend: enrich });
    const { client } = await connectClient(fixture.app, era, { key: KEYS.alice });
    const heard: unknown[] = [];
    const onprogress = (step: unknown) => heard.push(step);
    const params = { name: 'speak', arguments: {} };
    const result =
      client instanceof Client
        ? await client.callTool(params, undefined, { onprogress })
        : await client.callTool(params, { onprogress });
    expect(heard).toEqual([{ progress: 1, total: 2, message: 'half' }]);
    expect(result.content).toEqual([{ type: 'image', data: 'AA==', mimeType: 'image/png' }]);
  });

  it('learns what it can be told', async () => {
    await using fixture = createMcpFixture({ extend: enrich });
    const { client } = await connectClient(fixture.app, era, { key: KEYS.alice });
    expect(client.getServerCapabilities()).toEqual({
      tools: { listChanged: true },
      resources: { subscribe: true },
      prompts: { listChanged: true },
      completions: {},
      logging: {},
    });
  });
});

describe('an answer of 2025', () => {
  it('is JSON unless there is something to say first', async () => {
    await using agent = new RawAgent({ extend: enrich });
    const sessionId = await agent.open();
    const quiet = await agent.send(sessionId, call('marked', 'p'));
    expect(quiet.headers.get('content-type')).toBe('application/json');
    const level = { method: 'logging/setLevel', params: { level: 'emergency' } };
    await agent.send(sessionId, level);
    const unasked = await agent.send(sessionId, call('speak'));
    expect(unasked.headers.get('content-type')).toBe('application/json');
    const asked = await agent.send(sessionId, { ...call('speak', 'p'), id: 7 });
    expect(await new EventReader(asked).rest()).toMatchObject([progress('p'), { id: 7, result: {} }]);
    expect(agent.engine.sessions.get(sessionId)?.idleSince(Infinity)).toBe(true);
  });

  it('carries records of the level that the session wants', async () => {
    await using agent = new RawAgent({ extend: enrich });
    const sessionId = await agent.open();
    const records = async (level: string) => {
      await agent.send(sessionId, { method: 'logging/setLevel', params: { level } });
      const messages = await new EventReader(await agent.send(sessionId, call('speak'))).rest();
      return messages.slice(0, -1);
    };
    const [info, error] = [record('info', 'in between'), record('error', 'at the end')];
    expect(await records('debug')).toEqual([info, error]);
    expect(await records('error')).toEqual([error]);
  });

  it('keeps the other answers of its batch', async () => {
    await using agent = new RawAgent({ extend: enrich });
    const sessionId = await agent.open({ params: withBatches });
    const { headers } = rawRequest('2025', { method: 'ping', sessionId, headers: { 'x-agent-id': 'Ann' } });
    const messages = [
      { id: 1, method: 'ping' },
      { id: 2, ...call('speak', 'b') },
      { id: 3, method: 'tools/list' },
    ];
    const body = JSON.stringify(messages.map((message) => ({ jsonrpc: '2.0', ...message })));
    const response = await agent.fixture.app.request('/mcp', { method: 'POST', headers, body });
    const heard = await new EventReader(response).rest();
    expect(heard).toContainEqual(progress('b'));
    expect(heard.flatMap(({ id }) => id ?? []).sort()).toEqual([1, 2, 3]);
  });

  it('says nothing of what was taken back in its batch', async () => {
    await using agent = new RawAgent({ extend: enrich });
    const sessionId = await agent.open({ params: withBatches });
    const { headers } = rawRequest('2025', { method: 'ping', sessionId, headers: { 'x-agent-id': 'Ann' } });
    const slow = { name: 'slow', arguments: { label: 'late', ms: 50 } };
    const messages = [
      { id: 1, method: 'tools/call', params: { name: 'slow', arguments: { label: 'first' } } },
      { id: 2, method: 'tools/call', params: { ...slow, _meta: { progressToken: 'b' } } },
    ];
    const body = JSON.stringify(messages.map((message) => ({ jsonrpc: '2.0', ...message })));
    const response = agent.fixture.app.request('/mcp', { method: 'POST', headers, body });
    await agent.running(2);
    const params = { requestId: 1 };
    await agent.send(sessionId, { method: 'notifications/cancelled', params, id: null });
    const late = agent.fixture.seen.running.get('late') as RichCtx | undefined;
    await late?.client.progress(1, 2, 'half');
    const heard = await new EventReader(await response).rest();
    expect(heard).toMatchObject([progress('b'), { id: 2, result: {} }]);
  });

  it('ends without a result when the client takes its request back', async () => {
    await using agent = new RawAgent({ extend: enrich });
    const sessionId = await agent.open();
    const events = new EventReader(await agent.send(sessionId, { ...call('hold', 'p'), id: 5 }));
    await agent.running(1);
    const params = { requestId: 5 };
    await agent.send(sessionId, { method: 'notifications/cancelled', params, id: null });
    expect((await events.rest()).flatMap(({ id }) => id ?? [])).toEqual([]);
    expect(agent.fixture.seen.aborted).toEqual(['slow']);
  });

  it('ends with an error when the session does', async () => {
    await using agent = new RawAgent({ extend: enrich });
    const sessionId = await agent.open();
    const events = new EventReader(await agent.send(sessionId, { ...call('hold', 'p'), id: 5 }));
    await agent.running(1);
    await agent.end(sessionId);
    expect((await events.rest()).at(-1)).toMatchObject({ id: 5, error: { message: 'Session closed' } });
    agent.expectNothingLeft();
  });

  it('stops its tool when nobody reads on', async () => {
    await using agent = new RawAgent({ extend: enrich });
    const sessionId = await agent.open();
    const events = new EventReader(await agent.send(sessionId, { ...call('hold', 'p'), id: 5 }));
    await agent.running(1);
    await events.cancel();
    await vi.waitUntil(() => agent.fixture.seen.aborted.length === 1);
    expect(agent.engine.sessions.get(sessionId)?.idleSince(Infinity)).toBe(true);
    expect((await agent.send(sessionId, { id: 5 })).status).toBe(200);
  });

  it('may ask its client something', async () => {
    await using fixture = createMcpFixture({
      extend: (surface) => ({
        ...surface,
        async callTool({ client: { sdk } }) {
          if (sdk.era !== '2025') throw new Error('not here');
          const message = { role: 'user' as const, content: { type: 'text' as const, text: 'Who?' } };
          const params = { messages: [message], maxTokens: 5 };
          const method = 'sampling/createMessage' as const;
          const { content } = await sdk.extra.sendRequest({ method, params }, CreateMessageResultSchema);
          return { content: [{ type: 'text', text: JSON.stringify(content) }] };
        },
      }),
    });
    const client = new Client({ name: 'asked', version: '1' }, { capabilities: { sampling: {} } });
    client.setRequestHandler(CreateMessageRequestSchema, () => ({
      ...{ role: 'assistant', model: 'm' },
      content: { type: 'text', text: 'Me.' },
    }));
    const requestInit = { headers: { 'x-api-key': KEYS.bob } };
    const fetch = fetchFrom(fixture.app);
    const url = new URL('http://127.0.0.1/mcp');
    await client.connect(new StreamableHTTPClientTransport(url, { fetch, requestInit }));
    const { content } = await client.callTool({ name: 'ask' });
    expect(content).toEqual([{ type: 'text', text: '{"type":"text","text":"Me."}' }]);
    await client.close();
  });
});

describe('an answer of 2026', () => {
  const ask = async (meta: object, name = 'speak') => {
    const request = rawRequest('2026', { method: 'tools/call', params: { name } });
    const body = (await request.json()) as { params: { _meta: object } };
    Object.assign(body.params._meta, meta);
    return new Request(request.url, { method: 'POST', headers: request.headers, body: JSON.stringify(body) });
  };

  it('is a stream for what its request asks to be told, else JSON', async () => {
    await using fixture = createMcpFixture({ extend: enrich });
    const send = async (meta: object) => fixture.app.fetch(await ask(meta));
    expect((await send({})).headers.get('content-type')).toBe('application/json');
    const both = { progressToken: 'p', 'io.modelcontextprotocol/logLevel': 'warning' };
    expect(await new EventReader(await send(both)).rest()).toMatchObject([
      progress('p'),
      record('error', 'at the end'),
      { id: 1, result: { resultType: 'complete' } },
    ]);
  });

  it('stops its tool when nobody reads on', async () => {
    await using fixture = createMcpFixture({ extend: enrich });
    const events = new EventReader(await fixture.app.fetch(await ask({ progressToken: 'p' }, 'hold')));
    await vi.waitUntil(() => fixture.seen.running.size === 1, { interval: 1 });
    await events.cancel();
    await vi.waitUntil(() => fixture.seen.aborted.length === 1);
  });
});
