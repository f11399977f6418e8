/** Over a real socket: a client that goes away without a word. */
import { serve, type ServerType } from '@hono/node-server';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectClient } from '../_util/connect-client.ts';
import { createMcpFixture, KEYS, type McpFixture } from '../_util/mcp-fixture.ts';
import { initialize, rawRequest } from '../_util/raw-mcp.ts';

let fixture: McpFixture;
let server: ServerType;
let base: string;

beforeEach(async () => {
  fixture = createMcpFixture();
  await new Promise<void>((resolve) => {
    server = serve({ fetch: fixture.app.fetch, port: 0, hostname: '127.0.0.1' }, () => {
      resolve();
    });
  });
  base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});
afterEach(async () => {
  await fixture[Symbol.asyncDispose]();
  const closed = new Promise((resolve) => server.close(resolve));
  if ('closeAllConnections' in server) server.closeAllConnections();
  await closed;
});

/** Sends a request on a socket of its own, which the caller cuts. */
async function sendAndHold(request: Request): Promise<() => void> {
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  const body = await request.text();
  const headers = [
    ...request.headers,
    ['host', `127.0.0.1:${String(port)}`],
    ['content-length', String(Buffer.byteLength(body))],
  ];
  const lines = headers.map((header) => header.join(': ')).join('\r\n');
  socket.write(`${request.method} ${new URL(request.url).pathname} HTTP/1.1\r\n${lines}\r\n\r\n${body}`);
  await new Promise((resolve) => socket.once('connect', resolve));
  return () => {
    socket.destroy();
  };
}

describe.each(['2025', '2026'] as const)('over a socket, a client of %s', (era) => {
  it('works, and ends', async () => {
    const connected = await connectClient(base, era, { key: KEYS.alice });
    expect((await connected.callTool('echo', { text: 'hi' })).json['text']).toBe('hi');
    const controller = new AbortController();
    const call = connected.callTool('slow', {}, { signal: controller.signal });
    await vi.waitUntil(() => fixture.seen.running.size === 1, { interval: 1 });
    controller.abort();
    await expect(call).rejects.toThrow();
    await vi.waitUntil(() => fixture.seen.aborted.length === 1);
    await connected.close();
    expect(fixture.engines.legacy.sessions.size).toBe(0);
  });

  it('stops its tool when its connection breaks', async () => {
    const opened = await fixture.app.fetch(initialize({ headers: { 'x-agent-id': 'ann' } }));
    const sessionId = era === '2025' ? (opened.headers.get('mcp-session-id') ?? '') : undefined;
    const headers = { 'x-agent-id': 'ann' };
    const cut = await sendAndHold(
      rawRequest(era, { method: 'tools/call', params: { name: 'slow' }, sessionId, headers }),
    );
    await vi.waitUntil(() => fixture.seen.running.size === 1, { interval: 1 });
    cut();
    await vi.waitUntil(() => fixture.seen.aborted.length === 1);
    expect(fixture.seen.aborted).toEqual(['slow']);
  });
});

describe('over a socket, a stream', () => {
  it('holds its session until its connection breaks', async () => {
    const opened = await fixture.app.fetch(initialize({ headers: { 'x-agent-id': 'ann' } }));
    const sessionId = opened.headers.get('mcp-session-id') ?? '';
    const session = fixture.engines.legacy.sessions.get(sessionId);
    expect(session?.idleSince(Infinity)).toBe(true);
    const headers = {
      authorization: `Bearer ${KEYS.alice}`,
      accept: 'text/event-stream',
      'mcp-session-id': sessionId,
      'x-agent-id': 'ann',
    };
    const cut = await sendAndHold(new Request(`${base}/mcp`, { headers }));
    await vi.waitUntil(() => session?.idleSince(Infinity) === false);
    cut();
    await vi.waitUntil(() => session?.idleSince(Infinity) === true);
  });
});
