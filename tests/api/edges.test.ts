/** The same limits from inside: what just fits is stored as it came; what a closed session and a recipient list allow. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectError, expectSuccess, openDoor, type Door } from '../_util/scenario-doors.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

let hub: TestHub;
let alice: Door;
let bob: Door;
let admin: Door;
let session_id: string;

beforeAll(async () => {
  hub = await startTestHub();
  alice = await openDoor(hub, '2025', { key: AGENT_KEY, agent: 'alice', type: 'claude' });
  bob = await openDoor(hub, '2026', { key: await hub.makeKey('bobs'), agent: 'bob', type: 'codex' });
  admin = await openDoor(hub, '2026', { key: ADMIN_KEY, agent: 'operator', type: 'operator' });
  session_id = String(expectSuccess(await alice.call('create_session', { purpose: 'Edges' }))['session_id']);
});
afterAll(() => hub[Symbol.asyncDispose]());

interface Message {
  readonly id: number;
  readonly content: string;
  readonly to: readonly string[];
  readonly metadata: unknown;
  readonly visibility: string;
}

async function stored(door: Door, id: number): Promise<Message> {
  const answer = await door.call('get_messages', {
    session_id,
    after_id: id - 1,
    limit: 1,
    max_tokens: 200_000,
  });
  return (expectSuccess(answer)['messages'] as Message[])[0]!;
}

async function post(door: Door, args: Record<string, unknown>): Promise<number> {
  return Number(expectSuccess(await door.call('add_message', { session_id, ...args }))['message_id']);
}

/** JSON of exactly this many bytes. */
const metadataOf = (bytes: number) => ({ text: `${'é'.repeat((bytes - 12) / 2)}x` });

it.each([
  ['100,000 characters', 'x'.repeat(100_000)],
  ['100,000 UTF-16 units', '😀'.repeat(50_000)],
  ['white space around', '  indented\n\n'],
  ['control characters', 'a\u0000b\u001b[31mc\u007f\u2028'],
  ['text that looks like markup', '</script><b>"&amp;\\u0000'],
])('content of %s is stored as it came', async (_what, content) => {
  const id = await post(alice, { content });
  expect(await stored(bob, id)).toMatchObject({ id, content });
});

it('half a character in content becomes the replacement character', async () => {
  expect((await stored(bob, await post(alice, { content: 'a\ud800b' }))).content).toBe('a\ufffdb');
});

it('metadata of exactly its bytes is stored as it came', async () => {
  const metadata = metadataOf(10_000);
  expect(Buffer.byteLength(JSON.stringify(metadata))).toBe(10_000);
  expect((await stored(bob, await post(alice, { content: 'c', metadata }))).metadata).toEqual(metadata);
  const odd = {
    a: null,
    b: [{}, [], ''],
    'key with spaces': { deep: [1.5, -0.1, 1e21] },
    '': '\u0000',
    half: '\udc00',
  };
  const hostile = JSON.parse('{"__proto__":{"admin":true},"constructor":1,"toString":2}') as object;
  for (const value of [odd, hostile, {}]) {
    const { metadata: back } = await stored(bob, await post(alice, { content: 'c', metadata: value }));
    expect(JSON.stringify(back)).toBe(JSON.stringify(value));
  }
});

it('a purpose and a key of their full length are taken', async () => {
  const purpose = 'ü'.repeat(2000);
  const opened = expectSuccess(await alice.call('create_session', { purpose }));
  const { session } = expectSuccess(await bob.call('get_session', { session_id: opened['session_id'] }));
  expect(session).toMatchObject({ purpose, message_count: 0, last_message_at: null, participants: [] });
  const key = '鍵'.repeat(255);
  expectSuccess(await alice.call('set_memory', { key, value: 1 }));
  expect(expectSuccess(await alice.call('get_memory', { key }))['key']).toBe(key);
});

it('names unknown recipients of a message that everybody sees, and keeps them', async () => {
  for (const visibility of ['public', 'agent_only']) {
    const args = {
      session_id,
      content: 'hello',
      visibility,
      to: ['BOB', 'nobody', 'type:any', 'nobody', 'Nowhere'],
    };
    const answer = expectSuccess(await alice.call('add_message', args));
    expect(answer['unknown_recipients']).toEqual(['nobody', 'Nowhere']);
    expect((await stored(alice, Number(answer['message_id']))).to).toEqual([
      'bob',
      'nobody',
      'type:any',
      'Nowhere',
    ]);
  }
  expect(
    expectSuccess(await alice.call('add_message', { session_id, content: 'c', to: ['bob'] })),
  ).not.toHaveProperty('unknown_recipients');
});

