/** How the leak matrix knocks at each tool: a new one needs a row here. */
import { memberOf, STRANGERS, toolsOf, type Role } from './leak-cast.ts';
import { places, probe, type DoorRow, type Probe } from './leak-rows.ts';
import type { LeakWorld } from './leak-world.ts';

const ALL_TIME = { start_time: '2020-01-01T00:00:00Z', end_time: '2100-01-01T00:00:00Z' };
/** A renewal of nothing. */
const LABELLED = { lease_id: 'lease_none' };
/** Known by name in their workspaces anyway. */
const KNOWN: readonly Role[] = ['sender', 'otherType', 'stranger'];
const FILTERS = ['public', 'private', 'agent_only', 'admin_only'];
const inEach = (world: LeakWorld, ...all: readonly Record<string, unknown>[]): Record<string, unknown>[] =>
  places(world).flatMap((session_id) => all.map((args) => ({ session_id, ...args })));
const lineIds = ({ lines }: LeakWorld): number[] => lines.map(({ id }) => id);

const tool = (
  name: string,
  about: Probe['about'],
  args: (value: string, world: LeakWorld) => object,
): Probe => probe(about, (value, world) => ({ tool: name, args: { ...args(value, world) } }));
const inSession = (name: string, rest: object = {}): Probe =>
  tool(name, 'session', (session_id) => ({ session_id, ...rest }));

/** Ids of other keys of the role's workspace: no agent of it may take them. */
export const takenIds = (role: Role): readonly string[] =>
  role === 'everywhere' || STRANGERS.includes(role)
    ? []
    : ['cnry-ghost-id', 'cnry-sender-id'].filter((id) => role !== 'ghost' || id === 'cnry-sender-id');

/** At the beginning of the log, of nobody. */
const firstCursor = ({ epoch }: LeakWorld): string =>
  Buffer.from(JSON.stringify([epoch, 'delivery', [0, 0, [], []]])).toString('base64url');

