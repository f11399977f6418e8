/** What a hub says of its own accord, and what a client takes back, through `schub stdio`. The hub is a small one with all that MCP has. */
import { rmSync } from 'node:fs';
import { ListRootsResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Listener, listen } from '../../src/http/server.ts';
import type { RichSurface } from '../../src/mcp/engines/rich-surface.ts';
import { createMcpFixture, KEYS, type McpFixture } from '../_util/mcp-fixture.ts';
import { temporaryFolder } from '../_util/test-hub.ts';
import { collectLog } from '../http/harness.ts';
import { enrich } from '../mcp/rich.ts';
import { type Bridge, type Message, startBridge } from './bridge.ts';

/** Of a loaded machine. */
const PATIENCE_MS = 60_000;
vi.setConfig({ testTimeout: 2 * PATIENCE_MS });

const share = temporaryFolder();
let fixture: McpFixture;
let server: Listener;
let bridge: Bridge;

/** And a tool that asks its client something. */
function withQuestion(surface: RichSurface): RichSurface {
  return {
    ...surface,
    async callTool(ctx, name, args) {
      const { sdk } = ctx.client;
      if (name !== 'ask' || sdk.era !== '2025') return surface.callTool(ctx, name, args);
      const { roots } = await sdk.extra.sendRequest({ method: 'roots/list' }, ListRootsResultSchema);
      return { content: [{ type: 'text', text: JSON.stringify(roots) }] };
    },
  };
}

async function start(port = 0): Promise<void> {
  fixture = createMcpFixture({ extend: (surface) => withQuestion(enrich(surface)) });
  server = await listen(fixture.app, { host: '127.0.0.1', port, log: collectLog().log });
}

async function stop(): Promise<void> {
  await fixture[Symbol.asyncDispose]();
  await server.close(0);
}

beforeEach(async () => {
  await start();
  bridge = startBridge(share, { HUB_URL: server.url, HUB_API_KEY: KEYS.alice });
});
afterEach(async () => {
  bridge.kill('SIGKILL');
  await bridge.ended;
  await stop();
});
afterAll(() => {
  rmSync(share, { recursive: true, force: true });
});

const until = (is: () => boolean): Promise<boolean> => vi.waitUntil(is, PATIENCE_MS);
const MINE = 'session://mine';
const updates = (): number =>
  bridge.received.filter(({ method }) => method === 'notifications/resources/updated').length;
const isAnswerTo =
  (id: string) =>
  (message: Message): boolean =>
    message.id === id && message.method === undefined;
const STATELESS = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'piped', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
const streams = (): number =>
  [...fixture.engines.legacy.sessions.values()].filter((session) => !session.unused).length;

it('passes on what is said before an answer', async () => {
  await bridge.open();
  await bridge.ask('spoken', 'tools/call', { name: 'speak', _meta: { progressToken: 'p' } });
  const order = bridge.received.map(({ id, method }) => method ?? id);
  expect(order.slice(1)).toEqual([
    'notifications/progress',
    'notifications/message',
    'notifications/message',
    'spoken',
  ]);
});

it('brings questions to the client, and its answers back', async () => {
  await bridge.open();
  bridge.send({ id: 'asks', method: 'tools/call', params: { name: 'ask' } });
  const { id } = await bridge.heard(({ method }) => method === 'roots/list');
  bridge.send({ id, result: { roots: [{ uri: 'file:///x' }] } });
  const { result } = await bridge.heard(isAnswerTo('asks'));
  expect(result?.['content']).toEqual([{ type: 'text', text: '[{"uri":"file:///x"}]' }]);
});

it('passes on what nobody asked for, also after the hub was gone for a while', async () => {
  await bridge.open();
  await bridge.ask('watch', 'resources/subscribe', { uri: MINE });
  await until(() => streams() === 1);
  fixture.engines.announce({ resource: MINE });
  await until(() => updates() === 1);
  fixture.engines.announce({ list: 'tools' });
  await bridge.heard(({ method }) => method === 'notifications/tools/list_changed');

  const { port } = server;
  await stop();
  await start(port);
  // Something may have changed meanwhile.
  await until(() => updates() === 2);
  await until(() => streams() === 1);
  fixture.engines.announce({ resource: MINE });
  await until(() => updates() === 3);
  expect(bridge.received.filter(({ method }) => method === undefined).map(({ id }) => id)).toEqual([
    'open',
    'watch',
  ]);
});

it('opens the stream of a client without a session again', async () => {
  const notifications = { resourceSubscriptions: [MINE] };
  bridge.send({ id: 'listen', method: 'subscriptions/listen', params: { _meta: STATELESS, notifications } });
  await bridge.heard(({ method }) => method === 'notifications/subscriptions/acknowledged');
  fixture.engines.announce({ resource: MINE });
  await until(() => updates() === 1);
  const { port } = server;
  await stop();
  await start(port);
  await until(() => fixture.engines.modern.subscriptions === 1);
  fixture.engines.announce({ resource: MINE });
  await until(() => updates() === 2);
  bridge.send({ method: 'notifications/cancelled', params: { requestId: 'listen' } });
  await until(() => fixture.engines.modern.subscriptions === 0);
  expect(bridge.received.map(({ method, id }) => method ?? id)).toEqual([
    'notifications/subscriptions/acknowledged',
    'notifications/resources/updated',
    'notifications/resources/updated',
  ]);
});

it.each([
  ['in a session', {}],
  ['without one', { _meta: STATELESS }],
])('cancels %s what takes long, and lets the next pass meanwhile', async (_name, more) => {
  if (Object.keys(more).length === 0) await bridge.open();
  bridge.send({ id: 'slow', method: 'tools/call', params: { name: 'slow', arguments: {}, ...more } });
  await until(() => fixture.seen.running.size === 1);
  const next = await bridge.ask('next', 'tools/call', { name: 'echo', arguments: { text: 'x' }, ...more });
  expect(next.result).toMatchObject({ structuredContent: { text: 'x' } });
  bridge.send({ method: 'notifications/cancelled', params: { requestId: 'slow' } });
  await until(() => fixture.seen.aborted.length === 1);
  await bridge.ask('ping', 'tools/list', more);
  expect(bridge.received.some(isAnswerTo('slow'))).toBe(false);
});

it('says that it does not know what became of a call when the hub goes under it', async () => {
  await bridge.open();
  bridge.send({ id: 'slow', method: 'tools/call', params: { name: 'slow', arguments: {} } });
  await until(() => fixture.seen.running.size === 1);
  await server.close(0);
  const { error } = await bridge.heard(isAnswerTo('slow'));
  expect(error?.data).toMatchObject({ success: false, code: 'STORE_UNAVAILABLE' });
  expect(error?.message).toContain('whether it was done is not known');
  const gone = await bridge.ask('gone', 'tools/call', { name: 'echo', arguments: { text: 'x' } });
  expect(gone.error?.data).toMatchObject({ code: 'STORE_UNAVAILABLE' });
});

it('ends its session with its input', async () => {
  await bridge.open();
  await until(() => streams() === 1);
  expect(await bridge.end()).toBe(0);
  expect(fixture.engines.legacy.sessions.size).toBe(0);
});
