/** What a key has opened ends with it: streams, sessions and calls under way, in both eras, within a second. */
import { Hono } from 'hono';
import { requestId } from 'hono/request-id';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { Authenticator } from '../../src/auth/types.ts';
import { HubError } from '../../src/errors.ts';
import { requestIdOf } from '../../src/http/request-id.ts';
import type { HubEnv } from '../../src/http/types.ts';
import { createOpenRequests } from '../../src/mcp/open-requests.ts';
import { mcpRoutes } from '../../src/mcp/route.ts';
import { defineTool } from '../../src/mcp/tool.ts';
import { TOOLS } from '../../src/mcp/tools/index.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { createMcpFixture, fakeAuthenticator, KEYS, unlimited } from '../_util/mcp-fixture.ts';
import { initialize, rawRequest } from '../_util/raw-mcp.ts';
import { EventReader, enrich } from '../mcp/rich.ts';
import { openSession, post } from '../_util/scenario-raw.ts';
import { openRows } from '../_util/scenario-rows.ts';
import { ERAS } from '../_util/scenario-doors.ts';
import { ADMIN_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

/** How long it may take until everything has ended. */
const AT_ONCE_MS = 1000;

let hub: TestHub;
let ahead = 0;
let waiting = 0;

/** A tool that answers only when its caller is gone. */
const wait = defineTool({
  ...{ name: 'wait', title: 'Wait', description: 'Waits.', permission: 'read', core: false },
  rate: 'reads',
  hints: { readOnly: true, idempotent: true, destructive: false },
  input: z.strictObject({}),
  output: z.object({}),
  async handler(_hub, { signal }) {
    waiting++;
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve, { once: true });
    });
    waiting--;
    return {};
  },
});

async function start(env: Record<string, string> = {}): Promise<void> {
  ahead = 0;
  waiting = 0;
  hub = await startTestHub({ env, tools: [...TOOLS, wait], now: () => Date.now() + ahead });
}

interface Key {
  readonly key: string;
  readonly key_id: string;
}

