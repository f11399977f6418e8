/** Pages of messages: what they tell of hidden parents, how they pass equal times, and how large they get. */
import { expect, it } from 'vitest';
import { expectSuccess, openDoor, type Door } from '../_util/scenario-doors.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub } from '../_util/test-hub.ts';

interface Message {
  readonly id: number;
  readonly content: string;
  readonly parent_message_id: number | null;
}
type Answer = Record<string, unknown>;

const ALL_TIMES = { start_time: '2020-01-01T00:00:00Z', end_time: '2100-01-01T00:00:00Z' };

async function post(door: Door, args: Answer): Promise<number> {
  return Number(expectSuccess(await door.call('add_message', args))['message_id']);
}

it('a parent is told only to those who see it', async () => {
  await using hub = await startTestHub();
  const open = (agent: string) => openDoor(hub, '2026', { key: AGENT_KEY, agent, type: `${agent}-type` });
  const [alice, bob, carol] = [await open('alice'), await open('bob'), await open('carol')];
  const { session_id } = expectSuccess(await alice.call('create_session', { purpose: 'Parents' }));
  await post(alice, { session_id, content: 'first' });
  await post(bob, { session_id, content: 'bob is here' });
  const hidden = await post(alice, { session_id, content: 'psst', visibility: 'private', to: ['bob'] });
  const reply = await post(bob, { session_id, content: 'indeed', parent_message_id: hidden });

  async function expectParent(door: Door, agent: string, of: number, parent: number | null): Promise<void> {
    for (const [tool, args] of [
      ['get_messages', { session_id }],
      ['get_messages', { session_id, thread_of: of }],
      ['get_session', { session_id }],
      ['search_by_sender', { sender: 'bob' }],
      ['search_by_sender', { sender: 'bob', session_id }],
      ['search_by_timerange', ALL_TIMES],
      ['search_by_timerange', { ...ALL_TIMES, session_id }],
    ] as const) {
      const { messages } = expectSuccess(await door.call(tool, args)) as { messages: Message[] };
      expect(messages.find(({ id }) => id === of)?.parent_message_id, `${agent} ${tool}`).toBe(parent);
    }
    const headers = { authorization: `Bearer ${AGENT_KEY}`, 'x-agent-id': agent };
    const response = await hub.request(`/api/v1/sessions/${String(session_id)}/messages`, { headers });
    const { messages } = (await response.json()) as { messages: Message[] };
    expect(messages.find(({ id }) => id === of)?.parent_message_id).toBe(parent);
  }
  await expectParent(alice, 'alice', reply, hidden);
  await expectParent(bob, 'bob', reply, hidden);
  await expectParent(carol, 'carol', reply, null);

  const open2 = await post(alice, { session_id, content: 'soon hidden' });
  const answer = await post(bob, { session_id, content: 'seen', parent_message_id: open2 });
  await expectParent(carol, 'carol', answer, open2);
  expectSuccess(await alice.call('set_message_visibility', { message_id: open2, visibility: 'private' }));
  await expectParent(alice, 'alice', answer, open2);
  await expectParent(carol, 'carol', answer, null);
});

it('a search by time passes messages of one time', async () => {
  await using hub = await startTestHub();
  const timestamp = '2024-05-06T07:08:09.123Z';
  const lines = ['a', 'b', 'c'].map((id) =>
    JSON.stringify({ id, session: 'old', timestamp, sender: 'zoe', content: id }),
  );
  const headers = { authorization: `Bearer ${ADMIN_KEY}`, 'x-agent-id': 'operator' };
  await hub.request('/api/v1/import', { method: 'POST', headers, body: lines.join('\n') });
  const door = await openDoor(hub, '2026', { key: AGENT_KEY, agent: 'alice', type: 'claude' });
  const seen: string[] = [];
  let next: Answer | undefined = {};
  for (let n = 0; next !== undefined && n < 10; n++) {
    const args: Answer = { start_time: timestamp, end_time: timestamp, limit: 1, ...next };
    const found: Answer = expectSuccess(await door.call('search_by_timerange', args));
    seen.push(...(found['messages'] as Message[]).map(({ content }) => content));
    next = found['continue_with'] as Answer | undefined;
  }
  expect(seen).toEqual(['a', 'b', 'c']);
});

it('the JSON API obeys MAX_RESPONSE_BYTES, and leads to the end', async () => {
  const MAX = 30_000;
  await using hub = await startTestHub({ env: { MAX_RESPONSE_BYTES: String(MAX) } });
  const door = await openDoor(hub, '2026', { key: AGENT_KEY, agent: 'alice', type: 'claude' });
  const sessions: string[] = [];
  for (let n = 0; n < 20; n++) {
    const purpose = `${n} ${'p'.repeat(1900)}`;
    sessions.push(String(expectSuccess(await door.call('create_session', { purpose }))['session_id']));
  }
  const session_id = sessions[0]!;
  const ids: number[] = [];
  for (let n = 0; n < 12; n++) ids.push(await post(door, { session_id, content: 'é'.repeat(n * 900 + 1) }));

  async function ask(path: string): Promise<Answer> {
    const headers = { authorization: `Bearer ${AGENT_KEY}`, 'x-agent-id': 'alice' };
    const text = await (await hub.request(`/api/v1/sessions${path}`, { headers })).text();
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX);
    return JSON.parse(text) as Answer;
  }
  const first = await ask(`/${session_id}/messages`);
  expect(first).toMatchObject({ has_more: true, truncated: true, total_count: ids.length });
  expect((first['messages'] as Message[]).at(-1)?.id).toBe(ids.at(-1));
  const seen: number[] = [];
  for (let more = true; more;) {
    const page = await ask(`/${session_id}/messages?after_id=${seen.at(-1) ?? 0}`);
    seen.push(...(page['messages'] as Message[]).map(({ id }) => id));
    more = page['has_more'] === true;
  }
  expect(seen).toEqual(ids);
  const listed: string[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const page: Answer = await ask(`?limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`);
    listed.push(...(page['sessions'] as { session_id: string }[]).map((session) => session.session_id));
    cursor = page['next_cursor'] as string | undefined;
  }
  expect(listed.sort()).toEqual(sessions.sort());
});

it('messages too large for one read are told of', async () => {
  await using hub = await startTestHub({ env: { MAX_RESPONSE_BYTES: '100000000' } });
  const door = await openDoor(hub, '2026', { key: AGENT_KEY, agent: 'alice', type: 'claude' });
  const { session_id } = expectSuccess(await door.call('create_session', { purpose: 'Large' }));
  for (let n = 0; n < 20; n++) await post(door, { session_id, content: '語'.repeat(30_000) });
  const of = { session_id, max_tokens: 200_000 };
  for (const [tool, args, more] of [
    ['get_messages', of, { has_more: true }],
    ['get_session', { ...of, include_messages: 50 }, {}],
    ['search_by_sender', { ...of, sender: 'alice' }, {}],
    ['search_by_timerange', { ...of, ...ALL_TIMES }, {}],
  ] as const) {
    const answer = expectSuccess(await door.call(tool, args));
    expect((answer['messages'] as Message[]).length, tool).toBe(16);
    expect(answer, tool).toMatchObject({ truncated: true, ...more });
    if (tool !== 'search_by_sender') expect(answer).toHaveProperty('continue_with');
  }
});
