import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { createConfig } from '../../src/config/config.ts';
import { createApp } from '../../src/http/app.ts';
import type { HubEnv } from '../../src/http/types.ts';
import type { Readiness } from '../../src/http/health.ts';
import { GOOD_KEY, collectLog, json, testAuth } from './harness.ts';

const LONG = JSON.stringify({ text: 'word '.repeat(2_000) });
const MEBIBYTE = 1_048_576;

function hub(given: { env?: Record<string, string>; health?: () => Readiness } = {}) {
  const { env = {}, health = () => ({ writable: true }) } = given;
  const config: Config = createConfig({
    flags: {},
    env,
    dotenv: null,
    dataDir: '/d',
    cwd: '/',
    terminal: false,
  });
  const auth = testAuth();
  const log = collectLog();
  const seen = { mcp: 0, api: 0 };
  const mcp = new Hono();
  mcp.all('/mcp', async (c) => {
    seen.mcp += 1;
    await c.req.text();
    return c.body(LONG, 200, { 'Content-Type': 'application/json' });
  });
  const api = new Hono<HubEnv>();
  api.get('/things', (c) => {
    seen.api += 1;
    return c.body(LONG, 200, { 'Content-Type': 'application/json' });
  });
  api.put('/things', (c) => c.text('put'));
  api.post('/things', async (c) => c.text(String((await c.req.arrayBuffer()).byteLength)));
  api.post('/import', async (c) => c.text(String((await c.req.arrayBuffer()).byteLength)));
  api.get('/who', (c) => c.json({ key: c.get('credential')?.keyId }));
  const app = createApp({
    config,
    version: '1.2.3',
    log: log.log,
    auth,
    health,
    mcp,
    authRoutes: new Hono<HubEnv>(),
    events: new Hono<HubEnv>(),
    metrics: new Hono<HubEnv>(),
    dashboard: new Hono<HubEnv>(),
    api,
    uptimeMs: () => 12_345,
  });
  const request = (path: string, init: RequestInit & { duplex?: 'half' } = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (!headers.has('host')) headers.set('host', '127.0.0.1:23456');
    return Promise.resolve(app.request(path, { ...init, headers }));
  };
  return { app, request, auth, seen, log };
}

const WITH_KEY = { Authorization: `Bearer ${GOOD_KEY}` };

describe('before anything else', () => {
  it.each([
    ['a foreign Host', { host: 'evil.example' }],
    ['a foreign Origin', { origin: 'https://evil.example' }],
    ['the Origin null', { origin: 'null' }],
  ])('%s is refused on every path, with a key too', async (_name, headers) => {
    const { request, auth, seen } = hub();
    for (const path of [
      '/',
      '/health',
      '/health/ready',
      '/mcp',
      '/api/v1/things',
      '/.well-known/x',
      '/nothing',
    ]) {
      for (const method of ['GET', 'POST', 'OPTIONS']) {
        const body = method === 'POST' ? '{ not json' : null;
        const response = await request(path, { method, body, headers: { ...WITH_KEY, ...headers } });
        expect([path, method, response.status]).toEqual([path, method, 403]);
        expect(await json(response)).toMatchObject({ success: false, code: 'PERMISSION_DENIED' });
      }
    }
    expect([auth.calls, seen.mcp, seen.api]).toEqual([0, 0, 0]);
  });

  it('a refusal reads nothing of the body', async () => {
    const { request } = hub();
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulled += 1;
          controller.enqueue(new Uint8Array(10));
        },
      },
      { highWaterMark: 0 },
    );
    const response = await request('/mcp', {
      method: 'POST',
      body,
      duplex: 'half',
      headers: { host: 'evil.example' },
    });
    expect(response.status).toBe(403);
    expect(pulled).toBe(0);
  });
});

describe('every answer', () => {
  it.each([
    ['/health', {}, 200],
    ['/health/ready', {}, 200],
    ['/.well-known/oauth-protected-resource', {}, 404],
    ['/mcp', {}, 200],
    ['/api/v1/things', WITH_KEY, 200],
    ['/api/v1/things', {}, 401],
    ['/nothing', {}, 401],
    ['/nothing', WITH_KEY, 404],
    ['/health', { host: 'evil.example' }, 403],
  ])('%s has the headers (%#)', async (path, headers, status) => {
    const response = await hub().request(path, { headers });
    expect(response.status).toBe(status);
    expect(response.headers.get('x-request-id')).toMatch(/^[\w-]{20,}$/);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    expect(response.headers.get('x-frame-options')).toBe('DENY');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    const body = await json(response);
    if (status >= 400) expect(body['request_id']).toBe(response.headers.get('x-request-id'));
  });
});

