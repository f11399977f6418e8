/** What the hub says of itself: every figure against a load of known size, and who may see it. */
import { ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../src/mcp/tool.ts';
import { TOOLS } from '../../src/mcp/tools/index.ts';
import type { Performance, toSeries } from '../../src/mcp/performance.ts';
import { collectLog } from '../http/harness.ts';
import { parsePrometheus, valueOf } from '../_util/prometheus.ts';
import { ERAS, expectError, expectSuccess, openDoor, type Door } from '../_util/scenario-doors.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub, type TestHubOptions } from '../_util/test-hub.ts';

let hub: TestHub | undefined;
let clock: number;
beforeEach(() => {
  clock = Date.now();
});
afterEach(() => hub?.[Symbol.asyncDispose]());

const PATIENT = { timeout: 20_000 };
const ADMIN = { authorization: `Bearer ${ADMIN_KEY}` };

async function start(options: TestHubOptions = {}): Promise<TestHub> {
  return (hub = await startTestHub({ now: () => clock, ...options }));
}
const alice = (era: (typeof ERAS)[number] = '2026'): Promise<Door> =>
  openDoor(hub!, era, { key: AGENT_KEY, agent: 'alice', type: 'coder' });
const operator = (era: (typeof ERAS)[number] = '2026'): Promise<Door> =>
  openDoor(hub!, era, { key: ADMIN_KEY, agent: 'ops', type: 'ops' });

async function get<T>(path: string, headers: Record<string, string> = ADMIN): Promise<[number, T]> {
  const response = await hub!.request(path, { headers });
  return [response.status, (await response.json()) as T];
}
type Series = ReturnType<typeof toSeries>;
const performance = async (query = ''): Promise<Performance> =>
  (await get<Performance>(`/api/v1/metrics${query}`))[1];
const isBusy = ({ calls }: { readonly calls: number }): boolean => calls > 0;
async function scrape() {
  const response = await hub!.request('/metrics', { headers: ADMIN });
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  return parsePrometheus(await response.text());
}

/** Eight messages, of which one is refused, and what belongs to them. */
async function load(door: Door): Promise<string> {
  const { session_id } = expectSuccess(await door.call('create_session', { purpose: 'measured' }));
  for (let n = 0; n < 7; n++)
    expectSuccess(await door.call('add_message', { session_id, content: `message ${n}` }));
  expectError(await door.call('add_message', { session_id, content: 1 }), 'INVALID_INPUT');
  expectError(await door.call('get_session', { session_id: 'session_none' }), 'SESSION_NOT_FOUND');
  for (let n = 0; n < 3; n++) expectSuccess(await door.call('search_context', { query: 'message' }));
  return String(session_id);
}

describe.each(ERAS)('in era %s', (era) => {
  it('agrees with a load of known size, by every door', async () => {
    await start();
    const door = await alice(era);
    const before = parsePrometheus(await (await hub!.request('/metrics', { headers: ADMIN })).text());
    await load(door);
    const ops = await operator(era);
    const report = (await ops.call('get_performance_metrics', {})).json as unknown as Performance;
    const window = report.window!;
    expect(report.enabled).toBe(true);
    expect(window).toMatchObject({
      ...{ calls: 13, errors: 2, errors_by_code: { INVALID_INPUT: 1, SESSION_NOT_FOUND: 1 } },
      answers: { count: 13 },
      search: { searches: 3 },
    });
    expect(window.tools.map(({ tool, calls, errors }) => [tool, calls, errors])).toEqual([
      ['add_message', 8, 1],
      ['search_context', 3, 0],
      ['create_session', 1, 0],
      ['get_session', 1, 1],
    ]);
    expect(window.store.messages_added).toBe(7);
    expect(window.store.writes).toBeGreaterThanOrEqual(8);
    expect(window.store.commits).toBeGreaterThanOrEqual(8);
    expect(window.store.commits).toBeLessThanOrEqual(window.store.writes);
    const { commit, wait } = window.store;
    for (const times of [window.answers, window.search, commit, wait, ...window.tools]) {
      const { mean_ms: mean, p50_ms: p50, p95_ms: p95, p99_ms: p99, max_ms: max } = times;
      expect([p50, p95, p99, max]).toEqual([p50!, p95!, p99!, max!].toSorted((a, b) => a - b));
      expect(mean).toBeGreaterThan(0);
      expect(mean).toBeLessThanOrEqual(max!);
    }
    const { hits, misses, bytes } = report.caches['searches']!;
    expect(hits + misses).toBe(3);
    expect(bytes).toBeGreaterThanOrEqual(0);
    for (const name of ['keys', 'sessions', 'newest', 'searches', 'bodies'])
      expect(Object.keys(report.caches[name] ?? {}), name).toContain('evictions');
    expect(report.caches['keys']!.hits).toBeGreaterThan(0);
    expect(report.store.wal_bytes).toBeGreaterThan(0);
    expect(report.store.database_bytes).toBeGreaterThan(0);
    expect(report.store.disk_free_bytes).toBeGreaterThan(0);
    expect(report.process.rss_bytes).toBeGreaterThan(report.process.heap_used_bytes);
    expect(report.mcp_sessions).toBe(era === '2025' ? 2 : 0);

    // This call is counted by the next.
    const again = JSON.parse(await ops.read('performance://metrics')) as Performance;
    expect(again.window?.tools).toContainEqual(
      expect.objectContaining({ tool: 'get_performance_metrics', calls: 1 }),
    );
    expect((await performance('?window_seconds=600')).window).toMatchObject({ calls: 14, errors: 2 });

    const after = await scrape();
    const grown = (name: string, labels: Record<string, string> = {}) =>
      valueOf(after, name, labels) - valueOf(before, name, labels);
    expect(grown('mcp_tool_calls_total')).toBe(14);
    expect(grown('mcp_tool_calls_total', { tool: 'add_message' })).toBe(8);
    expect(grown('mcp_tool_errors_total', { tool: 'add_message', code: 'INVALID_INPUT' })).toBe(1);
    expect(grown('mcp_tool_errors_total')).toBe(2);
    expect(grown('mcp_tool_duration_seconds_count', { tool: 'add_message' })).toBe(8);
    expect(grown('hub_messages_added_total')).toBe(7);
    expect(grown('hub_search_seconds_count')).toBe(3);
    expect(grown('hub_store_batch_size_sum')).toBe(grown('hub_store_writes_total'));
    expect(grown('http_requests_total', { method: 'GET', route: '/metrics', status: '200' })).toBe(1);
    expect(valueOf(after, 'mcp_sessions_active')).toBe(era === '2025' ? 2 : 0);
  });

  it('is for the operators of the whole hub', async () => {
    await start();
    const strangeKey = await hub!.makeKey('far', {
      workspace: 'far',
      permissions: ['read', 'write', 'admin'],
    });
    const strange = await openDoor(hub!, era, { key: strangeKey, agent: 'far', type: 'ops' });
    for (const door of [await alice(era), strange]) {
      expect(await door.tools()).not.toContain('get_performance_metrics');
      expect(await door.resources()).not.toContain('performance://metrics');
      expectError(await door.call('get_performance_metrics', {}), 'PERMISSION_DENIED');
      await expect(door.read('performance://metrics')).rejects.toThrow();
    }
    const ops = await operator(era);
    expect(await ops.tools()).toContain('get_performance_metrics');
    expect(await ops.resources()).toContain('performance://metrics');
    for (const path of ['/metrics', '/api/v1/metrics', '/api/v1/metrics/series', '/api/v1/health']) {
      expect((await hub!.request(path)).status, path).toBe(401);
      for (const key of [AGENT_KEY, strangeKey]) {
        const [status, body] = await get<{ code: string }>(path, { authorization: `Bearer ${key}` });
        expect([status, body.code], path).toEqual([403, 'PERMISSION_DENIED']);
      }
      expect((await hub!.request(path, { headers: ADMIN })).status, path).toBe(200);
    }
  });
});

it('tells operators who watch that there is something new', async () => {
  await start({ loadEveryMs: 20 });
  const uri = 'performance://metrics';
  const heard = { '2025': 0, '2026': 0 };
  const old = await hub!.connect('2025', { key: ADMIN_KEY, agent: 'ops', type: 'ops' });
  old.client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
    if (params.uri === uri) heard['2025']++;
  });
  await old.client.subscribeResource({ uri });
  const modern = await hub!.connect('2026', { key: ADMIN_KEY, agent: 'ops', type: 'ops' });
  modern.client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
    if (params.uri === uri) heard['2026']++;
  });
  await modern.client.listen({ resourceSubscriptions: [uri] });
  await expect.poll(() => Math.min(...Object.values(heard)), PATIENT).toBeGreaterThan(1);
  const { process: busy } = await performance();
  expect(busy.loop_delay_max_ms).toBeGreaterThanOrEqual(busy.loop_delay_p99_ms!);
  expect(busy.cpu).toBeGreaterThan(0);
  expect((await scrape()).get('hub_event_loop_delay_seconds')?.samples).toHaveLength(2);

  const agent = await hub!.connect('2025', { agent: 'alice', type: 'coder' });
  await expect(agent.client.subscribeResource({ uri })).rejects.toThrow();
  for (const client of [old.client, modern.client]) await client.close();
});

