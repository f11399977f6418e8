/** Who has no valid credential learns nothing, not even why: 401 with one and the same body, whatever is asked. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TOOLS } from '../../src/mcp/tools/index.ts';
import { ERAS, lasting } from '../_util/scenario-doors.ts';
import { post } from '../_util/scenario-raw.ts';
import { openRows } from '../_util/scenario-rows.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

let hub: TestHub;
let credentials: Record<string, Record<string, string>>;
let sessionId: string;

beforeAll(async () => {
  const clock = { at: Date.parse('2026-03-01T00:00:00Z') };
  hub = await startTestHub({ now: () => clock.at });
  const alice = await hub.connect('2025', { agent: 'alice' });
  sessionId = String((await alice.callTool('create_session', { purpose: 'Ours' })).json['session_id']);
  credentials = {
    none: {},
    'a wrong key': { authorization: 'Bearer schk_wrong-key-0123456789abcdefghij' },
    'a wrong X-API-Key': { 'x-api-key': 'schk_wrong-key-0123456789abcdefghij' },
    'a key cut short': { authorization: `Bearer ${AGENT_KEY.slice(0, -1)}` },
    'a key in other case': { authorization: `Bearer ${AGENT_KEY.toUpperCase()}` },
    'two keys in one': { authorization: `Bearer ${AGENT_KEY} ${ADMIN_KEY}` },
    'a wrong key beside a right one': { authorization: 'Bearer schk_wrong', 'x-api-key': AGENT_KEY },
    Basic: { authorization: `Basic ${Buffer.from(`agent:${AGENT_KEY}`).toString('base64')}` },
    'an empty Bearer': { authorization: 'Bearer ' },
    'an endless key': { authorization: `Bearer ${'k'.repeat(100_000)}` },
    'an unsigned token': {
      authorization: `Bearer ${['{"alg":"none"}', '{"sub":"operator"}', ''].map(base64).join('.')}`,
    },
    'an expired key': { authorization: `Bearer ${await makeExpired(clock)}` },
    'a revoked key': { authorization: `Bearer ${await makeRevoked()}` },
  };
});
afterAll(() => hub[Symbol.asyncDispose]());

const base64 = (text: string): string => Buffer.from(text).toString('base64url');
const admin = { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' };

async function makeExpired(clock: { at: number }): Promise<string> {
  const body = JSON.stringify({ name: 'short', expires_in: 60 });
  const made = await hub.request('/api/v1/keys', { method: 'POST', headers: admin, body });
  const { key } = (await made.json()) as { key: string };
  expect((await hub.request('/api/v1/sessions', { headers: { 'x-api-key': key } })).status).toBe(200);
  clock.at += 60_000;
  return key;
}

async function makeRevoked(): Promise<string> {
  const made = await hub.request('/api/v1/keys', { method: 'POST', headers: admin, body: '{"name":"gone"}' });
  const { key, key_id } = (await made.json()) as { key: string; key_id: string };
  expect((await hub.request('/api/v1/sessions', { headers: { 'x-api-key': key } })).status).toBe(200);
  await hub.request(`/api/v1/keys/${key_id}`, { method: 'DELETE', headers: admin });
  return key;
}

/** Every way in, with a credential's headers. */
function doors(headers: Record<string, string>): Record<string, () => Promise<Response>> {
  const entries: [string, () => Promise<Response>][] = [];
  for (const era of ERAS) {
    const ask = (what: string, method: string, params: Record<string, unknown>): void => {
      entries.push([`${era} ${what}`, () => post(hub, era, { method, params, headers })]);
    };
    for (const { name } of TOOLS) ask(name, 'tools/call', { name, arguments: { session_id: sessionId } });
    ask('an unknown tool', 'tools/call', { name: 'nonsense' });
    for (const list of [
      'tools/list',
      'resources/list',
      'resources/templates/list',
      'prompts/list',
      'initialize',
      'nonsense',
    ]) {
      ask(list, list, {});
    }
    for (const uri of [`session://${sessionId}`, 'session://missing', 'hub://info', 'docs://tools']) {
      ask(uri, 'resources/read', { uri });
    }
    ask('a prompt', 'prompts/get', { name: 'debug-session', arguments: { session_id: sessionId } });
    ask('a completion', 'completion/complete', {
      ref: { type: 'ref/prompt', name: 'debug-session' },
      argument: { name: 'session_id', value: '' },
    });
  }
  const http = (path: string, init: RequestInit = {}): void => {
    entries.push([`${init.method ?? 'GET'} ${path}`, () => hub.request(path, { headers, ...init })]);
  };
  for (const path of [
    '/mcp',
    '/mcp/',
    '/mcp/2025',
    '/api/v1/sessions',
    `/api/v1/sessions/${sessionId}`,
    '/api/v1/keys',
    '/api/v1/agents',
    '/api/v1/audit',
    '/nothing',
  ]) {
    http(path);
  }
  http('/mcp', { method: 'DELETE' });
  http('/mcp', { method: 'POST', body: '{ no json' });
  http('/api/v1/keys', { method: 'POST', body: '{}' });
  http('/api/v1/import', { method: 'POST', body: '{}' });
  http('/api/v1/keys/key_agent/rotate', { method: 'POST', body: '{}' });
  for (const what of ['release', 'transfer'])
    http(`/api/v1/agents/alice/${what}`, { method: 'POST', body: '{"key":"key_admin"}' });
  const agent = '{"agent_id":"alice","agent_type":"claude"}';
  http('/auth/token', { method: 'POST', body: agent });
  http('/auth/refresh', { method: 'POST', body: '{"refresh_token":"srt_nothing"}' });
  http('/auth/revoke', { method: 'POST', body: '{"token":"sct_nothing"}' });
  return Object.fromEntries(entries);
}

it('answers every door with the same 401 whatever the credential lacks', async () => {
  using rows = openRows(hub);
  const before = rows.all();
  const bodies = new Set<string>();
  for (const [credential, headers] of Object.entries(credentials)) {
    for (const [door, ask] of Object.entries(doors(headers))) {
      const response = await ask();
      const about = `${door} with ${credential}`;
      expect(response.status, about).toBe(401);
      expect(response.headers.get('www-authenticate'), about).toBe('Bearer');
      expect(response.headers.get('content-type'), about).toMatch(/^application\/json/);
      const body = (await response.json()) as Record<string, unknown>;
      expect(body, about).toMatchObject({
        success: false,
        code: 'AUTHENTICATION_FAILED',
        number: 'AUTH_001',
      });
      expect(body['request_id'], about).toBe(response.headers.get('x-request-id'));
      bodies.add(JSON.stringify(lasting(body)));
    }
  }
  expect([...bodies]).toHaveLength(1);
  expect(rows.all()).toEqual(before);
});

it('takes a key as Bearer and as X-API-Key', async () => {
  for (const headers of [{ authorization: `bearer ${AGENT_KEY}` }, { 'x-api-key': AGENT_KEY }]) {
    expect((await hub.request('/api/v1/sessions', { headers })).status).toBe(200);
    expect((await post(hub, '2026', { method: 'tools/list', headers })).status).toBe(200);
  }
});
