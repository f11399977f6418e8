/** Several agents behind one connection: each speaks for itself, with no more than it was given. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERAS, expectError, expectSuccess, openDoor, type Door } from '../_util/scenario-doors.ts';
import { openRows } from '../_util/scenario-rows.ts';
import { AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

const HOUR = 60 * 60 * 1000;
const T0 = Date.UTC(2026, 0, 1);

let hub: TestHub;
let at = T0;
beforeAll(async () => {
  hub = await startTestHub({ now: () => at });
});
afterAll(() => hub[Symbol.asyncDispose]());

type Args = Record<string, unknown>;
const authenticate = async (door: Door, agent_id: string, more: Args = {}): Promise<Args> =>
  expectSuccess(await door.call('authenticate_agent', { agent_id, agent_type: 'worker', ...more }));
const tokenFor = async (door: Door, agent_id: string, more: Args = {}): Promise<string> =>
  String((await authenticate(door, agent_id, more))['token']);

describe.each(ERAS)('in era %s', (era) => {
  const id = (name: string): string => `${name}-${era}`;
  let door: Door;
  let session_id: string;
  beforeAll(async () => {
    door = await openDoor(hub, era, { key: AGENT_KEY, agent: id('lead'), type: 'claude' });
    session_id = String(expectSuccess(await door.call('create_session', { purpose: 'Team' }))['session_id']);
  });
  const say = (content: string, more: Args = {}) =>
    door.call('add_message', { session_id, content, ...more });
  const read = async (more: Args = {}): Promise<{ sender: string; sender_type: string; content: string }[]> =>
    expectSuccess(await door.call('get_messages', { session_id, ...more }))['messages'] as never;

  it('are told what they are', async () => {
    const made = await authenticate(door, id('ann'));
    expect(made).toEqual({
      ...{ success: true, agent_id: id('ann'), agent_type: 'worker', permissions: ['read', 'write'] },
      ...{ token: expect.stringMatching(/^sct_[\w-]{43}$/) as unknown },
      expires_at: new Date(at + 24 * HOUR).toISOString(),
    });
    expect(await authenticate(door, id('ANN'))).toMatchObject({ agent_id: id('ann') });
  });

  it('post as themselves, at the same time as well', async () => {
    const tokens = await Promise.all(['ann', 'ben'].map((name) => tokenFor(door, id(name))));
    const calls = Array.from({ length: 20 }, (_, index) => {
      const auth_token = [...tokens, undefined][index % 3];
      const who = [id('ann'), id('ben'), id('lead')][index % 3]!;
      return say(who, auth_token === undefined ? {} : { auth_token });
    });
    for (const answer of await Promise.all(calls)) expectSuccess(answer);
    const messages = await read({ limit: 100 });
    expect(messages).toHaveLength(20);
    for (const { sender, content } of messages) expect(sender).toBe(content);
    expect(new Set(messages.map((m) => m.sender_type))).toEqual(new Set(['worker', 'claude']));
  });

  it('see, keep and change what is theirs, and not what is another’s', async () => {
    const [ann, ben] = [await tokenFor(door, id('ann')), await tokenFor(door, id('ben'))];
    const posted = expectSuccess(
      await say('for ben', { auth_token: ann, visibility: 'private', to: [id('ben')] }),
    );
    const { message_id } = posted;
    const contents = async (more: Args) => (await read({ limit: 100, ...more })).map((m) => m.content);
    expect(await contents({ auth_token: ben })).toContain('for ben');
    expect(await contents({})).not.toContain('for ben');
    const show = { message_id, visibility: 'public' };
    expectError(await door.call('set_message_visibility', { ...show, auth_token: ben }), 'PERMISSION_DENIED');
    expectSuccess(await door.call('set_message_visibility', { ...show, auth_token: ann }));

    expectSuccess(await door.call('set_memory', { key: 'mine', value: 'ann', auth_token: ann }));
    expectError(await door.call('get_memory', { key: 'mine', auth_token: ben }), 'MEMORY_NOT_FOUND');
    expectError(await door.call('get_memory', { key: 'mine' }), 'MEMORY_NOT_FOUND');
    expect(expectSuccess(await door.call('get_memory', { key: 'mine', auth_token: ann }))['value']).toBe(
      'ann',
    );
    const opened = expectSuccess(await door.call('create_session', { purpose: 'By ann', auth_token: ann }));
    expect(opened['created_by']).toBe(id('ann'));
  });

  it('do no more than they were given', async () => {
    const auth_token = await tokenFor(door, id('reader'), { requested_permissions: ['read'] });
    await read({ auth_token });
    for (const [tool, args] of [
      ['add_message', { session_id, content: 'no' }],
      ['create_session', { purpose: 'no' }],
      ['set_memory', { key: 'k', value: 1 }],
      ['delete_memory', { key: 'k' }],
    ] as const) {
      expectError(await door.call(tool, { ...args, auth_token }), 'PERMISSION_DENIED', tool);
    }
    const guidance = await door.call('get_usage_guidance', { auth_token });
    expect(expectSuccess(guidance)['access_level']).toBe('read');
  });

  it('are given no more than the key has, nor without any of it', async () => {
    const all = ['read', 'write', 'admin'];
    const made = await authenticate(door, id('wisher'), { requested_permissions: all });
    expect(made['permissions']).toEqual(['read', 'write']);
    const nothing = { agent_id: id('wisher'), agent_type: 'worker', requested_permissions: ['admin'] };
    expectError(await door.call('authenticate_agent', nothing), 'PERMISSION_DENIED');
  });

  it('retry under a key of their own, with a refreshed token too', async () => {
    const [ann, ben] = [await tokenFor(door, id('ann')), await tokenFor(door, id('ben'))];
    const once = async (more: Args) =>
      expectSuccess(await say('once', { idempotency_key: 'same', ...more }))['message_id'];
    const [first, second, third] = [
      await once({ auth_token: ann }),
      await once({ auth_token: ben }),
      await once({}),
    ];
    expect(new Set([first, second, third]).size).toBe(3);
    const next = expectSuccess(await door.call('refresh_token', { current_token: ann }))['token'];
    expect(await once({ auth_token: next })).toBe(first);
    expect(await once({ auth_token: ben })).toBe(second);
  });

  it('keep to the type they were first seen with', async () => {
    await authenticate(door, id('typed'));
    const other = { agent_id: id('typed'), agent_type: 'another' };
    const { error } = expectError(await door.call('authenticate_agent', other), 'PERMISSION_DENIED');
    expect(error).toContain('agent_type says another');
    expect(error).toContain('worker');
  });

  it('of another key are refused, and a bound key has only its own', async () => {
    const bound = await hub.makeKey(id('bound'), { agent_id: id('solo'), agent_types: ['worker', 'tester'] });
    const mine = await openDoor(hub, era, { key: bound, type: 'tester' });
    const ask = (agent_id: string, agent_type = 'worker') =>
      mine.call('authenticate_agent', { agent_id, agent_type });
    expectSuccess(await ask(id('SOLO'), 'tester'));
    for (const other of [id('ann'), id('new')]) expectError(await ask(other), 'PERMISSION_DENIED', other);

    const open = await openDoor(hub, era, {
      key: await hub.makeKey(id('open'), { agent_types: ['tester'] }),
      type: 'tester',
    });
    const foreign = { agent_id: id('ann'), agent_type: 'tester' };
    expectError(await open.call('authenticate_agent', foreign), 'PERMISSION_DENIED');
    const wrongType = { agent_id: id('fresh'), agent_type: 'worker' };
    expectError(await open.call('authenticate_agent', wrongType), 'PERMISSION_DENIED');
    expectSuccess(await open.call('authenticate_agent', { ...wrongType, agent_type: 'tester' }));
  });
});

it('live 24 hours after their last use, over a restart as well, with few writes', async () => {
  const first = await startTestHub({ now: () => at });
  const { folder } = first;
  const open = (of: TestHub) => openDoor(of, '2026', { key: AGENT_KEY, agent: 'lead', type: 'claude' });
  let door = await open(first);
  const auth_token = await tokenFor(door, 'lasting');
  const unused = await tokenFor(door, 'unused');
  const use = (token: string) => door.call('list_sessions', { auth_token: token });
  for (let day = 0; day < 3; day++) {
    at += 24 * HOUR - 1;
    expectSuccess(await use(auth_token), `day ${String(day)}`);
  }
  expect((await use(unused)).isError).toBe(true);
  const ends = (): unknown => {
    using rows = openRows(first);
    return JSON.stringify((rows.all()['handles'] as Args[]).map((row) => row['expires_at']));
  };
  // The hub writes the last use down aside, and is done with it when it has closed.
  await first.hub.close();
  await using second = await startTestHub({ now: () => at, folder });
  const stored = ends();
  door = await open(second);
  at += 59_000;
  for (let call = 0; call < 5; call++) expectSuccess(await use(auth_token));
  expect(ends()).toBe(stored);
  at += 24 * HOUR - 59_000 - 1;
  expectSuccess(await use(auth_token));
  await first[Symbol.asyncDispose]();
});
