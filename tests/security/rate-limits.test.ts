/** How many calls pass in a minute: by agent and kind, by key in all, through every door. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ErrorObject } from '../../src/errors.ts';
import { TOOLS } from '../../src/mcp/tools/index.ts';
import { initialize, rawRequest } from '../_util/raw-mcp.ts';
import { ERAS, expectError, openDoor, refusalOf, type Door } from '../_util/scenario-doors.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';
import { withBatches } from '../mcp/batches.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const limited = (limits: Record<string, number>): Promise<TestHub> =>
  startTestHub({
    env: {
      RATE_LIMIT_ENABLED: 'true',
      ...Object.fromEntries(
        Object.entries(limits).map(([kind, limit]) => [`RATE_LIMIT_${kind}_PER_MINUTE`, String(limit)]),
      ),
    },
  });

const as = (agent: string, key = AGENT_KEY) => ({ key, agent, type: 'claude' });
const send = async (hub: TestHub, request: Request): Promise<Response> => {
  request.headers.set('host', '127.0.0.1:23456');
  return hub.hub.app.fetch(request);
};
const api = (hub: TestHub, agent: string, path = 'sessions', init: RequestInit = {}): Promise<Response> =>
  hub.request(`/api/v1/${path}`, {
    ...init,
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'x-agent-id': agent },
  });

/** The error of an answer that says to come back later; undefined for any other answer. */
function limitError(json: Record<string, unknown>): ErrorObject | undefined {
  return json['code'] === 'RATE_LIMITED' ? (json as unknown as ErrorObject) : undefined;
}

function expectWait(error: ErrorObject, kind: string, limit: number): void {
  expect(error).toMatchObject({ code: 'RATE_LIMITED', context: { kind, limit_per_minute: limit } });
  expect(error.retry_after).toBeGreaterThan(0);
  expect(error.retry_after).toBeLessThanOrEqual(60);
  expect(error.suggestions).not.toEqual([]);
}

const missing = { session_id: 'session_0123456789abcdef' };
type Ask = (door: Door) => Promise<unknown>;
const call =
  (tool: string, args: Record<string, unknown> = {}): Ask =>
  async (door) => {
    const answer = await door.call(tool, args);
    const error = limitError(answer.json);
    if (error !== undefined) throw Object.assign(new Error('limited'), { code: 200, data: error });
  };
const KINDS: readonly (readonly [kind: string, asks: readonly Ask[]])[] = [
  [
    'messages',
    [
      call('create_session', { purpose: 'p' }),
      call('add_message', { ...missing, content: 'c' }),
      call('add_message', { wrong: true }),
      call('update_session', { ...missing, purpose: 'q' }),
      call('set_message_visibility', { message_id: 1, visibility: 'public' }),
    ],
  ],
  [
    'reads',
    [
      call('list_sessions'),
      call('get_session', missing),
      call('get_messages', missing),
      call('get_usage_guidance'),
      (door) => door.read('hub://info'),
      (door) => door.prompt('setup-collaboration', { purpose: 'p', expert_roles: 'a' }),
      (door) => door.complete({ prompt: 'debug-session', argument: 'session_id', value: '' }),
    ],
  ],
  ['search', [call('search_by_sender', { sender: 'x' }), call('search_by_timerange')]],
  [
    'memory',
    [
      call('set_memory', { key: 'k', value: 1 }),
      call('get_memory', { key: 'k' }),
      call('list_memory'),
      call('delete_memory', { key: 'k' }),
    ],
  ],
  [
    'leases',
    [
      call('acquire_lease', { resources: ['a'] }),
      call('acquire_lease', { lease_id: 'none' }),
      call('list_leases'),
      call('release_lease', { all: true }),
    ],
  ],
];

