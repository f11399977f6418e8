/** Imported messages: their senders are labels that belong to nobody, whatever agent has the same name. */
import { expect, it } from 'vitest';
import { expectError, expectSuccess, openDoor } from '../_util/scenario-doors.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub } from '../_util/test-hub.ts';

const line = (id: string, more: object): string =>
  JSON.stringify({
    id,
    session: 'old',
    timestamp: '2024-05-06T07:08:09.123Z',
    sender: 'alice',
    content: id,
    ...more,
  });

const LINES = [
  line('hello', { to: 'bob' }),
  line('for bob', { visibility: 'private', to: ['bob'] }),
  line('for kin', { visibility: 'agent_only' }),
  line('from a person', { sender: 'Zoë Müller (PM)', parent: 'hello' }),
];

it('are public or for operators, and an agent named like a sender owns none', async () => {
  await using hub = await startTestHub();
  const alice = await openDoor(hub, '2025', { key: AGENT_KEY, agent: 'alice', type: 'imported' });
  const bob = await openDoor(hub, '2026', { key: AGENT_KEY, agent: 'bob', type: 'codex' });
  const admin = await openDoor(hub, '2026', { key: ADMIN_KEY, agent: 'operator', type: 'operator' });
  const headers = { authorization: `Bearer ${ADMIN_KEY}`, 'x-agent-id': 'operator' };
  const send = (credentials: Record<string, string>): Promise<Response> =>
    hub.request('/api/v1/import', { method: 'POST', headers: credentials, body: LINES.join('\n') });
  expect((await send({ authorization: `Bearer ${AGENT_KEY}` })).status).toBe(403);
  expect(await (await send(headers)).json()).toMatchObject({ imported: 4, failed: 0, sessions: 1 });
  expect(await (await send(headers)).json()).toMatchObject({ imported: 0, already_there: 4 });

  const { sessions } = expectSuccess(await bob.call('list_sessions')) as {
    sessions: { session_id: string }[];
  };
  const { session_id } = sessions[0]!;
  for (const door of [alice, bob]) {
    const page = expectSuccess(await door.call('get_messages', { session_id }));
    expect(page).toMatchObject({ count: 2, total_count: 2, has_more: false });
    const [hello, reply] = page['messages'] as { id: number }[];
    expect(hello).toMatchObject({
      content: 'hello',
      sender: 'alice',
      imported: true,
      timestamp: '2024-05-06T07:08:09.123Z',
    });
    expect(reply).toMatchObject({ sender: 'Zoë Müller (PM)', imported: true, parent_message_id: hello!.id });
    const args = { message_id: hello!.id, visibility: 'private' };
    expectError(await door.call('set_message_visibility', args), 'PERMISSION_DENIED');
    const { session } = expectSuccess(await door.call('get_session', { session_id }));
    expect(session).toMatchObject({ message_count: 2, created_by: 'operator' });
    expectError(await door.call('update_session', { session_id, purpose: 'mine' }), 'PERMISSION_DENIED');
    expect(expectSuccess(await door.call('search_by_sender', { sender: 'zoë müller (pm)' }))['count']).toBe(
      1,
    );
  }
  expect(expectSuccess(await admin.call('get_messages', { session_id }))).toMatchObject({
    count: 4,
    total_count: 4,
  });
  expectSuccess(await alice.call('add_message', { session_id, content: 'I am another alice' }));
  const found = expectSuccess(await bob.call('search_by_sender', { sender: 'Alice' }))[
    'messages'
  ] as object[];
  expect(found.map((message) => 'imported' in message)).toEqual([false, true]);
});
