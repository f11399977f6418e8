/** The bridge beside a hub that forgets its sessions. */
import { Hono } from 'hono';
import { expect, it, vi } from 'vitest';
import { collectLog } from '../../../tests/http/harness.ts';
import { listen } from '../../http/server.ts';
import { runBridge } from './bridge.ts';
import { createHubLink } from './hub-link.ts';

it('asks again what was refused for a session that it has replaced meanwhile', async () => {
  const hub = forgetfulHub();
  const server = await listen(hub.app, { host: '127.0.0.1', port: 0, log: collectLog().log });
  const ends = new AbortController();
  const said: unknown[] = [];
  const input = new TransformStream<Uint8Array, Uint8Array>();
  const writer = input.writable.getWriter();
  const say = (message: object): void => {
    void writer.write(new TextEncoder().encode(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`));
  };
  const ended = runBridge({
    link: createHubLink({
      locate: () => Promise.resolve({ url: server.url, key: 'k' }),
      agentId: undefined,
      signal: ends.signal,
    }),
    input: input.readable,
    write: (line) => said.push(JSON.parse(line)),
    note: () => undefined,
    signal: ends.signal,
  });
  say({ id: 'open', method: 'initialize', params: {} });
  say({ method: 'notifications/initialized' });
  // The listener finds the first session gone while the call is under way in it.
  await vi.waitUntil(() => hub.isListenedTo());
  say({ id: 'call', method: 'tools/call', params: { name: 'list_sessions', arguments: {} } });
  await vi.waitUntil(() => said.length === 2, 5_000);
  expect(said[1]).toMatchObject({ id: 'call', result: { session: 'session-2' } });
  await writer.close();
  await ended;
  await server.close(0);
});

/** Forgets its first session: the stream is told when a call is under way, the call when there is a second one. */
function forgetfulHub() {
  const callUnderWay = Promise.withResolvers<undefined>();
  const replaced = Promise.withResolvers<undefined>();
  let sessions = 0;
  let isListenedTo = false;
  const app = new Hono();
  app.get('/mcp', async (c) => {
    isListenedTo = true;
    await callUnderWay.promise;
    return c.text('', c.req.header('mcp-session-id') === 'session-1' ? 404 : 405);
  });
  app.post('/mcp', async (c) => {
    const session = c.req.header('mcp-session-id');
    const { id, method } = await c.req.json<{ id?: string; method: string }>();
    if (method === 'initialize') {
      const result = { protocolVersion: '2025-11-25' };
      return c.json({ jsonrpc: '2.0', id, result }, 200, { 'Mcp-Session-Id': `session-${++sessions}` });
    }
    if (method !== 'tools/call') {
      if (session === 'session-2') replaced.resolve(undefined);
      return c.body(null, 202);
    }
    callUnderWay.resolve(undefined);
    await replaced.promise;
    if (session === 'session-2') return c.json({ jsonrpc: '2.0', id, result: { session } });
    return c.json({ jsonrpc: '2.0', id, error: { code: -32001, message: 'Session not found' } }, 404);
  });
  app.delete('/mcp', (c) => c.body(null, 204));
  return { app, isListenedTo: () => isListenedTo };
}
