/** Guessing keys: how many are looked at from an address, what a forged address is worth, and who is kept out by it. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { listen } from '../../src/http/server.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { initialize, rawRequest } from '../_util/raw-mcp.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

const LIMIT = 10;
const log = createLogger({ level: 'silent', format: 'json' });

let hub: TestHub;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  hub = await startHub();
});
afterEach(async () => {
  vi.useRealTimers();
  await hub[Symbol.asyncDispose]();
});

function startHub(env: Record<string, string> = {}): Promise<TestHub> {
  return startTestHub({
    env: { RATE_LIMIT_ENABLED: 'true', RATE_LIMIT_AUTH_PER_MINUTE: String(LIMIT), ...env },
  });
}

const ask = (key: string, path = '/api/v1/sessions', at: TestHub = hub): Promise<Response> =>
  at.request(path, { headers: { authorization: `Bearer ${key}` } });
const status = async (key: string): Promise<number> => (await ask(key)).status;
const wrong = (n: number): string => `schk_wrong-key-number-${String(n).padStart(20, '0')}`;
const guess = async (count: number): Promise<number[]> => {
  const answers: number[] = [];
  for (let n = 0; n < count; n++) answers.push(await status(wrong(n)));
  return answers;
};
const times = <T>(count: number, value: T): T[] => Array<T>(count).fill(value);

it('is answered 401 up to the limit and 429 beyond, and after a minute again', async () => {
  expect(await guess(LIMIT + 5)).toEqual([...times(LIMIT, 401), ...times(5, 429)]);
  const refused = await ask(wrong(99));
  const error = (await refused.json()) as Record<string, unknown>;
  expect(error).toMatchObject({ code: 'RATE_LIMITED', number: 'LIMIT_001', success: false });
  expect(error['retry_after']).toBe(60);
  expect(refused.headers.get('retry-after')).toBe('60');
  vi.setSystemTime(Date.now() + 60_000);
  expect(await guess(LIMIT + 1)).toEqual([...times(LIMIT, 401), 429]);
});

it('is counted over all doors and both places of a credential', async () => {
  const send = async (request: Request) => {
    request.headers.set('host', '127.0.0.1:23456');
    return hub.hub.app.fetch(request);
  };
  const params = { name: 'list_sessions', arguments: {} };
  const doors: ((key: string) => Promise<Response>)[] = [
    (key) => send(initialize({ key })),
    (key) => send(rawRequest('2026', { method: 'tools/call', params, key })),
    (key) => send(rawRequest('2025', { method: 'tools/list', sessionId: 'guessed', key, path: '/mcp/2025' })),
    (key) => hub.request('/api/v1/keys', { headers: { 'x-api-key': key } }),
    (key) => ask(key, '/nothing/here'),
  ];
  const answers: number[] = [];
  for (let n = 0; n < LIMIT * 2; n++) answers.push((await doors[n % doors.length]!(wrong(n))).status);
  expect(answers).toEqual([...times(LIMIT, 401), ...times(LIMIT, 429)]);
});

it('does not find a right key beyond the limit, however many are tried at once', async () => {
  const right = await hub.makeKey('never-used');
  const keys = [...Array.from({ length: 200 }, (_, n) => wrong(n)), right];
  const answers = await Promise.all(keys.map(status));
  expect(answers.filter((code) => code === 401)).toHaveLength(LIMIT);
  expect(answers.filter((code) => code === 429)).toHaveLength(keys.length - LIMIT);
  expect(await status(right)).toBe(429);
  vi.setSystemTime(Date.now() + 60_000);
  expect(await status(right)).toBe(200);
});

it('does not keep out who shares the address and was known before', async () => {
  expect(await status(AGENT_KEY)).toBe(200);
  await guess(LIMIT * 3);
  for (let n = 0; n < LIMIT * 3; n++) expect(await status(AGENT_KEY)).toBe(200);
});

it('ends for a key that was good once and is revoked', async () => {
  const key = await hub.makeKey('soon-gone');
  expect(await status(key)).toBe(200);
  const admin = { authorization: `Bearer ${ADMIN_KEY}` };
  const { keys } = (await (await hub.request('/api/v1/keys', { headers: admin })).json()) as {
    keys: { key_id: string; name: string }[];
  };
  const id = keys.find(({ name }) => name === 'soon-gone')!.key_id;
  await hub.request(`/api/v1/keys/${id}`, { method: 'DELETE', headers: admin });
  expect(await status(key)).toBe(401);
  // It was no guess: as many as the limit says are looked at besides.
  for (let n = 1; n < LIMIT; n++) expect(await status(wrong(n))).toBe(401);
  expect(await status(await hub.makeKey('new-there'))).toBe(200);
  await guess(LIMIT);
  expect(await status(key)).toBe(429);
});

it('one old key that is sent for ever keeps no new one out', async () => {
  const old: number[] = [];
  for (let n = 0; n < LIMIT * 5; n++) old.push(await status(wrong(1)));
  expect(old).toEqual([...times(LIMIT, 401), ...times(LIMIT * 4, 429)]);
  const fresh = await hub.makeKey('fresh');
  expect(await status(fresh)).toBe(200);
});

it('a request without a credential guesses nothing', async () => {
  for (let n = 0; n < LIMIT * 3; n++) expect((await hub.request('/api/v1/sessions')).status).toBe(401);
  expect(await guess(1)).toEqual([401]);
});

/** Asks over a socket, as from 127.0.0.1. */
async function overSocket(at: TestHub, forwarded: readonly (string | undefined)[]): Promise<number[]> {
  const listener = await listen(at.hub.app, { host: '127.0.0.1', port: 0, log });
  try {
    const answers: number[] = [];
    for (const [n, header] of forwarded.entries()) {
      const headers = {
        authorization: `Bearer ${wrong(n)}`,
        ...(header === undefined
          ? {}
          : { 'x-forwarded-for': header, 'x-real-ip': header, forwarded: `for=${header}` }),
      };
      const response = await fetch(`${listener.url}/api/v1/sessions`, { headers });
      answers.push(response.status);
      await response.body?.cancel();
    }
    return answers;
  } finally {
    await listener.close(0);
  }
}

