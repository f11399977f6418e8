/** Reading a long session page by page: each message exactly once, in order, with every filter, both ways. */
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERAS, expectSuccess, openDoor, type Door } from '../_util/scenario-doors.ts';
import { follow, gather, postMany } from '../_util/scenario-paging.ts';
import { AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

type Args = Record<string, unknown>;

interface Message {
  readonly id: number;
  readonly sender: string;
  readonly message_type: string;
  readonly visibility: string;
  readonly timestamp: string;
  readonly parent_message_id: number | null;
}

const TOTAL = 250;
const TYPES = ['message', 'question', 'finding'] as const;
const SENDERS = ['Code_Agent', 'code-agent2', 'bob'] as const;

let hub: TestHub;
let reader: Record<string, Door>;
let session_id: string;
/** All that the reader sees. */
let all: Message[];

beforeAll(async () => {
  hub = await startTestHub();
  const doors = await Promise.all(
    SENDERS.map((agent) => openDoor(hub, '2026', { key: AGENT_KEY, agent, type: agent })),
  );
  const open = (era: '2025' | '2026') => openDoor(hub, era, { key: AGENT_KEY, agent: 'reader', type: 'bob' });
  reader = { '2025': await open('2025'), '2026': await open('2026') };
  session_id = String(
    expectSuccess(await doors[0]!.call('create_session', { purpose: 'Long' }))['session_id'],
  );
  const visibilities = ['public', 'public', 'agent_only', 'public', 'private'] as const;
  const ids = await postMany(doors, TOTAL + 120, (index) => ({
    ...{ session_id, content: `message ${index}`, message_type: TYPES[index % TYPES.length] },
    visibility: visibilities[index % visibilities.length],
    ...(index % 10 === 4 ? { to: ['reader'] } : {}),
  }));
  expect(new Set(ids).size).toBe(TOTAL + 120);
  const page = expectSuccess(
    await reader['2025']!.call('get_messages', { session_id, limit: 1000, max_tokens: 200_000 }),
  );
  all = page['messages'] as Message[];
});
afterAll(() => hub[Symbol.asyncDispose]());

it('sees more than 250 messages of all kinds', () => {
  expect(all.length).toBeGreaterThan(TOTAL);
  expect(new Set(all.map(({ visibility }) => visibility))).toEqual(
    new Set(['public', 'agent_only', 'private']),
  );
  expect(all.map(({ id }) => id)).toEqual([...new Set(all.map(({ id }) => id))].sort((a, b) => a - b));
});

const SPELLINGS = ['Code_Agent', 'code-agent', 'CODE AGENT', ' code  agent ', 'codeagent'];
const byCode = ({ sender }: Message): boolean => sender === 'Code_Agent';

interface Filter {
  readonly args: Args;
  readonly keep: (message: Message) => boolean;
}

const FILTERS: readonly Filter[] = [
  { args: {}, keep: () => true },
  ...SPELLINGS.map((sender) => ({ args: { sender }, keep: byCode })),
  { args: { sender: 'nobody' }, keep: () => false },
  ...TYPES.map((type) => ({ args: { message_type: type }, keep: (m: Message) => m.message_type === type })),
  ...['public', 'private', 'agent_only', 'admin_only'].map((visibility) => ({
    args: { visibility_filter: visibility },
    keep: (m: Message) => m.visibility === visibility,
  })),
  {
    args: { sender: 'BOB', message_type: 'question', visibility_filter: 'public' },
    keep: (m) => m.sender === 'bob' && m.message_type === 'question' && m.visibility === 'public',
  },
];

describe.each(ERAS)('in era %s', (era) => {
  it.each(FILTERS)('filter $args: every page forward and back has what it should', async ({ args, keep }) => {
    const expected = all.filter(keep);
    for (const limit of [1000, 50, 7, Math.max(expected.length, 1)]) {
      const of = { session_id, limit, ...args };
      const forward = await follow(reader[era]!, 'get_messages', { ...of, after_id: 0 });
      expect(gather<Message>(forward, 'messages')).toEqual(expected);
      const back = await follow(reader[era]!, 'get_messages', of);
      expect(gather<Message>(back.reverse(), 'messages')).toEqual(expected);
      const pages = Math.max(Math.ceil(expected.length / limit), 1);
      expect([forward.length, back.length]).toEqual([pages, pages]);
      for (const [index, { answer }] of forward.entries()) {
        const last = index === forward.length - 1;
        expect(answer['has_more']).toBe(!last);
        expect(answer['count']).toBe(last ? expected.length - index * limit : limit);
        expect(answer['total_count']).toBe(Object.keys(args).length === 0 ? all.length : undefined);
      }
    }
  });
});

it('begins between two messages as well', async () => {
  const middle = all[100]!.id;
  const page = (args: Args) => reader['2025']!.call('get_messages', { session_id, limit: 3, ...args });
  const after = expectSuccess(await page({ after_id: middle }))['messages'] as Message[];
  expect(after).toEqual(all.slice(101, 104));
  const before = expectSuccess(await page({ before_id: middle }))['messages'] as Message[];
  expect(before).toEqual(all.slice(97, 100));
  expect(expectSuccess(await page({ after_id: Number.MAX_SAFE_INTEGER }))).toMatchObject({
    count: 0,
    has_more: false,
  });
  expect(expectSuccess(await page({ before_id: 1 }))).toMatchObject({ count: 0, has_more: false });
});

it('a reader that follows while many post sees everything once, in order', async () => {
  const doors = await Promise.all(
    ['p1', 'p2', 'p3', 'p4'].map((agent) => openDoor(hub, '2026', { key: AGENT_KEY, agent, type: agent })),
  );
  const opened = expectSuccess(await doors[0]!.call('create_session', { purpose: 'Live' }));
  const of = { session_id: opened['session_id'] };
  const state = { posting: true };
  const posted = postMany(doors, 400, (n) => ({
    ...{ ...of, content: `${n}` },
    ...(n % 3 === 0 ? { visibility: 'private', to: n % 2 === 0 ? ['reader'] : [] } : {}),
  })).finally(() => {
    state.posting = false;
  });
  const seen: number[] = [];
  for (let more = true; more;) {
    const last = !state.posting;
    const args = { ...of, after_id: seen.at(-1) ?? 0, limit: 30 };
    const page = expectSuccess(await reader['2025']!.call('get_messages', args));
    seen.push(...(page['messages'] as Message[]).map(({ id }) => id));
    more = !last || page['has_more'] === true;
    // Without a socket in between, nothing else would get its turn.
    await setImmediate();
  }
  const ids = await posted;
  const everything = expectSuccess(
    await reader['2026']!.call('get_messages', { ...of, limit: 1000, max_tokens: 200_000 }),
  );
  expect(seen).toEqual((everything['messages'] as Message[]).map(({ id }) => id));
  expect(seen).toHaveLength(ids.length - Math.floor(134 / 2));
});

it('a thread is the same whichever of its messages is named', async () => {
  const alice = await openDoor(hub, '2025', { key: AGENT_KEY, agent: 'alice', type: 'alice' });
  const post = async (door: Door, args: Args): Promise<number> =>
    Number(
      expectSuccess(await door.call('add_message', { session_id, content: 'thread', ...args }))['message_id'],
    );
  const root = await post(alice, { message_type: 'question' });
  const replies = [];
  let parent_message_id = root;
  for (let depth = 0; depth < 12; depth++) {
    await post(alice, { content: 'in between' });
    const reply = await post(depth % 2 === 0 ? reader['2026']! : alice, {
      ...{ parent_message_id, message_type: 'answer' },
      ...(depth === 5 ? { visibility: 'private' } : {}),
    });
    replies.push(reply);
    if (depth !== 5) parent_message_id = reply;
  }
  replies.push(await post(alice, { parent_message_id: root }));
  const hidden = replies[5];
  for (const door of [alice, reader['2025']!]) {
    const expected = [root, ...replies].filter((id) => door === alice || id !== hidden);
    for (const thread_of of [root, replies[0]!, replies[4]!, replies.at(-1)!]) {
      for (const limit of [50, 5]) {
        const of = { session_id, thread_of, limit };
        const forward = await follow(door, 'get_messages', { ...of, after_id: 0 });
        expect(gather<Message>(forward, 'messages').map(({ id }) => id)).toEqual(expected);
        const back = await follow(door, 'get_messages', of);
        expect(gather<Message>(back.reverse(), 'messages').map(({ id }) => id)).toEqual(expected);
      }
    }
    const of = { session_id, thread_of: root, message_type: 'answer', sender: 'Reader' };
    const answers = expectSuccess(await door.call('get_messages', of))['messages'] as Message[];
    expect(answers.map(({ id }) => id)).toEqual(replies.filter((_, index) => index % 2 === 0 && index < 12));
  }
});

it('searches count what they find: newest first by sender, oldest first by time', async () => {
  const door = reader['2026']!;
  const found = async (tool: string, args: Args): Promise<Message[]> =>
    expectSuccess(await door.call(tool, { max_tokens: 200_000, limit: 1000, ...args }))[
      'messages'
    ] as Message[];
  for (const sender of SPELLINGS) {
    const expected = all.filter(byCode).reverse();
    expect(await found('search_by_sender', { sender, session_id })).toEqual(expected);
    expect(await found('search_by_sender', { sender })).toEqual(expected);
    expect(await found('search_by_sender', { sender, limit: 5 })).toEqual(expected.slice(0, 5));
  }
  const [first, last] = [all[40]!, all[90]!];
  const range = { start_time: first.timestamp, end_time: last.timestamp.replace('Z', '+00:00') };
  const within = all.filter(({ timestamp }) => timestamp >= first.timestamp && timestamp <= last.timestamp);
  const byTime = (a: Message, b: Message): number => a.timestamp.localeCompare(b.timestamp) || a.id - b.id;
  for (const args of [range, { ...range, session_id }]) {
    expect(await found('search_by_timerange', args)).toEqual(within.sort(byTime));
  }
});

it('a search by sender over all sessions finds the newest of what is seen, also after messages were hidden', async () => {
  const poster = await openDoor(hub, '2026', { key: AGENT_KEY, agent: 'poster', type: 'poster' });
  const sessions: string[] = [];
  for (let n = 0; n < 6; n++) {
    sessions.push(
      String(expectSuccess(await poster.call('create_session', { purpose: `Of ${n}` }))['session_id']),
    );
  }
  const ids: number[] = [];
  for (let n = 0; n < 60; n++) {
    const args = { session_id: sessions[(n * n + (n % 5)) % 6], content: `${n}` };
    const hidden = n % 4 === 0 ? { visibility: 'private', to: n % 8 === 0 ? ['reader'] : [] } : {};
    ids.push(Number(expectSuccess(await poster.call('add_message', { ...args, ...hidden }))['message_id']));
  }
  const change = async (visibility: string, indexes: number[]): Promise<void> => {
    for (const n of indexes) {
      expectSuccess(await poster.call('set_message_visibility', { message_id: ids[n], visibility }));
    }
  };
  await change('private', [59, 58, 57, 30, 5]);
  await change('public', [4, 56, 57]);
  for (const door of [poster, reader['2025']!]) {
    const pages = await Promise.all(
      sessions.map((session_id) => door.call('get_messages', { session_id, limit: 1000 })),
    );
    const seen = pages.flatMap((page) => expectSuccess(page)['messages'] as Message[]);
    const newest = seen.map(({ id }) => id).sort((a, b) => b - a);
    expect(newest.length).toBe(door === poster ? 60 : 60 - 7 - 5 + 2);
    for (const limit of [1, 2, 3, 7, 20, 59, 1000]) {
      const found = expectSuccess(await door.call('search_by_sender', { sender: 'POSTER', limit }));
      expect((found['messages'] as Message[]).map(({ id }) => id)).toEqual(newest.slice(0, limit));
    }
  }
});
