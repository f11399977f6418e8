import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ADMIN_KEY, AGENT_KEY, BASE_URL, startTestHub, type TestHub } from '../_util/test-hub.ts';
import { openAudit } from '../_util/audit-rows.ts';

const HOUR = 60 * 60 * 1000;
let now = Date.parse('2026-03-01T12:00:00Z');
let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub({ now: () => now });
});
afterAll(() => hub[Symbol.asyncDispose]());

const auditRows = async () => {
  using audit = openAudit(hub);
  return await audit.all();
};

const SAME = { origin: BASE_URL, 'sec-fetch-site': 'same-origin' };

function form(path: string, fields: Record<string, string>, headers: Record<string, string> = SAME) {
  const body = new URLSearchParams(fields).toString();
  const type = 'application/x-www-form-urlencoded';
  return hub.request(path, { method: 'POST', headers: { 'content-type': type, ...headers }, body });
}

/** Logs in; answers what the browser then sends. */
async function logIn(key = ADMIN_KEY): Promise<string> {
  const response = await form('/ui/login', { key });
  expect(response.status).toBe(303);
  const [pair = ''] = (response.headers.get('set-cookie') ?? '').split(';');
  return pair;
}

const status = async (
  path: string,
  cookie: string,
  init: { method?: string; body?: string; headers?: Record<string, string> } = {},
): Promise<number> => (await hub.request(path, { ...init, headers: { cookie, ...init.headers } })).status;

async function csrfOf(cookie: string): Promise<string> {
  const page = await (await hub.request('/ui/sessions', { headers: { cookie } })).text();
  return /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? '';
}

describe('a login', () => {
  let cookie: string;
  beforeEach(async () => {
    cookie = await logIn();
  });

  it('is a cookie that scripts and other sites do not get', async () => {
    const response = await form('/ui/login', { key: ADMIN_KEY });
    const said = response.headers.get('set-cookie') ?? '';
    expect(said).toMatch(/; Path=\/(;|$)/);
    expect(said).toMatch(/; HttpOnly/);
    expect(said).toMatch(/; SameSite=Strict/);
    expect(said).not.toMatch(/Secure/);
    const secure = await startTestHub({ env: { PUBLIC_URL: 'https://hub.example' } });
    await using _ = secure;
    const overTls = await secure.request('/ui/login', {
      method: 'POST',
      headers: { ...SAME, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ key: ADMIN_KEY }),
    });
    expect(overTls.headers.get('set-cookie')).toMatch(/; Secure/);
  });

  it('opens pages, the API and the events, and nothing of the agents', async () => {
    expect(await status('/ui/sessions.json', cookie)).toBe(200);
    expect(await status('/api/v1/keys', cookie)).toBe(200);
    const events = await hub.request('/events', { headers: { cookie } });
    expect(events.status).toBe(200);
    await events.body?.cancel();
    expect(await status('/mcp', cookie, { method: 'POST', body: '{}' })).toBe(401);
    expect(await status('/auth/token', cookie, { method: 'POST', body: '{}' })).toBe(401);
    expect(await status('/api/v1/login-links', cookie, { method: 'POST', body: '{}' })).not.toBe(201);
  });

  it('changes something only for a page of its own, with the token', async () => {
    const token = await csrfOf(cookie);
    const create = (headers: Record<string, string>) =>
      status('/api/v1/sessions', cookie, {
        ...{ method: 'POST', body: JSON.stringify({ purpose: 'p' }) },
        headers: { 'content-type': 'application/json', ...headers },
      });
    expect(await create({ ...SAME, 'x-csrf-token': token })).toBe(201);
    expect(await create({ origin: BASE_URL, 'x-csrf-token': token })).toBe(201);
    for (const headers of [
      {},
      SAME,
      { 'x-csrf-token': token },
      { ...SAME, 'x-csrf-token': `${token}x` },
      { ...SAME, 'x-csrf-token': await csrfOf(await logIn()) },
      { ...SAME, 'sec-fetch-site': 'same-site', 'x-csrf-token': token },
      { ...SAME, 'sec-fetch-site': 'cross-site', 'x-csrf-token': token },
      { origin: 'http://localhost:9999', 'x-csrf-token': token },
      { origin: 'https://evil.example', 'x-csrf-token': token },
    ])
      expect(await create(headers), JSON.stringify(headers)).toBe(403);
    expect((await form('/ui/logout', {}, { ...SAME, cookie })).status).toBe(403);
    expect(await status('/ui/sessions.json', cookie)).toBe(200);
    expect((await form('/ui/login', { key: ADMIN_KEY }, {})).status).toBe(403);
  });

  it('ends with a logout, streams included', async () => {
    const events = await hub.request('/events', { headers: { cookie } });
    const reader = events.body!.getReader();
    await reader.read();
    expect((await form('/ui/logout', { csrf: await csrfOf(cookie) }, { ...SAME, cookie })).status).toBe(303);
    expect(await status('/ui/sessions.json', cookie)).toBe(401);
    const ended = async (): Promise<boolean> => {
      for (;;) if ((await reader.read()).done) return true;
    };
    expect(await ended().catch(() => true)).toBe(true);
  });

  it('ends after twelve hours without use, and after a week in any case', async () => {
    now += 11 * HOUR;
    expect(await status('/ui/sessions.json', cookie)).toBe(200);
    now += 11 * HOUR;
    expect(await status('/ui/sessions.json', cookie)).toBe(200);
    now += 12 * HOUR;
    expect(await status('/ui/sessions.json', cookie)).toBe(401);

    const other = await logIn();
    for (let hours = 0; hours < 7 * 24 - 8; hours += 8) {
      expect(await status('/ui/sessions.json', other)).toBe(200);
      now += 8 * HOUR;
    }
    expect(await status('/ui/sessions.json', other)).toBe(200);
    now += 8 * HOUR;
    expect(await status('/ui/sessions.json', other)).toBe(401);
  });

  it('ends with the key it came from: revoked, expired, or its text rotated out', async () => {
    const api = (method: string, path: string, body?: object) =>
      hub.request(path, {
        method,
        headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    const permissions = ['read', 'write', 'admin'];
    for (const [name, end] of [
      ['revoked', () => api('DELETE', '/api/v1/keys/revoked')],
      ['rotated', () => api('POST', '/api/v1/keys/rotated/rotate', { overlap: 0 })],
      ['expired', async () => void (now += 2 * HOUR)],
    ] as const) {
      const made = await api('POST', '/api/v1/keys', { name, permissions, expires_in: 3600 });
      const { key } = (await made.json()) as { key: string };
      const login = await logIn(key);
      expect(await status('/ui/sessions.json', login), name).toBe(200);
      await end();
      expect(await status('/ui/sessions.json', login), name).toBe(401);
    }
    expect(await status('/ui/sessions.json', await logIn())).toBe(200);
  });

  it('is told to the audit log, as is one that failed', async () => {
    // Refusals of one minute are told as a number.
    now += 2 * 60 * 1000;
    await form('/ui/login', { key: 'schk_nonsense-nonsense-nonsense' });
    await form('/ui/logout', { csrf: await csrfOf(cookie) }, { ...SAME, cookie });
    const rows = await auditRows();
    const told = rows.map(({ event_type: type, action }) => `${type} ${action}`);
    for (const row of [
      'auth.login POST /ui/login',
      'auth.logout POST /ui/logout',
      'auth.refused POST /ui/login',
    ])
      expect(told).toContain(row);
    expect(JSON.stringify(rows)).not.toContain('nonsense-nonsense');
  });
});

it('is for admins only', async () => {
  const response = await form('/ui/login', { key: AGENT_KEY });
  expect([response.status, response.headers.get('set-cookie')]).toEqual([403, null]);
  for (const path of ['/ui/sessions', '/ui/sessions.json'])
    expect((await hub.request(path, { headers: { authorization: `Bearer ${AGENT_KEY}` } })).status).toBe(403);
});

it('survives a restart of the hub', async () => {
  const one = await startTestHub();
  const { folder } = one;
  const response = await one.request('/ui/login', {
    method: 'POST',
    headers: { ...SAME, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ key: ADMIN_KEY }),
  });
  const cookie = (response.headers.get('set-cookie') ?? '').split(';')[0]!;
  await one.hub.close();
  await using again = await startTestHub({ folder });
  expect((await again.request('/ui/sessions.json', { headers: { cookie } })).status).toBe(200);
});