export const TOOL_ROWS: readonly DoorRow[] = [
  {
    covers: 'tool:create_session',
    // Who opens a session becomes known by name, so only those do who are.
    asks: (_world, role) =>
      toolsOf(
        'create_session',
        { purpose: '' },
        ...(KNOWN.includes(role) ? [{ purpose: 'p', first_message: 'm' }] : []),
      ),
  },
  {
    covers: 'tool:list_sessions',
    shows: true,
    asks: () =>
      toolsOf(
        'list_sessions',
        { limit: 100 },
        { limit: 1 },
        { is_active: false },
        { created_by: 'cnry-other-id' },
      ),
    probes: [
      tool('list_sessions', 'word', (query) => ({ query })),
      tool('list_sessions', 'agent', (created_by) => ({ created_by })),
    ],
  },
  {
    covers: 'tool:get_session',
    shows: true,
    asks: (world) =>
      toolsOf('get_session', ...inEach(world, { include_messages: 50 }, { include_messages: 1 })),
    probes: [inSession('get_session')],
  },
  {
    covers: 'tool:update_session',
    asks: (world) => toolsOf('update_session', ...inEach(world, {}, { purpose: '' })),
    probes: [inSession('update_session', { is_active: true })],
  },
  {
    covers: 'tool:add_message',
    asks: (world) =>
      (['scratch', 'foreign'] as const).flatMap((place) =>
        [{}, { idempotency_key: 'once' }, { to: ['no-such-agent'] }].map((args) => ({
          tool: 'add_message',
          args: { session_id: world.sessions[place], content: 'c', visibility: 'private', ...args },
        })),
      ),
    probes: [
      inSession('add_message', { content: 'c' }),
      // Refused after the key has been looked at.
      tool('add_message', 'idempotency', (idempotency_key, { sessions }) => ({
        ...{ session_id: sessions.main, content: 'c', visibility: 'private', parent_message_id: 999_999 },
        idempotency_key,
      })),
      tool('add_message', 'message', (id, { sessions }) => ({
        ...{ session_id: sessions.main, content: 'c', visibility: 'private', parent_message_id: Number(id) },
      })),
      tool('add_message', 'message', (id, { sessions }) => ({
        ...{
          session_id: sessions.foreign,
          content: 'c',
          visibility: 'private',
          parent_message_id: Number(id),
        },
      })),
    ],
  },
  {
    covers: 'tool:get_messages',
    shows: true,
    asks: (world) => [
      ...toolsOf(
        'get_messages',
        ...inEach(world, {}, { after_id: 0 }, { limit: 1 }, { after_id: 0, limit: 2 }),
        ...inEach(world, { include_receipts: true }),
      ),
      ...toolsOf(
        'get_messages',
        ...inEach(world, ...FILTERS.map((visibility_filter) => ({ visibility_filter }))),
      ),
      ...toolsOf(
        'get_messages',
        ...lineIds(world).map((id) => ({ session_id: world.sessions.main, thread_of: id })),
      ),
      ...toolsOf(
        'get_messages',
        ...inEach(world, { message_type: 'question' }, { message_type: 'decision' }),
      ),
    ],
    probes: [
      inSession('get_messages'),
      tool('get_messages', 'agent', (sender, { sessions }) => ({ session_id: sessions.main, sender })),
      tool('get_messages', 'message', (id, { sessions }) => ({
        session_id: sessions.main,
        thread_of: Number(id),
      })),
    ],
  },
  {
    covers: 'tool:catch_up',
    shows: true,
    asks: (world) =>
      toolsOf(
        'catch_up',
        { max_tokens: 20_000 },
        {},
        ...inEach(world, { max_tokens: 20_000 }, { max_tokens: 200 }),
      ),
    probes: [inSession('catch_up')],
  },
  {
    covers: 'tool:wait_for_messages',
    shows: true,
    asks: (world) =>
      toolsOf(
        'wait_for_messages',
        ...[{}, { addressed_only: true }, { limit: 1 }].flatMap((args) => [
          { timeout_seconds: 0, ...args },
          { timeout_seconds: 0, ...args, cursor: firstCursor(world) },
        ]),
        ...inEach(world, { timeout_seconds: 0, limit: 100, cursor: firstCursor(world) }),
      ),
    probes: [inSession('wait_for_messages', { timeout_seconds: 0 })],
  },
  {
    covers: 'tool:set_message_visibility',
    // Others' messages of which a role sees some; what it does not see is a matter of the probes.
    asks: () => toolsOf('set_message_visibility', { message_id: 999_999, visibility: 'public' }),
    probes: FILTERS.map((visibility) =>
      tool('set_message_visibility', 'message', (id) => ({ message_id: Number(id), visibility })),
    ),
  },
  {
    covers: 'tool:search_context',
    shows: true,
    asks: (world) =>
      toolsOf(
        'search_context',
        { query: 'something about', limit: 100, include_memory: true },
        { query: 'somthing abuot', limit: 100 },
        { query: 'note', limit: 1 },
        { query: 'from:cnry-other-id type:message', limit: 100 },
        { query: 'something', search_scope: 'private', limit: 100 },
        ...inEach(world, { query: 'something', limit: 100, include_memory: true }),
      ),
    probes: [
      inSession('search_context', { query: 'something' }),
      // As it is, mistyped, begun, and beside a word that everybody finds: what is meant must not be told either.
      ...[
        (word: string) => word,
        (word: string) => `${word.slice(0, 5)}${word.slice(6)}`,
        (word: string) => word.slice(0, 9),
        (word: string) => `something ${word}`,
        (word: string) => `about -${word}`,
      ].map((queryOf) =>
        tool('search_context', 'token', (word) => ({
          query: queryOf(word),
          limit: 100,
          max_tokens: 200_000,
        })),
      ),
      tool('search_context', 'agent', (sender) => ({ query: 'something', sender })),
      tool('search_context', 'agent', (id) => ({ query: `from:${id}` })),
    ],
  },
  {
    covers: 'tool:search_by_sender',
    shows: true,
    asks: (world) =>
      toolsOf(
        'search_by_sender',
        ...['cnry-sender-id', 'CNRY sender_ID', 'cnry-other-id'].flatMap((sender) => [
          { sender, limit: 100 },
          ...inEach(world, { sender, limit: 2 }),
        ]),
      ),
    probes: [
      inSession('search_by_sender', { sender: 'cnry-sender-id' }),
      tool('search_by_sender', 'agent', (sender) => ({ sender })),
      tool('search_by_sender', 'agent', (sender, { sessions }) => ({ sender, session_id: sessions.main })),
    ],
  },
  {
    covers: 'tool:search_by_timerange',
    shows: true,
    asks: (world) =>
      toolsOf(
        'search_by_timerange',
        { ...ALL_TIME, limit: 1000 },
        { ...ALL_TIME, limit: 1 },
        ...inEach(world, ALL_TIME),
      ),
    probes: [inSession('search_by_timerange', ALL_TIME)],
  },
  {
    covers: 'tool:set_memory',
    asks: (world) =>
      toolsOf(
        'set_memory',
        { key: 'mine', value: 1 },
        { key: 'mine', value: 1, if_version: 99 },
        {
          ...{ key: 'mine', value: 1, overwrite: false, session_id: world.sessions.main },
        },
      ),
    probes: [
      inSession('set_memory', { key: 'k', value: 1 }),
      tool('set_memory', 'memory', (key) => ({ key, value: 1, if_version: 7 })),
    ],
  },
  {
    covers: 'tool:get_memory',
    shows: true,
    asks: (world) =>
      toolsOf(
        'get_memory',
        ...['cnry-cell-own-key', 'cnry-cell-foreign-key'].map((key) => ({ key })),
        ...['cnry-cell-shared-key', 'cnry-cell-foreign-shared-key'].map((key) => ({ key, scope: 'shared' })),
        { key: 'cnry-cell-own-main-key', session_id: world.sessions.main },
        { key: 'cnry-cell-shared-main-key', session_id: world.sessions.main, scope: 'shared' },
        { key: 'cnry-cell-foreign-main-key', session_id: world.sessions.foreign },
        ...['cnry-cell-ghost-key', 'cnry-cell-sibling-key'].map((key) => ({ key })),
      ).map((ask) => ask),
    probes: [
      inSession('get_memory', { key: 'k' }),
      tool('get_memory', 'memory', (key) => ({ key })),
      tool('get_memory', 'memory', (key) => ({ key, scope: 'shared' })),
      tool('get_memory', 'memory', (key, { sessions }) => ({ key, session_id: sessions.main })),
    ],
  },
  {
    covers: 'tool:list_memory',
    shows: true,
    asks: (world) =>
      toolsOf(
        'list_memory',
        {},
        { session_id: 'all' },
        { session_id: 'all', limit: 1 },
        { scope: 'shared' },
        ...inEach(world, {}),
      ),
    probes: [
      inSession('list_memory'),
      tool('list_memory', 'memory', (prefix) => ({ prefix, session_id: 'all' })),
      tool('list_memory', 'word', (query) => ({ query, session_id: 'all' })),
    ],
  },
  {
    covers: 'tool:delete_memory',
    asks: () => toolsOf('delete_memory', { key: 'no-such-key' }, { key: 'mine', if_version: 99 }),
    probes: [
      inSession('delete_memory', { key: 'k' }),
      tool('delete_memory', 'memory', (key) => ({ key })),
      tool('delete_memory', 'memory', (key) => ({ key, scope: 'shared' })),
    ],
  },
  {
    covers: 'tool:acquire_lease',
    // Who holds a lease becomes known by name.
    asks: () =>
      toolsOf('acquire_lease', { resources: ['../up'] }, { lease_id: 'lease_none' }, { resources: [] }),
    probes: [inSession('acquire_lease', { resources: ['../up'] }), inSession('acquire_lease', LABELLED)],
  },
  {
    covers: 'tool:release_lease',
    asks: () => toolsOf('release_lease', { lease_id: 'lease_none' }, { all: true }),
  },
  {
    covers: 'tool:list_leases',
    asks: (world) => toolsOf('list_leases', {}, { resource: '**' }, ...inEach(world, {})),
    probes: [inSession('list_leases'), tool('list_leases', 'word', (resource) => ({ resource }))],
  },
  {
    covers: 'tool:list_agents',
    shows: true,
    introduces: true,
    asks: (world) => toolsOf('list_agents', {}, { max_tokens: 200 }, ...inEach(world, {})),
    probes: [inSession('list_agents')],
  },
  {
    covers: 'tool:get_usage_guidance',
    asks: () => toolsOf('get_usage_guidance', {}, { guidance_type: 'security' }),
  },
  {
    covers: 'tool:authenticate_agent',
    // Ids of the workspace are taken by their keys; elsewhere they would be free, and taken by this.
    asks: (_world, role) =>
      toolsOf(
        'authenticate_agent',
        { agent_id: 'x y', agent_type: 't' },
        ...(role === 'nobody' ? [] : [{ agent_id: memberOf(role).agent, agent_type: memberOf(role).type }]),
        ...takenIds(role).flatMap((agent_id) => [
          { agent_id, agent_type: 'cnry-other-type' },
          { agent_id, agent_type: 'nonsense', requested_permissions: ['read', 'write', 'admin'] },
        ]),
      ),
  },
  {
    covers: 'tool:refresh_token',
    asks: () => toolsOf('refresh_token', { current_token: 'sct_nothing' }, { current_token: '' }),
    probes: (['handle', 'access token', 'refresh token'] as const).map((about) =>
      tool('refresh_token', about, (current_token) => ({ current_token })),
    ),
  },
  {
    // Taken by every tool but those two.
    covers: 'auth_token',
    asks: (world) =>
      toolsOf('list_sessions', { auth_token: 'sct_nothing' }, { auth_token: world.login.access_token }),
    probes: (['handle', 'access token', 'refresh token'] as const).flatMap((about) => [
      tool('list_sessions', about, (auth_token) => ({ auth_token })),
      tool('get_audit_log', about, (auth_token) => ({ auth_token })),
    ]),
  },
  {
    covers: 'tool:get_performance_metrics',
    asks: () => toolsOf('get_performance_metrics', {}, { window_seconds: 86_400 }, { window_seconds: 0 }),
  },
  {
    covers: 'tool:get_audit_log',
    shows: true,
    asks: (world) =>
      toolsOf(
        'get_audit_log',
        ...[{}, { limit: 1 }, { limit: 200 }, { event_type: 'key.created' }, { agent_id: 'cnry-sender-id' }],
        ...inEach(world, {}),
      ),
    probes: [tool('get_audit_log', 'agent', (agent_id) => ({ agent_id })), inSession('get_audit_log')],
  },
];
