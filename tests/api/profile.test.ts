import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openAudit } from '../_util/audit-rows.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly children?: readonly number[];
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly startTime: number;
  readonly endTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub[Symbol.asyncDispose]());

const take = (query: string, key = ADMIN_KEY, signal?: AbortSignal): Promise<Response> =>
  hub.request(`/api/v1/admin/profile${query}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'x-agent-id': 'operator' },
    ...(signal === undefined ? {} : { signal }),
  });
const codeOf = async (response: Response): Promise<unknown> =>
  ((await response.json()) as { code: string }).code;

it('is a profile of the hub at work, without the places of its files', async () => {
  const taking = take('?seconds=0.5');
  const agent = await hub.connect('2026', { agent: 'busy' });
  const done = new AbortController();
  const work = (async () => {
    while (!done.signal.aborted) {
      await agent.callTool('list_sessions');
      // Without a socket no call leaves the event loop its turn.
      await nextTurn();
    }
  })();
  const response = await taking;
  done.abort();
  await work;
  expect(response.status).toBe(200);
  expect(response.headers.get('content-disposition')).toContain('.cpuprofile');
  const text = await response.text();
  const { nodes, samples, timeDeltas, startTime, endTime } = JSON.parse(text) as CpuProfile;
  expect(endTime - startTime).toBeGreaterThan(400_000);
  expect(timeDeltas).toHaveLength(samples.length);
  const ids = new Set(nodes.map(({ id }) => id));
  for (const id of [...samples, ...nodes.flatMap(({ children = [] }) => children)]) expect(ids).toContain(id);
  const urls = new Set(nodes.map(({ callFrame }) => callFrame.url));
  expect([...urls].some((url) => url.startsWith('src/mcp/'))).toBe(true);
  expect([...urls].some((url) => url.startsWith('node_modules/'))).toBe(true);
  expect([...urls].filter((url) => url.startsWith('file:'))).toEqual([]);
  expect(text).not.toContain(new URL('../..', import.meta.url).pathname);
});

it('leaves a row in the audit log', async () => {
  using audit = openAudit(hub);
  const rows = await audit.of(async () => (await take('?seconds=0.1')).text());
  expect(rows.filter(({ event_type: type }) => type === 'hub.profiled')).toMatchObject([
    { actor: 'operator', action: 'POST /api/v1/admin/profile', details: { seconds: 0.1 } },
  ]);
});

it('is one at a time, until its caller has gone', async () => {
  const gone = new AbortController();
  const first = take('?seconds=60', ADMIN_KEY, gone.signal);
  await expect.poll(async () => (await take('?seconds=0.1')).status).toBe(429);
  const refused = await take('?seconds=0.1');
  const error = (await refused.json()) as Record<string, unknown>;
  expect(error).toMatchObject({ code: 'QUOTA_EXCEEDED', recoverable: true });
  expect(error['retry_after']).toBeGreaterThan(50);
  expect(error['retry_after']).toBeLessThanOrEqual(60);
  gone.abort();
  await first;
  expect((await take('?seconds=0.1')).status).toBe(200);
});

it('is for the operators of the whole hub', async () => {
  const elsewhere = await hub.makeKey('elsewhere', {
    workspace: 'other',
    permissions: ['read', 'write', 'admin'],
  });
  for (const key of [AGENT_KEY, elsewhere]) {
    const response = await take('?seconds=0.1', key);
    expect([response.status, await codeOf(response)]).toEqual([403, 'PERMISSION_DENIED']);
  }
});

it.each(['?seconds=0', '?seconds=61', '?seconds=x', '?seconds=1&seconds=2', '?nonsense=1'])(
  'refuses %s',
  async (query) => {
    const response = await take(query);
    expect([response.status, await codeOf(response)]).toEqual([400, 'INVALID_INPUT']);
  },
);

it('may take longer than other requests', async () => {
  await using slow = await startTestHub({ env: { REQUEST_TIMEOUT_SECONDS: '1' } });
  const headers = { authorization: `Bearer ${ADMIN_KEY}` };
  const response = await slow.request('/api/v1/admin/profile?seconds=1.3', { method: 'POST', headers });
  expect(response.status).toBe(200);
});
