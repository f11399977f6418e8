import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import type { Context } from 'hono';
import { Hono } from 'hono';
import { afterEach, describe, expect, it } from 'vitest';
import { StartError } from '../../src/errors.ts';
import { createApp } from '../../src/http/app.ts';
import type { ListenOptions, Listener } from '../../src/http/server.ts';
import { listen } from '../../src/http/server.ts';
import { createConfig } from '../../src/config/config.ts';
import { collectLog, testAuth } from './harness.ts';

const open: { close(graceMs: number): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close(0);
});

function testApp(mcp: Hono = new Hono(), { log } = collectLog()) {
  const config = createConfig({ flags: {}, env: {}, dotenv: null, dataDir: '/d', cwd: '/', terminal: false });
  const health = () => ({ writable: true });
  return createApp({
    config,
    version: '9.9.9',
    log,
    auth: testAuth(),
    health,
    mcp,
    authRoutes: new Hono(),
    events: new Hono(),
    metrics: new Hono(),
    dashboard: new Hono(),
    api: new Hono(),
  });
}

async function start(mcp?: Hono, options: Partial<ListenOptions> = {}): Promise<Listener> {
  const listener = await listen(testApp(mcp), {
    host: '127.0.0.1',
    port: 0,
    log: collectLog().log,
    ...options,
  });
  open.push(listener);
  return listener;
}

/** Sends raw bytes; resolves with all that came back when the other side hangs up. */
async function raw(port: number, text: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  socket.setEncoding('utf8');
  let got = '';
  socket.on('data', (chunk: string) => {
    got += chunk;
  });
  socket.write(text);
  await once(socket, 'close');
  return got;
}

/** A mounted app of one route. */
function route(
  method: 'get' | 'post',
  path: string,
  handler: (c: Context) => Response | Promise<Response>,
): Hono {
  const app = new Hono();
  app.on(method, path, handler);
  return app;
}

function deferred() {
  return Promise.withResolvers<undefined>();
}

describe('listen', () => {
  it('takes a free port and answers', async () => {
    const { url, port } = await start();
    expect(port).toBeGreaterThan(0);
    expect(url).toBe(`http://127.0.0.1:${String(port)}`);
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: 'ok', version: '9.9.9' });
  });

  it.each([
    ['0.0.0.0', /^http:\/\/127\.0\.0\.1:\d+$/],
    ['localhost', /^http:\/\/localhost:\d+$/],
  ])('gives an address that works for %s', async (host, expected) => {
    const { url } = await start(undefined, { host });
    expect(url).toMatch(expected);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });

  it('says that a hub already runs on the port', async () => {
    const { url, port } = await start();
    const second = start(undefined, { port });
    await expect(second).rejects.toThrow(StartError);
    await expect(second).rejects.toThrow(
      `Port ${String(port)} is taken: a hub (version 9.9.9) already runs at ${url}; stop it, or set HTTP_PORT to another one.`,
    );
  });

  it('says which other program has the port', async () => {
    const other = http.createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const holder =
      process.platform === 'linux' ? `process ${String(process.pid)} \\(.*\\)` : 'another program';
    await expect(start(undefined, { port })).rejects.toThrow(
      new RegExp(`^Port ${String(port)} is taken: ${holder} uses it`),
    );
    other.close();
  });

  it('says that the address is none of this machine', async () => {
    await expect(start(undefined, { host: '203.0.113.1' })).rejects.toThrow(
      '203.0.113.1 is no address of this machine; set HTTP_HOST to one that is.',
    );
  });
});

