/** The HTTP door: paths, methods, bodies, and which era a request belongs to. */
import { Client } from '@modelcontextprotocol/client';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectClient, fetchFrom } from '../_util/connect-client.ts';
import { createMcpFixture, KEYS, type McpFixture } from '../_util/mcp-fixture.ts';
import { initialize, rawRequest } from '../_util/raw-mcp.ts';

let fixture: McpFixture;
beforeEach(() => {
  fixture = createMcpFixture();
});
afterEach(async () => {
  await fixture[Symbol.asyncDispose]();
});

const post = (body: string, path = '/mcp'): Promise<Response> => {
  const { headers } = rawRequest('2025', { method: 'ping' });
  return Promise.resolve(fixture.app.request(path, { method: 'POST', headers, body }));
};

describe('paths', () => {
  it.each(['/mcp', '/mcp/', '/mcp/?tools=core', '/mcp/2025', '/mcp/2025/'])(
    '%s answers itself',
    async (path) => {
      expect((await fixture.app.fetch(initialize({ path }))).status).toBe(200);
      const connected = await connectClient(fixture.app, '2025', { key: KEYS.alice, path });
      expect(await connected.listTools()).toContain('echo');
      await connected.close();
    },
  );

  it.each(['/mcp', '/mcp/'])('%s serves the current revision as well', async (path) => {
    const { client, listTools } = await connectClient(fixture.app, '2026', { key: KEYS.alice, path });
    expect(await listTools()).toContain('echo');
    expect(client.getProtocolEra()).toBe('modern');
  });

  it.each(['/mcp/2025', '/mcp/2025/'])('%s makes a current client use a session', async (path) => {
    const { client, sessionId, listTools } = await connectClient(fixture.app, '2026', {
      key: KEYS.alice,
      path,
    });
    expect(await listTools()).toContain('echo');
    expect(client.getProtocolEra()).toBe('legacy');
    expect(fixture.engines.legacy.sessions.has(sessionId ?? '')).toBe(true);
  });

  it('/mcp/2025 names the revisions that it speaks', async () => {
    const response = await fixture.app.fetch(
      rawRequest('2026', { method: 'server/discover', id: 'd', path: '/mcp/2025' }),
    );
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      id: 'd',
      error: {
        code: -32022,
        data: { supported: expect.arrayContaining(['2025-11-25']) as string[], requested: '2026-07-28' },
      },
    });
  });

  it('a client that is set to sessions gets one', async () => {
    const client = new Client({ name: 'legacy', version: '1' }, { versionNegotiation: { mode: 'legacy' } });
    const requestInit = { headers: { 'x-api-key': KEYS.bob } };
    const transport = new StreamableHTTPClientTransport(new URL('http://127.0.0.1/mcp'), {
      fetch: fetchFrom(fixture.app),
      requestInit,
    });
    await client.connect(transport);
    const result = await client.callTool({ name: 'whoami' });
    expect(result.structuredContent).toMatchObject({ agent_id: 'legacy@bob' });
    expect(transport.sessionId).toBeDefined();
    await client.close();
  });
});

describe('methods', () => {
  it.each(['PUT', 'PATCH', 'HEAD'])('%s is not allowed', async (method) => {
    const headers = { authorization: `Bearer ${KEYS.alice}` };
    const response = await fixture.app.request('/mcp', { method, headers });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, POST, DELETE');
  });

  it('all need a key', async () => {
    for (const method of ['GET', 'POST', 'DELETE', 'PUT']) {
      expect((await fixture.app.request('/mcp', { method })).status).toBe(401);
    }
  });
});

