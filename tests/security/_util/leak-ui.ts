/** The routes of the dashboard, which show an operator what the other doors do, and anybody else nothing. */
import type { Ask } from './leak-cast.ts';
import { places, probe, type DoorRow } from './leak-rows.ts';

const http = (line: string, body?: object): Ask => ({ http: line, ...(body === undefined ? {} : { body }) });

const TIMELINE_QUERIES = ['', '?view=raw', '?at=1', '?code=1', '?since=2000-01-01', '?agent=cnry-sender-id'];

/** Below `/ui`: pages of operators, what each may be asked, and about what it may be probed. */
const OPERATORS: readonly {
  readonly page: string;
  readonly shows?: true;
  readonly queries: readonly string[];
  readonly probes?: readonly (readonly ['agent' | 'session' | 'word', string])[];
}[] = [
  { page: 'agents', shows: true, queries: ['', '?by=id', '?by=id&cursor=x'] },
  {
    page: 'leases',
    queries: ['', '?resource=**', '?holder=cnry-sender-id', '?cursor=x'],
    probes: [
      ['agent', 'holder'],
      ['word', 'resource'],
    ],
  },
  { page: 'health', shows: true, queries: [''] },
  {
    page: 'metrics',
    shows: true,
    queries: ['', '?last=15', '?from=2000-01-01', '?from=2000-01-01T00:00'],
  },
  {
    page: 'audit',
    shows: true,
    queries: ['', '?event_type=admin.read', '?since=x', '?cursor=x'],
    probes: [['session', 'session_id']],
  },
  { page: 'keys', shows: true, queries: ['', '?cursor=x'] },
  { page: 'connect', queries: [''] },
];

