/** What operators change leaves a row of the audit log, what agents change does not; and the log leaves the hub as a file. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAudit, type AuditRows, type StoredAudit } from '../_util/audit-rows.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

const CANARY = 'canary-of-a-content';
let hub: TestHub;
let audit: AuditRows;

beforeAll(async () => {
  hub = await startTestHub();
  audit = openAudit(hub);
});
afterAll(async () => {
  audit[Symbol.dispose]();
  await hub[Symbol.asyncDispose]();
});

const as = (agent: string, key = AGENT_KEY) => ({ authorization: `Bearer ${key}`, 'x-agent-id': agent });
const admin = as('operator', ADMIN_KEY);
const agent = as('agent');

async function ask(
  method: string,
  path: string,
  body: object | undefined,
  headers: Record<string, string> = admin,
): Promise<Record<string, unknown>> {
  const response = await hub.request(`/api/v1${path}`, {
    ...{ method, headers: { ...headers, 'content-type': 'application/json' } },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  expect(response.ok, JSON.stringify(answer)).toBe(true);
  return answer;
}

async function deeds(work: () => Promise<unknown>): Promise<readonly StoredAudit[]> {
  return (await audit.of(work)).filter(({ event_type: type }) => type !== 'auth.login');
}

/** All that can be changed with the tools of agents. */
async function changeAll(headers: Record<string, string>): Promise<{ id: string; message: number }> {
  const opened = await ask('POST', '/sessions', { purpose: CANARY, metadata: { CANARY } }, headers);
  const id = String(opened['session_id']);
  const said = { content: CANARY, metadata: { CANARY }, visibility: 'agent_only' };
  const { message_id } = await ask('POST', `/sessions/${id}/messages`, said, headers);
  const key = `plan-${String(headers['x-agent-id'])}`;
  await ask('PUT', `/memory/${key}`, { value: CANARY, scope: 'shared', session_id: id }, headers);
  await ask('PATCH', `/sessions/${id}`, { is_active: false }, headers);
  await ask('PATCH', `/sessions/${id}`, { is_active: true, purpose: `${CANARY} again` }, headers);
  // The same as it is.
  await ask('PATCH', `/sessions/${id}`, { is_active: true }, headers);
  return { id, message: Number(message_id) };
}

describe('the audit log', () => {
  it('has a row of each change that an operator makes, and none of its words', async () => {
    let made = { id: '', message: 0 };
    const rows = await deeds(async () => (made = await changeAll(admin)));
    const session = { resource: `session:${made.id}`, session_id: made.id };
    expect(rows).toMatchObject([
      { event_type: 'session.created', action: 'POST /api/v1/sessions', ...session },
      {
        ...{
          event_type: 'message.added',
          action: 'POST /api/v1/sessions/:session_id/messages',
          session_id: made.id,
        },
        ...{ resource: `message:${made.message}`, details: { visibility: 'agent_only', recipients: 0 } },
      },
      {
        ...{ event_type: 'memory.set', resource: 'memory:plan-operator', session_id: made.id },
        details: { scope: 'shared', version: 1 },
      },
      {
        ...{ event_type: 'session.updated', action: 'PATCH /api/v1/sessions/:session_id', ...session },
        details: { changed: [], is_active: false },
      },
      { event_type: 'session.updated', details: { changed: ['purpose'], is_active: true } },
    ]);
    expect(rows.every(({ actor, key_id: key }) => actor === 'operator' && key === 'key_admin')).toBe(true);
    expect(JSON.stringify(rows)).not.toContain(CANARY);
  });

  it('has a row of the first message of a session, too', async () => {
    const rows = await deeds(() => ask('POST', '/sessions', { purpose: 'p', first_message: CANARY }));
    expect(rows).toMatchObject([
      { event_type: 'session.created' },
      { event_type: 'message.added', details: { visibility: 'public', recipients: 0 } },
    ]);
    expect(JSON.stringify(rows)).not.toContain(CANARY);
  });

  it('has none of what agents change', async () => {
    expect(await deeds(() => changeAll(agent))).toEqual([]);
  });

  it('has one row of what is retried, and none of what is refused', async () => {
    const { session_id: id } = await ask('POST', '/sessions', { purpose: 'p' });
    const path = `/sessions/${String(id)}/messages`;
    const once = { content: 'x', idempotency_key: 'once' };
    const rows = await deeds(async () => {
      await ask('POST', path, once);
      await ask('POST', path, once);
      await hub.request(`/api/v1${path}`, { method: 'POST', headers: admin, body: '{"content":" "}' });
    });
    expect(rows.map(({ event_type: type }) => type)).toEqual(['message.added']);
  });
});

