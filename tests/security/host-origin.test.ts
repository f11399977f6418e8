/** DNS rebinding and pages of others: a foreign Host or Origin is refused on every route, before anything is parsed. */
import { once } from 'node:events';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listen, type Listener } from '../../src/http/server.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

const FOREIGN_HOSTS = [
  // What a page that rebinds its name to this machine sends.
  'evil.example',
  'evil.example:23456',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  '127.0.0.1.nip.io',
  'localhost.',
  'localhost.localdomain',
  'sub.localhost',
  'hub.local',
  // Other ways of writing an address, and other addresses.
  '127.0.0.2',
  '127.1',
  '2130706433',
  '0x7f000001',
  '0177.0.0.1',
  '0.0.0.0',
  '10.0.0.1',
  '169.254.169.254',
  '::1',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[0:0:0:0:0:0:0:2]',
  '[::1',
  '[::1]evil.example',
  '[::1%25lo]',
  // What is no name, or more than one.
  'localhost@evil.example',
  'evil.example@localhost',
  'user:pass@127.0.0.1',
  'localhost, evil.example',
  'localhost evil.example',
  'localhost:80:80',
  'localhost:99999',
  'localhost:-1',
  'localhost:0x50',
  'localhost/evil.example',
  'localhost#evil.example',
  'localhost?evil.example',
  'http://localhost',
  '*',
  '.',
  '',
  'xn--lcalhost-9ib.example',
  'x'.repeat(5000),
];

const OUR_HOSTS = [
  '127.0.0.1',
  '127.0.0.1:23456',
  '127.0.0.1:1',
  'localhost',
  'LOCALHOST:65535',
  '[::1]:23456',
];

const FOREIGN_ORIGINS = [
  'null',
  '',
  'https://evil.example',
  'http://evil.example:23456',
  'http://localhost.evil.example',
  'http://127.0.0.1.evil.example:23456',
  'http://localhost@evil.example',
  'http://localhost:23456@evil.example',
  'http://evil.example/localhost',
  'http://evil.example#localhost',
  'http://evil.example?http://localhost',
  'http://localhost.',
  'http://sub.localhost',
  'http://127.1',
  'http://2130706433',
  'http://0.0.0.0:23456',
  'http://[::ffff:127.0.0.1]',
  'http://localhost, http://evil.example',
  'http://localhost http://evil.example',
  'file://',
  'file://localhost',
  'ftp://localhost',
  'ws://localhost',
  'chrome-extension://abcdefghijklmnop',
  'moz-extension://localhost',
  'about:blank',
  'data:',
  ['javascript', 'alert(1)'].join(':'),
  'localhost',
  '//localhost',
  'http:localhost',
  'http:///localhost',
];

const OUR_ORIGINS = ['http://127.0.0.1', 'http://localhost:6274', 'https://LOCALHOST', 'http://[::1]:23456'];

let hub: TestHub;
let listener: Listener;
beforeAll(async () => {
  hub = await startTestHub();
  const log = createLogger({ level: 'silent', format: 'json' });
  listener = await listen(hub.hub.app, { host: '127.0.0.1', port: 0, log });
});
afterAll(async () => {
  await listener.close(0);
  await hub[Symbol.asyncDispose]();
});

/** Every route of the hub, one path each, and one that is none. */
function routes(): readonly (readonly [method: string, path: string])[] {
  const known = hub.hub.app.routes
    .filter(({ path }) => path !== '/*' && path !== '/api/*')
    .map(({ method, path }) => [method === 'ALL' ? 'POST' : method, path.replace(/[*]|:\w+/g, 'x')] as const);
  return [...known, ['GET', '/nothing'], ['OPTIONS', '/mcp'], ['GET', '/mcp'], ['DELETE', '/mcp']];
}

/** Nothing of it can be parsed: who answers anything but 403 has looked at it. */
const body = '{ no json';

async function statusOf(method: string, path: string, headers: Record<string, string>): Promise<number> {
  const credential = { authorization: `Bearer ${AGENT_KEY}`, 'content-type': 'application/json' };
  const response = await hub.request(path, {
    method,
    headers: { ...credential, ...headers },
    ...(['GET', 'DELETE', 'OPTIONS'].includes(method) ? {} : { body }),
  });
  if (response.status === 403)
    expect(await response.json()).toMatchObject({ success: false, number: 'AUTH_004' });
  else await response.body?.cancel();
  return response.status;
}

