/**
 * Every door of the hub but the tools, and how the leak matrix knocks at it. A new resource, prompt or route needs a row
 * here, named as `kind:name`; the matrix fails by that name until it has one.
 */
import { ADMINS, keyNameOf, memberOf, OTHER, STRANGERS, type Ask, type Role } from './leak-cast.ts';
import { USED_KEY } from './leak-lines.ts';
import { PLUGIN_ROWS } from './leak-plugin.ts';
import { places, probe, type DoorRow, type Probe } from './leak-rows.ts';
import { TOOL_ROUTE_ROWS } from './leak-tool-routes.ts';
import { takenIds, TOOL_ROWS } from './leak-tools.ts';
import { UI_ROWS } from './leak-ui.ts';
import { hiddenFrom, tokenOf, type LeakWorld, type Secret } from './leak-world.ts';

const read = (uri: string): Ask => ({ method: 'resources/read', params: { uri } });
const prompt = (name: string, args: object): Ask => ({
  method: 'prompts/get',
  params: { name, arguments: args },
});
const complete = (ref: object, name: string, value: string): Ask => ({
  method: 'completion/complete',
  params: { ref, argument: { name, value } },
});
const http = (line: string, body?: object | string): Ask => ({
  http: line,
  ...(body === undefined ? {} : { body }),
});

const SESSION = 'session://{session_id}';
const rest: readonly DoorRow[] = [
  { covers: 'resource:hub://info', shows: true, asks: () => [read('hub://info')] },
  { covers: 'resource:docs://tools', asks: () => [read('docs://tools')] },
  { covers: 'resource:performance://metrics', asks: () => [read('performance://metrics')] },
  {
    covers: `resource:${SESSION}`,
    shows: true,
    asks: (world) => places(world).map((id) => read(`session://${id}`)),
    probes: [probe('session', (id) => read(`session://${id}`))],
  },
  {
    covers: `resource:${SESSION}/messages`,
    shows: true,
    asks: (world) => places(world).map((id) => read(`session://${id}/messages`)),
    probes: [probe('session', (id) => read(`session://${id}/messages`))],
  },
  {
    covers: 'resource:agent://{agent_id}/inbox',
    shows: true,
    asks: () =>
      ['cnry-sender-id', 'cnry-ghost-id', 'cnry-sibling-id'].map((id) => read(`agent://${id}/inbox`)),
    probes: [probe('agent', (id) => read(`agent://${id}/inbox`))],
  },
  {
    covers: 'resource:agent://{agent_id}/memory',
    shows: true,
    asks: () =>
      ['cnry-sender-id', 'cnry-ghost-id', 'cnry-sibling-id'].map((id) => read(`agent://${id}/memory`)),
    probes: [probe('agent', (id) => read(`agent://${id}/memory`))],
  },
  {
    covers: 'prompt:setup-collaboration',
    asks: (world) =>
      places(world).map((session_id) =>
        prompt('setup-collaboration', { purpose: 'p', expert_roles: 'a, b', session_id }),
      ),
    probes: [
      probe('session', (session_id) =>
        prompt('setup-collaboration', { purpose: 'p', expert_roles: 'a', session_id }),
      ),
    ],
  },
  {
    covers: 'prompt:debug-session',
    shows: true,
    asks: (world) => places(world).map((session_id) => prompt('debug-session', { session_id })),
    probes: [probe('session', (session_id) => prompt('debug-session', { session_id }))],
  },
  {
    covers: 'prompt:catch-up',
    shows: true,
    asks: (world) => [
      prompt('catch-up', {}),
      ...places(world).map((session_id) => prompt('catch-up', { session_id })),
    ],
    probes: [probe('session', (session_id) => prompt('catch-up', { session_id }))],
  },
  {
    covers: 'prompt:handoff',
    shows: true,
    asks: (world) => places(world).map((session_id) => prompt('handoff', { session_id, to: 'nobody' })),
    probes: [probe('session', (session_id) => prompt('handoff', { session_id, to: 'nobody' }))],
  },
  {
    covers: 'completion:to',
    shows: true,
    asks: () => ['', 'cnry'].map((start) => complete({ type: 'ref/prompt', name: 'handoff' }, 'to', start)),
    probes: [probe('agent', (id) => complete({ type: 'ref/prompt', name: 'handoff' }, 'to', id))],
  },
  {
    covers: 'completion:session_id',
    asks: () => [
      complete({ type: 'ref/prompt', name: 'debug-session' }, 'session_id', ''),
      complete({ type: 'ref/resource', uri: SESSION }, 'session_id', 'session_'),
    ],
    probes: [
      probe('session', (id) => complete({ type: 'ref/prompt', name: 'debug-session' }, 'session_id', id)),
      probe('session', (id) => complete({ type: 'ref/resource', uri: SESSION }, 'session_id', id)),
    ],
  },
  {
    covers: 'completion:agent_id',
    shows: true,
    asks: () => [complete({ type: 'ref/resource', uri: 'agent://{agent_id}/memory' }, 'agent_id', '')],
    probes: [
      probe('agent', (id) =>
        complete({ type: 'ref/resource', uri: 'agent://{agent_id}/memory' }, 'agent_id', id),
      ),
    ],
  },
  ...['purpose', 'expert_roles', 'collaboration_type', 'iteration_rounds'].map((name) => ({
    covers: `completion:${name}`,
    asks: () => [complete({ type: 'ref/prompt', name: 'setup-collaboration' }, name, '')],
  })),
  {
    covers: 'mcp:lists',
    asks: () =>
      [
        'tools/list',
        'resources/list',
        'resources/templates/list',
        'prompts/list',
        'ping',
        'server/discover',
      ].map((method) => ({ method })),
  },
  {
    covers: 'mcp:errors',
    asks: () => [
      { tool: 'nonsense' },
      { method: 'nonsense' },
      read('nonsense://x'),
      prompt('nonsense', {}),
      { tool: 'get_messages', args: { session_id: 1 } },
      { tool: 'get_messages', args: { session_id: 'x', nonsense: true } },
    ],
  },
];

