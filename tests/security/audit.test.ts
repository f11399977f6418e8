/** The audit log: what leaves a row, who reads it, what is never in it, and how long it stays. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAudit, type AuditRows, type StoredAudit } from '../_util/audit-rows.ts';
import { ERAS, expectError, expectSuccess, openDoor } from '../_util/scenario-doors.ts';
import { initialize, openSession, post } from '../_util/scenario-raw.ts';
import { until } from '../_util/scenario-rows.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

const DAY = 24 * 60 * 60 * 1000;
const CANARY = 'canary-of-a-content';
const STRANGE_KEY = 'schk_not-a-key-0123456789abcdefghij';

const clock = { at: Date.parse('2026-03-01T12:00:00Z') };
let hub: TestHub;
let audit: AuditRows;
let otherKey: string;

beforeAll(async () => {
  hub = await startTestHub({ now: () => clock.at });
  audit = openAudit(hub);
  const permissions = ['read', 'write', 'admin'] as const;
  // The id is the operator's before anybody else tries it.
  await hub.request('/api/v1/keys', { headers: admin });
  otherKey = await hub.makeKey('other-admin', { workspace: 'other', permissions });
});
afterAll(async () => {
  audit[Symbol.dispose]();
  await hub[Symbol.asyncDispose]();
});

const as = (agent: string, key = AGENT_KEY) => ({ authorization: `Bearer ${key}`, 'x-agent-id': agent });
const admin = as('operator', ADMIN_KEY);

/** Calls a tool without a client; answers the id that the request was given. */
async function call(
  era: (typeof ERAS)[number],
  headers: Record<string, string>,
  method: string,
  params: Record<string, unknown>,
): Promise<{ requestId: string; result: Record<string, unknown> }> {
  const open = era === '2025' ? await openSession(hub, headers) : headers;
  const response = await post(hub, era, { method, params, headers: open });
  const body = (await response.json()) as { result?: { structuredContent?: Record<string, unknown> } };
  const requestId = response.headers.get('x-request-id') ?? '';
  return { requestId, result: body.result?.structuredContent ?? {} };
}

/** The rows that `work` leaves, but for those about who comes. */
async function deeds(work: () => Promise<unknown>): Promise<readonly StoredAudit[]> {
  return (await audit.of(work)).filter((row) => row.event_type !== 'auth.login');
}

const row = (requestId: string, over: Partial<Omit<StoredAudit, 'id'>>) => ({
  id: expect.any(Number) as number,
  ...{ at: clock.at, workspace: 'default', actor: 'alice', key_id: 'key_agent', resource: null },
  ...{ session_id: null, result: 'ok', request_id: requestId, details: {} },
  ...over,
});

