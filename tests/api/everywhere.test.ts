/** An operator of all workspaces is one agent wherever it writes, and is taken for nobody else. */
import { expect, it } from 'vitest';
import { AGENT_KEY, startTestHub } from '../_util/test-hub.ts';

it('writes under an id that is its own in that workspace too', async () => {
  await using hub = await startTestHub();
  const star = await hub.makeKey('star', { workspace: '*', permissions: ['read', 'write', 'admin'] });
  const bob = await hub.connect('2025', { key: AGENT_KEY, agent: 'bob' });
  const { session_id } = (await bob.callTool('create_session', { purpose: 'Here' })).json;

  const second = await hub.connect('2026', { key: star, agent: 'BOB' });
  const refused = await second.callTool('add_message', {
    session_id,
    content: 'as bob',
    visibility: 'private',
  });
  expect(refused.json).toMatchObject({ code: 'PERMISSION_DENIED' });
  expect((await second.callTool('create_session', { purpose: 'as bob' })).json).toMatchObject({
    code: 'PERMISSION_DENIED',
  });

  const operator = await hub.connect('2026', { key: star, agent: 'operator' });
  expect((await operator.callTool('add_message', { session_id, content: 'hello' })).isError).toBe(false);
  await expect(hub.connect('2025', { key: AGENT_KEY, agent: 'operator' })).rejects.toThrow();
  for (const client of [bob, second, operator]) await client.close();
});

it("reads an agent's memory and completes its id", async () => {
  await using hub = await startTestHub();
  const star = await hub.makeKey('star', { workspace: '*', permissions: ['read', 'write', 'admin'] });
  const bob = await hub.connect('2025', { key: AGENT_KEY, agent: 'bob' });
  await bob.callTool('set_memory', { key: 'k', value: 1 });
  const operator = await hub.connect('2025', { key: star, agent: 'operator' });
  const read = await operator.client.readResource({ uri: 'agent://bob/memory' });
  expect(JSON.stringify(read)).toContain('\\"key\\":\\"k\\"');
  const { completion } = await operator.client.complete({
    ref: { type: 'ref/resource', uri: 'agent://{agent_id}/memory' },
    argument: { name: 'agent_id', value: 'b' },
  });
  expect(completion.values).toEqual(['bob']);
  for (const client of [bob, operator]) await client.close();
});
