/** Who shows no credential takes no place from those who do. */
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { listen, type Listener } from '../../src/http/server.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

const PLACES = 4;

let hub: TestHub;
let listener: Listener;
let sockets: Socket[];

beforeEach(async () => {
  hub = await startTestHub({ env: { MAX_CONCURRENT_REQUESTS: String(PLACES) } });
  const log = createLogger({ level: 'silent', format: 'json' });
  listener = await listen(hub.hub.app, { host: '127.0.0.1', port: 0, log });
  sockets = [];
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await listener.close(0);
  await hub[Symbol.asyncDispose]();
});

/** Sends the beginning of a request whose body never ends; answers when the hub has it. */
async function begin(path: string, framing: string, body: string): Promise<void> {
  const socket = connect(listener.port, '127.0.0.1');
  sockets.push(socket);
  const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${listener.port}\r\nExpect: 100-continue\r\n`;
  socket.write(`${head}Content-Type: application/json\r\n${framing}\r\n\r\n`);
  await once(socket, 'data');
  socket.write(body);
}

it.each([
  ['/auth/refresh', 'a declared length', 'Content-Length: 100', '{'],
  ['/auth/refresh', 'chunks', 'Transfer-Encoding: chunked', '1\r\n{\r\n'],
  ['/auth/token', 'chunks', 'Transfer-Encoding: chunked', '1\r\n{\r\n'],
  ['/mcp', 'chunks', 'Transfer-Encoding: chunked', '1\r\n{\r\n'],
  ['/nowhere', 'chunks', 'Transfer-Encoding: chunked', '1\r\n{\r\n'],
])('bodies to %s that never arrive, in %s, keep nobody out', async (path, _what, framing, body) => {
  await Promise.all(Array.from({ length: 3 * PLACES }, () => begin(path, framing, body)));
  const headers = { authorization: `Bearer ${AGENT_KEY}` };
  const answers = await Promise.all(
    Array.from({ length: PLACES }, () => fetch(`${listener.url}/api/v1/sessions`, { headers })),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array(PLACES).fill(200));
});

it('a body that can be no refresh token is refused by its length', async () => {
  const answer = await hub.request('/auth/refresh', {
    method: 'POST',
    headers: { 'content-length': '16385' },
    body: JSON.stringify({ refresh_token: 'x' }),
  });
  expect(answer.status).toBe(413);
});
