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
    asks: () => ['', '?state=closed', '?cursor=x'].map((query) => http(`GET /ui/sessions${twin}${query}`)),
    probes: [
      probe('word', (word) => http(`GET /ui/sessions${twin}?q=${word}`)),
      probe('agent', (id) => http(`GET /ui/sessions${twin}?agent=${id}`)),
    ],
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