describe('bodies', () => {
  it.each(['', '{', 'null x', '[1,'])('%j is not JSON', async (body) => {
    const response = await post(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      id: null,
      error: { code: -32700, data: { code: 'INVALID_INPUT' } },
    });
  });

  it.each([
    'null',
    '5',
    '"x"',
    '{}',
    '[]',
    '[[]]',
    '{"jsonrpc":"2.0"}',
    '{"jsonrpc":"1.0","id":1,"method":"ping"}',
  ])('%s is no message, on any path', async (body) => {
    for (const path of ['/mcp', '/mcp/2025']) {
      const response = await post(body, path);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: { code: -32600 } });
    }
  });

  it('may nest 64 levels and no more', async () => {
    const nested = (levels: number): string => {
      const params = '{"a":'.repeat(levels - 1) + '1' + '}'.repeat(levels - 1);
      return `{"jsonrpc":"2.0","id":1,"method":"ping","params":${params}}`;
    };
    expect(await (await post(nested(64))).json()).toMatchObject({ error: { code: -32000 } });
    const response = await post(nested(65));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: -32700, data: { code: 'INVALID_INPUT' } } });
    expect((await post('['.repeat(1_000_000))).status).toBe(400);
  });
});

describe('the current revision', () => {
  const result = async (request: Request): Promise<Record<string, unknown>> =>
    ((await (await fixture.app.fetch(request)).json()) as { result: Record<string, unknown> }).result;

  it('says for how long and for whom an answer holds', async () => {
    const hint = async (method: string, params = {}) => {
      const { ttlMs, cacheScope } = await result(rawRequest('2026', { method, params }));
      return { ttlMs, cacheScope };
    };
    for (const method of ['tools/list', 'resources/list', 'resources/templates/list', 'prompts/list']) {
      expect(await hint(method)).toEqual({ ttlMs: 60_000, cacheScope: 'private' });
    }
    expect(await hint('resources/read', { uri: 'hub://info' })).toEqual({ ttlMs: 0, cacheScope: 'private' });
    expect(await hint('server/discover')).toEqual({ ttlMs: 60_000, cacheScope: 'public' });
  });

  it('answers tools as the other one does', async () => {
    const params = { name: 'fail', arguments: {} };
    const opened = await fixture.app.fetch(initialize());
    const sessionId = opened.headers.get('mcp-session-id') ?? '';
    const old = await result(
      rawRequest('2025', { method: 'tools/call', params, sessionId, headers: { 'x-request-id': 'same' } }),
    );
    const { content, isError, structuredContent } = await result(
      rawRequest('2026', { method: 'tools/call', params, headers: { 'x-request-id': 'same' } }),
    );
    expect({ content, isError, structuredContent }).toEqual({ ...old, structuredContent: undefined });
  });

  it('takes a subscription for nothing, and ends it', async () => {
    const params = { notifications: { toolsListChanged: true, resourceSubscriptions: ['hub://info'] } };
    const response = await fixture.app.fetch(
      rawRequest('2026', { method: 'subscriptions/listen', params, id: 's' }),
    );
    const text = await response.text();
    expect(text).toContain('"notifications":{}');
    expect(text).toContain('"id":"s"');
  });

  it('does not know methods of other revisions or none', async () => {
    for (const method of ['ping', 'logging/setLevel', 'resources/subscribe', 'tools/nonsense']) {
      const response = await fixture.app.fetch(rawRequest('2026', { method, id: 9 }));
      expect([response.status, await response.json()]).toMatchObject([
        404,
        { id: 9, error: { code: -32601 } },
      ]);
    }
  });

  it('accepts and drops notifications', async () => {
    const response = await fixture.app.fetch(
      rawRequest('2026', { method: 'notifications/cancelled', params: { requestId: 1 }, id: null }),
    );
    expect(response.status).toBe(202);
  });

  it('refuses what its headers or its envelope get wrong, in the words of the SDK', async () => {
    const mismatch = rawRequest('2026', { method: 'tools/list', headers: { 'mcp-method': 'prompts/list' } });
    expect(await (await fixture.app.fetch(mismatch)).json()).toMatchObject({ error: { code: -32020 } });
    const { headers } = rawRequest('2026', { method: 'tools/list' });
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
    const bare = await fixture.app.request('/mcp', { method: 'POST', headers, body });
    expect([bare.status, await bare.json()]).toMatchObject([400, { error: { code: -32602 } }]);
    expect((await fixture.app.request('/mcp/2025', { method: 'POST', headers, body })).status).toBe(400);
  });
});
