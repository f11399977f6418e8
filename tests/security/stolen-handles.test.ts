/** Handles and session ids in hands they do not belong in: refused, and nobody ever acts as somebody else. */
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openAudit } from '../_util/audit-rows.ts';
import { ERAS, expectError, expectSuccess, lasting, openDoor, type Door } from '../_util/scenario-doors.ts';
import { openSession, post } from '../_util/scenario-raw.ts';
import { openRows } from '../_util/scenario-rows.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';
import { asBearer, expectRefused, logIn, postJson, refreshed, type Pair } from '../_util/tokens.ts';

const DAY = 24 * 60 * 60 * 1000;
const MINUTE = 60_000;

let hub: TestHub;
let thiefKey: string;
let strangerKey: string;
let at = Date.UTC(2026, 0, 1);

beforeAll(async () => {
  hub = await startTestHub({ now: () => at });
  thiefKey = await hub.makeKey('thief');
  strangerKey = await hub.makeKey('stranger', { workspace: 'other' });
});
afterAll(() => hub[Symbol.asyncDispose]());

const sha = (text: string, as: 'hex' | 'base64url'): string => createHash('sha256').update(text).digest(as);
const bearer = (key: string, agent?: string): Record<string, string> => ({
  authorization: `Bearer ${key}`,
  ...(agent === undefined ? {} : { 'x-agent-id': agent }),
});