describe.each(ERAS)('one row, in era %s,', (era) => {
  const tool = (name: string, args: Record<string, unknown>, headers = as('alice')) =>
    call(era, headers, 'tools/call', { name, arguments: args });

  it('for a visibility that changes, with the old and the new one; none where it stays', async () => {
    const opened = await tool('create_session', { purpose: 'p', first_message: CANARY });
    const { session_id, message_id } = opened.result;
    const change = { message_id, visibility: 'private' };
    let done = { requestId: '' };
    const rows = await deeds(async () => (done = await tool('set_message_visibility', change)));
    expect(rows).toEqual([
      row(done.requestId, {
        ...{ event_type: 'message.visibility_changed', action: 'set_message_visibility' },
        ...{ resource: `message:${String(message_id)}`, session_id: String(session_id) },
        details: { from: 'public', to: 'private', sender: 'alice' },
      }),
    ]);
    expect(await deeds(() => tool('set_message_visibility', change))).toEqual([]);
  });

  it('for memory that is deleted, none for what was not there', async () => {
    const key = `plan-${era}`;
    await tool('set_memory', { key, value: CANARY, scope: 'shared' });
    let done = { requestId: '' };
    const remove = () => tool('delete_memory', { key, scope: 'shared' });
    const rows = await deeds(async () => (done = await remove()));
    expect(rows).toEqual([
      row(done.requestId, {
        ...{ event_type: 'memory.deleted', action: 'delete_memory', resource: `memory:${key}` },
        details: { scope: 'shared', version: 1 },
      }),
    ]);
    expect(await deeds(remove)).toEqual([]);
  });

  it('for a retried change: the first one alone', async () => {
    const { result } = await tool('create_session', { purpose: 'p', first_message: 'x' });
    const args = { message_id: result['message_id'], visibility: 'private', idempotency_key: `once-${era}` };
    const rows = await deeds(async () => {
      await tool('set_message_visibility', args);
      await tool('set_message_visibility', args);
    });
    expect(rows.map(({ event_type }) => event_type)).toEqual(['message.visibility_changed']);
  });

  it('for a tool, a resource and an agent that are refused', async () => {
    let done = { requestId: '' };
    const refused = { event_type: 'access.refused', result: 'refused' };
    const byTool = await deeds(async () => (done = await tool('get_audit_log', {})));
    expect(byTool).toEqual([
      row(done.requestId, { ...refused, action: 'get_audit_log', details: { needed: 'admin' } }),
    ]);
    const uri = 'agent://operator/memory';
    const byResource = await deeds(
      async () => (done = await call(era, as('alice'), 'resources/read', { uri })),
    );
    expect(byResource).toEqual([
      row(done.requestId, { ...refused, action: 'resources/read', details: { needed: 'admin' } }),
    ]);
    const response = { id: '' };
    const headers = as('operator');
    const byName = await deeds(async () => {
      const answer = await (era === '2025'
        ? initialize(hub, headers)
        : post(hub, era, { method: 'tools/list', headers }));
      expect(answer.status).toBe(403);
      response.id = answer.headers.get('x-request-id') ?? '';
    });
    expect(byName).toEqual([row(response.id, { ...refused, actor: null, action: 'POST /mcp' })]);
  });

  it('for an agent that connects, however much it then asks for', async () => {
    const agent = `new-${era}`;
    const rows = await audit.of(async () => {
      const door = await openDoor(hub, era, { key: AGENT_KEY, agent, type: 'coder' });
      for (let i = 0; i < 5; i++) await door.call('list_sessions');
      clock.at += DAY / 24 / 2;
      await door.call('list_sessions');
    });
    const login = {
      ...{ event_type: 'auth.login', action: 'POST /mcp', actor: agent, resource: `agent:${agent}` },
      details: { agent_type: 'coder', client: `test-client-${era}` },
    };
    expect(rows).toMatchObject([login]);
    clock.at += DAY;
    const later = await audit.of(async () => {
      const door = await openDoor(hub, era, { key: AGENT_KEY, agent });
      await door.call('list_sessions');
    });
    expect(later).toMatchObject([login]);
  });

  it('for the reading of the log itself', async () => {
    let done = { requestId: '' };
    const rows = await deeds(async () => (done = await tool('get_audit_log', { limit: 1 }, admin)));
    expect(rows).toEqual([
      row(done.requestId, {
        ...{ event_type: 'admin.read', action: 'get_audit_log', resource: 'audit_log' },
        ...{ actor: 'operator', key_id: 'key_admin', details: { count: 1 } },
      }),
    ]);
  });

  it('none for what is read, posted or remembered', async () => {
    const rows = await deeds(async () => {
      const { session_id } = (await tool('create_session', { purpose: 'p' })).result;
      await tool('add_message', { session_id, content: CANARY, visibility: 'private' });
      await tool('get_messages', { session_id });
      await tool('set_memory', { key: 'k', value: 1 });
      await tool('get_memory', { key: 'k' });
      await tool('get_messages', { session_id: 'none' });
    });
    expect(rows).toEqual([]);
  });
});

