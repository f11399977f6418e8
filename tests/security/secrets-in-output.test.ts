/** What is secret stands nowhere but where it belongs: not in the log at level debug, not in an error, not in /health. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TOOLS } from '../../src/mcp/tools/index.ts';
import { collectLog } from '../http/harness.ts';
import { ERAS } from '../_util/scenario-doors.ts';
import { openSession, post } from '../_util/scenario-raw.ts';
import { GOOD_CALLS, setStage } from '../_util/scenario-calls.ts';
import { openDoor } from '../_util/scenario-doors.ts';
import { ADMIN_KEY, AGENT_KEY, JWT_SECRET, startTestHub, type TestHub } from '../_util/test-hub.ts';

/** Stands in every text that a caller may send. */
const WORD = 'scrt-7f3a-word';
const FOREIGN_KEY = 'schk_not-a-key-of-this-hub-0123456789ab';
const collected = collectLog();

let hub: TestHub;
let made: string;
/** Texts of errors, and of what anybody may read. */
const errors: string[] = [];
const open: string[] = [];

beforeAll(async () => {
  hub = await startTestHub({ log: collected.log });
  made = await hub.makeKey('made');
  for (const era of ERAS) await useEverything(era);
  await misuseJsonApi();
});
afterAll(() => hub[Symbol.asyncDispose]());

async function useEverything(era: '2025' | '2026'): Promise<void> {
  const agent = { agent: `alice-${era}`, type: 'claude' };
  const door = await openDoor(hub, era, { key: AGENT_KEY, ...agent });
  const stage = await setStage(door);
  const { sessionId: session_id } = stage;
  await door.call('create_session', { purpose: WORD, metadata: { WORD }, first_message: WORD });
  await door.call('add_message', { session_id, content: WORD, metadata: { WORD }, visibility: 'private' });
  await door.call('set_memory', { key: 'plan', value: WORD, metadata: { WORD } });
  await door.call('list_sessions', { query: WORD });
  await door.call('list_memory', { query: WORD });
  for (const [tool, calls] of Object.entries(GOOD_CALLS)) {
    for (const args of calls(stage)) await door.call(tool, args);
    // Wrong in the last place: everything before has been looked at.
    const bad = { ...calls(stage)[0], content: WORD, value: WORD, metadata: { WORD }, zzz: 1 };
    errors.push((await door.call(tool, bad)).text);
  }
  await door.close();
  const headers = { authorization: `Bearer ${AGENT_KEY}`, 'x-agent-id': agent.agent };
  const own = era === '2025' ? await openSession(hub, headers) : headers;
  for (const { name } of TOOLS) {
    const call = { method: 'tools/call', params: { name, arguments: { zzz: 1 } } };
    errors.push(await (await post(hub, era, { ...call, headers: own })).text());
    for (const key of [FOREIGN_KEY, `${AGENT_KEY}x`, made.toUpperCase()]) {
      const refused = await post(hub, era, { ...call, headers: { authorization: `Bearer ${key}` } });
      errors.push(await refused.text());
    }
  }
}

async function misuseJsonApi(): Promise<void> {
  const admin = { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' };
  for (const [path, init] of [
    ['/health', {}],
    ['/health/ready', {}],
    ['/.well-known/oauth-protected-resource', { headers: admin }],
  ] as const) {
    open.push(await (await hub.request(path, init)).text());
  }
  for (const [method, path, body] of [
    ['GET', `/api/v1/sessions?key=${FOREIGN_KEY}`, undefined],
    ['GET', `/nothing?key=${FOREIGN_KEY}`, undefined],
    ['GET', `/nothing/${FOREIGN_KEY}`, undefined],
    ['GET', `/api/v1/sessions/${FOREIGN_KEY}`, undefined],
    ['DELETE', `/api/v1/keys/${FOREIGN_KEY}`, undefined],
    ['POST', '/api/v1/keys', `{"name":"bad name","jwt":"${JWT_SECRET}"}`],
    ['POST', '/api/v1/keys', `{ no json ${WORD}`],
    ['POST', '/api/v1/import', `{"content":"${WORD}"}\n{ no json ${WORD}`],
  ] as const) {
    const init = { method, headers: admin, ...(body === undefined ? {} : { body }) };
    errors.push(await (await hub.request(path, init)).text());
  }
}

/** All that must not be told, by what it is. */
function secrets(): Readonly<Record<string, string>> {
  return {
    ...{ 'the key of agents': AGENT_KEY, 'the key of operators': ADMIN_KEY, 'a key that was made': made },
    ...{ 'a key that was refused': FOREIGN_KEY, 'the secret of tokens': JWT_SECRET },
  };
}

it('has been used and misused', () => {
  expect(collected.lines().length).toBeGreaterThan(100);
  expect(collected.lines().some(({ status }) => status === 401)).toBe(true);
  expect(errors.length).toBeGreaterThan(100);
  expect(errors.every((text) => /success\\*":(false|true)/.test(text) || text.includes('imported'))).toBe(
    true,
  );
});

it('logs no secret, no header and no content', () => {
  const text = collected.text();
  for (const [what, secret] of Object.entries(secrets())) expect(text.includes(secret), what).toBe(false);
  expect(text).not.toContain(WORD);
  expect(text).not.toMatch(/Bearer|schk_\w|authorization/i);
});

it('puts no credential into an error', () => {
  const text = errors.join('\n');
  for (const secret of [AGENT_KEY, ADMIN_KEY, made, FOREIGN_KEY]) expect(text.includes(secret)).toBe(false);
});

it('tells anybody nothing of them', () => {
  const text = open.join('\n');
  for (const [what, secret] of Object.entries(secrets())) expect(text.includes(secret), what).toBe(false);
  expect(text).not.toContain(WORD);
  expect(text).not.toContain(hub.folder);
});

it('keeps keys as hashes only', async () => {
  const headers = { authorization: `Bearer ${ADMIN_KEY}` };
  const listed = await (await hub.request('/api/v1/keys', { headers })).text();
  expect(listed).toContain('"name":"made"');
  for (const secret of [AGENT_KEY, ADMIN_KEY, made]) {
    expect(listed.includes(secret)).toBe(false);
    expect(listed.includes(secret.slice(5, 25))).toBe(false);
  }
});