it('a forged X-Forwarded-For is worth nothing', async () => {
  const forged = Array.from({ length: LIMIT * 3 }, (_, n) =>
    [
      `10.0.0.${n}`,
      `10.1.0.${n}, 127.0.0.1`,
      `127.0.0.1, 10.2.0.${n}`,
      `[2001:db8::${n}]:80`,
      undefined,
      'x',
    ].at(n % 6),
  );
  expect(await overSocket(hub, forged)).toEqual([...times(LIMIT, 401), ...times(LIMIT * 2, 429)]);
});

it('behind a trusted proxy its clients are counted apart, each by the address that the proxy saw', async () => {
  await using proxied = await startHub({ TRUST_PROXY: '127.0.0.0/8, ::1' });
  const forging = Array.from({ length: LIMIT + 5 }, (_, n) => `10.0.0.${n}, 192.0.2.1`);
  const once = ['192.0.2.2', '192.0.2.1, 192.0.2.3', '192.0.2.1, 192.0.2.4, 127.0.0.9'];
  expect(await overSocket(proxied, [...forging, ...once])).toEqual([
    ...times(LIMIT, 401),
    ...times(5, 429),
    ...times(once.length, 401),
  ]);
});

it('does not keep out the next tokens of who shares the address', async () => {
  const post = (path: string, body: object): Promise<Response> =>
    hub.request(path, {
      method: 'POST',
      headers: { authorization: `Bearer ${AGENT_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const issued = await post('/auth/token', { agent_id: 'ann', agent_type: 'claude' });
  const first = (await issued.json()) as { access_token: string; refresh_token: string };
  await guess(LIMIT + 1);
  expect(await status(first.access_token)).toBe(200);
  const refreshed = await post('/auth/refresh', { refresh_token: first.refresh_token });
  expect(refreshed.status).toBe(200);
  const { access_token } = (await refreshed.json()) as { access_token: string };
  expect(await status(access_token)).toBe(200);
  expect(await status(wrong(LIMIT + 2))).toBe(429);
});