describe('what is no proper request', () => {
  it.each([
    ['HTTP/1.1 without a Host', 'GET /health HTTP/1.1\r\nConnection: close\r\n\r\n', 403, 'no Host header'],
    ['HTTP/1.0 without a Host', 'GET /health HTTP/1.0\r\n\r\n', 403, 'no Host header'],
    [
      'two Hosts',
      'GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
      403,
      'localhost, evil',
    ],
    [
      'another host in the target',
      'GET http://evil.example/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      403,
      'evil.example',
    ],
    [
      'a Host that is none',
      'GET /health HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n',
      400,
      'malformed',
    ],
    ['no HTTP at all', 'hello\r\n\r\n', 400, 'not well-formed HTTP'],
    [
      'a bad length',
      'POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n',
      400,
      'not well-formed',
    ],
    [
      'two lengths',
      'POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
      'not well-formed',
    ],
    [
      'huge headers',
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      'too large',
    ],
  ])('%s', async (_name, text, status, words) => {
    const { port } = await start();
    const answer = await raw(port, text);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${String(status)} `));
    expect(answer.toLowerCase()).toContain('x-content-type-options: nosniff');
    const body = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as Record<string, unknown>;
    expect(body).toMatchObject({ success: false, error: expect.stringContaining(words) as string });
    expect(answer.toLowerCase()).toContain(`x-request-id: ${String(body['request_id'])}`);
  });
});

describe('slow clients', () => {
  const counting = (): Hono =>
    route('post', '/mcp', async (c) => c.text(String((await c.req.text()).length)));

  it('are hung up on when the headers do not come', async () => {
    const { port } = await start(undefined, { headersMs: 200 });
    const answers = await Promise.all([raw(port, ''), raw(port, 'GET / HTTP/1.1\r\nHost: local')]);
    for (const answer of answers) expect(answer).toMatch(/^(HTTP\/1.1 408 |$)/);
  });

  it('are hung up on when the body does not come', async () => {
    const { port } = await start(counting(), { arrivalMs: 200 });
    expect(await raw(port, 'POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc')).toBe(
      '',
    );
  });

  it('may take their time for an import as long as something comes', async () => {
    const gone = deferred();
    const api = new Hono();
    api.post('/api/v1/import', async (c) => {
      const text = await c.req.text().finally(() => {
        gone.resolve(undefined);
      });
      return c.text(`got ${text}`);
    });
    const { port } = await start(api, { arrivalMs: 1_000 });
    const head = 'POST /api/v1/import HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n';
    const key = 'Authorization: Bearer the-key-that-is-known-to-the-tests\r\n';
    const socket = net.connect(port, '127.0.0.1');
    socket.setEncoding('utf8');
    let answer = '';
    socket.on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.write(`${head}${key}Content-Length: 20\r\n\r\n`);
    const begun = performance.now();
    for (let i = 0; i < 20; i++) {
      await new Promise<void>((resolve) => {
        setTimeout(resolve, 100);
      });
      socket.write('x');
    }
    await once(socket, 'close');
    expect(answer).toContain(`got ${'x'.repeat(20)}`);
    expect(performance.now() - begun).toBeGreaterThan(1_800);

    expect(await raw(port, `${head}${key}Content-Length: 12\r\n\r\nxxx`)).toBe('');
    await gone.promise;
  });

  it('abort the signal of their request when they leave', async () => {
    const aborted = deferred();
    const arrived = deferred();
    const mcp = route('post', '/mcp', async (c) => {
      c.req.raw.signal.addEventListener('abort', () => {
        aborted.resolve(undefined);
      });
      arrived.resolve(undefined);
      await aborted.promise;
      return c.text('never read');
    });
    const { url } = await start(mcp);
    const leave = new AbortController();
    const call = fetch(`${url}/mcp`, { method: 'POST', body: '{}', signal: leave.signal });
    await arrived.promise;
    leave.abort();
    await expect(call).rejects.toThrow('abort');
    await aborted.promise;
  });

  it.each([
    ['a declared length', 'Content-Length: 10\r\n\r\nabc'],
    ['no declared length', 'Transfer-Encoding: chunked\r\n\r\n5\r\nabc'],
  ])('are no failure of the hub when they leave in the middle of a body with %s', async (_name, rest) => {
    const log = collectLog();
    const failed = deferred();
    const mcp = route('post', '/mcp', async (c) => c.text(await c.req.text()));
    const app = testApp(mcp, log);
    const fetch = async (...args: Parameters<typeof app.fetch>): Promise<Response> => {
      const response = await app.fetch(...args);
      failed.resolve(undefined);
      return response;
    };
    const listener = await listen({ fetch }, { host: '127.0.0.1', port: 0, log: log.log });
    open.push(listener);
    const socket = net.connect(listener.port, '127.0.0.1');
    socket.write(`POST /mcp HTTP/1.1\r\nHost: localhost\r\n${rest}`, () => socket.destroy());
    await failed.promise;
    expect(log.lines()).toMatchObject([{ status: 499, level: 30 }]);
  });

  it('end the stream they leave', async () => {
    const cancelled = deferred();
    const mcp = route('get', '/mcp', (c) => {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(new TextEncoder().encode(': hi\n\n'));
        },
        cancel() {
          cancelled.resolve(undefined);
        },
      });
      return c.body(body, 200, { 'Content-Type': 'text/event-stream' });
    });
    const { url } = await start(mcp);
    const leave = new AbortController();
    const response = await fetch(`${url}/mcp`, { signal: leave.signal });
    await response.body?.getReader().read();
    leave.abort();
    await cancelled.promise;
  });
});

describe('close', () => {
  function gated() {
    const arrived = deferred();
    const gate = deferred();
    const mcp = route('post', '/mcp', async (c) => {
      arrived.resolve(undefined);
      await gate.promise;
      return c.text('done');
    });
    return { mcp, arrived: arrived.promise, gate };
  }

  it('lets what runs end, and takes nothing new', async () => {
    const { mcp, arrived, gate } = gated();
    const { url, close } = await start(mcp);
    const call = fetch(`${url}/mcp`, { method: 'POST' });
    await arrived;
    const closed = close(60_000);
    await expect(fetch(`${url}/health`)).rejects.toThrow();
    gate.resolve(undefined);
    const response = await call;
    expect([response.headers.get('connection'), await response.text()]).toEqual(['close', 'done']);
    await closed;
  });

  it('serves the first request of a connection that it has taken already, and hangs up', async () => {
    const { mcp, arrived, gate } = gated();
    const { url, port, close } = await start(mcp);
    const early = net.connect(port, '127.0.0.1');
    await once(early, 'connect');
    const call = fetch(`${url}/mcp`, { method: 'POST' });
    await arrived;
    const closed = close(60_000);
    early.setEncoding('utf8');
    let answer = '';
    early.on('data', (chunk: string) => {
      answer += chunk;
    });
    early.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(early, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toMatch(/^connection: close\r$/im);
    gate.resolve(undefined);
    await Promise.all([call, closed]);
  });

  it('ends at once where nothing runs, idle connections or not', async () => {
    const { url, close } = await start();
    const agent = new http.Agent({ keepAlive: true });
    const request = http.get(`${url}/health`, { agent });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    response.resume();
    await once(response, 'end');
    const begun = performance.now();
    await close(60_000);
    expect(performance.now() - begun).toBeLessThan(30_000);
    agent.destroy();
  });

  it('cuts what does not end in time', async () => {
    const { mcp, arrived, gate } = gated();
    const { url, close } = await start(mcp);
    const call = fetch(`${url}/mcp`, { method: 'POST' });
    await arrived;
    await Promise.all([expect(call).rejects.toThrow(), close(100)]);
    gate.resolve(undefined);
  });

  it('does not wait for streams that never end', async () => {
    const mcp = route('get', '/mcp', (c) =>
      c.body(new ReadableStream(), 200, { 'Content-Type': 'text/event-stream' }),
    );
    const { url, close } = await start(mcp);
    const response = await fetch(`${url}/mcp`);
    const begun = performance.now();
    await Promise.all([close(60_000), expect(response.text()).rejects.toThrow()]);
    expect(performance.now() - begun).toBeLessThan(30_000);
  });
});