const routes: readonly DoorRow[] = [
  { covers: 'route:GET /health', asks: () => [http('GET /health')] },
  { covers: 'route:GET /health/ready', asks: () => [http('GET /health/ready')] },
  ...['/.well-known', '/.well-known/*', '/mcp/.well-known/*', '/mcp/2025/.well-known/*', '/register'].map(
    (path) => ({
      covers: `route:ALL ${path}`,
      asks: () => [
        http(`GET ${path.replace('*', 'oauth-protected-resource')}`),
        http(`POST ${path.replace('*', 'x')}`, {}),
      ],
    }),
  ),
  ...['/mcp', '/mcp/', '/mcp/2025', '/mcp/2025/'].map((path) => ({
    covers: `route:ALL ${path}`,
    asks: () => [
      http(`PUT ${path}`, {}),
      http(`POST ${path}`, '{ no json'),
      http(`POST ${path}?tools=core`, { jsonrpc: '2.0', id: 1, method: 'tools/list' }),
    ],
  })),
  {
    covers: 'route:GET /api/v1/sessions',
    shows: true,
    asks: () => [
      http('GET /api/v1/sessions?limit=100'),
      http('GET /api/v1/sessions?limit=1'),
      http('GET /api/v1/sessions?limit=x'),
    ],
    probes: [
      probe('word', (word) => http(`GET /api/v1/sessions?query=${word}`)),
      probe('agent', (id) => http(`GET /api/v1/sessions?created_by=${id}`)),
    ],
  },
  {
    covers: 'route:GET /api/v1/sessions/:session_id',
    shows: true,
    asks: (world) => places(world).map((id) => http(`GET /api/v1/sessions/${id}`)),
    probes: [probe('session', (id) => http(`GET /api/v1/sessions/${id}`))],
  },
  {
    covers: 'route:GET /api/v1/sessions/:session_id/messages',
    shows: true,
    asks: (world) =>
      places(world).flatMap((id) =>
        ['', '?after_id=0', '?limit=1', '?after_id=0&limit=2'].map((query) =>
          http(`GET /api/v1/sessions/${id}/messages${query}`),
        ),
      ),
    probes: [probe('session', (id) => http(`GET /api/v1/sessions/${id}/messages`))],
  },
  {
    covers: 'route:GET /api/v1/messages/:message_id',
    shows: true,
    asks: ({ lines }) =>
      lines.flatMap(({ id }) => ['', '?limit=1'].map((query) => http(`GET /api/v1/messages/${id}${query}`))),
    probes: [probe('message', (id) => http(`GET /api/v1/messages/${id}`))],
  },
  {
    covers: 'route:GET /api/v1/messages/:message_id/thread',
    shows: true,
    asks: ({ lines }) =>
      lines.flatMap(({ id }) =>
        ['', '?after_id=0&limit=1'].map((query) => http(`GET /api/v1/messages/${id}/thread${query}`)),
      ),
    probes: [probe('message', (id) => http(`GET /api/v1/messages/${id}/thread`))],
  },
  ...[
    { end: '', at: '', scope: 'agent' },
    { end: '/:version', at: '/1', scope: 'shared' },
  ].map(({ end, at, scope }) => ({
    covers: `route:GET /api/v1/memory/:key/history${end}`,
    ...(end === '' ? {} : { shows: true }),
    asks: ({ sessions: { main, foreign } }: LeakWorld, role: Role) =>
      [
        ...['own', 'foreign', 'ghost', 'sibling'].map((cell) => [cell, '']),
        ...['shared', 'foreign-shared'].map((cell) => [cell, '?scope=shared']),
        ['own-main', `?session_id=${main}`],
        ['shared-main', `?scope=shared&session_id=${main}`],
        ['foreign-main', `?session_id=${foreign}`],
      ]
        // Who may not read is refused whatever is asked.
        .slice(role === 'writeOnly' ? -1 : 0)
        .map(([cell, query]) => http(`GET /api/v1/memory/cnry-cell-${cell}-key/history${at}${query}`)),
    probes: [probe('memory', (key) => http(`GET /api/v1/memory/${key}/history${at}?scope=${scope}`))],
  })),
  ...['openapi.json', 'docs'].map((name) => ({
    covers: `route:GET /api/v1/${name}`,
    asks: () => [http(`GET /api/v1/${name}`)],
  })),
  {
    covers: 'route:GET /events',
    shows: true,
    asks: (world) =>
      ['', '?detail=kinds', ...places(world).map((id) => `?session_id=${id}`)].map((query) =>
        http(`GET /events${query}`),
      ),
    probes: ['', '&detail=kinds'].map((more) =>
      probe('session', (id) => http(`GET /events?session_id=${id}${more}`)),
    ),
  },
  { covers: 'route:GET /api/v1/keys', shows: true, asks: () => [http('GET /api/v1/keys')] },
  {
    covers: 'route:POST /api/v1/keys',
    asks: () => [http('POST /api/v1/keys', {}), http('POST /api/v1/keys', { name: '' })],
  },
  {
    covers: 'route:DELETE /api/v1/keys/:key_id',
    asks: () => [http('DELETE /api/v1/keys/key_none')],
    probes: [probe('key', (id) => http(`DELETE /api/v1/keys/${id}`))],
  },
  {
    covers: 'route:POST /api/v1/keys/:key_id/rotate',
    asks: () => [
      http('POST /api/v1/keys/key_none/rotate'),
      http('POST /api/v1/keys/key_none/rotate', { overlap: -1 }),
    ],
    probes: [probe('key', (id) => http(`POST /api/v1/keys/${id}/rotate`, {}))],
  },
  {
    covers: 'route:POST /auth/token',
    asks: (_world, role) => [
      http('POST /auth/token', {}),
      ...(role === 'nobody'
        ? []
        : [http('POST /auth/token', { agent_id: memberOf(role).agent, agent_type: memberOf(role).type })]),
      ...takenIds(role).flatMap((agent_id) => [
        http('POST /auth/token', { agent_id, agent_type: 'cnry-other-type' }),
        http('POST /auth/token', { agent_id, agent_type: 'nonsense', permissions: ['read', 'admin'] }),
      ]),
    ],
  },
  {
    covers: 'route:POST /auth/refresh',
    asks: () => [http('POST /auth/refresh', {}), http('POST /auth/refresh', { refresh_token: 'nonsense' })],
    probes: (['handle', 'access token'] as const).map((about) =>
      probe(about, (refresh_token) => http('POST /auth/refresh', { refresh_token })),
    ),
  },
  {
    // That who does not hold the key ends nothing shows later: those who came with these go on.
    covers: 'route:POST /auth/revoke',
    asks: () => [http('POST /auth/revoke', {}), http('POST /auth/revoke', { token: 'nonsense' })],
    probes: (['handle', 'access token', 'refresh token'] as const).map((about) =>
      probe(about, (token) => http('POST /auth/revoke', { token })),
    ),
  },
  {
    covers: 'route:GET /api/v1/leases',
    asks: () =>
      ['', '?limit=1', '?resource=**', '?limit=x'].map((query) => http(`GET /api/v1/leases${query}`)),
    probes: [
      probe('session', (id) => http(`GET /api/v1/leases?session_id=${id}`)),
      probe('word', (word) => http(`GET /api/v1/leases?resource=${word}`)),
    ],
  },
  {
    covers: 'route:DELETE /api/v1/leases/:lease_id',
    asks: () => [http('DELETE /api/v1/leases/lease_none')],
  },
  {
    covers: 'route:GET /api/v1/agents',
    shows: true,
    setsUp: true,
    asks: () =>
      ['', '?limit=1', '?limit=x', '?workspace=default', `?workspace=${OTHER}`].map((query) =>
        http(`GET /api/v1/agents${query}`),
      ),
    probes: [probe('workspace', (workspace) => http(`GET /api/v1/agents?workspace=${workspace}`))],
  },
  {
    covers: 'route:POST /api/v1/agents/:agent_id/release',
    asks: () => [
      http('POST /api/v1/agents/cnry-absent-id/release'),
      http('POST /api/v1/agents/x/release', { nonsense: 1 }),
    ],
    probes: [
      probe('agent', (id) => http(`POST /api/v1/agents/${id}/release`, {})),
      probe('workspace', (workspace) => http('POST /api/v1/agents/cnry-absent-id/release', { workspace })),
    ],
  },
  {
    covers: 'route:POST /api/v1/agents/:agent_id/transfer',
    asks: () => [
      http('POST /api/v1/agents/cnry-absent-id/transfer', {}),
      http('POST /api/v1/agents/cnry-absent-id/transfer', { key: 'key_none' }),
    ],
    probes: [
      probe('agent', (id) => http(`POST /api/v1/agents/${id}/transfer`, { key: 'key_none' })),
      probe('key', (key) => http('POST /api/v1/agents/cnry-strange-admin-id/transfer', { key })),
      probe('workspace', (workspace) =>
        http('POST /api/v1/agents/cnry-absent-id/transfer', { key: 'key_none', workspace }),
      ),
    ],
  },
  {
    covers: 'route:GET /api/v1/audit',
    shows: true,
    asks: (world) =>
      [
        '',
        '?limit=1',
        '?limit=200',
        '?limit=x',
        '?event_type=key.created',
        ...places(world).map((id) => `?session_id=${id}`),
      ].map((query) => http(`GET /api/v1/audit${query}`)),
    probes: [
      probe('agent', (id) => http(`GET /api/v1/audit?agent_id=${id}`)),
      probe('session', (id) => http(`GET /api/v1/audit?session_id=${id}`)),
    ],
  },
  {
    covers: 'route:POST /api/v1/hooks/claude',
    shows: true,
    asks: () =>
      // What is unread is shown once in each session of a client.
      ['SessionStart', 'UserPromptSubmit', 'PreToolUse', 'PostToolUse', 'Stop', 'nonsense'].map((event) =>
        http('POST /api/v1/hooks/claude', { event, session: `of ${event}`, files: ['src', '/'] }),
      ),
  },
  { covers: 'route:GET /metrics', asks: () => [http('GET /metrics')] },
  {
    covers: 'route:GET /api/v1/metrics',
    asks: () =>
      ['', '?window_seconds=60', '?window_seconds=x'].map((query) => http(`GET /api/v1/metrics${query}`)),
  },
  {
    covers: 'route:GET /api/v1/metrics/series',
    asks: () => ['', '?step=60', '?from=x'].map((query) => http(`GET /api/v1/metrics/series${query}`)),
  },
  { covers: 'route:GET /api/v1/health', asks: () => [http('GET /api/v1/health')] },
  { covers: 'route:GET /api/v1/search/status', asks: () => [http('GET /api/v1/search/status')] },
  {
    covers: 'route:POST /api/v1/search/reindex',
    asks: (_world, role) => (ADMINS.includes(role) ? [] : [http('POST /api/v1/search/reindex', {})]),
  },
  {
    covers: 'route:POST /api/v1/admin/profile',
    asks: (_world, role) =>
      ['?seconds=0.1', '?seconds=x']
        // Two at once would be told of each other.
        .slice(ADMINS.includes(role) ? 1 : 0)
        .map((query) => http(`POST /api/v1/admin/profile${query}`)),
  },
  {
    covers: 'route:POST /api/v1/import',
    asks: () => [http('POST /api/v1/import', ''), http('POST /api/v1/import', '{}')],
  },
  {
    covers: 'route:GET /api/v1/export',
    shows: true,
    asks: (world) =>
      ['jsonl', 'csv', 'markdown', 'nonsense'].flatMap((format) => [
        http(`GET /api/v1/export?format=${format}`),
        http(`GET /api/v1/export?format=${format}&query=cnry`),
        http(`GET /api/v1/export?format=${format}&scope=audit`),
        ...places(world).flatMap((id) =>
          ['', '&scope=audit'].map((scope) =>
            http(`GET /api/v1/export?format=${format}&session_id=${id}${scope}`),
          ),
        ),
      ]),
    probes: [
      probe('session', (id) => http(`GET /api/v1/export?session_id=${id}`)),
      probe('session', (id) => http(`GET /api/v1/export?query=cnry&session_id=${id}`)),
      probe('token', (word) => http(`GET /api/v1/export?query=${word}`)),
      probe('agent', (id) => http(`GET /api/v1/export?scope=audit&agent_id=${id}`)),
      probe('session', (id) => http(`GET /api/v1/export?scope=audit&session_id=${id}`)),
    ],
  },
];

