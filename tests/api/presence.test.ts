/** Who is there: from what agents do, for how long after it, and over how many connections. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { operatorOf } from '../_util/operator.ts';
import { expectSuccess, openDoor, type Door } from '../_util/scenario-doors.ts';
import { openSession, post } from '../_util/scenario-raw.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, temporaryFolder, type TestHub } from '../_util/test-hub.ts';

const T0 = Date.UTC(2026, 0, 1);
const SECOND = 1000;

interface Agent {
  readonly agent_id: string;
  readonly status: string;
  readonly last_seen: string;
  readonly last_tool: string | null;
  readonly client: string | null;
  readonly unread: number;
  readonly connections: number;
}

let hub: TestHub;
let at: number;
let ann: Door;
beforeEach(async () => {
  at = T0;
  hub = await startTestHub({ now: () => at });
  ann = await openDoor(hub, '2026', { key: AGENT_KEY, agent: 'ann', type: 'claude' });
});
afterEach(() => hub[Symbol.asyncDispose]());

async function listed(args: object = {}, door = ann): Promise<readonly Agent[]> {
  return expectSuccess(await door.call('list_agents', { ...args }))['agents'] as Agent[];
}
async function agent(id: string, door = ann): Promise<Agent> {
  const found = (await listed({}, door)).find(({ agent_id }) => agent_id === id);
  if (found === undefined) throw new Error(`no agent ${id}`);
  return found;
}
const ids = (agents: readonly Agent[]): string[] => agents.map(({ agent_id }) => agent_id).sort();

const headersOf = (id: string, key = AGENT_KEY) => ({ authorization: `Bearer ${key}`, 'x-agent-id': id });
/** One call without a connection that stays. */
const call = (id: string, name = 'list_sessions', args = {}, key = AGENT_KEY): Promise<Response> =>
  post(hub, '2026', {
    ...{ method: 'tools/call', params: { name, arguments: args }, headers: headersOf(id, key) },
    clientInfo: { name: 'raw client', version: '1.2.3' },
  });

describe('an agent', () => {
  it('is shown with what it did last, and when', async () => {
    await call('ben', 'list_memory');
    at += SECOND;
    const ben = (await listed()).find(({ agent_id }) => agent_id === 'ben');
    expect(ben).toEqual({
      ...{ agent_id: 'ben', agent_type: 'raw-client', status: 'online' },
      ...{ last_seen: new Date(T0).toISOString(), last_tool: 'list_memory', client: 'raw-client/1.2.3' },
      ...{ unread: 0, connections: 1 },
    });
    expect(ids(await listed())).toEqual(['ann', 'ben']);
    // A call that was refused is one as well.
    await call('ben', 'get_session', { session_id: 'none' });
    expect(await agent('ben')).toMatchObject({ last_tool: 'get_session' });
    expect((await listed())[0]).toMatchObject({ agent_id: 'ann', last_tool: 'list_agents' });
  });

  it('is online, then idle, then offline, by the times of the settings', async () => {
    await call('ben');
    for (const [seconds, status] of [
      [0, 'online'],
      [299, 'online'],
      [1, 'idle'],
      [1499, 'idle'],
      [1, 'offline'],
    ] as const) {
      at += seconds * SECOND;
      expect(await agent('ben'), `${(at - T0) / SECOND} s`).toMatchObject({ status });
    }
    expect(await agent('ben')).toMatchObject({ connections: 0, last_seen: new Date(T0).toISOString() });
    await call('ben');
    expect(await agent('ben')).toMatchObject({ status: 'online', connections: 1 });
  });

  it('stays online while it listens', async () => {
    const headers = await openSession(hub, headersOf('ben'));
    const gone = new AbortController();
    const stream = await hub.request('/mcp', {
      headers: { ...headers, accept: 'text/event-stream' },
      signal: gone.signal,
    });
    expect(stream.status).toBe(200);
    at += 3600 * SECOND;
    expect(await agent('ben')).toMatchObject({
      ...{ status: 'online', connections: 1, last_seen: new Date(at).toISOString() },
    });
    gone.abort();
    await stream.body?.cancel();
    const left = at;
    expect(await agent('ben')).toMatchObject({ status: 'online', connections: 1 });
    at += 300 * SECOND;
    expect(await agent('ben')).toMatchObject({
      ...{ status: 'idle', connections: 0, last_seen: new Date(left).toISOString() },
    });
  });

  it('is remembered when the hub starts again, without what it called', async () => {
    const folder = temporaryFolder();
    const first = await startTestHub({ now: () => at, folder });
    const of = (on: TestHub) => openDoor(on, '2026', { key: AGENT_KEY, agent: 'ann', type: 'claude' });
    const ben = { era: '2025', agent: 'ben', type: 'codex' } as const;
    const client = await first.connect(ben.era, ben);
    expect((await client.callTool('list_sessions')).isError).toBe(false);
    await first[Symbol.asyncDispose]();
    at += 400 * SECOND;
    await using again = await startTestHub({ now: () => at, folder });
    expect(await agent('ben', await of(again))).toMatchObject({
      ...{ status: 'idle', last_tool: null, client: 'test-client-2025/1.0.0', connections: 0 },
      last_seen: new Date(T0).toISOString(),
    });
  });

  it('is one that another agent was on its connection', async () => {
    const door = await openDoor(hub, '2025', { key: AGENT_KEY, agent: 'lead', type: 'claude' });
    const { token } = expectSuccess(
      await door.call('authenticate_agent', { agent_id: 'sub', agent_type: 'worker' }),
    );
    expectSuccess(await door.call('list_memory', { auth_token: token }));
    expect(await agent('sub')).toMatchObject({ status: 'online', last_tool: 'list_memory', connections: 0 });
    expect(await agent('lead')).toMatchObject({ last_tool: 'authenticate_agent', connections: 1 });
  });
});