describe('the JSON API', () => {
  it('leaves one row for an import, with numbers and no words', async () => {
    const line = {
      id: 'one',
      session: 'old',
      sender: 'Max',
      content: CANARY,
      timestamp: '2020-01-01T00:00:00Z',
    };
    const body = `${JSON.stringify(line)}\nno json\n`;
    const request = { id: '' };
    const rows = await deeds(async () => {
      const answer = await hub.request('/api/v1/import', { method: 'POST', headers: admin, body });
      request.id = answer.headers.get('x-request-id') ?? '';
    });
    expect(rows).toEqual([
      row(request.id, {
        ...{ event_type: 'import', action: 'POST /api/v1/import', actor: 'operator', key_id: 'key_admin' },
        details: { lines: 2, imported: 1, already_there: 0, sessions: 1, failed: 1 },
      }),
    ]);
  });

  it('leaves one row for a route that is refused', async () => {
    const request = { id: '' };
    const rows = await deeds(async () => {
      const answer = await hub.request('/api/v1/audit', { headers: as('alice') });
      expect(answer.status).toBe(403);
      expect(await answer.text()).not.toContain('entries');
      request.id = answer.headers.get('x-request-id') ?? '';
    });
    const refused = { event_type: 'access.refused', action: 'GET /api/v1/audit', result: 'refused' };
    expect(rows).toEqual([row(request.id, refused)]);
  });

  it('lists what the tool lists, page by page', async () => {
    const list = async (query: string) => {
      const answer = await hub.request(`/api/v1/audit?${query}`, { headers: admin });
      expect(answer.status).toBe(200);
      return (await answer.json()) as { entries: Record<string, unknown>[]; next_cursor?: string };
    };
    const filter = `event_type=access.refused&agent_id=ALICE&since=2026-01-01T00:00:00Z&until=2100-01-01T00:00:00Z`;
    const whole = await list(`${filter}&limit=200`);
    expect(whole.entries.length).toBeGreaterThan(2);
    expect(whole.entries.every((entry) => entry['event_type'] === 'access.refused')).toBe(true);
    const pages: unknown[] = [];
    for (let cursor = ''; ;) {
      const page = await list(`${filter}&limit=2${cursor}`);
      pages.push(...page.entries);
      if (page.next_cursor === undefined) break;
      cursor = `&cursor=${page.next_cursor}`;
    }
    expect(pages).toEqual(whole.entries);
    const door = await openDoor(hub, '2025', { key: ADMIN_KEY, agent: 'operator' });
    const args = { event_type: 'access.refused', agent_id: 'alice', limit: 200 };
    const answer = expectSuccess(await door.call('get_audit_log', args));
    expect(answer['entries']).toEqual(whole.entries);
    const short = expectSuccess(await door.call('get_audit_log', { ...args, max_tokens: 450 }));
    expect(short).toMatchObject({ truncated: true, next_cursor: expect.any(String) as string });
    const rest = { ...args, cursor: String(short['next_cursor']) };
    const { entries } = expectSuccess(await door.call('get_audit_log', rest));
    expect([...(short['entries'] as unknown[]), ...(entries as unknown[])]).toEqual(whole.entries);
    expectError(await door.call('get_audit_log', { cursor: 'nonsense' }), 'INVALID_CURSOR');
  });
});

