/** What each caller learns of sessions and of memory. */
import { expect } from 'vitest';
import {
  expectNoSession,
  ids,
  idsOf,
  isAdmin,
  isReader,
  isStranger,
  row,
  seenIn,
  sessionAsSeen,
  sessionOf,
  type AccessRow,
  type Asking,
} from './scenario-access.ts';
import { expectError, expectSuccess } from './scenario-doors.ts';
import { cellsOf } from './scenario.ts';

const sessions: readonly AccessRow[] = [
  row('get_session', 'a session', async (asking) => {
    const session_id = asking.world.sessions.main;
    if (isStranger(asking)) return expectNoSession(asking, { session_id });
    const answer = expectSuccess(await asking.call({ session_id }));
    const expected = sessionAsSeen(asking, 'main');
    expect(sessionOf(answer['session']), asking.caller.name).toEqual(expected);
    expect(answer['message_count'], asking.caller.name).toBe(expected.message_count);
    expect([...(answer['participants'] as string[])].sort(), asking.caller.name).toEqual(
      expected.participants,
    );
    expect(idsOf(answer), asking.caller.name).toEqual(ids(seenIn(asking, 'main')));
    expect(answer).not.toHaveProperty('continue_with');
  }),
  row('list_sessions', 'by what was seen last', async (asking) => {
    const { world, caller } = asking;
    const answer = expectSuccess(await asking.call({ limit: 100 }));
    const listed = (answer['sessions'] as { session_id: string }[]).map(sessionOf);
    const known = ['main', 'later', 'quiet'] as const;
    if (isStranger(asking)) {
      const foreign = listed.map(({ session_id }) => session_id);
      for (const session of known) expect(foreign, caller.name).not.toContain(world.sessions[session]);
      return;
    }
    const lastSeen = (session: (typeof known)[number]): number => {
      const times = [
        world.createdAt[world.sessions[session]]!,
        ...seenIn(asking, session).map((l) => l.timestamp),
      ];
      return Math.max(...times.map((time) => Date.parse(time)));
    };
    const expected = [...known]
      .sort((a, b) => lastSeen(b) - lastSeen(a))
      .map((name) => sessionAsSeen(asking, name));
    const mine = listed.filter(({ session_id }) => known.some((name) => world.sessions[name] === session_id));
    expect(mine, caller.name).toEqual(expected);
    const foreign = listed.some(({ session_id }) => session_id === world.sessions.foreign);
    expect(foreign, caller.name).toBe(caller.name === 'star');
  }),
  row('update_session', 'a session of bob', async (asking) => {
    const { world, caller } = asking;
    const args = { session_id: world.sessions.main, metadata: { touched: caller.name } };
    if (isStranger(asking)) return expectNoSession(asking, args);
    const answer = await asking.call(args);
    if (caller.name !== 'bob' && !isAdmin(asking))
      return void expectError(answer, 'PERMISSION_DENIED', caller.name);
    const { session } = expectSuccess(answer, caller.name) as { session: Record<string, unknown> };
    expect(session['metadata']).toEqual({ touched: caller.name });
    expect(sessionOf(session), caller.name).toEqual(sessionAsSeen(asking, 'main'));
  }),
  row('create_session', 'with a first message', async (asking) => {
    const { caller } = asking;
    const answer = await asking.call({ purpose: `Opened by ${caller.name}`, first_message: 'hello' });
    if (isReader(asking)) return void expectError(answer, 'PERMISSION_DENIED', caller.name);
    expect(expectSuccess(answer)['created_by'], caller.name).toBe(caller.agent);
  }),
];