describe('one id that is live twice', () => {
  it.each(['2025', '2026'] as const)('shows two connections, in era %s', async (era) => {
    const open = () => openDoor(hub, era, { key: AGENT_KEY, agent: 'ben', type: 'codex' });
    const first = await open();
    expectSuccess(await first.call('list_sessions', {}));
    expect(await agent('ben')).toMatchObject({ connections: 1 });
    const second = await open();
    expectSuccess(await second.call('list_sessions', {}));
    expect(await agent('ben')).toMatchObject({ connections: 2 });
    expectSuccess(await first.call('list_sessions', {}));
    expectSuccess(await second.call('list_sessions', {}));
    expect(await agent('ben')).toMatchObject({ connections: 2 });
  });

  it('is one connection for a client that never counts its requests', async () => {
    for (let n = 0; n < 5; n++) await call('ben');
    expect(await agent('ben')).toMatchObject({ connections: 1 });
  });

  it('is one connection per kind of client, though they are never there together', async () => {
    let id = 0;
    const from = (name: string, version: string) =>
      post(hub, '2026', {
        ...{ id: ++id, method: 'tools/call', params: { name: 'list_sessions', arguments: {} } },
        ...{ headers: headersOf('ben'), clientInfo: { name, version } },
      });
    for (let n = 0; n < 100; n++) await from('one', '1.0');
    expect(await agent('ben')).toMatchObject({ connections: 1 });
    await from('other', '1.0');
    expect(await agent('ben')).toMatchObject({ connections: 2 });
    for (let n = 0; n < 100; n++) await from('one', '1.0');
    expect(await agent('ben')).toMatchObject({ connections: 2 });
    await from('one', '2.0');
    expect(await agent('ben')).toMatchObject({ connections: 3 });
    at += 60 * 60 * SECOND;
    await from('one', '2.0');
    expect(await agent('ben')).toMatchObject({ connections: 1 });
  });

  it('is not two when the requests come over the JSON API', async () => {
    await hub.request('/api/v1/sessions', { headers: headersOf('ben') });
    expect(await agent('ben')).toMatchObject({ status: 'online', connections: 0, last_tool: null });
  });
});