export const UI_ROWS: readonly DoorRow[] = [
  ...['/', '/ui', '/ui/', '/ui/login', '/ui/login/:code', '/ui/assets/:file'].map((path) => ({
    covers: `route:GET ${path}`,
    asks: () => [http(`GET ${path.replace(':', '')}`)],
  })),
  ...['/ui/login', '/ui/login/link', '/ui/logout'].map((path) => ({
    covers: `route:POST ${path}`,
    asks: () => [http(`POST ${path}`, {})],
  })),
  { covers: 'route:POST /api/v1/login-links', asks: () => [http('POST /api/v1/login-links', {})] },
  ...['', '.json'].map((twin) => ({
    covers: `route:GET /ui/sessions${twin}`,
    shows: true,
    asks: () =>
      ['', '?state=closed', '?sort=oldest', '?sort=opened_last', '?sort=most_messages', '?cursor=x'].map(
        (query) => http(`GET /ui/sessions${twin}${query}`),
      ),
    probes: [
      probe('word', (word) => http(`GET /ui/sessions${twin}?q=${word}`)),
      probe('agent', (id) => http(`GET /ui/sessions${twin}?agent=${id}`)),
    ],
  })),
  ...['', '.json', '/results'].map((end) => ({
    covers: `route:GET /ui/search${end}`,
    shows: true,
    asks: () =>
      ['', '?q=cnry', '?q=visibility:private', '?q=type:message&cursor=x', '?after=2000-01-01'].map((query) =>
        http(`GET /ui/search${end}${query}`),
      ),
    probes: [
      probe('token', (word) => http(`GET /ui/search${end}?q=${word}`)),
      probe('agent', (id) => http(`GET /ui/search${end}?from=${id}`)),
      probe('session', (id) => http(`GET /ui/search${end}?session=${id}`)),
    ],
  })),
  ...['', '.json'].map((twin) => ({
    covers: `route:GET /ui/memory${twin}`,
    shows: true,
    asks: () =>
      ['', '?session=global', '?agent=cnry-sender-id', '?q=cnry', '?cursor=x'].map((query) =>
        http(`GET /ui/memory${twin}${query}`),
      ),
    probes: [
      probe('agent', (id) => http(`GET /ui/memory${twin}?agent=${id}`)),
      probe('session', (id) => http(`GET /ui/memory${twin}?session=${id}`)),
      probe('memory', (key) => http(`GET /ui/memory${twin}?prefix=${key}`)),
    ],
  })),
  ...['', '.json'].map((twin) => ({
    covers: `route:GET /ui/memory/entry${twin}`,
    asks: () => [http(`GET /ui/memory/entry${twin}`)],
    probes: ['shared', 'agent'].map((scope) =>
      probe('memory', (key) => http(`GET /ui/memory/entry${twin}?scope=${scope}&key=${key}`)),
    ),
  })),
  ...['', '.json'].map((twin) => ({
    covers: `route:GET /ui/memory/history${twin}`,
    asks: () => [http(`GET /ui/memory/history${twin}`)],
    probes: [probe('memory', (key) => http(`GET /ui/memory/history${twin}?scope=shared&key=${key}`))],
  })),
  ...['messages', 'state'].map((change) => ({
    covers: `route:POST /ui/sessions/:id/${change}`,
    asks: (world: Parameters<DoorRow['asks']>[0]) =>
      places(world).map((id) => http(`POST /ui/sessions/${id}/${change}`, {})),
    probes: [probe('session', (id) => http(`POST /ui/sessions/${id}/${change}`, {}))],
  })),
  ...['', '/delete'].map((change) => ({
    covers: `route:POST /ui/memory/entry${change}`,
    asks: () => [http(`POST /ui/memory/entry${change}`, {})],
  })),
  ...[
    { route: '/ui/sessions/:id', end: '' },
    { route: '/ui/sessions/:id{[^/]+\\.json}', end: '.json' },
    { route: '/ui/sessions/:id/rows', end: '/rows' },
  ].map(({ route, end }) => ({
    covers: `route:GET ${route}`,
    shows: true,
    asks: (world: Parameters<DoorRow['asks']>[0]) =>
      places(world).flatMap((id) =>
        TIMELINE_QUERIES.map((query) => http(`GET /ui/sessions/${id}${end}${query}`)),
      ),
    probes: [probe('session', (id) => http(`GET /ui/sessions/${id}${end}`))],
  })),
  ...OPERATORS.flatMap(({ page, shows, queries, probes = [] }) =>
    ['', '.json'].map((twin) => ({
      covers: `route:GET /ui/${page}${twin}`,
      ...(shows === undefined ? {} : { shows }),
      asks: () => queries.map((query) => http(`GET /ui/${page}${twin}${query}`)),
      probes: probes.map(([about, field]) =>
        probe(about, (value) => http(`GET /ui/${page}${twin}?${field}=${value}`)),
      ),
    })),
  ),
  ...[
    { route: '/ui/agents/:id', end: '' },
    { route: '/ui/agents/:id{[^/]+\\.json}', end: '.json' },
  ].map(({ route, end }) => ({
    covers: `route:GET ${route}`,
    shows: true,
    asks: () => ['cnry-sender-id', 'cnry-absent-id'].map((id) => http(`GET /ui/agents/${id}${end}`)),
    probes: [probe('agent', (id) => http(`GET /ui/agents/${id}${end}`))],
  })),
  {
    covers: 'route:POST /ui/leases/:id/release',
    asks: () => [http('POST /ui/leases/lease_none/release', {})],
  },
  {
    covers: 'route:GET /ui/connect/:key/state',
    asks: () => [http('GET /ui/connect/key_none/state')],
    probes: [probe('key', (id) => http(`GET /ui/connect/${id}/state`))],
  },
  { covers: 'route:POST /ui/connect/:client', asks: () => [http('POST /ui/connect/codex', {})] },
  { covers: 'route:POST /ui/keys', asks: () => [http('POST /ui/keys', {})] },
  ...['rotate', 'revoke'].map((change) => ({
    covers: `route:POST /ui/keys/:id/${change}`,
    asks: () => [http(`POST /ui/keys/key_none/${change}`, {})],
    probes: [probe('key', (id) => http(`POST /ui/keys/${id}/${change}`, {}))],
  })),
];