async function operate(method: string, path: string, body?: object): Promise<unknown> {
  const response = await hub.request(`/api/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(response.ok, path).toBe(true);
  return response.json();
}

const makeKey = async (name: string, more: object = {}): Promise<Key> =>
  (await operate('POST', 'keys', { name, ...more })) as Key;

/** When it was over, in milliseconds from `since`; never, after a good second. */
async function over(what: Promise<unknown>, since: number): Promise<number> {
  const never = new Promise((resolve) => setTimeout(resolve, 2 * AT_ONCE_MS, 'never').unref());
  return (await Promise.race([what, never])) === 'never' ? Infinity : performance.now() - since;
}

interface Opened {
  readonly headers: Record<string, string>;
  /** The session's own stream, all of it; settled when it has ended. */
  readonly stream: Promise<string>;
  readonly calls: readonly Promise<Response>[];
}

/** Opens everything that can be open. */
async function openAll(key: string, agent: string): Promise<Opened> {
  const own = { authorization: `Bearer ${key}`, 'x-agent-id': agent };
  const headers = await openSession(hub, own);
  const before = waiting;
  const stream = await hub.request('/mcp', {
    headers: { ...headers, accept: 'text/event-stream', 'mcp-protocol-version': '2025-11-25' },
  });
  expect([stream.status, stream.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  const calls = ERAS.map((era) =>
    post(hub, era, {
      ...{ method: 'tools/call', params: { name: 'wait', arguments: {} } },
      headers: era === '2025' ? headers : own,
    }),
  );
  await vi.waitUntil(() => waiting === before + 2, { interval: 5 });
  return { headers, stream: stream.text(), calls };
}

/** Asks under another id than that of the call under way. */
const ask = (headers: Record<string, string>): Promise<Response> =>
  hub.request('/mcp', {
    method: 'POST',
    headers: {
      ...{ 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      ...{ 'mcp-protocol-version': '2025-11-25', ...headers },
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 'ask', method: 'tools/list' }),
  });

/** Nothing of what was opened goes on; the calls are not answered with what they were to answer. */
async function expectAllEnded({ stream, calls }: Opened, since: number): Promise<void> {
  for (const what of [stream, ...calls]) expect(await over(what, since)).toBeLessThan(AT_ONCE_MS);
  for (const call of calls) {
    const answer = await call;
    const text = await answer.clone().text();
    expect(answer.status === 200 ? JSON.parse(text) : { error: text }, text).toHaveProperty('error');
  }
}

describe('what a key has opened', () => {
  afterEach(() => hub[Symbol.asyncDispose]());

  it('ends when the key is revoked, and nothing of other keys does', async () => {
    await start();
    const [bad, good] = [await makeKey('bad'), await makeKey('good')];
    const opened = await openAll(bad.key, 'mallory');
    const others = await openAll(good.key, 'alice');
    const since = performance.now();
    await operate('DELETE', 'keys/bad');
    await expectAllEnded(opened, since);
    await vi.waitUntil(() => waiting === 2, { interval: 5 });
    expect((await ask(opened.headers)).status).toBe(401);
    expect((await ask(others.headers)).status).toBe(200);
    expect(await Promise.race([others.stream, ...others.calls, 'open'])).toBe('open');
    // Nor does it come back under a key that is good: the session is gone.
    const { 'mcp-session-id': id = '' } = opened.headers;
    const taken = { ...others.headers, 'mcp-session-id': id };
    expect((await ask(taken)).status).toBe(404);
  });

  it('ends when the key expires', async () => {
    await start();
    const { key } = await makeKey('brief', { expires_in: 3600 });
    const opened = await openAll(key, 'mallory');
    ahead = 3_599_000 - 10_000;
    expect((await ask(opened.headers)).status).toBe(200);
    ahead = 3_600_001;
    await expectAllEnded(opened, performance.now());
    expect((await ask(opened.headers)).status).toBe(401);
  });

  it('ends with the text it was opened with, while the key goes on', async () => {
    await start();
    const first = await makeKey('team');
    const opened = await openAll(first.key, 'ann');
    const since = performance.now();
    const second = (await operate('POST', 'keys/team/rotate', { overlap: 0 })) as Key;
    await expectAllEnded(opened, since);
    expect((await ask(opened.headers)).status).toBe(401);
    expect((await ask({ ...opened.headers, authorization: `Bearer ${second.key}` })).status).toBe(200);
  });

  it('goes on through the overlap of a rotation, and ends with it', async () => {
    await start();
    const first = await makeKey('team');
    const opened = await openAll(first.key, 'ann');
    await operate('POST', 'keys/team/rotate', { overlap: 60 });
    ahead = 59_000 - 5_000;
    expect((await ask(opened.headers)).status).toBe(200);
    expect(await Promise.race([opened.stream, ...opened.calls, 'open'])).toBe('open');
    ahead = 60_001;
    await expectAllEnded(opened, performance.now());
  });

  it('ends in the middle of an import, of which no more is stored', async () => {
    await start();
    const { key } = await makeKey('importer', { permissions: ['read', 'write', 'admin'] });
    const lines = (from: number): Uint8Array => {
      const rows = Array.from({ length: 200 }, (_, i) => ({
        ...{
          id: `m${from + i}`,
          session: 'talk',
          sender: 'Ann',
          timestamp: '2024-01-01T00:00:00Z',
          content: 'c',
        },
      }));
      return new TextEncoder().encode(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    };
    const upload = new TransformStream<Uint8Array, Uint8Array>();
    const writer = upload.writable.getWriter();
    const answer = hub.request('/api/v1/import', {
      ...{ method: 'POST', headers: { authorization: `Bearer ${key}` } },
      ...{ body: upload.readable, duplex: 'half' },
    });
    using rows = openRows(hub);
    await writer.write(lines(0));
    await vi.waitUntil(() => rows.count('messages') === 200, { interval: 5 });
    const since = performance.now();
    await operate('DELETE', 'keys/importer');
    expect(await over(answer, since)).toBeLessThan(AT_ONCE_MS);
    expect((await answer).status).toBe(401);
    // Whoever reads the upload stops at the next batch.
    await writer
      .write(lines(200))
      .then(() => writer.close())
      .catch(() => undefined);
    for (let n = 0; n < 3; n++) await makeKey(`written-later-${n}`);
    expect(rows.count('messages')).toBe(200);
  });

  it.each(['revoked', 'expired'])('leaves no session behind when the key is %s', async (how) => {
    await start({ MAX_MCP_SESSIONS: '1' });
    const [bad, good] = [await makeKey('bad', { expires_in: 600 }), await makeKey('good')];
    const headersOf = ({ key }: Key) => ({ authorization: `Bearer ${key}`, 'x-agent-id': 'someone' });
    await openSession(hub, headersOf(bad));
    await expect(openSession(hub, { ...headersOf(good), 'x-agent-id': 'other' })).rejects.toThrow(/maximum/);
    const since = performance.now();
    if (how === 'revoked') await operate('DELETE', `keys/${bad.key_id}`);
    else ahead = 600_001;
    const room = vi.waitFor(() => openSession(hub, { ...headersOf(good), 'x-agent-id': 'other' }), {
      ...{ interval: 20, timeout: 2 * AT_ONCE_MS },
    });
    expect(await over(room, since)).toBeLessThan(AT_ONCE_MS);
  });

  it.each(['release', 'transfer'])('ends with the %s of its agent, and with no other agent', async (how) => {
    await start();
    const key = await makeKey('old-team');
    const heir = await makeKey('new-team');
    const opened = await openAll(key.key, 'Reviewer');
    const neighbour = await openAll(key.key, 'tester');
    const since = performance.now();
    await operate('POST', `agents/reviewer/${how}`, how === 'transfer' ? { key: 'new-team' } : {});
    await expectAllEnded(opened, since);
    const taken = { authorization: `Bearer ${heir.key}`, 'x-agent-id': 'reviewer' };
    const session = await openSession(hub, taken);
    expect((await ask(session)).status).toBe(200);
    expect((await ask(opened.headers)).status).toBe(404);
    expect((await post(hub, '2026', { method: 'tools/list', headers: opened.headers })).status).toBe(403);
    expect((await ask(neighbour.headers)).status).toBe(200);
    expect(await Promise.race([neighbour.stream, ...neighbour.calls, 'open'])).toBe('open');
  });
});

/** What the hub itself has no tool or resource for yet: streams that say something before they end. */
describe('a stream of events', () => {
  async function served() {
    const fixture = createMcpFixture({ extend: enrich });
    const gone = new Set<string>();
    const open = createOpenRequests({ now: Date.now });
    const authenticator: Authenticator = {
      ...fakeAuthenticator,
      async verify(headers, address) {
        const credential = await fakeAuthenticator.verify(headers, address);
        if (gone.has(credential.keyId)) throw new HubError('AUTHENTICATION_FAILED', 'Gone.');
        return credential;
      },
    };
    const log = createLogger({ level: 'silent', format: 'json' });
    const app = new Hono<HubEnv>();
    app.use(requestId());
    app.route(
      '/',
      mcpRoutes({ engines: fixture.engines, authenticator, log, requestIdOf, open, ...unlimited() }),
    );
    const end = async (key: string): Promise<void> => {
      const headers = new Headers({ authorization: `Bearer ${key}` });
      const { keyId } = await fakeAuthenticator.verify(headers, 'unknown');
      gone.add(keyId);
      await open.recheck(keyId);
    };
    return { fixture, end, fetch: async (request: Request) => app.fetch(request) };
  }

  it('of subscriptions/listen ends with its key', async () => {
    const { fixture, end, fetch } = await served();
    const params = { notifications: { toolsListChanged: true } };
    const listen = async (key: string): Promise<EventReader> =>
      new EventReader(await fetch(rawRequest('2026', { method: 'subscriptions/listen', params, key })));
    const [alice, bob] = [await listen(KEYS.alice), await listen(KEYS.bob)];
    for (const reader of [alice, bob]) {
      expect((await reader.next())?.method).toBe('notifications/subscriptions/acknowledged');
    }
    await end(KEYS.alice);
    expect(await over(alice.rest(), performance.now())).toBeLessThan(AT_ONCE_MS);
    expect(fixture.engines.modern.subscriptions).toBe(1);
    fixture.engines.announce({ list: 'tools' });
    expect((await bob.next())?.method).toBe('notifications/tools/list_changed');
    await fixture[Symbol.asyncDispose]();
  });

  it.each(ERAS)('that answers a call ends with its key, without the answer (%s)', async (era) => {
    const { fixture, end, fetch } = await served();
    const opening = await fetch(initialize());
    const sessionId = opening.headers.get('mcp-session-id') ?? undefined;
    const params = { name: 'hold', arguments: {} };
    const own = era === '2025' ? { sessionId } : {};
    const call = withProgress(rawRequest(era, { method: 'tools/call', params, id: 7, ...own }));
    const reader = new EventReader(await fetch(await call));
    expect((await reader.next())?.method).toBe('notifications/progress');
    await vi.waitUntil(() => fixture.seen.running.size === 1, { interval: 1 });
    await end(KEYS.alice);
    const rest = reader.rest();
    expect(await over(rest, performance.now())).toBeLessThan(AT_ONCE_MS);
    expect((await rest).filter((message) => message.result !== undefined)).toEqual([]);
    expect(fixture.seen.aborted).toEqual(['slow']);
    await fixture[Symbol.asyncDispose]();
  });
});

async function withProgress(request: Request): Promise<Request> {
  const body = (await request.json()) as { params: { _meta?: object } };
  const _meta = { ...body.params._meta, progressToken: 'p' };
  const { method, headers } = request;
  return new Request(request.url, {
    ...{ method, headers },
    body: JSON.stringify({ ...body, params: { ...body.params, _meta } }),
  });
}
