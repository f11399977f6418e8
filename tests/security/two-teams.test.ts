/** A hub for two teams, as its operator sets it up and their agents use it: keys, walls, a rotation at work, and the end. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ClientEra } from '../_util/connect-client.ts';
import { ERAS, expectError, expectSuccess, openDoor, type Door } from '../_util/scenario-doors.ts';
import { openSession, post } from '../_util/scenario-raw.ts';
import { until } from '../_util/scenario-rows.ts';
import { ADMIN_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';
import { asBearer, logIn, postJson, refreshed, type Pair } from '../_util/tokens.ts';

const ALL = ['read', 'write', 'admin'] as const;
const TEAMS = ['alpha', 'beta'] as const;
type Team = (typeof TEAMS)[number];
const otherOf = (team: Team): Team => (team === 'alpha' ? 'beta' : 'alpha');

interface TeamWorld {
  readonly key: string;
  readonly operatorKey: string;
  /** An agent `lead` in each era; both teams call theirs so. */
  readonly doors: Readonly<Record<ClientEra, Door>>;
  readonly session: string;
  readonly handle: string;
}

let hub: TestHub;
let teams: Readonly<Record<Team, TeamWorld>>;

beforeAll(async () => {
  hub = await startTestHub();
  teams = { alpha: await setUp('alpha'), beta: await setUp('beta') };
});
afterAll(() => hub[Symbol.asyncDispose]());

async function setUp(team: Team): Promise<TeamWorld> {
  const key = await hub.makeKey(`${team}-key`, { workspace: team });
  const operatorKey = await hub.makeKey(`${team}-op`, { workspace: team, permissions: ALL });
  const lead = { key, agent: 'lead', type: 'claude' };
  const doors = { '2025': await openDoor(hub, '2025', lead), '2026': await openDoor(hub, '2026', lead) };
  const done = async (tool: string, args: Record<string, unknown>) =>
    expectSuccess(await doors['2025'].call(tool, args));
  const words = { purpose: `Work of ${team}`, first_message: `Hello from ${team}` };
  const session = String((await done('create_session', words))['session_id']);
  await done('set_memory', { key: `${team}-plan`, value: `${team} knows`, scope: 'shared' });
  const helper = { agent_id: `${team}-helper`, agent_type: 'worker' };
  const handle = String((await done('authenticate_agent', helper))['token']);
  expectSuccess(
    await doors['2026'].call('add_message', {
      ...{ session_id: session, content: `A helper of ${team}`, auth_token: handle },
    }),
  );
  return { key, operatorKey, doors, session, handle };
}

const api = async (key: string, path: string): Promise<string> =>
  (await hub.request(`/api/v1/${path}`, { headers: { authorization: `Bearer ${key}` } })).text();

const completed = (door: Door, argument: string): Promise<readonly string[]> =>
  argument === 'session_id'
    ? door.complete({ prompt: 'debug-session', argument, value: '' })
    : door.complete({ resource: 'agent://{agent_id}/memory', argument, value: '' });

it.each(TEAMS)('team %s finds its own, and nothing of the other', async (team) => {
  const { doors, session, operatorKey } = teams[team];
  const foreign = otherOf(team);
  const { session: foreignSession, handle } = teams[foreign];
  for (const era of ERAS) {
    const operator = await openDoor(hub, era, { key: operatorKey, agent: 'boss', type: 'operator' });
    for (const door of [doors[era], operator]) {
      const finds = [
        await door.call('list_sessions', { limit: 100 }),
        await door.call('search_by_sender', { sender: 'lead' }),
        await door.call('list_memory', { scope: 'shared' }),
      ];
      for (const { text } of finds) {
        expect(text).toContain(team);
        expect(text).not.toContain(foreign);
        expect(text).not.toContain(foreignSession);
      }
      expect(await completed(door, 'session_id')).toEqual([session]);
      const refused = [
        await door.call('get_messages', { session_id: foreignSession }),
        await door.call('list_memory', { session_id: foreignSession }),
      ];
      for (const answer of refused) expectError(answer, 'SESSION_NOT_FOUND');
      expectError(
        await door.call('get_memory', { key: `${foreign}-plan`, scope: 'shared' }),
        'MEMORY_NOT_FOUND',
      );
      expectError(await door.call('list_sessions', { auth_token: handle }), 'AUTHENTICATION_FAILED');
    }
    expect(await completed(doors[era], 'agent_id')).toEqual(['lead']);
    expect([...(await completed(operator, 'agent_id'))].sort()).toEqual(
      expect.arrayContaining([`${team}-helper`, 'boss', 'lead']),
    );
    expect(await completed(operator, 'agent_id')).not.toContain(`${foreign}-helper`);
    expect((await operator.call('get_audit_log', { limit: 200 })).text).not.toContain(foreign);
  }
  for (const path of ['sessions?limit=100', 'agents', 'audit?limit=200', 'keys']) {
    const text = await api(operatorKey, path);
    expect(text, path).toContain(team);
    expect(text, path).not.toContain(foreign);
  }
});

it('takes a name of the other team for one that is free, and takes nothing from it', async () => {
  const args = { agent_id: 'beta-helper', agent_type: 'another' };
  const mine = expectSuccess(await teams.alpha.doors['2026'].call('authenticate_agent', args));
  const call = { session_id: teams.alpha.session, content: 'c', auth_token: mine['token'] };
  expectSuccess(await teams.alpha.doors['2026'].call('add_message', call));
  expect((await logIn(hub, 'beta-helper', { agent_type: 'another' }, teams.alpha.key)).scope).toBe(
    'read write',
  );
  const { doors, session: session_id, handle: auth_token } = teams.beta;
  expectSuccess(await doors['2025'].call('add_message', { session_id, content: 'c', auth_token }));
  const { text } = await doors['2025'].call('get_messages', { session_id });
  expect(text).toContain('"sender":"beta-helper","sender_type":"worker"');
});

