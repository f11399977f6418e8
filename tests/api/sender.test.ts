/** Whoever opened a session is the one who speaks in it, and nobody can speak in another's name. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TOOLS } from '../../src/mcp/tools/index.ts';
import { GOOD_CALLS, setStage } from '../_util/scenario-calls.ts';
import { expectError, expectSuccess, openDoor } from '../_util/scenario-doors.ts';
import { openSession, post } from '../_util/scenario-raw.ts';
import { AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub[Symbol.asyncDispose]());

it('an MCP session belongs to the key and the agent that opened it', async () => {
  const [mine, yours] = [await hub.makeKey('mine'), await hub.makeKey('yours')];
  const headers = await openSession(hub, { authorization: `Bearer ${mine}`, 'x-agent-id': 'me' });
  const ask = (change: Record<string, string>) =>
    post(hub, '2025', { method: 'tools/list', headers: { ...headers, ...change } });
  expect((await ask({})).status).toBe(200);
  expect((await ask({ 'x-agent-id': 'ME' })).status).toBe(200);
  expect((await ask({ 'x-agent-id': 'me2' })).status).toBe(404);
  expect((await ask({ authorization: `Bearer ${yours}` })).status).toBe(404);
  expect((await ask({ authorization: `Bearer ${yours}`, 'x-agent-id': 'you' })).status).toBe(404);
});

it('no parameter of any tool sets the sender', async () => {
  const door = await openDoor(hub, '2026', { key: AGENT_KEY, agent: 'forger', type: 'claude' });
  const stage = await setStage(door);
  const forged = [
    'sender',
    'from',
    'agent_id',
    'agent',
    'created_by',
    'updated_by',
    'sender_type',
    'agent_type',
    'workspace',
    'imported',
    'timestamp',
    'id',
  ];
  for (const { name, input } of TOOLS) {
    const [good] = GOOD_CALLS[name]!(stage);
    for (const parameter of forged.filter((word) => !(word in input.shape))) {
      const answer = await door.call(name, { ...good, [parameter]: 'alice' });
      expect(expectError(answer, 'INVALID_INPUT', name).context).toMatchObject({ field: parameter });
    }
  }
  const metadata = { sender: 'alice', sender_type: 'operator', imported: true };
  const args = { session_id: stage.sessionId, content: '{"sender":"alice"}', metadata };
  const { message_id } = expectSuccess(await door.call('add_message', args));
  const { messages } = expectSuccess(
    await door.call('get_messages', { session_id: stage.sessionId, limit: 1 }),
  );
  const [message] = messages as Record<string, unknown>[];
  expect(message).toMatchObject({ id: message_id, sender: 'forger', sender_type: 'claude', metadata });
  expect(message).not.toHaveProperty('imported');
});
