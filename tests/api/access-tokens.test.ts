/** Logins: from an API key to access and refresh tokens, what they are good for, and how they end. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAudit } from '../_util/audit-rows.ts';
import { ERAS, expectSuccess, openDoor } from '../_util/scenario-doors.ts';
import { openRows, until } from '../_util/scenario-rows.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';
import {
  asBearer,
  expectRefused,
  logIn,
  partsOf,
  postJson,
  refreshed,
  type Json,
  type Pair,
} from '../_util/tokens.ts';

const DAY = 24 * 60 * 60 * 1000;

let hub: TestHub;
let at = Date.UTC(2026, 0, 1);
beforeAll(async () => {
  hub = await startTestHub({ now: () => at });
});
afterAll(() => hub[Symbol.asyncDispose]());

async function next({ refresh_token }: Pair): Promise<Pair> {
  const response = await refreshed(hub, refresh_token);
  expect(response.status).toBe(200);
  return (await response.json()) as Pair;
}
async function revoke(token: string, key = AGENT_KEY): Promise<void> {
  expect((await postJson(hub, '/auth/revoke', { token }, key)).status).toBe(200);
}

describe('an access token', () => {
  it('says what the contract names, and nothing else', async () => {
    const pair = await logIn(hub, 'Alice');
    expect(pair).toEqual({
      ...{ access_token: expect.any(String) as unknown, token_type: 'Bearer', expires_in: 900 },
      ...{ refresh_token: expect.stringMatching(/^srt_[\w-]{43}$/) as unknown, scope: 'read write' },
    });
    const { header, claims } = partsOf(pair.access_token);
    expect(header).toEqual({ alg: 'HS256', typ: 'at+jwt', kid: expect.any(String) as unknown });
    expect(claims).toEqual({
      ...{
        iss: 'http://127.0.0.1:23456',
        aud: 'http://127.0.0.1:23456/mcp',
        sub: 'Alice',
        agent_type: 'claude',
      },
      ...{ permissions: ['read', 'write'], workspace: 'default', key_id: 'key_agent' },
      ...{ jti: expect.any(String) as unknown, iat: at / 1000, exp: at / 1000 + 900 },
    });
    const [one, two] = [await logIn(hub, 'Alice'), await next(pair)];
    const ids = [pair, one, two].map(({ access_token }) => partsOf(access_token).claims['jti']);
    expect(new Set(ids).size).toBe(3);
  });

  it('names the address where the hub listens, once that is known', async () => {
    await using free = await startTestHub({ env: { HTTP_PORT: '0' } });
    free.hub.announce('http://127.0.0.1:45678');
    const { access_token } = await logIn(free, 'alice');
    expect(partsOf(access_token).claims).toMatchObject({ aud: 'http://127.0.0.1:45678/mcp' });
    expect((await asBearer(free, access_token)).status).toBe(200);
  });

  it.each(ERAS)('acts as its subject over MCP, whoever has the key (%s)', async (era) => {
    const agent = `subject-${era}`;
    const { access_token } = await logIn(hub, agent, { agent_type: 'codex' });
    const door = await openDoor(hub, era, { key: access_token });
    const opened = expectSuccess(await door.call('create_session', { purpose: 'P', first_message: 'hello' }));
    expect(opened['created_by']).toBe(agent);
    const { session_id } = opened;
    const { messages } = expectSuccess(await door.call('get_messages', { session_id }));
    expect(messages).toMatchObject([{ sender: agent, sender_type: 'codex' }]);
    const [info] = [JSON.parse(await door.read('hub://info')) as Json];
    expect(info).toMatchObject({ agent_id: agent, agent_type: 'codex' });
  });

  it('goes with headers that agree, and refuses others naming both', async () => {
    const { access_token } = await logIn(hub, 'headed');
    const agreeing = { 'x-agent-id': 'HEADED', 'x-agent-type': 'Claude' };
    expect((await asBearer(hub, access_token, agreeing)).status).toBe(200);
    for (const [header, value, fixed] of [
      ['x-agent-id', 'someone', 'headed'],
      ['x-agent-type', 'codex', 'claude'],
    ] as const) {
      const response = await asBearer(hub, access_token, { [header]: value });
      const { error, code } = (await response.json()) as { error: string; code: string };
      expect([response.status, code]).toEqual([403, 'PERMISSION_DENIED']);
      expect(error).toContain(value);
      expect(error).toContain(fixed);
    }
  });

  it('has what both key and request allow', async () => {
    const admin = await logIn(hub, 'root', { permissions: ['read', 'admin'] }, ADMIN_KEY);
    expect(admin.scope).toBe('read admin');
    const wishing = await logIn(hub, 'wishing', { permissions: ['read', 'admin'] });
    expect(wishing.scope).toBe('read');
    const keys = (token: string) =>
      hub.request('/api/v1/keys', { headers: { authorization: `Bearer ${token}` } });
    expect((await keys(admin.access_token)).status).toBe(200);
    expect((await keys(wishing.access_token)).status).toBe(403);
    const door = await openDoor(hub, '2026', { key: wishing.access_token });
    expect((await door.call('create_session', { purpose: 'no' })).json).toMatchObject({ number: 'AUTH_004' });
    const nothing = await postJson(
      hub,
      '/auth/token',
      { agent_id: 'wishing', agent_type: 'claude', permissions: ['admin'] },
      AGENT_KEY,
    );
    expect(nothing.status).toBe(403);
  });

  it('is given for agents that the key may act as', async () => {
    const bound = await hub.makeKey('bound', { agent_id: 'solo' });
    expect(partsOf((await logIn(hub, 'SOLO', {}, bound)).access_token).claims['sub']).toBe('solo');
    for (const agent_id of ['other', 'Alice']) {
      const refusal = await postJson(hub, '/auth/token', { agent_id, agent_type: 'claude' }, bound);
      expect(refusal.status, agent_id).toBe(403);
    }
    const retyped = await postJson(hub, '/auth/token', { agent_id: 'Alice', agent_type: 'x' }, AGENT_KEY);
    expect(((await retyped.json()) as Json)['error']).toContain('agent_type says x');
  });

  it('is given for a key alone', async () => {
    const body = { agent_id: 'child', agent_type: 'claude' };
    const { access_token, refresh_token } = await logIn(hub, 'parent');
    for (const credential of [undefined, access_token, refresh_token, 'x']) {
      await expectRefused(hub, await postJson(hub, '/auth/token', body, credential));
    }
  });
});

describe('a refresh token', () => {
  it('is exchanged for the next pair, again and again', async () => {
    let pair = await logIn(hub, 'walker', { permissions: ['read'] });
    for (let step = 0; step < 5; step++) {
      at += 14 * 60_000;
      const { refresh_token: before } = pair;
      pair = await next(pair);
      expect(pair.refresh_token).not.toBe(before);
      expect(pair.scope).toBe('read');
      expect((await asBearer(hub, pair.access_token)).status).toBe(200);
    }
  });

  it('gives another pair within 60 seconds, for an answer that was lost', async () => {
    const pair = await logIn(hub, 'lossy');
    const lost = await next(pair);
    at += 59_999;
    const again = await next(pair);
    for (const good of [lost, again]) {
      expect((await asBearer(hub, good.access_token)).status).toBe(200);
      await next(good);
    }
  });

  it('used again after 60 seconds ends all that came of the login', async () => {
    const pair = await logIn(hub, 'copied');
    const other = await logIn(hub, 'copied');
    const second = await next(pair);
    expect((await asBearer(hub, second.access_token)).status).toBe(200);
    at += 60_000;
    await expectRefused(hub, await refreshed(hub, pair.refresh_token));
    for (const dead of [pair, second]) {
      await expectRefused(hub, await refreshed(hub, dead.refresh_token));
      await expectRefused(hub, await asBearer(hub, dead.access_token));
    }
    expect((await asBearer(hub, other.access_token)).status).toBe(200);
    await next(other);
  });

  it('ends after 30 days, counted anew with each', async () => {
    const pair = await logIn(hub, 'monthly');
    at += 30 * DAY - 1;
    const second = await next(pair);
    at += 30 * DAY - 1;
    const third = await next(second);
    at += 30 * DAY;
    await expectRefused(hub, await refreshed(hub, third.refresh_token));
  });

  it('ends with its key', async () => {
    const key = await hub.makeKey('ending');
    const pair = await logIn(hub, 'ending', {}, key);
    const id = String(partsOf(pair.access_token).claims['key_id']);
    const headers = { authorization: `Bearer ${ADMIN_KEY}` };
    await hub.request(`/api/v1/keys/${id}`, { method: 'DELETE', headers });
    await expectRefused(hub, await refreshed(hub, pair.refresh_token));
  });

  it('that is none is refused as any credential', async () => {
    for (const body of [
      {},
      [],
      'x',
      null,
      { refresh_token: 5 },
      { refresh_token: 'srt_x' },
      { token: 'srt_x' },
    ]) {
      await expectRefused(hub, await postJson(hub, '/auth/refresh', body), JSON.stringify(body));
    }
    await expectRefused(hub, await hub.request('/auth/refresh', { method: 'POST', body: '{' }));
    const { access_token } = await logIn(hub, 'mistaken');
    await expectRefused(hub, await refreshed(hub, access_token));
    await expectRefused(hub, await refreshed(hub, AGENT_KEY));
  });
});

describe('revoking', () => {
  it('an access token ends it alone', async () => {
    const [pair, other] = [await logIn(hub, 'quitter'), await logIn(hub, 'quitter')];
    await revoke(pair.access_token);
    await expectRefused(hub, await asBearer(hub, pair.access_token));
    expect((await asBearer(hub, other.access_token)).status).toBe(200);
    expect((await asBearer(hub, (await next(pair)).access_token)).status).toBe(200);
  });

  it('a refresh token ends the login', async () => {
    const pair = await logIn(hub, 'leaver');
    const second = await next(pair);
    await revoke(pair.refresh_token, second.access_token);
    for (const dead of [pair, second]) {
      await expectRefused(hub, await asBearer(hub, dead.access_token));
      await expectRefused(hub, await refreshed(hub, dead.refresh_token));
    }
  });

  it('has no effect on what belongs to another key, and says so to nobody', async () => {
    const pair = await logIn(hub, 'keeper');
    const stranger = await hub.makeKey('meddler');
    for (const token of [pair.access_token, pair.refresh_token]) await revoke(token, stranger);
    expect((await asBearer(hub, pair.access_token)).status).toBe(200);
    await next(pair);
    for (const token of ['x', 'sct_x', 'srt_x', 'a.b.c', AGENT_KEY]) await revoke(token);
    expect((await asBearer(hub, AGENT_KEY)).status).toBe(200);
  });

  it('needs a credential', async () => {
    const { access_token } = await logIn(hub, 'still');
    await expectRefused(hub, await postJson(hub, '/auth/revoke', { token: access_token }));
    expect((await asBearer(hub, access_token)).status).toBe(200);
  });

  it('holds after a restart', async () => {
    const first = await startTestHub({ now: () => at });
    const [gone, kept] = [await logIn(first, 'alice'), await logIn(first, 'alice')];
    await postJson(first, '/auth/revoke', { token: gone.access_token }, AGENT_KEY);
    await first.hub.close();
    await using second = await startTestHub({ now: () => at, folder: first.folder });
    await expectRefused(second, await asBearer(second, gone.access_token));
    expect((await asBearer(second, kept.access_token)).status).toBe(200);
    expect((await refreshed(second, kept.refresh_token)).status).toBe(200);
    await first[Symbol.asyncDispose]();
  });
});

it('bad requests say what is wrong, and never show a token', async () => {
  const secret = `srt_${'s'.repeat(43)}`;
  const agent = { agent_id: 'a', agent_type: 'b' };
  for (const [path, body, field] of [
    ['/auth/token', {}, 'agent_id'],
    ['/auth/token', { ...agent, agent_id: 'a b' }, 'agent_id'],
    ['/auth/token', { ...agent, agent_type: 'x'.repeat(51) }, 'agent_type'],
    ['/auth/token', { ...agent, permissions: [] }, 'permissions'],
    ['/auth/token', { ...agent, permissions: ['root'] }, 'permissions.0'],
    ['/auth/token', { ...agent, refresh_token: secret }, 'refresh_token'],
    ['/auth/revoke', {}, 'token'],
    ['/auth/revoke', { token: [secret] }, 'token'],
    ['/auth/revoke', { access_token: secret }, 'access_token'],
  ] as const) {
    const response = await postJson(hub, path, body, AGENT_KEY);
    const error = (await response.json()) as { code: string; context: Json };
    expect([response.status, error.code, error.context['field']], field).toEqual([
      400,
      'INVALID_INPUT',
      field,
    ]);
    expect(JSON.stringify(error)).not.toContain(secret);
  }
});

it('each step leaves a row in the audit log, without the tokens, and the dead are removed', async () => {
  let time = Date.UTC(2026, 0, 1);
  await using own = await startTestHub({ now: () => time, housekeepingEveryMs: 5 });
  const door = await openDoor(own, '2026', { key: AGENT_KEY, agent: 'lead', type: 'claude' });
  const made = await door.call('authenticate_agent', { agent_id: 'helper', agent_type: 'worker' });
  const handle = String(expectSuccess(made)['token']);
  const pair = await logIn(own, 'alice');
  const second = (await (await refreshed(own, pair.refresh_token)).json()) as Pair;
  for (const token of [second.access_token, second.refresh_token, handle])
    await postJson(own, '/auth/revoke', { token }, AGENT_KEY);
  using rows = openRows(own);
  using audit = openAudit(own);
  const log = (await audit.all()).filter(
    ({ action, event_type: type }) => action === 'authenticate_agent' || type.startsWith('token.'),
  );
  expect(log.map((row) => [row.event_type, row.action, row.actor, row.resource])).toEqual([
    ['auth.login', 'authenticate_agent', 'lead', 'agent:helper'],
    ['token.issued', 'POST /auth/token', 'alice', 'agent:alice'],
    ['token.refreshed', 'POST /auth/refresh', 'alice', 'agent:alice'],
    ['token.revoked', 'POST /auth/revoke', null, 'agent:alice'],
    ['token.revoked', 'POST /auth/revoke', null, 'agent:alice'],
    ['token.revoked', 'POST /auth/revoke', null, 'agent:helper'],
  ]);
  const everything = JSON.stringify([rows.all(), log]);
  for (const { access_token, refresh_token } of [pair, second]) {
    for (const secret of [access_token, refresh_token.slice(4), handle.slice(4)])
      expect(everything).not.toContain(secret);
  }
  const tables = ['handles', 'revoked_tokens', 'refresh_tokens', 'token_families'];
  expect(tables.map((table) => rows.count(table))).toEqual([1, 1, 2, 1]);
  time += 16 * 60_000;
  await until(() => rows.count('revoked_tokens') === 0, 'revocations are removed');
  expect(tables.map((table) => rows.count(table))).toEqual([1, 0, 2, 1]);
  time += 2 * DAY;
  await until(() => rows.count('handles') === 0, 'handles are removed');
  time += 30 * DAY;
  await until(() => rows.count('token_families') === 0, 'logins are removed');
  expect(tables.map((table) => rows.count(table))).toEqual([0, 0, 0, 0]);
});
