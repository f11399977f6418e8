/** Messages by their ids, and threads, over the JSON API: as much of them as the caller sees. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openAudit } from '../_util/audit-rows.ts';
import { operatorOf } from '../_util/operator.ts';
import { expectSuccess, openDoor } from '../_util/scenario-doors.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

interface Page {
  readonly messages: readonly { readonly id: number; readonly content: string }[];
  readonly has_more: boolean;
  readonly total_count?: number;
}

let hub: TestHub;
let session: string;
/** Root, answer, whisper to ann, answer to the answer; and one that is in no thread. */
let ids: readonly number[];
let carols: string;
beforeAll(async () => {
  hub = await startTestHub();
  carols = await hub.makeKey('carols');
  const ann = await openDoor(hub, '2025', { key: AGENT_KEY, agent: 'ann', type: 'claude' });
  const bob = await openDoor(hub, '2026', { key: AGENT_KEY, agent: 'bob', type: 'codex' });
  session = expectSuccess(await ann.call('create_session', { purpose: 'Threads' }))['session_id'] as string;
  const post = async (door: typeof ann, args: object): Promise<number> =>
    expectSuccess(await door.call('add_message', { session_id: session, ...args }))['message_id'] as number;
  const root = await post(ann, { content: 'root', message_type: 'question' });
  const answer = await post(bob, { content: 'answer', parent_message_id: root });
  const whisper = await post(bob, {
    ...{ content: 'whisper', parent_message_id: root, visibility: 'private', to: ['ann'] },
  });
  const deeper = await post(ann, { content: 'deeper', parent_message_id: answer });
  ids = [root, answer, whisper, deeper, await post(ann, { content: 'alone', message_type: 'decision' })];
});
afterAll(() => hub[Symbol.asyncDispose]());
const { done, refused } = operatorOf(() => hub);

const contents = ({ messages }: Page): string[] => messages.map(({ content }) => content);
const messageOf = (n: number, key?: string, query = '') =>
  done<{ message: { id: number; content: string }; thread: Page }>(
    ...(['GET', `messages/${String(ids[n])}${query}`, undefined] as const),
    key,
  );

it('shows a message with the beginning of its thread', async () => {
  const { message, thread } = await messageOf(3);
  expect(message).toMatchObject({ id: ids[3], content: 'deeper', parent_message_id: ids[1] });
  expect(contents(thread)).toEqual(['root', 'answer', 'whisper', 'deeper']);
  expect(thread.has_more).toBe(false);
  const first = await messageOf(3, ADMIN_KEY, '?limit=2');
  expect(first.message.content).toBe('deeper');
  expect(contents(first.thread)).toEqual(['root', 'answer']);
  expect(first.thread.has_more).toBe(true);
});

it('shows a message of no thread as its own', async () => {
  expect(contents((await messageOf(4)).thread)).toEqual(['alone']);
});

it('leaves out what the caller does not see, and says of it what it says of nothing', async () => {
  expect(contents((await messageOf(0, carols)).thread)).toEqual(['root', 'answer', 'deeper']);
  const hidden = await refused(404, 'GET', `messages/${String(ids[2])}`, undefined, carols);
  const nothing = await refused(404, 'GET', 'messages/999999', undefined, carols);
  expect(hidden.code).toBe('MESSAGE_NOT_FOUND');
  expect(hidden.error.replace(String(ids[2]), '§')).toBe(nothing.error.replace('999999', '§'));
  await refused(404, 'GET', `messages/${String(ids[2])}/thread`, undefined, carols);
});

it('goes through a thread page by page, in both directions', async () => {
  const path = `messages/${String(ids[2])}/thread`;
  const forward: string[] = [];
  for (let page: Page | undefined, after = 0; page?.has_more !== false;) {
    page = await done<Page>('GET', `${path}?limit=3&after_id=${after}`);
    forward.push(...contents(page));
    after = page.messages.at(-1)?.id ?? 0;
  }
  expect(forward).toEqual(['root', 'answer', 'whisper', 'deeper']);
  const newest = await done<Page>('GET', `${path}?limit=3`);
  expect(contents(newest)).toEqual(['answer', 'whisper', 'deeper']);
  const before = `before_id=${String(newest.messages[0]?.id)}`;
  expect(await done('GET', `${path}?limit=3&${before}`)).toMatchObject({
    messages: [{ content: 'root' }],
    has_more: false,
  });
  expect(await refused(400, 'GET', `${path}?after_id=1&${before}`)).toMatchObject({
    context: { field: 'before_id' },
  });
});

it.each([
  ['sender=bob', ['answer', 'whisper']],
  ['message_type=decision', ['alone']],
  ['visibility=private', ['whisper']],
  ['sender=ann&message_type=question', ['root']],
  ['sender=nobody', []],
])('filters the messages of a session by %s', async (query, expected) => {
  const page = await done<Page>('GET', `sessions/${session}/messages?${query}`);
  expect(contents(page)).toEqual(expected);
  expect(page).not.toHaveProperty('total_count');
});

it("leaves one audit row where an operator is shown others' messages", async () => {
  using audit = openAudit(hub);
  const rows = await audit.of(() => messageOf(2));
  expect(rows.filter(({ event_type }) => event_type === 'admin.read')).toMatchObject([
    {
      action: 'GET /api/v1/messages/:message_id',
      session_id: session,
      details: { count: 1, first_id: ids[2], last_id: ids[2] },
    },
  ]);
  const alone = await audit.of(() => messageOf(2, ADMIN_KEY, '?limit=1'));
  expect(alone.filter(({ event_type }) => event_type === 'admin.read')).toHaveLength(1);
});

it('tells an agent who is there, and how to work', async () => {
  const { agents } = await done<{ agents: { agent_id: string; unread: number }[] }>(
    ...(['GET', `presence?session_id=${session}`, undefined, carols] as const),
  );
  expect(agents.map(({ agent_id }) => agent_id)).toEqual(expect.arrayContaining(['ann', 'bob']));
  expect(await done('GET', 'guidance?guidance_type=security', undefined, carols)).toMatchObject({
    access_level: 'write',
  });
});

it.each([
  ['POST', 'sessions?purpose=x', undefined, 'purpose'],
  ['POST', 'sessions?nonsense=1', { purpose: 'x' }, 'nonsense'],
  ['POST', 'search/reindex', { nonsense: 1 }, 'nonsense'],
  ['GET', 'sessions?is_active=maybe', undefined, 'is_active'],
  ['GET', 'openapi.json?nonsense=1', undefined, 'nonsense'],
  ['GET', 'docs?nonsense=1', undefined, 'nonsense'],
  ['POST', 'import?nonsense=1', {}, 'nonsense'],
] as const)('%s %s is refused by the name of what is wrong', async (method, path, body, field) => {
  expect(await refused(400, method, path, body)).toMatchObject({ context: { field } });
});
