/** Workspaces are a hard wall, also between agents of one name; a key of workspace `*` stands above it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ERAS, expectError, expectSuccess, openDoor, type Door } from '../_util/scenario-doors.ts';
import { openRows } from '../_util/scenario-rows.ts';
import { ADMIN_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

type Args = Record<string, unknown>;

const ALL = ['read', 'write', 'admin'] as const;
let hub: TestHub;
/** The same agent id and type in two workspaces, and an operator of all. */
let north: Door;
let south: Door;
let star: Door;
let northern: string;
let southern: string;

beforeAll(async () => {
  hub = await startTestHub();
  const agent = { agent: 'alice', type: 'claude' };
  north = await openDoor(hub, '2025', { key: await hub.makeKey('north', { workspace: 'north' }), ...agent });
  south = await openDoor(hub, '2026', { key: await hub.makeKey('south', { workspace: 'south' }), ...agent });
  const key = await hub.makeKey('star', { workspace: '*', permissions: ALL });
  star = await openDoor(hub, '2026', { key, agent: 'root', type: 'operator' });
  const open = async (door: Door, name: string): Promise<string> => {
    const opened = expectSuccess(
      await door.call('create_session', { purpose: name, first_message: `public ${name}` }),
    );
    const session_id = String(opened['session_id']);
    for (const visibility of ['private', 'agent_only']) {
      expectSuccess(
        await door.call('add_message', { session_id, content: `${visibility} ${name}`, visibility }),
      );
    }
    for (const scope of ['agent', 'shared'])
      expectSuccess(await door.call('set_memory', { key: 'place', value: name, scope }));
    return session_id;
  };
  northern = await open(north, 'north');
  southern = await open(south, 'south');
});
afterAll(() => hub[Symbol.asyncDispose]());

const contents = (answer: Args): string[] =>
  (answer['messages'] as { content: string }[]).map(({ content }) => content);

it('agents of one id in two workspaces see nothing of each other', async () => {
  for (const [door, own, foreign, name] of [
    [north, northern, southern, 'north'],
    [south, southern, northern, 'south'],
  ] as const) {
    const all = expectSuccess(await door.call('search_by_sender', { sender: 'alice', limit: 100 }));
    expect(contents(all).sort()).toEqual([`agent_only ${name}`, `private ${name}`, `public ${name}`]);
    expect(expectSuccess(await door.call('get_messages', { session_id: own }))['count']).toBe(3);
    const listed = expectSuccess(await door.call('list_sessions'))['sessions'] as { session_id: string }[];
    expect(listed.map(({ session_id }) => session_id)).toEqual([own]);
    for (const [tool, args] of Object.entries({
      get_session: {},
      get_messages: {},
      update_session: { purpose: 'mine' },
      add_message: { content: 'c' },
      set_memory: { key: 'k', value: 1 },
      list_memory: {},
    })) {
      expectError(await door.call(tool, { session_id: foreign, ...args }), 'SESSION_NOT_FOUND', tool);
    }
    for (const scope of ['agent', 'shared']) {
      expect(expectSuccess(await door.call('get_memory', { key: 'place', scope }))['value']).toBe(name);
    }
  }
});

it('a recipient is looked for in the workspace of the session only', async () => {
  const key = await hub.makeKey('southern', { workspace: 'south' });
  const only = await openDoor(hub, '2025', { key, agent: 'southerner', type: 'codex' });
  const args = { content: 'for you', visibility: 'private', to: ['southerner'] };
  expectError(await north.call('add_message', { session_id: northern, ...args }), 'AGENT_NOT_FOUND');
  const type = { session_id: northern, content: 'for a type', visibility: 'private', to: ['type:codex'] };
  expectSuccess(await north.call('add_message', type));
  expect(expectSuccess(await only.call('search_by_sender', { sender: 'alice' }))['count']).toBe(1);
  expectSuccess(await south.call('add_message', { session_id: southern, ...args }));
  expect(contents(expectSuccess(await only.call('search_by_sender', { sender: 'alice' })))).toContain(
    'for you',
  );
});

