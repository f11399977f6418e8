/** Tools, resources and prompts of plugins: the same doors, checks and limits as the hub's own. */
import { afterEach, describe, expect, it } from 'vitest';
import { startPluginHub } from '../_util/plugins.ts';
import { ERAS } from '../_util/scenario-doors.ts';
import { ADMIN_KEY, type TestHub } from '../_util/test-hub.ts';

let hub: TestHub;
afterEach(() => hub[Symbol.asyncDispose]());

const notes = `
  start: () => ({ greetings: 0 }),
  tools: {
    count_words: {
      description: 'Words of a session.',
      input: { session_id: z.string() },
      output: { words: z.number(), by: z.string() },
      async handler({ session_id }, { hub, caller, state }) {
        state.greetings++;
        const { messages } = await hub.call('get_messages', { session_id });
        return { words: messages.flatMap(({ content }) => content.split(' ')).length, by: caller.agent_id, extra: 1 };
      },
    },
    close_all: {
      description: 'For operators.', permission: 'admin', input: {}, output: { done: z.boolean() },
      handler: () => ({ done: true }),
    },
    note_twice: {
      description: 'Posts two notes.', permission: 'write', input: { session_id: z.string() }, output: { ids: z.array(z.number()) },
      async handler({ session_id }, { hub }) {
        const first = await hub.call('add_message', { session_id, content: 'one' });
        const second = await hub.call('add_message', { session_id, content: 'two' });
        return { ids: [first.message_id, second.message_id] };
      },
    },
    wrong_answer: { description: 'd', input: {}, output: { n: z.number() }, handler: () => ({ n: 'many' }) },
    refuse: { description: 'd', input: {}, output: {}, handler() { throw new HubError('INVALID_INPUT', 'Not on Sundays.', { suggestions: ['Come on Monday.'] }); } },
  },
  resources: {
    'notes://all': { title: 'All', description: 'All notes.', mimeType: 'text/plain', read: () => 'all of them' },
    'notes://{day}/of/{who}': { title: 'A day', description: 'Notes of a day.', read: ({ day, who }, { caller }) => ({ day, who, caller: caller.agent_id }) },
    'notes://secret': { title: 'S', description: 'For operators.', permission: 'admin', read: () => ({ secret: true }) },
  },
  prompts: {
    'daily-notes': {
      title: 'Daily notes', description: 'Begin the day.', arguments: { day: { description: 'the day', required: true } },
      render: ({ day }) => 'Write down what happened on ' + day,
    },
  },`;