describe.each(ERAS)('in era %s', (era) => {
  const victim = `victim-${era}`;
  let owner: Door;
  let thief: Door;
  let stranger: Door;
  let session_id: string;

  beforeAll(async () => {
    owner = await openDoor(hub, era, { key: AGENT_KEY, agent: `owner-${era}`, type: 'claude' });
    thief = await openDoor(hub, era, { key: thiefKey, agent: `thief-${era}`, type: 'claude' });
    stranger = await openDoor(hub, era, { key: strangerKey, agent: `stranger-${era}`, type: 'claude' });
    session_id = String(
      expectSuccess(await owner.call('create_session', { purpose: 'Treasure' }))['session_id'],
    );
  });
  afterAll(async () => {
    // Whatever was tried: only the owner and its own agent ever spoke.
    const answer = expectSuccess(await owner.call('get_messages', { session_id, limit: 1000 }));
    const senders = (answer['messages'] as { sender: string; content: string }[]).map(
      ({ sender, content }) => `${sender}: ${content}`,
    );
    expect(new Set(senders)).toEqual(new Set([`${victim}: mine`]));
  });

  async function handle(): Promise<string> {
    const made = await owner.call('authenticate_agent', { agent_id: victim, agent_type: 'codex' });
    return String(expectSuccess(made)['token']);
  }
  const speak = (door: Door, auth_token: unknown, content = 'stolen') =>
    door.call('add_message', { session_id, content, auth_token });
  const works = async (token: string): Promise<void> =>
    void expectSuccess(await speak(owner, token, 'mine'), 'the control');
  /** What is refused without a word on why. */
  async function expectUnknown(door: Door, token: unknown, about: string): Promise<void> {
    const error = lasting(expectError(await speak(door, token), 'AUTHENTICATION_FAILED', about));
    const guessed = await speak(door, 'sct_guess');
    expect(error, about).toEqual(lasting(expectError(guessed, 'AUTHENTICATION_FAILED')));
    expectError(await door.call('refresh_token', { current_token: token }), 'AUTHENTICATION_FAILED', about);
  }

  it('one under another key, or in another workspace', async () => {
    const token = await handle();
    await works(token);
    await expectUnknown(thief, token, 'another key');
    await expectUnknown(stranger, token, 'another workspace');
    await works(token);
  });

  it('guessed ones, and what the database holds of one', async () => {
    const token = await handle();
    const guesses = [
      ...[
        '',
        'sct_',
        'x',
        '*',
        'null',
        ' ',
        token.slice(0, -1),
        `${token}x`,
        ` ${token}`,
        token.toUpperCase(),
      ],
      ...[sha(token, 'hex'), sha(token, 'base64url'), `sct_${sha(token, 'base64url')}`],
      ...[`sct_${randomBytes(32).toString('base64url')}`, `${token}\u0000`, 'sct_'.repeat(20_000)],
    ];
    for (const guess of guesses) await expectUnknown(owner, guess, guess.slice(0, 60));
    for (const guess of [null, 5, true, [token], { token }])
      expectError(await speak(owner, guess), 'INVALID_INPUT', JSON.stringify(guess).slice(0, 9));
    await works(token);
  });

  it('credentials of other kinds', async () => {
    const { access_token, refresh_token } = await logIn(hub, victim, { agent_type: 'codex' });
    for (const text of [access_token, refresh_token, AGENT_KEY, ADMIN_KEY, thiefKey])
      await expectUnknown(owner, text, text.slice(0, 4));
  });

  it('one as the credential of a connection', async () => {
    const token = await handle();
    await expectRefused(hub, await asBearer(hub, token));
    await expectRefused(hub, await hub.request('/api/v1/sessions', { headers: { 'x-api-key': token } }));
    await expectRefused(hub, await post(hub, era, { method: 'tools/list', headers: bearer(token) }));
    await expectRefused(hub, await refreshed(hub, token));
  });

  it('one refreshed twice', async () => {
    const token = await handle();
    const { token: next } = expectSuccess(await owner.call('refresh_token', { current_token: token }));
    expectError(await owner.call('refresh_token', { current_token: token }), 'TOKEN_REVOKED');
    await expectUnknown(thief, token, 'another key');
    await works(token);
    await works(String(next));
  });

  it('a refreshed one after 60 seconds', async () => {
    const token = await handle();
    const { token: next } = expectSuccess(await owner.call('refresh_token', { current_token: token }));
    at += MINUTE - 1;
    await works(token);
    at += 1;
    expectError(await speak(owner, token), 'TOKEN_EXPIRED');
    expectError(await owner.call('refresh_token', { current_token: token }), 'TOKEN_EXPIRED');
    await expectUnknown(thief, token, 'another key');
    await works(String(next));
  });

  it('a revoked one', async () => {
    const token = await handle();
    await works(token);
    // Of no effect under another key.
    expect((await postJson(hub, '/auth/revoke', { token }, thiefKey)).status).toBe(200);
    await works(token);
    expect((await postJson(hub, '/auth/revoke', { token }, AGENT_KEY)).status).toBe(200);
    expectError(await speak(owner, token), 'TOKEN_REVOKED');
    expectError(await owner.call('refresh_token', { current_token: token }), 'TOKEN_REVOKED');
    await expectUnknown(thief, token, 'another key');
  });

  it('one that is revoked while a call waits under it, which ends', async () => {
    const [token, other] = [await handle(), await handle()];
    expectSuccess(await owner.call('acquire_lease', { resources: ['here'] }));
    const { delivery, leases } = hub.hub.services;
    const wait = (auth_token: string) =>
      owner.call('wait_for_messages', { auth_token, timeout_seconds: 55, session_id });
    const line = (auth_token: string) =>
      owner.call('acquire_lease', { auth_token, resources: ['here'], wait_seconds: 55 });
    const ended = [wait(token), line(token)];
    const others = [wait(other), line(other)];
    await vi.waitUntil(() => delivery.waiting === 2 && leases.waiting === 2);
    await postJson(hub, '/auth/revoke', { token }, AGENT_KEY);
    for (const answer of await Promise.all(ended)) expectError(answer, 'TOKEN_REVOKED');
    expect([delivery.waiting, leases.waiting]).toEqual([1, 1]);
    await postJson(hub, '/auth/revoke', { token: other }, AGENT_KEY);
    for (const answer of await Promise.all(others)) expectError(answer, 'TOKEN_REVOKED');
    expect(expectSuccess(await owner.call('release_lease', { all: true }))['released']).toBe(1);
  });

  it('one whose agent its key loses while a call waits under it, which ends', async () => {
    const auth_token = await handle();
    const { delivery } = hub.hub.services;
    const waiting = owner.call('wait_for_messages', { auth_token, timeout_seconds: 55, session_id });
    const own = owner.call('wait_for_messages', { timeout_seconds: 55, session_id });
    await vi.waitUntil(() => delivery.waiting === 2);
    const released = await postJson(hub, `/api/v1/agents/${victim}/release`, {}, ADMIN_KEY);
    expect(released.status).toBe(200);
    expect(expectError(await waiting, 'PERMISSION_DENIED').error).toContain('any more');
    expect(delivery.waiting).toBe(1);
    await works(await handle());
    void expectSuccess(await own);
  });

  it('an expired one', async () => {
    const token = await handle();
    at += DAY - 1;
    const other = await handle();
    at += 1;
    expectError(await speak(owner, token), 'TOKEN_EXPIRED');
    expectError(await owner.call('refresh_token', { current_token: token }), 'TOKEN_EXPIRED');
    await expectUnknown(thief, token, 'another key');
    await works(other);
  });

  it('one of a key that was revoked, and of it alone', async () => {
    const name = `leaver-${era}`;
    const key = await hub.makeKey(name);
    const door = await openDoor(hub, '2026', { key, agent: name });
    const made = await door.call('authenticate_agent', { agent_id: `${name}-helper`, agent_type: 'codex' });
    const token = String(expectSuccess(made)['token']);
    const { keys } = (await (await hub.request('/api/v1/keys', { headers: bearer(ADMIN_KEY) })).json()) as {
      keys: { name: string; key_id: string }[];
    };
    const id = keys.find((row) => row.name === name)!.key_id;
    await hub.request(`/api/v1/keys/${id}`, { method: 'DELETE', headers: bearer(ADMIN_KEY) });
    await expectUnknown(owner, token, 'after the end of its key');
    const params = { name: 'list_sessions', arguments: { auth_token: token } };
    await expectRefused(hub, await post(hub, '2026', { method: 'tools/call', params, headers: bearer(key) }));
  });

  it('one over the token of another agent, which cannot become that agent either', async () => {
    const token = await handle();
    const { access_token } = await logIn(hub, `bound-${era}`);
    const bound = await openDoor(hub, era, { key: access_token });
    await expectUnknown(bound, token, 'another agent');
    const become = await bound.call('authenticate_agent', { agent_id: victim, agent_type: 'codex' });
    expectError(become, 'PERMISSION_DENIED');
    const itself = await bound.call('authenticate_agent', { agent_id: `bound-${era}`, agent_type: 'claude' });
    expectSuccess(itself);
  });

  it('one does not go beyond the connection', async () => {
    const token = await handle();
    const scope = { permissions: ['read'], agent_type: 'codex' };
    const { access_token } = await logIn(hub, victim, scope);
    const reading = await openDoor(hub, era, { key: access_token });
    expectError(await speak(reading, token), 'PERMISSION_DENIED');
    expectSuccess(await reading.call('get_messages', { session_id, auth_token: token }));
  });

  it('leaves a row in the audit log for each, and its text nowhere', async () => {
    const token = await handle();
    using rows = openRows(hub);
    using audit = openAudit(hub);
    const added = await audit.of(async () => {
      expectError(await speak(thief, token), 'AUTHENTICATION_FAILED');
    });
    expect(added.filter((row) => row.event_type === 'auth.refused')).toHaveLength(1);
    expect(added.at(-1)).toMatchObject({
      actor: `thief-${era}`,
      action: 'add_message',
      result: 'refused',
    });
    expect(JSON.stringify([rows.all(), await audit.all()])).not.toContain(token.slice(4));
  });
});