it('whoever is addressed twice sees a message once, and a type reaches those who come later', async () => {
  const opened = expectSuccess(await alice.call('create_session', { purpose: 'Twice' }));
  const of = { session_id: opened['session_id'] };
  const to = ['bob', 'BOB', 'type:codex', 'type:Codex', 'type:claude', 'alice', 'type:late'];
  expectSuccess(await alice.call('add_message', { ...of, content: 'c', visibility: 'private', to }));
  const late = await openDoor(hub, '2026', { key: AGENT_KEY, agent: 'latecomer', type: 'LATE' });
  const others = await openDoor(hub, '2026', { key: AGENT_KEY, agent: 'unaddressed', type: 'later' });
  for (const door of [alice, bob, admin, late]) {
    expect(expectSuccess(await door.call('get_messages', of))).toMatchObject({ count: 1, total_count: 1 });
    expect(expectSuccess(await door.call('get_session', of))).toMatchObject({ message_count: 1 });
    expect(expectSuccess(await door.call('search_by_sender', { ...of, sender: 'alice' }))['count']).toBe(1);
  }
  expect(expectSuccess(await others.call('get_session', of))).toMatchObject({
    message_count: 0,
    participants: [],
  });
});

it('a closed session refuses new messages, and all else goes on', async () => {
  const args = {
    session_id: expectSuccess(
      await alice.call('create_session', { purpose: 'To close', first_message: 'a' }),
    )['session_id'],
  };
  const shut = expectSuccess(await alice.call('update_session', { ...args, is_active: false }));
  expect(shut['session']).toMatchObject({ is_active: false, purpose: 'To close', message_count: 1 });
  for (const door of [alice, bob, admin])
    expectError(await door.call('add_message', { ...args, content: 'c' }), 'SESSION_CLOSED');
  const [message] = expectSuccess(await bob.call('get_messages', args))['messages'] as Message[];
  expectSuccess(
    await alice.call('set_message_visibility', { message_id: message!.id, visibility: 'private' }),
  );
  expect(expectSuccess(await bob.call('get_messages', args))).toMatchObject({ count: 0, total_count: 0 });
  expectSuccess(await bob.call('set_memory', { ...args, key: 'k', value: 1 }));
  expectSuccess(
    await alice.call('update_session', { ...args, purpose: 'Closed', metadata: { why: 'done' } }),
  );
  const listed = async (is_active: boolean): Promise<unknown[]> =>
    (
      expectSuccess(await bob.call('list_sessions', { is_active }))['sessions'] as { session_id: string }[]
    ).map((s) => s.session_id);
  expect(await listed(false)).toEqual([args.session_id]);
  expect(await listed(true)).not.toContain(args.session_id);
  expectSuccess(await alice.call('update_session', { ...args, is_active: true }));
  expectSuccess(await bob.call('add_message', { ...args, content: 'again' }));
});

it('an update changes what it names and nothing else', async () => {
  const opened = expectSuccess(await alice.call('create_session', { purpose: 'Before', metadata: { a: 1 } }));
  const of = { session_id: opened['session_id'] };
  const change = async (args: object): Promise<unknown> =>
    expectSuccess(await alice.call('update_session', { ...of, ...args }))['session'];
  expect(await change({})).toMatchObject({ purpose: 'Before', metadata: { a: 1 }, is_active: true });
  expect(await change({ metadata: { b: 2 } })).toMatchObject({ purpose: 'Before', metadata: { b: 2 } });
  expect(await change({ purpose: 'After' })).toMatchObject({
    purpose: 'After',
    metadata: { b: 2 },
    created_by: 'alice',
  });
  expect(await change({ metadata: {} })).toMatchObject({ purpose: 'After', metadata: {} });
});

it('a change of visibility moves a message and every figure with it', async () => {
  const opened = expectSuccess(
    await alice.call('create_session', { purpose: 'Moves', first_message: 'stays' }),
  );
  const of = { session_id: String(opened['session_id']) };
  const args = { ...of, content: 'moves', to: ['bob'] };
  const message_id = Number(expectSuccess(await alice.call('add_message', args))['message_id']);
  const clara = await openDoor(hub, '2025', { key: AGENT_KEY, agent: 'clara', type: 'claude' });
  const dora = await openDoor(hub, '2025', { key: AGENT_KEY, agent: 'dora', type: 'gemini' });
  const seers = { alice, bob, clara, dora, admin };
  const expected = {
    private: ['alice', 'bob', 'admin'],
    agent_only: ['alice', 'clara', 'admin'],
    public: Object.keys(seers),
    admin_only: ['admin'],
  };
  for (const visibility of ['private', 'agent_only', 'public', 'admin_only', 'private', 'public'] as const) {
    const door = visibility === 'admin_only' ? admin : alice;
    const moved = expectSuccess(
      await (door === alice && visibility === 'private' ? admin : door).call('set_message_visibility', {
        message_id,
        visibility,
      }),
    );
    expect(moved['message']).toMatchObject({
      id: message_id,
      sender: 'alice',
      content: 'moves',
      visibility,
      to: ['bob'],
    });
    for (const [name, seer] of Object.entries(seers)) {
      const sees = expected[visibility].includes(name);
      const page = expectSuccess(await seer.call('get_messages', of));
      expect(page, `${name} ${visibility}`).toMatchObject({ count: sees ? 2 : 1, total_count: sees ? 2 : 1 });
      const found = expectSuccess(await seer.call('search_by_sender', { ...of, sender: 'alice' }));
      expect(found['count'], name).toBe(sees ? 2 : 1);
      const { session } = expectSuccess(await seer.call('get_session', of)) as {
        session: Record<string, unknown>;
      };
      expect(session, name).toMatchObject({ message_count: sees ? 2 : 1, participants: ['alice'] });
    }
  }
});