describe('health', () => {
  it('lives, with version and uptime', async () => {
    expect(await json(await hub().request('/health'))).toEqual({
      status: 'ok',
      version: '1.2.3',
      uptime_s: 12,
    });
  });

  it('is ready while the store takes writes, and says why when it does not', async () => {
    let state: Readiness = { writable: true };
    const { request } = hub({ health: () => state });
    const ready = await request('/health/ready');
    expect([ready.status, await json(ready)]).toEqual([
      200,
      { status: 'ready', version: '1.2.3', uptime_s: 12 },
    ]);
    state = { writable: false, reason: 'The disk is full.' };
    const not = await request('/health/ready');
    expect(not.status).toBe(503);
    expect(await json(not)).toEqual({
      status: 'unavailable',
      version: '1.2.3',
      uptime_s: 12,
      reason: 'The disk is full.',
    });
    expect((await request('/health')).status).toBe(200);
  });

  it('answers while the hub is overloaded', async () => {
    const { request, app } = hub({ env: { MAX_CONCURRENT_REQUESTS: '1' } });
    const { promise, resolve } = Promise.withResolvers<undefined>();
    app.get('/held', async (c) => {
      await promise;
      return c.text('done');
    });
    const held = request('/held');
    expect((await request('/api/v1/things', { headers: WITH_KEY })).status).toBe(503);
    expect((await request('/health')).status).toBe(200);
    expect((await request('/mcp')).status).toBe(200);
    resolve(undefined);
    expect((await held).status).toBe(200);
  });
});

describe('credentials', () => {
  const everywhere = [
    '/api',
    '/api/v1',
    '/api/v1/things',
    '/api/v1/nothing',
    '/metrics',
    '/ui/x',
    '/nothing',
    '/mcpx',
    '//',
    '/health/x',
    '/healthx',
  ];

  it.each(everywhere)('%s answers 401 without one, with one and the same body', async (path) => {
    const { request } = hub();
    const bodies = [];
    for (const headers of [{}, { Authorization: 'Bearer wrong' }, { 'X-API-Key': 'wrong' }]) {
      for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS']) {
        const response = await request(path, { method, headers });
        expect(response.status).toBe(401);
        expect(response.headers.get('www-authenticate')).toBe('Bearer');
        const { request_id: _id, timestamp: _at, ...rest } = await json(response);
        bodies.push(JSON.stringify(rest));
      }
    }
    expect(new Set(bodies).size).toBe(1);
    expect(bodies[0]).toContain('"AUTH_001"');
  });

  it.each(['/', '/ui', '/ui/'])('%s leads to the dashboard, which asks for them', async (path) => {
    const response = await hub().request(path);
    expect([response.status, response.headers.get('location')]).toEqual([302, '/ui/sessions']);
  });

  it('reach the API once verified', async () => {
    const { request, auth } = hub();
    expect(await json(await request('/api/v1/who', { headers: WITH_KEY }))).toEqual({ key: 'key_1' });
    expect(auth.calls).toBe(1);
    await request('/api/v1/nothing', { headers: WITH_KEY });
    expect(auth.calls).toBe(2);
  });

  it('are asked for before a body is read', async () => {
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulled += 1;
          controller.enqueue(new Uint8Array(10));
        },
      },
      { highWaterMark: 0 },
    );
    const response = await hub().request('/api/v1/things', { method: 'POST', body, duplex: 'half' });
    expect([response.status, pulled]).toEqual([401, 0]);
  });
});