const memory: readonly AccessRow[] = [
  row('get_memory', 'each entry of alice', async (asking) => {
    const seen = cellsOf(asking.world, asking.caller.name).map(({ key }) => key);
    for (const { key, args } of cellsOf(asking.world)) {
      const answer = await asking.call({ ...args });
      if (seen.includes(key))
        expect(expectSuccess(answer)['value'], asking.caller.name).toEqual({ note: key });
      else if (args.session_id !== undefined && isStranger(asking)) expectError(answer, 'SESSION_NOT_FOUND');
      else expectError(answer, 'MEMORY_NOT_FOUND', `${asking.caller.name} ${key}`);
    }
  }),
  row('list_memory', 'all there is', async (asking) => {
    const seen = cellsOf(asking.world, asking.caller.name).map(({ key }) => key);
    for (const args of [{}, { query: 'CANARY-CELL' }, { prefix: 'canary-cell' }]) {
      const answer = expectSuccess(await asking.call({ session_id: 'all', ...args }));
      const keys = (answer['entries'] as { key: string }[]).map(({ key }) => key);
      const found = keys.filter((key) => key.startsWith('canary-cell')).sort();
      expect(found, `${asking.caller.name} ${JSON.stringify(args)}`).toEqual([...seen].sort());
      expect(answer).not.toHaveProperty('next_cursor');
    }
    const inSession = { session_id: asking.world.sessions.main };
    if (isStranger(asking)) await expectNoSession(asking, inSession);
  }),
  row('set_memory', 'beside each entry of alice', async (asking) => {
    for (const { key, args } of cellsOf(asking.world)) {
      const answer = await asking.call({ ...args, key: `beside-${key}`, value: asking.caller.name });
      if (isReader(asking)) expectError(answer, 'PERMISSION_DENIED');
      else if (args.session_id !== undefined && isStranger(asking)) expectError(answer, 'SESSION_NOT_FOUND');
      else expect(expectSuccess(answer)['updated_by']).toBe(asking.caller.agent);
    }
  }),
  row('delete_memory', "alice's own entries", async (asking) => {
    if (asking.caller.name === 'alice') return;
    for (const { args } of cellsOf(asking.world).filter(
      (cell) => cell.args.scope === 'agent' || isStranger(asking),
    )) {
      const answer = await asking.call({ ...args });
      if (isReader(asking)) expectError(answer, 'PERMISSION_DENIED');
      else
        expectError(
          answer,
          args.session_id !== undefined && isStranger(asking) ? 'SESSION_NOT_FOUND' : 'MEMORY_NOT_FOUND',
        );
    }
  }),
];

const leases: readonly AccessRow[] = [
  row('acquire_lease', 'what another agent of the workspace holds', async (asking) => {
    const { caller, world } = asking;
    const holder = caller.name === 'bob' ? world.callers.alice : world.callers.bob;
    const resources = [`contested by ${caller.name}`];
    const held = expectSuccess(await holder.at['2025'].call('acquire_lease', { resources }));
    const { lease_id } = held['lease'] as { lease_id: string };
    const answer = await asking.call({ resources });
    if (isReader(asking)) expectError(answer, 'PERMISSION_DENIED', caller.name);
    else if (isStranger(asking)) expect(expectSuccess(answer)['granted'], caller.name).toBe(true);
    else
      expect(expectSuccess(answer), caller.name).toMatchObject({
        granted: false,
        conflicts: [{ lease_id, holder: holder.agent }],
      });
    const renewal = await asking.call({ lease_id });
    const none = isStranger(asking) ? 'LEASE_NOT_FOUND' : 'PERMISSION_DENIED';
    expectError(renewal, isReader(asking) ? 'PERMISSION_DENIED' : none, caller.name);
    expectSuccess(await holder.at['2025'].call('release_lease', { lease_id }));
  }),
  row('release_lease', 'a lease of another agent of the workspace', async (asking) => {
    const { caller, world } = asking;
    const holder = caller.name === 'bob' ? world.callers.alice : world.callers.bob;
    const resources = [`taken from ${caller.name}`];
    const held = expectSuccess(await holder.at['2025'].call('acquire_lease', { resources }));
    const { lease_id } = held['lease'] as { lease_id: string };
    const answer = await asking.call({ lease_id });
    if (isAdmin(asking)) {
      expect(expectSuccess(answer)['released'], caller.name).toBe(1);
      return;
    }
    const none = isStranger(asking) ? 'LEASE_NOT_FOUND' : 'PERMISSION_DENIED';
    expectError(answer, isReader(asking) ? 'PERMISSION_DENIED' : none, caller.name);
    expectSuccess(await holder.at['2025'].call('release_lease', { lease_id }));
  }),
  row('list_leases', 'those of the workspace', async (asking) => {
    const { caller, world } = asking;
    const resources = [`listed for ${caller.name}`];
    const { bob } = world.callers;
    const { lease } = expectSuccess(await bob.at['2025'].call('acquire_lease', { resources }));
    const { leases: listed } = expectSuccess(await asking.call({ resource: resources[0] }), caller.name);
    expect(listed, caller.name).toEqual(isStranger(asking) ? [] : [lease]);
    if (isStranger(asking)) await expectNoSession(asking, { session_id: world.sessions.main });
    const { lease_id } = lease as { lease_id: string };
    expectSuccess(await bob.at['2025'].call('release_lease', { lease_id }));
  }),
];

const helperOf = ({ caller }: Asking) => ({ agent_id: `helper-of-${caller.name}`, agent_type: 'helper' });