it('meets every route of the hub', () => {
  expect(routes().length).toBeGreaterThan(20);
  expect(routes().map(([, path]) => path)).toEqual(
    expect.arrayContaining(['/health', '/mcp', '/api/v1/keys/x']),
  );
});

describe('a foreign Host', () => {
  it.each(FOREIGN_HOSTS)('%j is refused on every route', async (host) => {
    for (const [method, path] of routes()) {
      const about = `${method} ${path}`;
      expect(await statusOf(method, path, { host }), about).toBe(403);
      // Nobody may say for which name a proxy before the hub was asked.
      const forwarded = {
        'x-forwarded-host': '127.0.0.1',
        forwarded: 'host=127.0.0.1',
        'x-original-host': 'localhost',
      };
      expect(await statusOf(method, path, { host, ...forwarded }), about).toBe(403);
    }
  });

  it('in a forwarding header changes nothing about a good one', async () => {
    for (const name of ['x-forwarded-host', 'x-host', 'x-original-host']) {
      expect(await statusOf('GET', '/health', { [name]: 'evil.example' }), name).toBe(200);
    }
  });
});

describe('a foreign Origin', () => {
  it.each(FOREIGN_ORIGINS)('%j is refused on every route', async (origin) => {
    for (const [method, path] of routes())
      expect(await statusOf(method, path, { origin }), `${method} ${path}`).toBe(403);
  });

  it('is refused whatever else is right, with words that allow nothing', async () => {
    const headers = { origin: 'https://evil.example', authorization: `Bearer ${AGENT_KEY}` };
    const response = await hub.request('/api/v1/sessions', { headers });
    expect(response.status).toBe(403);
    for (const [name] of response.headers) expect(name).not.toMatch(/^access-control-/);
  });
});

it('lets in its own names and pages', async () => {
  for (const host of OUR_HOSTS) expect(await statusOf('GET', '/health', { host }), host).toBe(200);
  for (const origin of OUR_ORIGINS) expect(await statusOf('GET', '/health', { origin }), origin).toBe(200);
});

/** Sends the lines of a request's head as they are; the status of what comes back, 0 for nothing. */
async function rawStatus(...head: readonly string[]): Promise<number> {
  const socket = net.connect(listener.port, '127.0.0.1');
  socket.setEncoding('utf8');
  let got = '';
  socket.on('data', (chunk: string) => {
    got += chunk;
  });
  socket.on('error', () => undefined);
  socket.write(
    `${[...head, `Authorization: Bearer ${AGENT_KEY}`, 'Connection: close'].join('\r\n')}\r\n\r\n`,
  );
  await once(socket, 'close');
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(got)?.[1] ?? 0);
}

describe('over a socket', () => {
  it('lets in a good one', async () => {
    expect(await rawStatus('GET /api/v1/sessions HTTP/1.1', 'Host: 127.0.0.1')).toBe(200);
  });

  it.each([
    ['no Host at all', []],
    ['an empty one', ['Host:']],
    ['a foreign one', ['Host: evil.example']],
    ['a foreign one after a good one', ['Host: 127.0.0.1', 'Host: evil.example']],
    ['a good one after a foreign one', ['Host: evil.example', 'Host: 127.0.0.1']],
    ['two in one line', ['Host: 127.0.0.1, evil.example']],
    ['one folded over two lines', ['Host: 127.0.0.1', ' evil.example']],
    ['white space before the colon', ['Host : 127.0.0.1']],
    ['a null byte', ['Host: 127.0.0.1\u0000.evil.example']],
    ['a tab in it', ['Host: 127.0.0.1\tevil.example']],
    ['bytes that are no ASCII', ['Host: l\u00f6calhost']],
    ['a name that only looks like ours', ['Host: \u006c\u03bfcalhost']],
    [
      'a foreign Origin after a good one',
      ['Host: 127.0.0.1', 'Origin: http://127.0.0.1', 'Origin: http://evil.example'],
    ],
  ])('%s is refused', async (_what, lines) => {
    const status = await rawStatus('GET /api/v1/sessions HTTP/1.1', ...lines);
    expect([400, 403]).toContain(status);
  });

  it.each([
    'http://evil.example/api/v1/sessions',
    'http://127.0.0.1@evil.example/api/v1/sessions',
    '//evil.example/',
  ])('a target of %s is refused', async (target) => {
    expect([400, 403, 404]).toContain(await rawStatus(`GET ${target} HTTP/1.1`, 'Host: 127.0.0.1'));
    expect([400, 403]).toContain(await rawStatus(`GET ${target} HTTP/1.1`, 'Host: evil.example'));
  });
});