describe.each(ERAS)('in era %s', (era) => {
  it('a tool is listed, takes checked parameters, acts as its caller and answers what it declared', async () => {
    hub = await startPluginHub({ plugins: { notes } });
    const agent = await hub.connect(era as '2026', { agent: 'ann', type: 'coder' });
    expect(await agent.listTools()).toEqual(expect.arrayContaining(['count_words', 'note_twice']));
    const { session_id } = (await agent.callTool('create_session', { purpose: 'p', first_message: 'a b c' }))
      .json;
    const { json, structuredContent } = await agent.callTool('count_words', { session_id });
    expect(json).toEqual({ success: true, words: 3, by: 'ann' });
    expect(structuredContent).toEqual(json);
    expect((await agent.callTool('count_words', { session_id, words: 3 })).json).toMatchObject({
      code: 'INVALID_INPUT',
      context: { field: 'words' },
    });
    expect((await agent.callTool('count_words', { session_id: 'session_0' })).json).toMatchObject({
      code: 'SESSION_NOT_FOUND',
    });
    expect((await agent.callTool('refuse')).json).toMatchObject({
      ...{ code: 'INVALID_INPUT', error: 'Not on Sundays.', suggestions: ['Come on Monday.'] },
    });
    expect((await agent.callTool('wrong_answer')).json).toMatchObject({ code: 'INTERNAL_ERROR' });
  });

  it('what is private to others stays so through it', async () => {
    hub = await startPluginHub({ plugins: { notes } });
    const ann = await hub.connect(era as '2026', { agent: 'ann', type: 'coder' });
    const bob = await hub.connect(era as '2026', { agent: 'bob', type: 'coder' });
    const { session_id } = (await ann.callTool('create_session', { purpose: 'p' })).json;
    await ann.callTool('add_message', { session_id, content: 'x y z', visibility: 'private' });
    expect((await ann.callTool('count_words', { session_id })).json['words']).toBe(3);
    expect((await bob.callTool('count_words', { session_id })).json['words']).toBe(0);
  });

  it('permissions hold for listing, calling, reading', async () => {
    hub = await startPluginHub({ plugins: { notes } });
    const agent = await hub.connect(era as '2026', { agent: 'ann', type: 'coder' });
    const admin = await hub.connect(era as '2026', { key: ADMIN_KEY, agent: 'op', type: 'person' });
    expect(await agent.listTools()).not.toContain('close_all');
    expect(await admin.listTools()).toContain('close_all');
    expect((await agent.callTool('close_all')).json).toMatchObject({ code: 'PERMISSION_DENIED' });
    expect((await admin.callTool('close_all')).json).toMatchObject({ success: true, done: true });
    const uris = async (client: typeof agent) =>
      (await client.client.listResources()).resources.map(({ uri }) => uri);
    expect(await uris(agent)).toContain('notes://all');
    expect(await uris(agent)).not.toContain('notes://secret');
    expect(await uris(admin)).toContain('notes://secret');
    await expect(agent.client.readResource({ uri: 'notes://secret' })).rejects.toMatchObject({
      data: { code: 'PERMISSION_DENIED' },
    });
  });

  it('resources and prompts are read with what stands in their address and arguments', async () => {
    hub = await startPluginHub({ plugins: { notes } });
    const { client } = await hub.connect(era as '2026', { agent: 'ann', type: 'coder' });
    const read = async (uri: string) => (await client.readResource({ uri })).contents[0];
    expect(await read('notes://all')).toMatchObject({ mimeType: 'text/plain', text: 'all of them' });
    expect(await read('notes://mon%20day/of/me')).toMatchObject({
      mimeType: 'application/json',
      text: JSON.stringify({ day: 'mon day', who: 'me', caller: 'ann' }),
    });
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toContain('notes://{day}/of/{who}');
    expect((await client.listPrompts()).prompts.map(({ name }) => name)).toContain('daily-notes');
    const prompt = await client.getPrompt({ name: 'daily-notes', arguments: { day: 'Monday' } });
    expect(prompt.messages[0]).toMatchObject({ content: { text: 'Write down what happened on Monday' } });
    await expect(client.getPrompt({ name: 'daily-notes', arguments: {} })).rejects.toMatchObject({
      data: { code: 'INVALID_INPUT', context: { field: 'day' } },
    });
  });
});

it('a repeated call stores nothing twice', async () => {
  hub = await startPluginHub({ plugins: { notes } });
  const agent = await hub.connect('2026', { agent: 'ann', type: 'coder' });
  const { session_id } = (await agent.callTool('create_session', { purpose: 'p' })).json;
  const args = { session_id, idempotency_key: 'once' };
  const first = (await agent.callTool('note_twice', args)).json;
  expect((await agent.callTool('note_twice', args)).json).toEqual(first);
  const { count } = (await agent.callTool('get_messages', { session_id })).json;
  expect(count).toBe(2);
});

it('calls count in the limits of their caller', async () => {
  hub = await startPluginHub({
    plugins: { notes },
    env: { RATE_LIMIT_ENABLED: 'true', RATE_LIMIT_READS_PER_MINUTE: '3' },
  });
  const agent = await hub.connect('2026', { agent: 'ann', type: 'coder' });
  const { session_id } = (await agent.callTool('create_session', { purpose: 'p' })).json;
  expect((await agent.callTool('count_words', { session_id })).json['success']).toBe(true);
  // The second one has its call of get_messages refused.
  expect((await agent.callTool('count_words', { session_id })).json).toMatchObject({ code: 'RATE_LIMITED' });
});
