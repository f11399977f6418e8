/** What hooks get is theirs alone, and what they answer is checked like what was sent; a required one is never left out. */
import { afterEach, describe, expect, it } from 'vitest';
import { AGENT_KEY, type TestHub } from '../_util/test-hub.ts';
import { startPluginHub } from '../_util/plugins.ts';

let hub: TestHub;
afterEach(() => hub[Symbol.asyncDispose]());
const connect = (key = AGENT_KEY, agent = 'ann') => hub.connect('2026', { agent, key, type: 'coder' });
const hook = (write: string, body: string): string =>
  `permissions: ['read', 'admin'], before: { '${write}'(write) { ${body} } },`;

it('a required hook that cannot run refuses what others write, while the hub starts and while it stops', async () => {
  const told: string[] = [];
  Reflect.set(globalThis, 'told', told);
  const tryToWrite = `hub.call('create_session', { purpose: 'p' }).then(() => 'stored', ({ code }) => code)`;
  hub = await startPluginHub({
    plugins: {
      early: `permissions: ['read', 'write'],
        async start({ hub }) { globalThis.told.push('start ' + await ${tryToWrite}); },
        async stop({ hub }) { globalThis.told.push('stop ' + await ${tryToWrite}); },`,
      needed: `required: true, permissions: ['read', 'write', 'admin'], before: { 'session.create'() {} },
        async start({ hub }) { globalThis.told.push('own ' + await ${tryToWrite}); },`,
    },
  });
  expect((await (await connect()).callTool('create_session', { purpose: 'p' })).json).toMatchObject({
    success: true,
  });
  await hub.hub.close();
  Reflect.deleteProperty(globalThis, 'told');
  expect(told).toEqual(['start OVERLOADED', 'own stored', 'stop OVERLOADED']);
});

it('a hook that changes what it was shown changes nothing', async () => {
  hub = await startPluginHub({
    plugins: { pusher: hook('message.add', `write.to.push('eve'); write.metadata.seen = true;`) },
  });
  const ann = await connect();
  await connect(AGENT_KEY, 'eve').then((eve) => eve.callTool('list_sessions'));
  await ann.callTool('list_sessions');
  const { session_id } = (await ann.callTool('create_session', { purpose: 'p' })).json;
  const secret = { session_id, content: 'c', visibility: 'private', to: ['ann'], metadata: { a: 1 } };
  expect((await ann.callTool('add_message', secret)).json).toMatchObject({ success: true });
  expect((await ann.callTool('get_messages', { session_id })).json).toMatchObject({
    messages: [{ to: ['ann'], metadata: { a: 1 } }],
  });
});

it('what a listener or a caller does to what it was given, the next one does not see', async () => {
  const spoils = `permissions: ['read', 'admin'], on: { 'hub.stopping'(event) { globalThis.deadlines.push(event.deadline); event.deadline = 'never'; } },`;
  const deadlines: string[] = [];
  Reflect.set(globalThis, 'deadlines', deadlines);
  hub = await startPluginHub({
    plugins: {
      one: spoils,
      two: spoils,
      reader: `tools: { spoil: { description: 'd', input: { session_id: z.string() }, output: { seen: z.unknown() },
        async handler({ session_id }, { hub }) {
          const { session } = await hub.call('get_session', { session_id });
          const seen = { ...session.metadata };
          session.metadata.spoilt = true;
          return { seen };
        } } },`,
    },
  });
  const ann = await connect();
  const { session_id } = (await ann.callTool('create_session', { purpose: 'p', metadata: { a: 1 } })).json;
  await ann.callTool('spoil', { session_id });
  expect((await ann.callTool('spoil', { session_id })).json).toMatchObject({ seen: { a: 1 } });
  expect((await ann.callTool('get_session', { session_id })).json).toMatchObject({
    session: { metadata: { a: 1 } },
  });
  await hub.hub.close();
  Reflect.deleteProperty(globalThis, 'deadlines');
  expect(deadlines).toHaveLength(2);
  expect(deadlines).not.toContain('never');
});

describe('an answer that no tool would take is the fault of the plugin', () => {
  const deep = `let deep = {}; for (let i = 0; i < 70; i++) deep = { deep };`;
  it.each([
    ['a date', `return { metadata: { at: new Date() } };`],
    ['a number that is none', `return { metadata: { n: NaN } };`],
    ['a large integer', `return { metadata: { n: 1n } };`],
    ['a function', `return { metadata: { f() {} } };`],
    ['a circle', `const metadata = {}; metadata.metadata = metadata; return { metadata };`],
    ['a depth of 71', `${deep} return { metadata: deep };`],
    ['white space', `return { content: ' ' };`],
    ['an array for metadata', `return { metadata: [] };`],
    ['no object', `return 'content';`],
  ])('%s', async (_what, body) => {
    hub = await startPluginHub({ plugins: { wrong: hook('message.add', body) } });
    const ann = await connect();
    const { session_id } = (await ann.callTool('create_session', { purpose: 'p' })).json;
    expect((await ann.callTool('add_message', { session_id, content: 'c' })).json).toMatchObject({
      code: 'INTERNAL_ERROR',
      context: { plugin: 'wrong' },
    });
    expect((await ann.callTool('get_messages', { session_id })).json['count']).toBe(0);
  });

  it('a purpose of white space, a value that is no JSON', async () => {
    hub = await startPluginHub({
      plugins: {
        session: hook('session.create', `return { purpose: ' ' };`),
        value: hook('memory.set', `return { value: () => 1 };`),
      },
    });
    const ann = await connect();
    expect((await ann.callTool('create_session', { purpose: 'p' })).json).toMatchObject({
      context: { plugin: 'session' },
    });
    expect((await ann.callTool('set_memory', { key: 'k', value: 1 })).json).toMatchObject({
      context: { plugin: 'value' },
    });
  });
});

it('what one leaves undefined stays as those before it made it; text is well formed', async () => {
  hub = await startPluginHub({
    plugins: {
      a: hook('message.add', `return { content: 'changed \\ud800', metadata: { by: 'a', not: undefined } };`),
      b: hook('message.add', `return { content: undefined, metadata: undefined };`),
    },
  });
  const ann = await connect();
  const { session_id } = (await ann.callTool('create_session', { purpose: 'p' })).json;
  await ann.callTool('add_message', { session_id, content: 'c' });
  expect((await ann.callTool('get_messages', { session_id })).json).toMatchObject({
    messages: [{ content: 'changed \ufffd', metadata: { by: 'a' } }],
  });
});
