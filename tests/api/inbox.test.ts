/** Unread messages beside every answer: who has some is told of them in whatever it calls, until it acknowledges them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AGENT_KEY, startTestHub, type AnyClient, type TestHub } from '../_util/test-hub.ts';

let hub: TestHub;
let ann: AnyClient;
let bob: AnyClient;
let session_id: string;

beforeAll(async () => {
  hub = await startTestHub();
  ann = await hub.connect('2025', { key: AGENT_KEY, agent: 'ann', type: 'coder' });
  bob = await hub.connect('2026', { key: AGENT_KEY, agent: 'Bob', type: 'tester' });
  session_id = String((await ann.callTool('create_session', { purpose: 'Inboxes' })).json['session_id']);
});
afterAll(() => hub[Symbol.asyncDispose]());

describe('inbox', () => {
  it('is in no answer of who has nothing unread', async () => {
    expect((await bob.callTool('list_sessions')).json).not.toHaveProperty('inbox');
  });

  it('tells of a message that speaks to the agent', async () => {
    const posted = await ann.callTool('add_message', { session_id, content: 'Look @bob', to: ['bob'] });
    expect(posted.json).not.toHaveProperty('inbox');
    expect((await bob.callTool('list_sessions')).json['inbox']).toEqual({
      unread: 1,
      latest: [{ id: posted.json['message_id'], session_id, sender: 'ann', preview: 'Look @bob' }],
    });
  });
});