describe.each(ERAS)('an agent of %s', (era) => {
  it.each(KINDS)('may make so many calls of the kind %s', async (kind, asks) => {
    await using hub = await limited({ [kind.toUpperCase()]: asks.length });
    const [door, other] = [await openDoor(hub, era, as('ann')), await openDoor(hub, era, as('ben'))];
    for (const ask of asks) await ask(door);
    for (const ask of asks) expectWait((await refusalOf(ask(door))).error, kind, asks.length);
    for (const [, others] of KINDS.filter(([name]) => name !== kind)) await others[0]!(door);
    for (const ask of asks) await ask(other);
  });

  it('is one agent in whatever case its id is written, and over all its connections', async () => {
    await using hub = await limited({ READS: 10 });
    const doors = [];
    for (const id of ['Ann', 'ann', 'ANN', 'aNN']) doors.push(await openDoor(hub, era, as(id)));
    const answers = [];
    for (let n = 0; n < 5; n++)
      for (const door of doors) answers.push(door.call('list_sessions').then(({ json }) => json));
    const errors = (await Promise.all(answers)).filter((json) => limitError(json) !== undefined);
    expect(answers.length - errors.length).toBe(10);
  });

  it('is told truly when it may go on', async () => {
    await using hub = await limited({ SEARCH: 2 });
    const door = await openDoor(hub, era, as('ann'));
    const search = () => door.call('search_by_sender', { sender: 'x' });
    expect((await search()).isError).toBe(false);
    vi.setSystemTime(Date.now() + 20_000);
    expect((await search()).isError).toBe(false);
    const { retry_after: seconds } = expectError(await search(), 'RATE_LIMITED');
    expect(seconds).toBe(40);
    vi.setSystemTime(Date.now() + 38_000);
    expectError(await search(), 'RATE_LIMITED');
    vi.setSystemTime(Date.now() + 2_000);
    expect((await search()).isError).toBe(false);
  });
});

it('no tool is without a limit', async () => {
  await using hub = await limited({ AUTH: 1, MESSAGES: 1, READS: 1, SEARCH: 1, MEMORY: 1, LEASES: 1 });
  for (const { name, rate } of TOOLS) {
    const agent = `agent-of-${name}`;
    const ask = async () => {
      const params = { name, arguments: {} };
      const headers = { 'x-agent-id': agent };
      const response = await send(
        hub,
        rawRequest('2026', { method: 'tools/call', params, headers, key: ADMIN_KEY }),
      );
      expect(response.status).toBe(200);
      const { result } = (await response.json()) as { result: { content: [{ text: string }] } };
      return JSON.parse(result.content[0].text) as Record<string, unknown>;
    };
    // What is limited per key, others may have used up.
    if (rate !== 'auth') expect(limitError(await ask()), name).toBeUndefined();
    else await ask();
    expectWait(limitError(await ask())!, rate, 1);
  }
});

describe('a key', () => {
  it('passes so many calls of all its agents, through all doors together', async () => {
    await using hub = await limited({ TOTAL: 30 });
    const passed = { tools: 0, api: 0 };
    for (let n = 0; n < 40; n++) {
      const response = await api(hub, `api-${n % 20}`);
      if (response.status === 200) passed.api++;
      const door = n % 2 === 0 ? 'tools/call' : 'resources/read';
      const params = n % 2 === 0 ? { name: 'list_sessions', arguments: {} } : { uri: 'hub://info' };
      const headers = { 'x-agent-id': `agent-${n % 20}` };
      const text = await (
        await send(hub, rawRequest('2026', { method: door, params, headers, key: ADMIN_KEY }))
      ).text();
      if (!text.includes('RATE_LIMITED')) passed.tools++;
    }
    expect(passed).toEqual({ tools: 15, api: 15 });

    const refused = await api(hub, 'one-more');
    expect(refused.status).toBe(429);
    const error = (await refused.json()) as ErrorObject;
    expectWait(error, 'total', 30);
    expect(refused.headers.get('retry-after')).toBe(String(error.retry_after));
    const opening = await send(hub, initialize({ key: ADMIN_KEY, headers: { 'x-agent-id': 'new' } }));
    expect(opening.status).toBe(429);
    const imported = await api(hub, 'one-more', 'import', { method: 'POST', body: '' });
    expect(imported.status).toBe(429);

    const other = await openDoor(hub, '2025', as('another-key'));
    expect((await other.call('list_sessions')).isError).toBe(false);
  });

  it('loses nothing to one of its agents that asks too much', async () => {
    // Each of the two finds out what the hub speaks and lists its tools: that counts as well.
    await using hub = await limited({ SEARCH: 2, TOTAL: 20 + 2 * 2 });
    const loud = await openDoor(hub, '2026', as('loud'));
    for (let n = 0; n < 100; n++) await loud.call('search_by_sender', { sender: 'x' });
    const quiet = await openDoor(hub, '2026', as('quiet'));
    for (let n = 0; n < 18; n++) expect((await quiet.call('list_sessions')).isError).toBe(false);
    expectWait(expectError(await quiet.call('list_sessions'), 'RATE_LIMITED'), 'total', 24);
  });
});