const handles: readonly AccessRow[] = [
  row('authenticate_agent', 'a helper, with no more than one has', async (asking) => {
    const permissions = ['read', 'write', 'admin'];
    const wanted = { ...helperOf(asking), requested_permissions: permissions };
    const answer = expectSuccess(await asking.call(wanted), asking.caller.name);
    const admin = isAdmin(asking) || asking.caller.name === 'strangeAdmin';
    const most = isReader(asking) ? 1 : admin ? 3 : 2;
    expect(answer['permissions'], asking.caller.name).toEqual(permissions.slice(0, most));
  }),
  row('authenticate_agent', 'the agent of another key', async (asking) => {
    const { caller, world } = asking;
    if (isStranger(asking) || caller.name === 'star') return;
    const other = caller.name === 'clara' ? world.callers.bob : world.callers.clara;
    const answer = await asking.call({ agent_id: other.agent, agent_type: other.type });
    expectError(answer, 'PERMISSION_DENIED', caller.name);
  }),
  row('refresh_token', 'of a helper of each key', async (asking) => {
    const { caller, world } = asking;
    for (const owner of Object.values(world.callers)) {
      const made = await owner.at['2025'].call('authenticate_agent', {
        ...{ agent_id: `helper-of-${owner.name}`, agent_type: 'helper' },
      });
      const { token } = expectSuccess(made, owner.name);
      const answer = await asking.call({ current_token: token });
      if (owner.key === caller.key) expectSuccess(answer, caller.name);
      else expectError(answer, 'AUTHENTICATION_FAILED', `${caller.name} with one of ${owner.name}`);
    }
  }),
];

const guidance = row('get_usage_guidance', 'what one may do', async (asking) => {
  const level = isReader(asking)
    ? 'read'
    : isAdmin(asking) || asking.caller.name === 'strangeAdmin'
      ? 'admin'
      : 'write';
  for (const guidance_type of ['operations', 'coordination', 'security', 'troubleshooting']) {
    expect(expectSuccess(await asking.call({ guidance_type }))['access_level'], asking.caller.name).toBe(
      level,
    );
  }
});

const performance = row('get_performance_metrics', 'the operators of the hub', async (asking) => {
  const { caller } = asking;
  for (const args of [{}, { window_seconds: 86_400 }]) {
    const answer = await asking.call(args);
    if (isAdmin(asking)) expect(expectSuccess(answer), caller.name).toMatchObject({ enabled: true });
    else expectError(answer, 'PERMISSION_DENIED', caller.name);
  }
});

const audit = row('get_audit_log', 'who came, and all there is', async (asking) => {
  const { caller, world } = asking;
  for (const args of [{ event_type: 'auth.login' }, {}]) {
    const answer = await asking.call({ ...args, limit: 200 });
    if (!isAdmin(asking) && caller.name !== 'strangeAdmin') {
      expectError(answer, 'PERMISSION_DENIED', caller.name);
      continue;
    }
    const { entries } = expectSuccess(answer) as unknown as { entries: { actor: string }[] };
    const actors = new Set(entries.map(({ actor }) => actor));
    if (isStranger(asking)) {
      expect([...actors].filter((actor) => !['alice', 'operator'].includes(actor))).toEqual([]);
      expect(actors.has('operator')).toBe(true);
      expect(answer.text).not.toContain(world.sessions.main);
    } else if ('event_type' in args) {
      expect(actors.has('bob')).toBe(true);
      expect(actors.has('star')).toBe(caller.name === 'star');
    }
    if (caller.name === 'admin') expect(answer.text).not.toContain(world.sessions.foreign);
  }
});

const agents = row('list_agents', 'of the workspace, and those who posted what one sees', async (asking) => {
  const { caller, call, world } = asking;
  const idsIn = (answer: Record<string, unknown>): string[] =>
    (answer['agents'] as { agent_id: string }[]).map(({ agent_id }) => agent_id);
  const listed = idsIn(expectSuccess(await call({}), caller.name));
  expect(listed, caller.name).toContain(caller.agent);
  expect(listed.includes('ghost'), caller.name).toBe(!isStranger(asking));
  const session_id = world.sessions.main;
  if (isStranger(asking)) {
    const known = (id: string): boolean =>
      ['alice', 'operator'].includes(id) || id.startsWith('helper-of-strange');
    expect(listed.filter((id) => !known(id))).toEqual([]);
    return expectNoSession(asking, { session_id });
  }
  const there = idsIn(expectSuccess(await call({ session_id }), caller.name));
  for (const { sender } of seenIn(asking, 'main')) expect(there, caller.name).toContain(sender);
});

export const PLACE_ROWS: readonly AccessRow[] = [
  ...sessions,
  ...memory,
  ...leases,
  ...handles,
  guidance,
  performance,
  audit,
  agents,
];