describe('a session id of 2025', () => {
  const status = async (headers: Record<string, string>): Promise<number> =>
    (await post(hub, '2025', { method: 'tools/list', headers })).status;

  it('is good for its key and agent alone, whichever credential of them comes', async () => {
    const session = await openSession(hub, bearer(AGENT_KEY, 'seated'));
    const pair = await logIn(hub, 'seated', { agent_type: 'raw' });
    const next = (await (await refreshed(hub, pair.refresh_token)).json()) as Pair;
    const other = await logIn(hub, 'standing');
    const id = { 'mcp-session-id': session['mcp-session-id']! };
    for (const good of [bearer(AGENT_KEY, 'SEATED'), bearer(pair.access_token), bearer(next.access_token)]) {
      expect(await status({ ...id, ...good })).toBe(200);
    }
    const bad = [
      bearer(AGENT_KEY, 'standing'),
      bearer(AGENT_KEY),
      bearer(thiefKey, 'thief'),
      bearer(strangerKey, 'seated'),
      bearer(other.access_token),
    ];
    for (const headers of bad) expect(await status({ ...id, ...headers }), JSON.stringify(headers)).toBe(404);
    expect(await status({ ...bearer(pair.access_token, 'standing'), ...id })).toBe(403);
    expect(await status(session)).toBe(200);
  });

  it('opened with a token is good for the key with the same agent too', async () => {
    const { access_token } = await logIn(hub, 'both');
    const session = await openSession(hub, bearer(access_token));
    expect(await status({ ...session, ...bearer(AGENT_KEY, 'both') })).toBe(200);
    await postJson(hub, '/auth/revoke', { token: access_token }, AGENT_KEY);
    expect(await status(session)).toBe(401);
    expect(await status({ ...session, ...bearer(AGENT_KEY, 'both') })).toBe(200);
  });

  it('guessed is nobody’s', async () => {
    for (const guess of ['x', '0', '*', "' OR 1=1 --", '00000000-0000-4000-8000-000000000000']) {
      expect(await status({ ...bearer(AGENT_KEY, 'seated'), 'mcp-session-id': guess })).toBe(404);
    }
  });
});