it('counts the calls that come by the JSON API, and none of tools that do not exist', async () => {
  await start();
  const door = await alice();
  await expect(door.call('no_such_tool', {})).rejects.toThrow();
  const headers = { authorization: `Bearer ${AGENT_KEY}`, 'content-type': 'application/json' };
  const post = (body: object) =>
    hub!.request('/api/v1/sessions', { method: 'POST', headers, body: JSON.stringify(body) });
  expect((await post({ purpose: 'p' })).status).toBe(201);
  expect((await post({ purpose: '' })).status).toBe(400);
  expect((await performance()).window).toMatchObject({
    calls: 2,
    errors: 1,
    errors_by_code: { INVALID_INPUT: 1 },
  });
  const metrics = await scrape();
  expect(valueOf(metrics, 'mcp_tool_calls_total')).toBe(2);
  const route = { method: 'POST', route: '/api/v1/sessions' };
  expect(valueOf(metrics, 'http_requests_total', { ...route, status: '201' })).toBe(1);
  expect(valueOf(metrics, 'http_requests_total', { ...route, status: '400' })).toBe(1);
});

it('names routes by their pattern, and what has none as other', async () => {
  await start();
  const headers = { authorization: `Bearer ${AGENT_KEY}` };
  for (const path of ['/api/v1/memory/canary-key', '/api/v1/canary', '/canary', '/api/v1/sessions/canary'])
    await hub!.request(path, { headers });
  await hub!.request('/canary', { method: 'CANARY', headers });
  const text = await (await hub!.request('/metrics', { headers: ADMIN })).text();
  expect(text.toLowerCase()).not.toContain('canary');
  expect(valueOf(parsePrometheus(text), 'http_requests_total', { status: '404' })).toBeGreaterThanOrEqual(4);
});