it('each call of a batch counts', async () => {
  await using hub = await limited({ READS: 4 });
  const headers = { 'x-agent-id': 'ann' };
  const opened = await send(hub, initialize({ params: withBatches, key: AGENT_KEY, headers }));
  const sessionId = opened.headers.get('mcp-session-id') ?? '';
  const one = rawRequest('2025', { method: 'ping', sessionId, key: AGENT_KEY, headers });
  one.headers.set('mcp-protocol-version', withBatches.protocolVersion);
  const params = { name: 'list_sessions', arguments: {} };
  const calls = Array.from({ length: 10 }, (_, id) => ({ jsonrpc: '2.0', id, method: 'tools/call', params }));
  const batch = new Request(one.url, {
    method: 'POST',
    headers: one.headers,
    body: JSON.stringify(calls),
  });
  const answers = (await (await send(hub, batch)).json()) as { result: { isError?: boolean } }[];
  expect(answers).toHaveLength(10);
  expect(answers.filter(({ result }) => result.isError !== true)).toHaveLength(4);
});

it('writes and reads of the JSON API count as those of the tools; an import is one call', async () => {
  await using hub = await limited({ READS: 3, MESSAGES: 2 });
  const admin = await openDoor(hub, '2026', as('root', ADMIN_KEY));
  await admin.call('list_sessions');
  expect((await api(hub, 'root')).status).toBe(200);
  expect((await api(hub, 'root', 'keys')).status).toBe(200);
  expect((await api(hub, 'root')).status).toBe(429);
  expectError(await admin.call('list_sessions'), 'RATE_LIMITED');

  const lines = Array.from({ length: 20 }, (_, n) =>
    JSON.stringify({
      id: `e${n}`,
      session: 's',
      timestamp: '2020-01-01T00:00:00Z',
      sender: 'x',
      content: 'c',
    }),
  );
  const imported = () => api(hub, 'root', 'import', { method: 'POST', body: lines.join('\n') });
  expect(await (await imported()).json()).toMatchObject({ imported: 20 });
  for (let n = 0; n < 5; n++) expect((await imported()).status).toBe(200);
  const makeKey = (name: string) =>
    api(hub, 'root', 'keys', { method: 'POST', body: JSON.stringify({ name }) });
  for (const name of ['a', 'b']) expect((await makeKey(name)).status).not.toBe(429);
  expect((await makeKey('c')).status).toBe(429);
});

it('RATE_LIMIT_ENABLED=false switches all of it off', async () => {
  await using hub = await startTestHub({
    env: {
      RATE_LIMIT_ENABLED: 'false',
      RATE_LIMIT_SEARCH_PER_MINUTE: '1',
      RATE_LIMIT_TOTAL_PER_MINUTE: '1',
      RATE_LIMIT_AUTH_PER_MINUTE: '1',
    },
  });
  const door = await openDoor(hub, '2025', as('ann'));
  for (let n = 0; n < 10; n++)
    expect((await door.call('search_by_sender', { sender: 'x' })).isError).toBe(false);
  const wrong = { headers: { authorization: 'Bearer wrong' } };
  for (let n = 0; n < 10; n++) expect((await hub.request('/api/v1/sessions', wrong)).status).toBe(401);
});