describe('an export of the audit log', () => {
  const get = async (query: string, headers: Record<string, string> = admin) => {
    const response = await hub.request(`/api/v1/export?scope=audit${query}`, { headers });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  it('holds every entry once, newest first, as the listing has them', async () => {
    for (let i = 0; i < 450; i++) await ask('PUT', '/memory/counted', { value: i, scope: 'shared' });
    const { text, headers } = await get('&event_type=memory.set');
    expect(headers.get('content-disposition')).toBe('attachment; filename="audit.jsonl"');
    const entries = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: number; event_type: string });
    expect(entries.length).toBeGreaterThanOrEqual(450);
    const ids = entries.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => b - a));
    expect(new Set(entries.map(({ event_type: type }) => type))).toEqual(new Set(['memory.set']));
    const { entries: listed } = await ask('GET', '/audit?event_type=memory.set&limit=200', undefined);
    expect(entries.slice(0, 200)).toEqual(listed);
  });

  it('is a table in CSV, safe against formulas, and in Markdown, where nothing breaks out of its cell', async () => {
    await ask('PUT', `/memory/${encodeURIComponent('|a<b>`c')}`, { value: 1, scope: 'shared' });
    const csv = await get('&format=csv&event_type=memory.set');
    expect(csv.headers.get('content-type')).toContain('text/csv');
    expect(csv.text).toMatch(/^id,at,actor,key_id,event_type,action,resource,/);
    expect(csv.text).toContain('"memory:|a<b>`c"');
    const { text } = await get('&format=markdown&event_type=memory.set');
    const [title, , head, rule, newest] = text.split('\n');
    expect([title, head, rule]).toEqual([
      '# Audit log',
      '| When | Actor | Event | Action | Target | Result | Key | Details |',
      '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ]);
    expect(newest).toContain('memory:\\|a\\<b\\>\\`c');
    expect(newest?.split(/(?<!\\)\|/)).toHaveLength(10);
  });

  it('leaves one row, which says how much was given', async () => {
    const rows = await deeds(() => get('&agent_id=operator&since=2020-01-01T00:00:00Z'));
    expect(rows).toMatchObject([
      {
        ...{ event_type: 'export', resource: 'audit_log', action: 'GET /api/v1/export' },
        details: { format: 'jsonl', of: 'audit' },
      },
    ]);
    expect(rows[0]?.details['entries']).toBeGreaterThan(450);
  });

  it('is for admins of its workspace, and takes only what it heeds', async () => {
    expect((await get('', agent)).status).toBe(403);
    const permissions = ['read', 'write', 'admin'] as const;
    const key = await hub.makeKey('other-admin', { workspace: 'other', permissions });
    const { status, text } = await get('', as('stranger', key));
    expect(status).toBe(200);
    expect(text).not.toContain('operator');
    for (const query of ['&query=x', '&event_type=nonsense', '&since=x', '&nonsense=1'])
      expect((await get(query)).status, query).toBe(400);
    const plain = await hub.request('/api/v1/export?event_type=export', { headers: admin });
    expect(plain.status).toBe(400);
    expect(await plain.text()).toContain('event_type');
  });

  it('goes no faster than it is read, and ends when nobody reads it', async () => {
    const response = await hub.request('/api/v1/export?scope=audit', { headers: admin });
    const rows = await deeds(async () => {
      const reader = response.body!.getReader();
      await reader.read();
      await reader.cancel();
    });
    expect(rows).toMatchObject([{ event_type: 'export' }]);
    // One page that was read, and one more on its way at most.
    expect(rows[0]?.details['entries']).toBeLessThanOrEqual(400);
  });
});