it('lets two keys of one team work together, each as agents of its own', async () => {
  const { session: session_id, doors } = teams.alpha;
  const key = await hub.makeKey('alpha-second', { workspace: 'alpha' });
  for (const era of ERAS) {
    const second = await openDoor(hub, era, { key, agent: 'second', type: 'codex' });
    const say = (door: Door, content: string, more: object = {}) =>
      door.call('add_message', { session_id, content, ...more });
    expectSuccess(await say(doors[era], `for all ${era}`));
    expectSuccess(await say(doors[era], `for me ${era}`, { visibility: 'private' }));
    expectSuccess(await say(doors[era], `for you ${era}`, { visibility: 'private', to: ['second'] }));
    const { text } = await second.call('get_messages', { session_id });
    for (const words of [`for all ${era}`, `for you ${era}`]) expect(text).toContain(words);
    expect(text).not.toContain(`for me ${era}`);
    const taken = { agent_id: 'lead', agent_type: 'nonsense' };
    const error = expectError(await second.call('authenticate_agent', taken), 'PERMISSION_DENIED');
    // Not even of which type it is.
    expect(JSON.stringify(error)).not.toContain('claude');
  }
  const headers = { authorization: `Bearer ${key}`, 'x-agent-id': 'lead' };
  expect((await hub.request('/api/v1/sessions', { headers })).status).toBe(403);
});

/** One agent at work: how it comes is asked anew for each call. */
interface Worker {
  readonly era: ClientEra;
  readonly come: () => Promise<{ headers: Record<string, string>; auth_token?: string }>;
}

it('rotates a key under agents that work with it in every way, and ends it for all of them at once', async () => {
  const name = 'alpha-rotated';
  let key = await hub.makeKey(name, { workspace: 'alpha' });
  const bearer = (text: string) => ({ authorization: `Bearer ${text}` });
  const connection = () => ({ ...bearer(key), 'x-agent-id': 'runner' });
  // Ids of requests are told apart in one session, so each worker has its own.
  const session = await openSession(hub, connection());
  const shared = await openSession(hub, connection());
  const door = await openDoor(hub, '2026', { key, agent: 'runner' });
  const helper = { agent_id: 'runner-helper', agent_type: 'worker' };
  let handle = String(expectSuccess(await door.call('authenticate_agent', helper))['token']);
  let pair: Pair = await logIn(hub, 'runner-login', {}, key);
  const tokenSession = await openSession(hub, bearer(pair.access_token));
  const later = <T>(value: T): Promise<T> => Promise.resolve(value);
  const workers: readonly Worker[] = [
    { era: '2025', come: () => later({ headers: { ...session, ...bearer(key) } }) },
    { era: '2026', come: () => later({ headers: connection() }) },
    { era: '2025', come: () => later({ headers: { ...shared, ...bearer(key) }, auth_token: handle }) },
    { era: '2026', come: () => later({ headers: connection(), auth_token: handle }) },
    { era: '2025', come: () => later({ headers: { ...tokenSession, ...bearer(pair.access_token) } }) },
    { era: '2026', come: () => later({ headers: bearer(pair.access_token) }) },
  ];
  const call = async ({ era, come }: Worker): Promise<string> => {
    const { headers, ...more } = await come();
    const args = { session_id: teams.alpha.session, content: 'at work', ...more };
    const params = { name: 'add_message', arguments: args };
    return (await post(hub, era, { method: 'tools/call', params, headers })).text();
  };
  const counts = workers.map(() => 0);
  const failures: string[] = [];
  let stop = false;
  const working = workers.map(async (worker, i) => {
    while (!stop && failures.length === 0) {
      const said = await call(worker);
      if (said.includes('"message_id"')) counts[i]!++;
      else failures.push(`${i}: ${said}`);
    }
  });
  const goesOn = async (): Promise<void> => {
    const before = [...counts];
    await until(() => failures.length > 0 || counts.every((n, i) => n >= before[i]! + 3), 'all go on');
  };
  await goesOn();
  for (let round = 0; round < 3; round++) {
    const rotated = await postJson(hub, `/api/v1/keys/${name}/rotate`, { overlap: 60 }, ADMIN_KEY);
    // The old text still works.
    await goesOn();
    key = ((await rotated.json()) as { key: string }).key;
    await goesOn();
    const renewed = await post(hub, '2026', {
      ...{ method: 'tools/call', headers: connection() },
      params: { name: 'refresh_token', arguments: { current_token: handle } },
    });
    handle = /\bsct_[\w-]+/.exec(await renewed.text())![0];
    pair = (await (await refreshed(hub, pair.refresh_token)).json()) as Pair;
    await goesOn();
  }
  stop = true;
  await Promise.all(working);
  expect(failures).toEqual([]);

  const revoked = await hub.request(`/api/v1/keys/${name}`, { method: 'DELETE', headers: bearer(ADMIN_KEY) });
  expect(revoked.status).toBe(200);
  for (const worker of workers) expect(await call(worker)).toContain('"AUTHENTICATION_FAILED"');
  expect((await refreshed(hub, pair.refresh_token)).status).toBe(401);
  expect((await asBearer(hub, key)).status).toBe(401);
  for (const era of ERAS) expectSuccess(await teams.alpha.doors[era].call('list_sessions', {}));
});