it('shows who waits and listens now', async () => {
  await start();
  const door = await alice();
  const before = await performance();
  expect(before.waiting).toEqual({ messages: 0, leases: 0 });
  const waiting = door.call('wait_for_messages', { timeout_seconds: 50 });
  await expect.poll(async () => (await performance()).waiting.messages, PATIENT).toBe(1);
  expect((await performance()).listeners).toBeGreaterThan(before.listeners);
  expect(valueOf(await scrape(), 'hub_waiting_calls', { for: 'messages' })).toBe(1);
  hub!.hub.endWaits();
  await waiting;
  const after = await performance();
  expect(after.waiting.messages).toBe(0);
  expect(valueOf(await scrape(), 'hub_waiting_calls', { for: 'messages' })).toBe(0);
  // A wait counts as a call; its time says nothing about how quickly the hub answers.
  expect(after.window).toMatchObject({ calls: 1, answers: { count: 0 } });
});

it('keeps to its window, and tells the day in steps', async () => {
  await start();
  const started = clock;
  const iso = (at: number) => new Date(at).toISOString();
  const door = await alice();
  await load(door);
  clock = started + 20 * 60_000;
  await load(door);
  const callsIn = async (seconds: number) => (await performance(`?window_seconds=${seconds}`)).window?.calls;
  expect(await callsIn(300)).toBe(13);
  expect(await callsIn(3_000)).toBe(26);
  const series = async (query: string) => (await get<Series>(`/api/v1/metrics/series?${query}`))[1];
  const from = encodeURIComponent(iso(started - 60_000));
  const near = await series(`from=${from}&step=60`);
  expect(near).toMatchObject({ enabled: true, step_seconds: 60, to: iso(clock) });
  const busy = near.points.filter(isBusy);
  expect(busy).toHaveLength(2);
  for (const [n, at] of [started, clock].entries()) {
    const point = busy[n]!;
    expect(point).toMatchObject({
      ...{ messages: 7, calls: 13, errors: 2, searches: 3 },
      tools: { add_message: 8, search_context: 3, create_session: 1, get_session: 1 },
    });
    expect(point.p50_ms).toBeLessThanOrEqual(point.p95_ms!);
    expect(at - Date.parse(point.at)).toBeGreaterThanOrEqual(0);
    expect(at - Date.parse(point.at)).toBeLessThan(60_000);
  }
  const cut = await series(`from=${from}&to=${encodeURIComponent(iso(started + 10 * 60_000))}`);
  expect(cut.points.filter(isBusy)).toHaveLength(1);

  // By minutes after an hour, and nothing after a day.
  clock = started + 5 * 60 * 60_000;
  expect(await callsIn(6 * 60 * 60)).toBe(26);
  clock = started + 25 * 60 * 60_000;
  expect(await callsIn(86_400)).toBe(0);
  expect((await series('')).points.filter(isBusy)).toEqual([]);
});

