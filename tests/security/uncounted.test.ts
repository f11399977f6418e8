/** What is no call of an agent is counted as well: nothing can be asked, or left behind, without end. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openAudit } from '../_util/audit-rows.ts';
import { rawRequest } from '../_util/raw-mcp.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

const LIMIT = 5;
const TRIES = 3 * LIMIT;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const limited = (kind: 'TOTAL' | 'AUTH'): Promise<TestHub> =>
  startTestHub({
    env: { RATE_LIMIT_ENABLED: 'true', [`RATE_LIMIT_${kind}_PER_MINUTE`]: String(LIMIT) },
  });

async function ask(
  hub: TestHub,
  method: string,
  params: Record<string, unknown> = {},
  agent = 'ann',
): Promise<string> {
  const headers = { 'x-agent-id': agent };
  const request = rawRequest('2026', { method, params, key: AGENT_KEY, headers });
  request.headers.set('host', '127.0.0.1:23456');
  return (await hub.hub.app.fetch(request)).text();
}

const post = (hub: TestHub, path: string, body: object, key?: string): Promise<Response> =>
  hub.request(path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify(body),
  });

async function passed(answers: readonly (() => Promise<string>)[]): Promise<number> {
  let passed = 0;
  for (const answer of answers) if (!(await answer()).includes('RATE_LIMITED')) passed++;
  return passed;
}

const times = (answer: (n: number) => Promise<string>) =>
  Array.from({ length: TRIES }, (_, n) => () => answer(n));

it.each([
  ['tools/list', {}],
  ['resources/list', {}],
  ['prompts/list', {}],
  ['tools/call', { name: 'no_such_tool', arguments: {} }],
])('%s counts in the total of the key', async (method, params) => {
  await using hub = await limited('TOTAL');
  expect(await passed(times(() => ask(hub, method, params)))).toBe(LIMIT);
});

it('a key whose calls are used up leaves no new agents behind', async () => {
  await using hub = await limited('TOTAL');
  await passed(times((n) => ask(hub, 'tools/call', { name: 'list_sessions', arguments: {} }, `agent-${n}`)));
  const headers = { authorization: `Bearer ${ADMIN_KEY}` };
  const { agents } = (await (await hub.request('/api/v1/agents', { headers })).json()) as {
    agents: { agent_id: string }[];
  };
  expect(agents.filter(({ agent_id }) => agent_id.startsWith('agent-'))).toHaveLength(LIMIT);
});

it('who says to be an agent of another key is counted, and so are its rows of the audit log', async () => {
  await using hub = await limited('TOTAL');
  using audit = openAudit(hub);
  const headers = { authorization: `Bearer ${ADMIN_KEY}`, 'x-agent-id': 'root' };
  await hub.request('/api/v1/sessions', { headers });
  const rows = await audit.of(() =>
    passed(times(() => ask(hub, 'tools/call', { name: 'list_sessions', arguments: {} }, 'root'))),
  );
  expect(rows.filter(({ event_type }) => event_type === 'access.refused')).toHaveLength(LIMIT);
});

it('handles that are refused leave no more rows in the audit log than attempts are counted', async () => {
  await using hub = await limited('AUTH');
  using audit = openAudit(hub);
  const call = (n: number) => ({ name: 'list_sessions', arguments: { auth_token: `sct_wrong-${n}` } });
  const rows = await audit.of(() => passed(times((n) => ask(hub, 'tools/call', call(n)))));
  expect(rows.filter(({ event_type }) => event_type === 'auth.refused')).toHaveLength(LIMIT);
});

it('a refresh token that is good for a minute more gives no more pairs than its key may have', async () => {
  await using hub = await limited('AUTH');
  const wanted = { agent_id: 'ann', agent_type: 'claude' };
  const { refresh_token } = (await (await post(hub, '/auth/token', wanted, AGENT_KEY)).json()) as {
    refresh_token: string;
  };
  const refresh = async () => (await post(hub, '/auth/refresh', { refresh_token })).text();
  expect(await passed(times(refresh))).toBe(LIMIT - 1);
});

it('revoking counts in the total of the key', async () => {
  await using hub = await limited('TOTAL');
  const revoke = async () => (await post(hub, '/auth/revoke', { token: 'srt_none' }, AGENT_KEY)).text();
  expect(await passed(times(revoke))).toBe(LIMIT);
});
