import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Front } from '../../scripts/dev/front.ts';
import { createFront } from '../../scripts/dev/front.ts';
import { waitFor } from './wait.ts';

type Handler = (req: IncomingMessage, res: ServerResponse) => void;

let front: Front;
let behind: Server;
let handle: Handler;
let url: string;
beforeEach(async () => {
  front = createFront({ holdMs: 300, graceMs: 50 });
  behind = createServer((req, res) => handle(req, res));
  await new Promise<void>((resolve) => behind.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(await front.listen({ host: '127.0.0.1', port: 0 })).port}`;
  front.open((behind.address() as AddressInfo).port);
});
afterEach(async () => {
  behind.close();
  behind.closeAllConnections();
  await front.close();
});

/** What the hub would get and the client gets, byte for byte but for the date. */
async function exchange(request: string): Promise<string> {
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  socket.write(request);
  await new Promise((resolve) => socket.once('close', resolve));
  return text;
}

describe('requests and answers pass unharmed', () => {
  it('with their headers as they were written', async () => {
    let seen: IncomingMessage | undefined;
    handle = (req, res) => {
      seen = req;
      res.sendDate = false;
      res.writeHead(418, 'Short and stout', [
        'X-A',
        '1',
        'x-a',
        '2',
        'Set-Cookie',
        'a=1',
        'Content-Length',
        '2',
      ]);
      res.end('ok');
    };
    const answer = await exchange(
      'GET /a/../b?c=%20d HTTP/1.1\r\nHost: some.where\r\nX-B: 1\r\nx-b: 2\r\nConnection: close\r\n\r\n',
    );
    expect(seen?.url).toBe('/a/../b?c=%20d');
    expect(seen?.rawHeaders.slice(0, 6)).toEqual(['Host', 'some.where', 'X-B', '1', 'x-b', '2']);
    expect(seen?.headers).not.toHaveProperty('transfer-encoding');
    expect(answer).toMatch(
      /^HTTP\/1\.1 418 Short and stout\r\nX-A: 1\r\nx-a: 2\r\nSet-Cookie: a=1\r\n[^]*\r\n\r\nok$/,
    );
  });

  it('with bodies of any length and of none', async () => {
    handle = (req, res) => {
      res.writeHead(200, {
        'X-Length': req.headers['content-length'] ?? req.headers['transfer-encoding'] ?? 'none',
      });
      req.pipe(res);
    };
    const body = Buffer.alloc(3_000_000, 'abc');
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let i = 0; i < 30; i++) controller.enqueue(body.subarray(i * 100_000, (i + 1) * 100_000));
        controller.close();
      },
    });
    const bodies: readonly [string, RequestInit][] = [
      ['3000000', { body }],
      ['chunked', { body: stream, duplex: 'half' }],
      ['0', {}],
    ];
    for (const [length, init] of bodies) {
      const response = await fetch(url, { method: 'POST', ...init });
      expect(response.headers.get('x-length')).toBe(length);
      const arrived = Buffer.from(await response.arrayBuffer());
      expect(arrived.equals(length === '0' ? Buffer.alloc(0) : body)).toBe(true);
    }
  });

  it('with an answer that comes before the body is read', async () => {
    handle = (_req, res) => res.writeHead(413).end('too large');
    const response = await fetch(url, { method: 'POST', body: Buffer.alloc(5_000_000) });
    expect([response.status, await response.text()]).toEqual([413, 'too large']);
  });

  it('with answers that have no body', async () => {
    handle = (req, res) => {
      if (req.method === 'HEAD') res.writeHead(200, { 'Content-Length': 5 }).end();
      else res.writeHead(204).end();
    };
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '5']);
    expect((await fetch(url)).status).toBe(204);
  });

  it('with an event stream, piece by piece, until the client goes', async () => {
    let gone = false;
    let stream: ServerResponse | undefined;
    handle = (_req, res) => {
      stream = res.writeHead(200, { 'Content-Type': 'text/event-stream' });
      stream.flushHeaders();
      stream.once('close', () => (gone = true));
    };
    const controller = new AbortController();
    const response = await fetch(url, { signal: controller.signal });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (const text of ['data: 1\n\n', 'data: 2\n\n']) {
      stream?.write(text);
      expect(await reader?.read()).toEqual({ done: false, value: text });
    }
    controller.abort();
    await waitFor(() => (gone ? true : undefined));
  });

  it('and an answer that breaks off does not look whole', async () => {
    handle = (_req, res) => {
      res.writeHead(200).write('half');
      setImmediate(() => res.destroy());
    };
    await expect(fetch(url).then((response) => response.text())).rejects.toThrow();
  });
});

describe('while there is no hub', () => {
  it('a request waits for the next one', async () => {
    handle = (_req, res) => res.end('served');
    await front.hold();
    const waiting = fetch(url);
    expect(await Promise.race([waiting, new Promise((r) => setTimeout(r, 100, 'waits'))])).toBe('waits');
    front.open((behind.address() as AddressInfo).port);
    expect(await (await waiting).text()).toBe('served');
  });

  it('a request does not wait for ever', async () => {
    await front.hold();
    const response = await fetch(url, { method: 'POST', body: 'x' });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await response.json()).toMatchObject({ error: 'The hub has not started within 0.3 seconds.' });
  });

  it('a request under way ends: streams at once, others after a moment of grace', async () => {
    const answers: ServerResponse[] = [];
    handle = (req, res) => {
      answers.push(res);
      if (req.url === '/stream')
        res.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: 1\n\n');
      if (req.url === '/begun') res.writeHead(200).write('begun');
    };
    const stream = await fetch(`${url}/stream`);
    const begun = await fetch(`${url}/begun`);
    const silent = fetch(`${url}/silent`);
    const quick = fetch(`${url}/quick`);
    await waitFor(() => (answers.length === 4 ? true : undefined));
    const held = front.hold();
    answers.find(({ req }) => req.url === '/quick')?.end('quick enough');
    expect(await (await quick).text()).toBe('quick enough');
    await held;
    expect(await stream.text()).toBe('data: 1\n\n');
    await expect(begun.text()).rejects.toThrow();
    expect((await silent).status).toBe(503);
  });

  it('a hub that dies leaves an answer', async () => {
    handle = (req) => req.socket.destroy();
    const response = await fetch(url);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      error: expect.stringContaining('whether it was done') as string,
    });
  });
});
