/** An operator of all workspaces has agents of its own: with an id that is another's in a workspace it is not that agent. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openAudit, type AuditRows } from '../_util/audit-rows.ts';
import { expectError, expectSuccess, openDoor, type Door } from '../_util/scenario-doors.ts';
import { AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

let hub: TestHub;
let audit: AuditRows;
let operator: Door;
let sessionId: string;
let secret: number;

const alice = { agent: 'alice', type: 'claude' };

beforeAll(async () => {
  hub = await startTestHub();
  audit = openAudit(hub);
  const key = await hub.makeKey('operator', { workspace: '*', permissions: ['read', 'write', 'admin'] });
  operator = await openDoor(hub, '2026', { key, ...alice });
});
afterAll(async () => {
  audit[Symbol.dispose]();
  await hub[Symbol.asyncDispose]();
});
beforeEach(async () => {
  const door = await openDoor(hub, '2026', { key: AGENT_KEY, ...alice });
  sessionId = String(expectSuccess(await door.call('create_session', { purpose: 'p' }))['session_id']);
  const post = async (visibility: string): Promise<number> =>
    Number(
      expectSuccess(
        await door.call('add_message', { session_id: sessionId, content: visibility, visibility }),
      )['message_id'],
    );
  await post('public');
  await post('agent_only');
  secret = await post('private');
});

const contentsOf = (answer: Record<string, unknown>): string[] =>
  (answer['messages'] as { content: string }[]).map(({ content }) => content);

it('leaves an audit row when it is shown what is private to the agent of its name', async () => {
  let shown: string[] = [];
  const rows = await audit.of(async () => {
    shown = contentsOf(expectSuccess(await operator.call('get_messages', { session_id: sessionId })));
  });
  expect(shown).toEqual(['public', 'agent_only', 'private']);
  const reads = rows.filter(({ event_type }) => event_type === 'admin.read');
  expect(reads.map(({ details }) => details['count'])).toEqual([2]);
});

describe('without the permission admin', () => {
  let handle: string;
  beforeEach(async () => {
    const asked = await operator.call('authenticate_agent', { agent_id: 'alice', agent_type: 'claude' });
    handle = String(expectSuccess(asked)['token']);
  });
  const call = (tool: string, args: Record<string, unknown>) =>
    operator.call(tool, { ...args, auth_token: handle });

  it('sees what is public', async () => {
    const answer = expectSuccess(await call('get_messages', { session_id: sessionId }));
    expect(contentsOf(answer)).toEqual(['public']);
  });

  it('changes nothing that belongs to the agent of its name', async () => {
    expectError(
      await call('set_message_visibility', { message_id: secret, visibility: 'public' }),
      'MESSAGE_NOT_FOUND',
    );
    const { messages } = expectSuccess(await call('get_messages', { session_id: sessionId }));
    const [open] = messages as { id: number }[];
    expectError(
      await call('set_message_visibility', { message_id: open?.id, visibility: 'private' }),
      'PERMISSION_DENIED',
    );
    expectError(await call('update_session', { session_id: sessionId, purpose: 'q' }), 'PERMISSION_DENIED');
  });

  it('stores no shared memory in the name of another', async () => {
    const entry = { key: 'k', value: 1, scope: 'shared', session_id: sessionId };
    expectError(await call('set_memory', entry), 'PERMISSION_DENIED');
  });
});