it('an operator of a workspace is none of another', async () => {
  const key = await hub.makeKey('north-admin', { workspace: 'north', permissions: ALL });
  const operator = await openDoor(hub, '2026', { key, agent: 'boss', type: 'operator' });
  expect(
    expectSuccess(await operator.call('get_messages', { session_id: northern, limit: 1000 }))['count'],
  ).toBeGreaterThan(2);
  expectError(await operator.call('get_messages', { session_id: southern }), 'SESSION_NOT_FOUND');
  const ofDefault = await openDoor(hub, '2025', { key: ADMIN_KEY, agent: 'boss', type: 'operator' });
  for (const session_id of [northern, southern]) {
    expectError(await ofDefault.call('get_session', { session_id }), 'SESSION_NOT_FOUND');
  }
  const ask = (headers: Record<string, string>, body: object): Promise<Response> =>
    hub.request('/api/v1/keys', { method: 'POST', headers, body: JSON.stringify(body) });
  const headers = {
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    'x-agent-id': 'boss',
  };
  for (const workspace of ['south', 'default', '*']) {
    const body = { name: `reach-${workspace.length}`, workspace, permissions: ALL };
    expect((await ask(headers, body)).status, workspace).toBe(403);
  }
  expect((await ask(headers, { name: 'inside', workspace: 'north' })).status).toBe(201);
  const { keys } = (await (await hub.request('/api/v1/keys', { headers })).json()) as {
    keys: { workspace: string }[];
  };
  expect(new Set(keys.map(({ workspace }) => workspace))).toEqual(new Set(['north']));
});

it('a key of all workspaces sees all, and writes where the session is', async () => {
  const own = [
    'public north',
    'private north',
    'agent_only north',
    'public south',
    'private south',
    'agent_only south',
  ];
  const found = contents(expectSuccess(await star.call('search_by_sender', { sender: 'Alice', limit: 100 })));
  expect(found).toEqual(expect.arrayContaining(own));
  const listed = expectSuccess(await star.call('list_sessions', { limit: 100 }))['sessions'] as {
    session_id: string;
  }[];
  expect(listed.map(({ session_id }) => session_id)).toEqual(expect.arrayContaining([northern, southern]));
  expect(expectSuccess(await star.call('get_session', { session_id: southern }))['participants']).toEqual([
    'alice',
  ]);

  const args = { session_id: southern, content: 'from above', visibility: 'private', to: ['alice'] };
  const posted = expectSuccess(await star.call('add_message', args));
  expect(contents(expectSuccess(await south.call('get_messages', { session_id: southern })))).toContain(
    'from above',
  );
  expect(contents(expectSuccess(await north.call('search_by_sender', { sender: 'root' })))).toEqual([]);
  const back = { message_id: posted['message_id'], visibility: 'admin_only' };
  expectSuccess(await star.call('set_message_visibility', back));
  expect(contents(expectSuccess(await south.call('search_by_sender', { sender: 'root' })))).toEqual([]);
  expectSuccess(await star.call('update_session', { session_id: northern, metadata: { seen: true } }));
  expectSuccess(
    await star.call('set_memory', { session_id: southern, key: 'note', value: 'hi', scope: 'shared' }),
  );
  const note = await south.call('get_memory', { session_id: southern, key: 'note', scope: 'shared' });
  expect(expectSuccess(note)).toMatchObject({ value: 'hi', updated_by: 'root' });

  const opened = expectSuccess(await star.call('create_session', { purpose: 'Where?' }));
  expectError(await south.call('get_session', { session_id: opened['session_id'] }), 'SESSION_NOT_FOUND');
  const ofDefault = await openDoor(hub, '2025', { key: ADMIN_KEY, agent: 'boss', type: 'operator' });
  expectSuccess(await ofDefault.call('get_session', { session_id: opened['session_id'] }));
});

it('a key of all workspaces is for operators', async () => {
  const headers = { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ name: 'everywhere', workspace: '*', permissions: ['read', 'write'] });
  const response = await hub.request('/api/v1/keys', { method: 'POST', headers, body });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code: 'INVALID_INPUT', context: { field: 'permissions' } });
});

it('a key may do what its permissions say, in either era', async () => {
  const reading = await hub.makeKey('reading', { workspace: 'north', permissions: ['read'] });
  using rows = openRows(hub);
  for (const era of ERAS) {
    const door = await openDoor(hub, era, { key: reading, agent: 'watcher', type: 'claude' });
    const before = rows.all();
    expect(contents(expectSuccess(await door.call('get_messages', { session_id: northern })))).toContain(
      'agent_only north',
    );
    for (const [tool, args] of Object.entries({
      create_session: { purpose: 'p' },
      update_session: { session_id: northern },
      add_message: { session_id: northern, content: 'c' },
      set_message_visibility: { message_id: 1, visibility: 'public' },
      set_memory: { key: 'k', value: 1 },
      delete_memory: { key: 'place', scope: 'shared' },
    })) {
      const error = expectError(
        await door.call(tool, { ...args, idempotency_key: tool }),
        'PERMISSION_DENIED',
        tool,
      );
      expect(error.context).toMatchObject({ needed: 'write', permissions: ['read'] });
    }
    expect(rows.all()).toEqual(before);
  }
});
