/** An admin may see what others keep private, but not unseen: each request that shows it leaves one row, at every door. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TOOLS } from '../../src/mcp/tools/index.ts';
import { cursorAt } from '../_util/scenario-access-messages.ts';
import { openAudit, type AuditRows } from '../_util/audit-rows.ts';
import { ERAS, expectSuccess, type Door } from '../_util/scenario-doors.ts';
import { startWorld, type Caller, type LineName, type World } from '../_util/scenario.ts';

let world: World;
let audit: AuditRows;
beforeAll(async () => {
  world = await startWorld();
  audit = openAudit(world.hub);
});
afterAll(async () => {
  audit[Symbol.dispose]();
  await world[Symbol.asyncDispose]();
});

interface ShownBy {
  readonly what: string;
  readonly action: string;
  readonly ask: (door: Door) => Promise<unknown>;
  /** Others' private and agent_only messages in the answer. */
  readonly shows: readonly LineName[];
}

const SECRETS: readonly LineName[] = ['own', 'direct', 'group', 'kin', 'whisper'];
const START = '2020-01-01T00:00:00Z';
const END = '2100-01-01T00:00:00Z';
const main = () => world.sessions.main;
const tool = (
  name: string,
  args: () => Record<string, unknown>,
  shows: readonly LineName[],
  what = '',
): ShownBy => ({
  ...{ what: `${name} ${what}`, action: name, shows },
  ask: async (door) => expectSuccess(await door.call(name, args())),
});
const resource = (uri: () => string, what: string): ShownBy => ({
  ...{ what, action: 'resources/read', shows: SECRETS },
  ask: (door) => door.read(uri()),
});

const DOORS: readonly ShownBy[] = [
  tool('get_messages', () => ({ session_id: main() }), SECRETS),
  tool('get_messages', () => ({ session_id: main(), sender: 'ghost' }), ['whisper'], 'of one sender'),
  tool(
    'get_messages',
    () => ({ session_id: main(), visibility_filter: 'agent_only' }),
    ['kin'],
    'agent_only',
  ),
  tool(
    'get_messages',
    () => ({ session_id: main(), after_id: world.lines.group.id }),
    ['kin', 'whisper'],
    'on',
  ),
  tool('get_session', () => ({ session_id: main() }), SECRETS),
  tool('search_by_sender', () => ({ session_id: main(), sender: 'alice' }), SECRETS.slice(0, -1)),
  tool('search_by_timerange', () => ({ session_id: main(), start_time: START, end_time: END }), SECRETS),
  tool('search_context', () => ({ session_id: main(), query: 'from:ghost' }), ['whisper']),
  {
    ...{ what: 'wait_for_messages', action: 'wait_for_messages', shows: SECRETS },
    async ask(door) {
      const poll = { session_id: main(), timeout_seconds: 0, limit: 100 };
      const { cursor } = expectSuccess(await world.callers.alice.at['2026'].call('wait_for_messages', poll));
      return door.call('wait_for_messages', { ...poll, cursor: cursorAt(String(cursor), 0) });
    },
  },
  resource(() => `session://${main()}`, 'a session as resource'),
  resource(() => `session://${main()}/messages`, 'its messages as resource'),
  {
    ...{ what: 'a prompt', action: 'prompts/get', shows: SECRETS },
    ask: (door) => door.prompt('debug-session', { session_id: main() }),
  },
];

it('has a row for every tool that answers messages', () => {
  const messages = ['messages', 'message', 'results'];
  const answers = TOOLS.filter(({ output: { shape } }) => messages.some((name) => name in shape));
  const covered = [...DOORS.map(({ action }) => action), 'set_message_visibility'];
  expect(answers.map(({ name }) => name).filter((name) => !covered.includes(name))).toEqual([]);
  expect(answers.length).toBeGreaterThan(4);
});

const range = (names: readonly LineName[]) => {
  const ids = names.map((name) => world.lines[name].id);
  return { count: ids.length, first_id: Math.min(...ids), last_id: Math.max(...ids) };
};

async function rowsOf(caller: Caller, work: () => Promise<unknown>) {
  const rows = await audit.of(work);
  return rows.filter((row) => row.actor === caller.agent && row.event_type === 'admin.read');
}

