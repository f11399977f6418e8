import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectClient } from '../_util/connect-client.ts';
import type { Checkout, Dev } from './checkout.ts';
import { copyCheckout } from './checkout.ts';
import { callContinuously } from './load.ts';
import { waitFor } from './wait.ts';

const KEY = 'schk_dev-agent-key-0123456789abcdef';
const OTHER_KEY = 'schk_dev-other-key-0123456789abcdef';
const HEALTH = 'src/http/health.ts';
const RESTART_MS = 2_000;

const dotenv = (key: string, more = ''): string =>
  `HTTP_PORT=0\nLOG_LEVEL=warn\nRATE_LIMIT_ENABLED=false\nAPI_KEY=${key}\n${more}`;

let checkout: Checkout;
let dev: Dev;
let url: string;
let health: string;
beforeAll(async () => {
  checkout = copyCheckout(dotenv(KEY));
  health = readFileSync(path.join(checkout.root, HEALTH), 'utf8');
  dev = checkout.dev();
  url = await dev.ready();
});
afterAll(async () => {
  await checkout[Symbol.asyncDispose]();
});

const status = async (): Promise<string> =>
  ((await (await fetch(`${url}/health`)).json()) as { status: string }).status;

const starts = (): number => dev.stdout().split('\nready ').length - 1;

/** Makes /health say `word`. */
function say(word: string): void {
  expect(health).toContain(`body('ok')`);
  checkout.write(HEALTH, health.replace(`body('ok')`, `body('${word}')`));
}

async function said(word: string, withinMs?: number): Promise<void> {
  await waitFor(async () => ((await status().catch(() => '')) === word ? true : undefined), withinMs);
}

describe('a change of the sources', () => {
  it('is served at the same port, and no request is refused meanwhile', async () => {
    const before = starts();
    await using load = callContinuously(url, KEY);
    await load.answers(30);
    say('first');
    await said('first');
    await load.answers(30);
    await load.stop();
    expect(load.failures).toEqual([]);
    expect([...load.statuses]).toEqual([200]);
    expect(await dev.ready(before + 1)).toBe(url);
    expect(starts()).toBe(before + 1);
    expect(dev.stderr()).toContain(`(${HEALTH})`);
  });

  // These two again where other processes have kept the machine busy.
  let attempt = 0;
  it('is served within two seconds', { retry: 2 }, async () => {
    const before = starts();
    const word = `attempt ${++attempt}`;
    say(word);
    await said(word, RESTART_MS);
    await dev.ready(before + 1);
  });

  it('is one with those that come together', { retry: 2 }, async () => {
    const before = starts();
    const last = `together ${before}`;
    for (const word of ['a', 'b', 'c', 'd', last]) say(word);
    checkout.edit('package.json', '"description": "', '"description": "So: ');
    await said(last);
    await dev.ready(before + 1);
    say('after those');
    await said('after those');
    await dev.ready(before + 2);
    expect(starts()).toBe(before + 2);
  });

  it('makes clients with a session begin a new one, and those without go on', async () => {
    const options = { key: KEY, headers: { 'x-agent-id': 'dev-client' } };
    const client = await connectClient(url, '2025', options);
    const stateless = await connectClient(url, '2026', options);
    const created = await client.callTool('create_session', { purpose: 'to outlive the hub' });
    const args = { session_id: created.json['session_id'] };
    say('without sessions');
    await said('without sessions');
    await expect(client.callTool('get_session', args)).rejects.toMatchObject({ code: 404 });
    const again = await connectClient(url, '2025', options);
    for (const caller of [again, stateless]) {
      const answer = await caller.callTool('get_session', args);
      expect(answer.json).toMatchObject({ success: true, session: { purpose: 'to outlive the hub' } });
    }
    await Promise.all([again.close(), client.client.close(), stateless.close()]);
  });

  it('ends a request that its hub waits for with an answer', async () => {
    const { hostname, port } = new URL(url);
    const socket = net.connect(Number(port), hostname);
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
    socket.write(
      `POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${KEY}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
    );
    await status();
    say('after the wait');
    await said('after the wait');
    await waitFor(() => (answer.includes('"request_id"') ? true : undefined));
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
    expect(answer).toContain('whether it was done is unknown');
    socket.destroy();
  });
});

describe('a change that does not start', () => {
  it.each([
    ['a syntax error', 'export function f( {'],
    ['one that only the engine finds', 'const a = 1; const a = 2;'],
    ['an error at load', 'nowhere.to.be.found();'],
  ])('by %s is named, answered with 503, and waited for', async (_name, broken) => {
    const before = dev.stderr().length;
    checkout.write(HEALTH, `${health.trimEnd()}\n${broken}\n`);
    const refused = await waitFor(async () => {
      const response = await fetch(`${url}/health`);
      return (await response.clone().text()).includes('does not start') ? response : undefined;
    });
    expect([refused.status, refused.headers.get('content-type')]).toEqual([503, 'application/json']);
    expect(await refused.json()).toMatchObject({ success: false, code: 'STORE_UNAVAILABLE', retry_after: 1 });
    const told = await waitFor(() => {
      const text = dev.stderr().slice(before);
      return text.endsWith('a change that mends it\n') ? text : undefined;
    });
    expect(told).toContain(`${HEALTH}:${health.trimEnd().split('\n').length + 1}`);
    expect(told.split('\n').length).toBeLessThan(10);
    say('mended');
    await said('mended');
  });

  it('by a setting is named, and waited for', async () => {
    checkout.write('.env', dotenv(KEY, 'MAX_MESSAGE_LENGTH=many\n'));
    await waitFor(() => (dev.stderr().includes('MAX_MESSAGE_LENGTH is "many"') ? true : undefined));
    await waitFor(async () => ((await fetch(`${url}/health`)).status === 503 ? true : undefined));
    checkout.write('.env', dotenv(KEY));
    await said('mended');
  });
});

describe('a change of .env', () => {
  const statusWith = async (key: string): Promise<number> =>
    (await fetch(`${url}/nothing`, { headers: { authorization: `Bearer ${key}` } })).status;

  it('takes effect', async () => {
    expect(await statusWith(OTHER_KEY)).toBe(401);
    checkout.write('.env', dotenv(OTHER_KEY));
    await waitFor(async () => ((await statusWith(OTHER_KEY)) === 404 ? true : undefined));
    expect(await statusWith(KEY)).toBe(401);
  });

  it('moves the hub to another port', async () => {
    const free = await freePort();
    checkout.write('.env', dotenv(OTHER_KEY).replace('HTTP_PORT=0', `HTTP_PORT=${free}`));
    const moved = `http://127.0.0.1:${free}`;
    await waitFor(async () =>
      (await fetch(`${moved}/health`).catch(() => undefined))?.ok ? true : undefined,
    );
    await expect(fetch(`${url}/health`)).rejects.toThrow();
    url = moved;
  });
});

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