it.each([
  ['/api/v1/metrics?window_seconds=0', 'window_seconds'],
  ['/api/v1/metrics?window_seconds=86401', 'window_seconds'],
  ['/api/v1/metrics/series?step=9', 'step'],
  ['/api/v1/metrics/series?from=yesterday', 'from'],
  ['/api/v1/metrics/series?from=2999-01-01T00:00:00Z', 'from'],
])('refuses %s', async (path, field) => {
  await start();
  expect(await get(path)).toMatchObject([400, { code: 'INVALID_INPUT', context: { field } }]);
});

it('answers a time that is long for its steps by longer ones, and cuts nothing off', async () => {
  await start();
  const door = await alice();
  const minute = 60_000;
  for (let at = 0; at < 1_430; at += 2) {
    clock += 2 * minute;
    if (at % 286 === 0) await load(door);
  }
  const [status, { step_seconds: step, points, from }] = await get<Series & { from: string }>(
    '/api/v1/metrics/series?from=2000-01-01T00:00:00Z&step=10',
  );
  expect(status).toBe(200);
  expect(step).toBeGreaterThan(60);
  expect(((clock - Date.parse(from)) / 1000 / step).toFixed()).toBe('480');
  expect(points.reduce((sum, { messages }) => sum + messages, 0)).toBe(5 * 7);
});

it('measures nothing by time where it is switched off, and says so', async () => {
  await start({ env: { ENABLE_PERFORMANCE_MONITORING: 'false' } });
  await load(await alice());
  const report = expectSuccess(await (await operator()).call('get_performance_metrics', {}));
  expect(report).toMatchObject({
    enabled: false,
    note: expect.stringContaining('ENABLE_PERFORMANCE_MONITORING') as string,
  });
  expect(report).not.toHaveProperty('window');
  expect((await get('/api/v1/metrics/series'))[1]).toMatchObject({ enabled: false, points: [] });
  const metrics = await scrape();
  expect(valueOf(metrics, 'mcp_tool_calls_total', { tool: 'add_message' })).toBe(8);
  expect([...metrics].filter(([, { type }]) => type === 'histogram')).toEqual([]);
});

describe('the log', () => {
  const lazy = defineTool({
    ...{ name: 'lazy', title: 'Lazy', description: 'Takes its time.', permission: 'read', rate: 'reads' },
    ...{ core: false, hints: { readOnly: true, idempotent: true, destructive: false } },
    input: z.strictObject({ ms: z.int() }),
    output: z.object({}),
    async handler(_hub, _ctx, { ms }) {
      await new Promise((resolve) => setTimeout(resolve, ms));
      return {};
    },
  });

  it('has a line for every call, without what is in it', async () => {
    const { log, lines, text } = collectLog();
    await start({ log });
    const door = await alice();
    const { session_id } = expectSuccess(await door.call('create_session', { purpose: 'canary1' }));
    await door.call('add_message', { session_id, content: 'canary2', metadata: { a: 'canary3' } });
    const refused = expectError(await door.call('get_memory', { key: 'canary4' }), 'MEMORY_NOT_FOUND');
    expect(lines().filter(({ msg }) => msg === 'call')).toMatchObject([
      { level: 30, tool: 'create_session', outcome: 'ok', agent_id: 'alice', key_id: 'key_agent' },
      { tool: 'add_message', outcome: 'ok', ms: expect.any(Number) as number },
      { tool: 'get_memory', outcome: 'MEMORY_NOT_FOUND', request_id: refused.request_id },
    ]);
    expect(text()).not.toContain('canary');
  });

  it('names the agent of a handle, and warns of a slow call', async () => {
    const { log, lines } = collectLog();
    await start({ log, tools: [...TOOLS, lazy] });
    const door = await alice();
    const helper = { agent_id: 'helper', agent_type: 'helper' };
    const { token } = expectSuccess(await door.call('authenticate_agent', helper));
    expectSuccess(await door.call('lazy', { ms: 1_050, auth_token: token }));
    const slow = () => lines().filter(({ msg }) => msg === 'slow call');
    await expect.poll(slow).toHaveLength(1);
    expect(slow()[0]).toHaveProperty('queue_ms');
    expect(slow()).toMatchObject([{ level: 40, tool: 'lazy', outcome: 'ok', agent_id: 'helper' }]);
  });

  it('is without lines of calls where LOG_REQUESTS is false', async () => {
    const { log, lines } = collectLog();
    await start({ log, env: { LOG_REQUESTS: 'false' } });
    await load(await alice());
    expect(lines().filter(({ msg }) => msg === 'call')).toEqual([]);
  });
});
