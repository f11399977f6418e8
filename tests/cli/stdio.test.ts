/** `schub stdio` between real clients and a real hub. */
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Client as Client2026 } from '@modelcontextprotocol/client';
import { StdioClientTransport as Stdio2026 } from '@modelcontextprotocol/client/stdio';
import { Client as Client2025 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as Stdio2025 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../_util/test-hub.ts';
import { runSchub, type Schub } from '../http/run-schub.ts';
import { type Bridge, envOf, MAIN, startBridge } from './bridge.ts';

/** Each starts several processes, of which each takes a second, and many on a loaded machine. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** A hub that runs all the time. */
const shared = temporaryFolder();
let sharedHub: Schub;
/** A folder of the test's own. */
let share: string;
const bridges: Bridge[] = [];
const hubs: Schub[] = [];
const data = (name: string): string => join(share, 'shared-context-hub', name);

beforeAll(async () => {
  sharedHub = runSchub({ args: ['serve'], share: shared });
  await sharedHub.ready;
});
afterAll(async () => {
  sharedHub.child.kill('SIGKILL');
  await sharedHub.ended;
  rmSync(shared, { recursive: true, force: true });
});
beforeEach(() => {
  share = temporaryFolder();
});
afterEach(async () => {
  for (const bridge of bridges) bridge.kill('SIGKILL');
  await Promise.all(bridges.splice(0).map(({ ended }) => ended));
  await stopBackground();
  for (const { child } of hubs) child.kill('SIGKILL');
  await Promise.all(hubs.splice(0).map(({ ended }) => ended));
  rmSync(share, { recursive: true, force: true });
});

type Start = Parameters<typeof startBridge> extends [string, ...infer R] ? R : never;

/** On the test's own folder. */
function bridge(...args: Start): Bridge {
  return started(startBridge(share, ...args));
}

/** To the hub that runs all the time. */
function sharedBridge(...args: Start): Bridge {
  return started(startBridge(shared, ...args));
}

function started(one: Bridge): Bridge {
  bridges.push(one);
  return one;
}

async function hub(env: Readonly<Record<string, string>> = {}): Promise<Schub> {
  const started = runSchub({ args: ['serve'], share, env });
  hubs.push(started);
  await started.ready;
  return started;
}

/** The hub that a bridge has started, which runs on without it. */
function background(): { readonly pid: number; readonly url: string } | undefined {
  if (!existsSync(data('hub.json'))) return undefined;
  return JSON.parse(readFileSync(data('hub.json'), 'utf8')) as { pid: number; url: string };
}

async function stopBackground(): Promise<void> {
  const running = background();
  if (running === undefined || hubs.some(({ child }) => child.pid === running.pid)) return;
  process.kill(running.pid, 'SIGTERM');
  await expect.poll(() => existsSync(data('hub.json')), { timeout: 30_000 }).toBe(false);
}

const create = (purpose: string) => ({ name: 'create_session', arguments: { purpose } });
/** What may be sent again: the connection may break under it, where a hub has just gone. */
const createOnce = (purpose: string) => ({
  name: 'create_session',
  arguments: { purpose, idempotency_key: purpose },
});

it('starts one hub for all who come, and leaves it running', async () => {
  const two = [bridge(), bridge({}, ['stdio', '--agent', 'second@here'])];
  const answers = await Promise.all(two.map((one) => one.open()));
  for (const { result } of answers)
    expect(result?.['serverInfo']).toMatchObject({ name: 'shared-context-hub' });
  const running = background();
  for (const one of two)
    expect(one.stderr()).toBe(`ready ${running?.url ?? ''} (MCP on standard input and output)\n`);
  const made = await Promise.all(two.map((one) => one.ask(1, 'tools/call', create('together'))));
  expect(made.map(({ result }) => result?.['structuredContent'])).toMatchObject([
    { created_by: 'piped@agent' },
    { created_by: 'second@here' },
  ]);
  expect(await Promise.all(two.map((one) => one.end()))).toEqual([0, 0]);
  expect((await fetch(`${running?.url ?? ''}/health`)).status).toBe(200);
  expect(readFileSync(data('hub.log'), 'utf8')).toContain('"/mcp"');
  expect(readFileSync(data('hub.log'), 'utf8')).not.toMatch(/schk_[\w-]{8}/);
  expect(statSync(data('hub.log')).mode & 0o777).toBe(0o600);
  // Nobody has seen the keys yet.
  await stopBackground();
  const seen = await hub();
  expect(seen.stdout()).toMatch(/schk_/);
});

it('serves a client of the 2025 revisions', async () => {
  const client = new Client2025({ name: 'old', version: '1' });
  await client.connect(
    new Stdio2025({ command: process.execPath, args: [MAIN, 'stdio'], env: envOf(shared) }),
  );
  expect((await client.listTools()).tools.map(({ name }) => name)).toContain('add_message');
  const { structuredContent } = await client.callTool(create('old'));
  expect(structuredContent).toMatchObject({ created_by: 'old@agent' });
  const { contents } = await client.readResource({ uri: 'hub://info' });
  expect(contents).toHaveLength(1);
  await client.close();
});

it('serves a client of 2026-07-28', async () => {
  const client = new Client2026({ name: 'new', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(
    new Stdio2026({ command: process.execPath, args: [MAIN, 'stdio'], env: envOf(shared) }),
  );
  expect(client.getProtocolEra()).toBe('modern');
  const { structuredContent } = await client.callTool(create('new, mit Ümläuten'));
  expect(structuredContent).toMatchObject({ created_by: 'new@agent' });
  const { contents } = await client.readResource({ uri: 'hub://info' });
  expect(contents).toHaveLength(1);
  await client.close();
});

it('answers all that was asked, in order, before it ends with its input', async () => {
  const one = sharedBridge();
  await one.open();
  for (let id = 0; id < 20; id++) one.send({ id, method: 'tools/call', params: create(`number ${id}`) });
  one.send({ id: 'last', method: 'tools/list' });
  expect(await one.end()).toBe(0);
  expect(one.received.map(({ id }) => id)).toEqual([
    'open',
    ...Array.from({ length: 20 }, (_, id) => id),
    'last',
  ]);
  expect(one.received.filter(({ error }) => error !== undefined)).toEqual([]);
});

it('says which line was no message, and goes on', async () => {
  const one = sharedBridge();
  await one.open();
  one.write('no json\n\n[]\n7\n');
  expect(await one.ask(1, 'ping')).toMatchObject({ result: {} });
  expect(one.received.flatMap(({ id, error }) => (id === null ? [error?.code] : []))).toEqual([
    -32700, -32600, -32600,
  ]);
  expect(await one.ask(2, 'no/such/method')).toMatchObject({ error: { code: -32601 } });
  const big = await one.ask(3, 'tools/call', create('x'.repeat(1_500_000)));
  expect(big.error).toMatchObject({ data: { success: false, code: 'CONTENT_TOO_LARGE' } });
  expect(await one.end()).toBe(0);
});

it('goes on after the hub was killed and came back at another port', async () => {
  const first = await hub();
  const one = bridge();
  await one.open();
  expect(await one.ask(1, 'tools/call', create('before'))).toMatchObject({ result: {} });
  first.child.kill('SIGKILL');
  await first.ended;
  await hub();
  const after = await one.ask(2, 'tools/call', createOnce('after'));
  expect(after.result?.['structuredContent']).toMatchObject({ success: true, created_by: 'piped@agent' });
  expect(one.received.filter(({ method }) => method === undefined)).toHaveLength(3);
  expect(await one.end()).toBe(0);
});

it('starts a hub again when one is needed', async () => {
  const first = await hub();
  const one = bridge();
  await one.open();
  first.child.kill('SIGTERM');
  await first.ended;
  const after = await one.ask(1, 'tools/call', createOnce('again'));
  expect(after.error).toBeUndefined();
  expect(after.result).toMatchObject({ structuredContent: { success: true } });
  expect(background()?.pid).not.toBe(first.child.pid);
});

it('ends at once when it is told to', async () => {
  const one = sharedBridge();
  await one.open();
  one.kill('SIGTERM');
  expect(await one.ended).toBe(0);
});

it('is what MCP_TRANSPORT=stdio makes of serve and up', async () => {
  await Promise.all(
    ['serve', 'up'].map(async (command) => {
      const one = sharedBridge({ MCP_TRANSPORT: 'stdio' }, [command]);
      expect(await one.open()).toMatchObject({ result: {} });
      expect(await one.end()).toBe(0);
    }),
  );
});

it('takes hub and key from the settings, and gives the key of this machine to no other', async () => {
  const url = await sharedHub.ready;
  const wrong = bridge({
    HUB_URL: url,
    HUB_API_KEY: 'schk_nobody-knows-this-one-0123456789',
  });
  expect(await wrong.open()).toMatchObject({ error: { data: { code: 'AUTHENTICATION_FAILED' } } });
  expect(await wrong.end()).toBe(0);
  const without = bridge({ HUB_URL: 'https://hub.example.com' });
  expect(await without.ended).toBe(4);
  expect(without.stderr()).toContain('set HUB_API_KEY');
});

it('says why no hub could be started', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  const { port } = await new Promise<AddressInfo>((resolve) => {
    other.once('listening', () => {
      resolve(other.address() as AddressInfo);
    });
  });
  const one = bridge({ HTTP_PORT: String(port) });
  expect(await one.ended).toBe(5);
  expect(one.stderr()).toMatch(new RegExp(`^schub: No hub could be started: Port ${port} is taken`));
  other.close();
});