describe.each(ERAS)('in era %s', (era) => {
  it.each(DOORS)('one row for $what', async ({ action, ask, shows }) => {
    for (const name of ['admin', 'star'] as const) {
      const caller = world.callers[name];
      const rows = await rowsOf(caller, () => ask(caller.at[era]));
      expect(rows, name).toHaveLength(1);
      expect(rows[0], name).toMatchObject({
        ...{ action, session_id: main(), result: 'ok', details: range(shows) },
        ...{ workspace: name === 'star' ? '*' : 'default', resource: null },
        key_id: name === 'admin' ? 'key_admin' : (expect.stringMatching(/^key_/) as string),
        request_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      });
    }
  });

  it('one row where an answer is of several sessions, which says of how many', async () => {
    const { admin } = world.callers;
    const search = () => admin.at[era].call('search_by_sender', { sender: 'ghost' });
    const rows = await rowsOf(admin, search);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      session_id: null,
      details: { ...range(['whisper', 'hush']), sessions: 2 },
    });
  });

  it('none for what the admin would see as any agent: public, its own, for operators', async () => {
    const { admin } = world.callers;
    const door = admin.at[era];
    const session_id = world.sessions.later;
    for (const args of [{}, { visibility: 'private' }, { visibility: 'agent_only' }]) {
      expectSuccess(await door.call('add_message', { session_id, content: 'mine', ...args }));
    }
    const { alice } = world.callers;
    const direct = { session_id, content: 'for you', visibility: 'private' };
    expectSuccess(await alice.at[era].call('add_message', { ...direct, to: ['OPERATOR'] }));
    expectSuccess(await alice.at[era].call('add_message', { ...direct, to: ['type:Operator'] }));
    const rows = await audit.of(async () => {
      const answer = expectSuccess(await door.call('get_messages', { session_id }));
      expect(answer['count']).toBeGreaterThanOrEqual(5);
      for (const visibility_filter of ['public', 'admin_only']) {
        expectSuccess(await door.call('get_messages', { session_id: main(), visibility_filter }));
      }
      expectSuccess(await door.call('get_session', { session_id: main(), include_messages: 0 }));
      expectSuccess(await door.call('list_sessions'));
    });
    expect(rows).toEqual([]);
  });

  it('none for plain agents, who see less', async () => {
    for (const name of ['alice', 'clara', 'recipient', 'bob', 'reader', 'stranger'] as const) {
      const door = world.callers[name].at[era];
      const rows = await audit.of(async () => {
        for (const args of [{ sender: 'alice' }, { sender: 'ghost' }])
          await door.call('search_by_sender', args);
        await door.call('get_messages', { session_id: main() });
        await door.call('search_by_timerange', { start_time: START, end_time: END });
      });
      expect(rows, name).toEqual([]);
    }
  });

  it("one row for another agent's memory, none for its own", async () => {
    const { admin } = world.callers;
    const rows = await rowsOf(admin, () => admin.at[era].read('agent://alice/memory'));
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      resource: 'agent:alice',
      action: 'resources/read',
      details: { count: 2 },
    });
    expect(await rowsOf(admin, () => admin.at[era].read('agent://operator/memory'))).toEqual([]);
  });

  it('one row for a message that an admin hides from others', async () => {
    const { admin, bob } = world.callers;
    const session_id = world.sessions.scratch;
    const posted = expectSuccess(
      await bob.at[era].call('add_message', { session_id, content: 'open', visibility: 'public' }),
    );
    const message_id = Number(posted['message_id']);
    const change = { message_id, visibility: 'private' };
    const rows = await audit.of(() => admin.at[era].call('set_message_visibility', change));
    expect(rows.map((row) => row.event_type).sort()).toEqual(['admin.read', 'message.visibility_changed']);
  });
});

it('one row for the JSON API', async () => {
  const { admin } = world.callers;
  const path = `/api/v1/sessions/${main()}/messages`;
  const headers = { authorization: `Bearer ${admin.key}`, 'x-agent-id': admin.agent };
  let id: string | null = '';
  const rows = await rowsOf(admin, async () => {
    id = (await world.hub.request(path, { headers })).headers.get('x-request-id');
  });
  expect(rows).toHaveLength(1);
  const action = 'GET /api/v1/sessions/:session_id/messages';
  expect(rows[0]).toMatchObject({ action, session_id: main(), details: range(SECRETS), request_id: id });
});

it('no row holds a word of what was shown', async () => {
  const text = JSON.stringify(await audit.all());
  for (const { canary } of Object.values(world.lines)) expect(text).not.toContain(canary);
});