describe('readers', () => {
  it('are operators alone, each of its own workspace', async () => {
    const strange = await openDoor(hub, '2026', { key: otherKey, agent: 'watcher' });
    await hub.hub.services.auditor.settled();
    const { entries } = expectSuccess(await strange.call('get_audit_log', { limit: 200 }));
    const keys = (entries as { key_id: string }[]).map(({ key_id }) => key_id);
    expect(keys.length).toBeGreaterThan(0);
    expect(keys).not.toContain('key_agent');
    expect(new Set(keys).size).toBe(1);
    for (const filter of [
      { agent_id: 'alice' },
      { event_type: 'memory.deleted' },
      { event_type: 'import' },
    ]) {
      expect(expectSuccess(await strange.call('get_audit_log', filter))['entries']).toEqual([]);
    }
    for (const era of ERAS) {
      const alice = await openDoor(hub, era, { key: AGENT_KEY, agent: 'alice' });
      expect(await alice.tools()).not.toContain('get_audit_log');
      expectError(await alice.call('get_audit_log'), 'PERMISSION_DENIED');
    }
  });

  it('find strangers in the default workspace and with a key of all, nowhere else', async () => {
    await hub.request('/api/v1/keys', { headers: as('nobody', STRANGE_KEY) });
    await hub.hub.services.auditor.settled();
    const permissions = ['read', 'write', 'admin'] as const;
    const star = await hub.makeKey('star', { workspace: '*', permissions });
    const seen = async (key: string) => {
      const door = await openDoor(hub, '2025', { key, agent: `reader-${key.slice(-5)}` });
      const answer = expectSuccess(await door.call('get_audit_log', { event_type: 'auth.refused' }));
      return (answer['entries'] as unknown[]).length;
    };
    expect(await seen(ADMIN_KEY)).toBeGreaterThan(0);
    expect(await seen(star)).toBeGreaterThan(0);
    expect(await seen(otherKey)).toBe(0);
  });
});

describe('refused credentials', () => {
  const from = (address: string, key = STRANGE_KEY) =>
    hub.hub.app.fetch(
      new Request('http://127.0.0.1:23456/api/v1/keys', {
        headers: { host: '127.0.0.1:23456', authorization: `Bearer ${key}` },
      }),
      { incoming: { socket: { remoteAddress: address } } },
    );

  it('are counted by address and minute', async () => {
    clock.at += DAY;
    let first = '';
    const rows = await audit.of(async () => {
      first = (await from('10.0.0.1')).headers.get('x-request-id') ?? '';
      for (let i = 0; i < 299; i++) await from('10.0.0.1', `${STRANGE_KEY}${i}`);
      clock.at += 61_000;
      await from('10.0.0.2');
    });
    const nobody = { event_type: 'auth.refused', action: 'GET /api/v1/keys', actor: null, key_id: null };
    expect(rows).toMatchObject([
      { ...nobody, workspace: null, request_id: first, details: { address: '10.0.0.1', count: 1 } },
      { ...nobody, details: { address: '10.0.0.1', count: 299 } },
      { ...nobody, details: { address: '10.0.0.2', count: 1 } },
    ]);
  });

  it('make few rows from however many addresses', async () => {
    clock.at += DAY;
    const rows = await audit.of(async () => {
      for (let i = 0; i < 1000; i++) await from(`10.1.${i >> 8}.${i & 255}`);
      clock.at += 61_000;
      hub.hub.services.visits.sum();
    });
    expect(rows.length).toBeLessThanOrEqual(55);
    const counts = rows.map(({ details }) => Number(details['count']));
    expect(counts.reduce((sum, count) => sum + count)).toBe(1000);
  });
});

it('never holds a secret or a content', async () => {
  const text = JSON.stringify(await audit.all());
  for (const secret of [CANARY, AGENT_KEY, ADMIN_KEY, otherKey, STRANGE_KEY, 'schk_']) {
    expect(text).not.toContain(secret);
  }
  expect(text.length).toBeGreaterThan(5000);
});

it('is only ever added to: what was there is there, as it was', async () => {
  const before = await audit.all();
  for (const [method, path] of [
    ['DELETE', '/api/v1/audit'],
    ['POST', '/api/v1/audit'],
    ['PUT', '/api/v1/audit/1'],
    ['DELETE', '/api/v1/audit/1'],
  ]) {
    const answer = await hub.request(path ?? '', { method: method ?? '', headers: admin });
    expect([404, 405]).toContain(answer.status);
  }
  await call('2026', as('alice'), 'tools/call', { name: 'get_audit_log', arguments: {} });
  const after = await audit.all();
  expect(after.slice(0, before.length)).toEqual(before);
  const added = after.slice(before.length).map(({ event_type }) => event_type);
  expect(added).toContain('access.refused');
});