describe('what is not there', () => {
  it('is a JSON 404 with a credential', async () => {
    const response = await hub().request('/no/such?x=1', { headers: WITH_KEY });
    expect(response.status).toBe(404);
    expect(await json(response)).toMatchObject({
      code: 'INVALID_INPUT',
      error: 'There is nothing at /no/such.',
    });
  });

  it.each([
    ['/api/v1/things', 'DELETE', 'GET, POST, PUT'],
    ['/health', 'POST', 'GET'],
  ])('is a JSON 405 where %s does not take %s', async (path, method, allow) => {
    const response = await hub().request(path, { method, headers: WITH_KEY });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe(allow);
    expect(await json(response)).toMatchObject({
      code: 'INVALID_INPUT',
      error: `${path} does not take ${method}.`,
    });
  });

  it.each([
    '/.well-known/oauth-protected-resource',
    '/.well-known/oauth-protected-resource/mcp',
    '/.well-known/oauth-authorization-server',
    '/.well-known/openid-configuration',
    '/mcp/.well-known/openid-configuration',
    '/register',
  ])('%s is a plain 404 for anybody', async (path) => {
    const { request, auth } = hub();
    for (const method of ['GET', 'POST', 'OPTIONS']) {
      const response = await request(path, { method });
      expect(response.status).toBe(404);
      expect(await json(response)).toMatchObject({ success: false });
    }
    expect(auth.calls).toBe(0);
  });
});

describe('limits', () => {
  it.each(['/mcp', '/api/v1/things'])('a body over 1 MiB is refused at %s', async (path) => {
    const { request } = hub();
    const post = (size: number): Promise<Response> =>
      request(path, { method: 'POST', headers: WITH_KEY, body: new Uint8Array(size) });
    expect((await post(MEBIBYTE)).status).toBe(200);
    const refused = await post(MEBIBYTE + 1);
    expect(refused.status).toBe(413);
    expect(await json(refused)).toMatchObject({ code: 'CONTENT_TOO_LARGE', number: 'VALIDATION_002' });
  });

  it('but not at the import', async () => {
    const body = new Uint8Array(3 * MEBIBYTE);
    const response = await hub().request('/api/v1/import', { method: 'POST', headers: WITH_KEY, body });
    expect(await response.text()).toBe(String(3 * MEBIBYTE));
  });
});

describe('compression', () => {
  const accept = { 'Accept-Encoding': 'gzip, deflate, br' };

  it.each([
    ['/api/v1/things', 'gzip'],
    ['/mcp', null],
    ['/health', null],
  ])('%s: %s', async (path, encoding) => {
    const response = await hub().request(path, { headers: { ...WITH_KEY, ...accept } });
    expect(response.headers.get('content-encoding')).toBe(encoding);
    const body = response.body ?? new ReadableStream();
    const plain = encoding === null ? body : body.pipeThrough(new DecompressionStream('gzip'));
    const text = await new Response(plain).text();
    if (path !== '/health') expect(text).toBe(LONG);
  });

  it('nothing for those who do not ask', async () => {
    const response = await hub().request('/api/v1/things', { headers: WITH_KEY });
    expect(response.headers.has('content-encoding')).toBe(false);
  });
});

describe('CORS', () => {
  const page = { origin: 'https://app.example.com' };
  const preflight = { ...page, 'Access-Control-Request-Method': 'POST' };

  it('is off unless configured', async () => {
    const { request } = hub();
    expect((await request('/mcp', { method: 'OPTIONS', headers: preflight })).status).toBe(403);
    const own = await request('/health', { headers: { origin: 'http://localhost:3000' } });
    expect(own.status).toBe(200);
    expect([...own.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('answers the preflight without a key, and names the origin on errors too', async () => {
    const { request } = hub({ env: { CORS_ORIGINS: 'https://app.example.com' } });
    const response = await request('/mcp', { method: 'OPTIONS', headers: preflight });
    expect(response.status).toBe(204);
    const refused = await request('/api/v1/things', { headers: page });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
  });
});

describe('the request log', () => {
  it('knows who called, and no key', async () => {
    const { request, log } = hub();
    await request('/api/v1/things?secret=canary', { headers: WITH_KEY });
    expect(log.lines()).toMatchObject([
      { path: '/api/v1/things', status: 200, key_id: 'key_1', agent_id: 'agent-7' },
    ]);
    expect(log.text()).not.toContain(GOOD_KEY);
    expect(log.text()).not.toContain('canary');
  });

  it('can be switched off', async () => {
    const { request, log } = hub({ env: { LOG_REQUESTS: 'false' } });
    await request('/api/v1/things', { headers: WITH_KEY });
    expect(log.lines()).toEqual([]);
  });
});