describe('of a session', () => {
  it('are those who posted what the caller sees, and those who read', async () => {
    const key = await hub.makeKey('others');
    const { session_id } = expectSuccess(await ann.call('create_session', { purpose: 'p' }));
    const hidden = { session_id, content: 'c', visibility: 'private' };
    await call('ghost', 'add_message', hidden, key);
    await call('ben', 'add_message', { ...hidden, visibility: 'public' }, key);
    expect(ids(await listed({ session_id }))).toEqual(['ben']);
    const operator = await openDoor(hub, '2026', { key: ADMIN_KEY, agent: 'operator', type: 'operator' });
    expect(ids(await listed({ session_id }, operator))).toEqual(['ben', 'ghost']);
    await call('carl', 'get_messages', { session_id }, key);
    await call('dora', 'get_session', { session_id, include_messages: 0 }, key);
    await call('emil', 'list_sessions', {}, key);
    expect(ids(await listed({ session_id }))).toEqual(['ben', 'carl', 'dora']);
  });
});

it('counts what an agent has not read, as far as the caller sees it', async () => {
  const key = await hub.makeKey('others');
  const { session_id } = expectSuccess(await ann.call('create_session', { purpose: 'p' }));
  await call('ben', 'list_sessions', {}, key);
  const carl = await openDoor(hub, '2026', { key, agent: 'carl', type: 'codex' });
  const operator = await openDoor(hub, '2026', { key: ADMIN_KEY, agent: 'operator', type: 'operator' });
  const say = async (door: Door, more: object): Promise<number> => {
    const said = { session_id, content: 'c', to: ['ben'], ...more };
    return Number(expectSuccess(await door.call('add_message', said))['message_id']);
  };
  await say(ann, {});
  await say(ann, { visibility: 'private' });
  await say(carl, { visibility: 'private' });
  await say(carl, { visibility: 'private', to: ['operator'] });
  const counts = async (door: Door) => (await agent('ben', door)).unread;
  expect([await counts(ann), await counts(carl), await counts(operator)]).toEqual([2, 2, 3]);
  expect((await agent('operator', ann)).unread).toBe(0);
  const ben = await openDoor(hub, '2026', { key, agent: 'ben', type: 'raw-client' });
  expect(await counts(ben)).toBe(3);
});

it('shows at most 200, those seen last, and says that there are more', async () => {
  for (let n = 0; n < 201; n++) {
    at += SECOND;
    await call(`agent-${n}`);
  }
  at += SECOND;
  const answer = expectSuccess(await ann.call('list_agents', { max_tokens: 200_000 }));
  const agents = answer['agents'] as Agent[];
  expect([agents.length, answer['truncated']]).toEqual([200, true]);
  expect(agents.slice(0, 2).map(({ agent_id }) => agent_id)).toEqual(['ann', 'agent-200']);
  expect(ids(agents)).not.toContain('agent-0');
  const few = expectSuccess(await ann.call('list_agents', { max_tokens: 1000 }));
  expect([few['truncated'], (few['agents'] as Agent[]).length < 20]).toEqual([true, true]);
});

it('is shown to operators with the keys', async () => {
  await call('ben');
  const { agents } = await operatorOf(() => hub).done<{ agents: Agent[] }>('GET', 'agents');
  expect(agents.find(({ agent_id }) => agent_id === 'ben')).toMatchObject({
    ...{ status: 'online', last_tool: 'list_sessions', client: 'raw-client/1.2.3', connections: 1 },
  });
});

it('takes its times from the settings', async () => {
  const env = { AGENT_IDLE_SECONDS: '10', AGENT_OFFLINE_SECONDS: '20' };
  await using quick = await startTestHub({ now: () => at, env });
  const door = await openDoor(quick, '2026', { key: AGENT_KEY, agent: 'ann', type: 'claude' });
  await quick.request('/api/v1/sessions', { headers: headersOf('ben') });
  at += 10 * SECOND;
  expect(await agent('ben', door)).toMatchObject({ status: 'idle' });
  at += 10 * SECOND;
  expect(await agent('ben', door)).toMatchObject({ status: 'offline' });
});