it('a link lasts ten minutes, and is not for tokens', async () => {
  const ask = (headers: Record<string, string>) =>
    hub.request('/api/v1/login-links', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{}',
    });
  const made = await ask({ authorization: `Bearer ${ADMIN_KEY}` });
  expect(made.status).toBe(201);
  const { url } = (await made.json()) as { url: string };
  const path = new URL(url).pathname;
  expect((await hub.request(path)).status).toBe(200);
  now += 10 * 60 * 1000;
  expect((await hub.request(path)).status).toBe(410);
  expect((await form('/ui/login/link', { code: path.split('/').at(-1)! })).status).toBe(410);
  expect((await ask({ authorization: `Bearer ${AGENT_KEY}` })).status).toBe(403);
});

it('counts what is tried', async () => {
  const limited = await startTestHub({
    env: { RATE_LIMIT_ENABLED: 'true', RATE_LIMIT_AUTH_PER_MINUTE: '3' },
  });
  await using _ = limited;
  const statuses: number[] = [];
  for (let i = 0; i < 6; i++) {
    const response = await limited.request('/ui/login', {
      method: 'POST',
      headers: { ...SAME, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ key: `schk_wrong-${i}` }),
    });
    statuses.push(response.status);
  }
  expect(statuses).toEqual([401, 401, 401, 429, 429, 429]);
});

it('leaves one row of what an operator reads that is others’', async () => {
  const agent = { authorization: `Bearer ${AGENT_KEY}`, 'content-type': 'application/json' };
  const post = async (path: string, body: object): Promise<Record<string, string>> =>
    (await (
      await hub.request(path, { method: 'POST', headers: agent, body: JSON.stringify(body) })
    ).json()) as Record<string, string>;
  const { session_id: id } = await post('/api/v1/sessions', { purpose: 'secret' });
  await post(`/api/v1/sessions/${id!}/messages`, { content: 'sh', visibility: 'private' });
  const cookie = await logIn();
  expect(await (await hub.request(`/ui/sessions/${id!}`, { headers: { cookie } })).text()).toContain('sh');
  const rows = (await auditRows()).filter((row) => row.event_type === 'admin.read' && row.session_id === id);
  expect(rows.map(({ action, actor, details }) => ({ action, actor, details }))).toMatchObject([
    { action: 'GET /ui/sessions/:id', actor: 'dashboard@admin', details: { count: 1 } },
  ]);
});