it('where it cannot be written, reads are answered, and changes that belong into it are not made', async () => {
  await using own = await startTestHub();
  const alice = await openDoor(own, '2026', { key: AGENT_KEY, agent: 'alice' });
  const { session_id, message_id } = expectSuccess(
    await alice.call('create_session', { purpose: 'p', first_message: 'x' }),
  );
  const secret = { session_id, content: 'secret', visibility: 'private' };
  expectSuccess(await alice.call('add_message', secret));
  const operator = await openDoor(own, '2026', { key: ADMIN_KEY, agent: 'operator' });
  using rows = openAudit(own);
  const before = await rows.all();
  const db = new Database(join(own.folder, 'hub.db'));
  db.exec("CREATE TRIGGER broken BEFORE INSERT ON audit_log BEGIN SELECT raise(ABORT, 'no room'); END");

  const answer = expectSuccess(await operator.call('get_messages', { session_id }));
  expect(answer['count']).toBe(2);
  expectError(await alice.call('get_audit_log'), 'PERMISSION_DENIED');
  expect((await own.request('/api/v1/sessions', { headers: as('x', STRANGE_KEY) })).status).toBe(401);
  const hide = { message_id, visibility: 'private' };
  expect((await alice.call('set_message_visibility', hide)).isError).toBe(true);
  const bob = await openDoor(own, '2026', { key: AGENT_KEY, agent: 'bob' });
  const { messages } = expectSuccess(await bob.call('get_messages', { session_id }));
  expect(messages).toMatchObject([{ id: message_id, visibility: 'public' }]);
  expect(await rows.all()).toEqual(before);

  db.exec('DROP TRIGGER broken');
  db.close();
  const again = await rows.of(() => operator.call('get_messages', { session_id }));
  expect(again).toMatchObject([{ event_type: 'admin.read', details: { count: 1 } }]);
});

describe('retention', () => {
  async function age(days: string): Promise<readonly StoredAudit[]> {
    const time = { at: Date.parse('2026-03-01T12:00:00Z') };
    const env = { AUDIT_LOG_RETENTION_DAYS: days };
    await using own = await startTestHub({ now: () => time.at, env, housekeepingEveryMs: 5 });
    using rows = openAudit(own);
    const login = (agent: string) => own.request('/api/v1/sessions', { headers: as(agent) });
    for (let i = 0; i < 600; i++) await login(`old-${i}`);
    time.at += DAY;
    await login('kept');
    time.at += DAY;
    await login('new');
    // Each round takes memory first: when it has come to the second entry, the first round is over.
    const door = await openDoor(own, '2026', { key: AGENT_KEY, agent: 'new' });
    const db = new Database(join(own.folder, 'hub.db'), { readonly: true });
    const entries = db.prepare<[], number>('SELECT count(*) FROM memory_entries').pluck();
    for (const round of ['a round of housekeeping', 'another']) {
      expectSuccess(await door.call('set_memory', { key: 'k', value: 1, expires_in: 1 }));
      time.at += 2000;
      await until(() => entries.get() === 0, round);
    }
    db.close();
    return await rows.all();
  }

  it('removes what is older than the setting says, and nothing else', async () => {
    const actors = (await age('2')).map(({ actor }) => actor);
    expect(actors.filter((actor) => actor?.startsWith('old-'))).toEqual([]);
    expect(actors).toEqual(expect.arrayContaining(['kept', 'new']));
  });

  it('removes nothing where it is 0', async () => {
    expect((await age('0')).filter(({ actor }) => actor?.startsWith('old-'))).toHaveLength(600);
  });
});