export const DOORS: readonly DoorRow[] = [
  ...TOOL_ROWS,
  ...TOOL_ROUTE_ROWS,
  ...UI_ROWS,
  ...PLUGIN_ROWS,
  ...rest,
  ...routes,
];

/** What stands for each kind of thing that is not there. */
const CONTROLS: Readonly<Record<Probe['about'], string>> = {
  message: '999999',
  session: 'session_0123456789abcdef',
  agent: 'cnry-absent-id',
  word: 'cnry-absent-content',
  token: tokenOf('absent'),
  memory: 'cnry-absent-key',
  key: 'key_none',
  idempotency: 'used-by-nobody',
  workspace: 'cnry-ws-absent',
  handle: `sct_${'A'.repeat(43)}`,
  'access token': 'eyJhbGciOiJIUzI1NiJ9.e30.AAAA',
  'refresh token': `scr_${'A'.repeat(43)}`,
};

export const controlOf = ({ about }: Probe): string => CONTROLS[about];

const WORDS: readonly Secret['what'][] = ['content', 'value', 'session'];

/** The things of a kind that are there and hidden from `role`. */
export function hiddenThings(world: LeakWorld, role: Role, about: Probe['about']): readonly string[] {
  const hidden = hiddenFrom(world, role);
  const words = (...kinds: readonly Secret['what'][]): string[] =>
    hidden.filter(({ what }) => kinds.includes(what)).map(({ word }) => word);
  const { main, quiet, foreign } = world.sessions;
  const holders: readonly Role[] = ['sender', 'sibling'];
  switch (about) {
    case 'message':
      return world.lines.filter(({ known }) => !known.has(role)).map(({ id }) => String(id));
    case 'session':
      if (STRANGERS.includes(role)) return [main, quiet];
      return role === 'everywhere' ? [] : [foreign];
    case 'agent':
      return words('agent');
    case 'token':
      return words('token');
    case 'word':
      return words(...WORDS);
    case 'memory':
      return words('memory').filter((word) => word.endsWith('-key'));
    case 'idempotency':
      return role === 'sender' ? [] : [USED_KEY];
    case 'key':
      return ADMINS.includes(role) ? [] : ['key_agent', 'key_admin', keyNameOf('ghost')];
    case 'workspace':
      return ADMINS.includes(role) ? [] : [STRANGERS.includes(role) ? 'default' : OTHER];
    case 'handle':
      return holders.includes(role) ? [] : [world.handle];
    case 'access token':
      return holders.includes(role) ? [] : [world.login.access_token];
    case 'refresh token':
      return holders.includes(role) ? [] : [world.login.refresh_token];
  }
}
