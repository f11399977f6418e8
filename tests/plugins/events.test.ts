/** What plugins hear: typed events, of what their own agent may see and has not done itself. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startPluginHub } from '../_util/plugins.ts';
import { ADMIN_KEY, AGENT_KEY, type TestHub } from '../_util/test-hub.ts';

interface Heard {
  readonly name: string;
  readonly event: Readonly<Record<string, unknown>>;
}
let hub: TestHub;
let heard: Heard[];
beforeEach(() => {
  heard = [];
  Reflect.set(globalThis, 'heard', heard);
});
afterEach(async () => {
  await hub[Symbol.asyncDispose]();
  Reflect.deleteProperty(globalThis, 'heard');
});

const on = (...names: readonly string[]): string =>
  `on: { ${names.map((name) => `'${name}'(event) { globalThis.heard.push({ name: '${name}', event }); }`).join(', ')} },`;
const of = (name: string): Heard['event'][] =>
  heard.filter((one) => one.name === name).map(({ event }) => event);
const connect = (agent: string, key = AGENT_KEY) => hub.connect('2026', { agent, key, type: 'coder' });

const LOGGED = [
  'session.created',
  'session.updated',
  'message.added',
  'message.updated',
  'memory.changed',
  'lease.granted',
  'lease.released',
];

it('hears of sessions, messages, memory and leases, in order, as objects of the contract', async () => {
  hub = await startPluginHub({ plugins: { ears: on(...LOGGED) } });
  const ann = await connect('ann');
  const { session_id } = (await ann.callTool('create_session', { purpose: 'p', first_message: 'first' }))
    .json;
  const { message_id } = (
    await ann.callTool('add_message', { session_id, content: 'second', visibility: 'private' })
  ).json;
  await ann.callTool('update_session', { session_id, purpose: 'q' });
  await ann.callTool('set_message_visibility', { message_id, visibility: 'public' });
  await ann.callTool('set_memory', { key: 'shared/key', value: 1, scope: 'shared' });
  await ann.callTool('delete_memory', { key: 'shared/key', scope: 'shared' });
  await ann.callTool('acquire_lease', { resources: ['src/a.ts'] });
  await ann.callTool('release_lease', { all: true });
  await vi.waitFor(() => expect(of('lease.released')).toHaveLength(1), 10_000);
  // Told as it is now: a private message that is read late is public already.
  const once = heard.filter(({ event }) => !JSON.stringify(event).includes('second'));
  expect(of('message.updated')).toMatchObject([{ message: { content: 'second', visibility: 'public' } }]);
  expect(once.map(({ name }) => name)).toEqual([
    ...['session.created', 'message.added', 'session.updated'],
    ...['memory.changed', 'memory.changed', 'lease.granted', 'lease.released'],
  ]);
  expect(of('session.created')[0]).toMatchObject({ session: { session_id } });
  expect(of('message.added')[0]).toMatchObject({
    message: { content: 'first', sender: 'ann', visibility: 'public' },
  });
  expect(of('memory.changed')).toMatchObject([
    { change: 'set', entry: { key: 'shared/key', updated_by: 'ann' } },
    { change: 'deleted', entry: { key: 'shared/key', updated_by: 'ann' } },
  ]);
  expect(of('lease.granted')[0]).toMatchObject({ lease: { holder: 'ann', resources: ['src/a.ts'] } });
});

describe('hears only what its own agent may see', () => {
  const secrets = async (): Promise<void> => {
    const ann = await connect('ann');
    const admin = await connect('op', ADMIN_KEY);
    const { session_id } = (await ann.callTool('create_session', { purpose: 'p' })).json;
    await ann.callTool('add_message', { session_id, content: 'to itself', visibility: 'private' });
    await ann.callTool('add_message', { session_id, content: 'to coders', visibility: 'agent_only' });
    await admin.callTool('add_message', { session_id, content: 'to admins', visibility: 'admin_only' });
    await ann.callTool('set_memory', { key: 'own', value: 1 });
    const elsewhere = await hub.makeKey('elsewhere', { workspace: 'other' });
    const bob = await connect('bob', elsewhere);
    await bob.callTool('create_session', { purpose: 'p', first_message: 'to another workspace' });
    await ann.callTool('add_message', { session_id, content: 'last' });
    await vi.waitFor(() => expect(JSON.stringify(heard)).toContain('"last"'), 10_000);
  };
  const contents = (): unknown[] =>
    of('message.added').map(({ message }) => (message as { content: string }).content);

  it('of a reader', async () => {
    hub = await startPluginHub({ plugins: { ears: on(...LOGGED) } });
    await secrets();
    expect(contents()).toEqual(['last']);
    expect(of('memory.changed')).toEqual([]);
  });

  it('of an admin of its workspace, and of all', async () => {
    hub = await startPluginHub({
      plugins: {
        ears: `permissions: ['read', 'admin'], ${on('message.added')}`,
        all: `permissions: ['read', 'admin'], on: { 'message.added'({ message }) { (globalThis.everywhere ??= []).push(message.content); } },`,
      },
      sections: { all: { workspace: '*' } },
    });
    await secrets();
    expect(contents()).toEqual(['to itself', 'to coders', 'to admins', 'last']);
    await vi.waitFor(() => expect(Reflect.get(globalThis, 'everywhere')).toHaveLength(5));
    expect(Reflect.get(globalThis, 'everywhere')).toContain('to another workspace');
    Reflect.deleteProperty(globalThis, 'everywhere');
  });

  it('of one whose permissions the operator narrowed', async () => {
    hub = await startPluginHub({
      plugins: { ears: `permissions: ['read', 'admin'], ${on('message.added')}` },
      sections: { ears: { permissions: ['read'] } },
    });
    await secrets();
    expect(contents()).toEqual(['last']);
  });
});

it('hears nothing of what it does itself: no answer answers itself', async () => {
  hub = await startPluginHub({
    plugins: {
      echo: `permissions: ['read', 'write'], on: { async 'message.added'({ message }, { hub }) {
        globalThis.heard.push({ name: 'message.added', event: { message } });
        await hub.call('add_message', { session_id: message.session_id, content: 'echo of ' + message.content, parent_message_id: message.id });
      } },`,
    },
  });
  const ann = await connect('ann');
  const { session_id } = (await ann.callTool('create_session', { purpose: 'p', first_message: 'one' })).json;
  await ann.callTool('add_message', { session_id, content: 'two' });
  const posted = async (): Promise<string[]> =>
    ((await ann.callTool('get_messages', { session_id })).json['messages'] as { content: string }[]).map(
      ({ content }) => content,
    );
  await vi.waitFor(async () => expect(await posted()).toContain('echo of two'), 10_000);
  await ann.callTool('add_message', { session_id, content: 'three' });
  await vi.waitFor(async () => expect(await posted()).toContain('echo of three'), 10_000);
  expect(of('message.added').map(({ message }) => (message as { content: string }).content)).toEqual([
    'one',
    'two',
    'three',
  ]);
});

it('hears who comes and which tools are called', async () => {
  hub = await startPluginHub({
    plugins: { ears: `permissions: ['read', 'admin'], ${on('agent.seen', 'tool.called')}` },
  });
  const ann = await connect('ann');
  await ann.callTool('list_sessions');
  await ann.callTool('get_session', { session_id: 'session_0' });
  const elsewhere = await connect('bob', await hub.makeKey('elsewhere', { workspace: 'other' }));
  await elsewhere.callTool('list_sessions');
  await ann.callTool('list_agents');
  await vi.waitFor(() => expect(of('tool.called')).toHaveLength(3), 10_000);
  expect(of('agent.seen')).toMatchObject([{ agent_id: 'ann', agent_type: 'coder' }, { agent_type: 'api' }]);
  expect(of('tool.called')).toMatchObject([
    { tool: 'list_sessions', agent_id: 'ann', code: null, ms: expect.any(Number) as number },
    { tool: 'get_session', code: 'SESSION_NOT_FOUND' },
    { tool: 'list_agents' },
  ]);
});

it('hears of figures and of health', async () => {
  let free = 1e12;
  hub = await startPluginHub({
    plugins: { ears: `permissions: ['read', 'admin'], ${on('metrics.sampled', 'health.changed')}` },
    ...{ loadEveryMs: 20, healthLookEveryMs: 20, diskLookEveryMs: 5 },
    spaceOf: () => Promise.resolve({ freeBytes: free, totalBytes: 1e12 }),
  });
  await vi.waitFor(() => expect(of('metrics.sampled').length).toBeGreaterThan(0), 10_000);
  expect(of('metrics.sampled')[0]).toMatchObject({
    rss_bytes: expect.any(Number) as number,
    cpu: expect.any(Number) as number,
  });
  free = 0;
  await vi.waitFor(
    () =>
      expect(of('health.changed')).toContainEqual(
        expect.objectContaining({ part: 'disk', status: 'degraded', was: 'healthy' }),
      ),
    10_000,
  );
  free = 1e12;
  await vi.waitFor(
    () =>
      expect(of('health.changed')).toContainEqual(
        expect.objectContaining({ part: 'disk', status: 'healthy', was: 'degraded' }),
      ),
    10_000,
  );
});

it('hears that the hub stops, and what it does until the deadline still counts', async () => {
  hub = await startPluginHub({
    plugins: {
      flusher: `permissions: ['read', 'write'],
        on: { async 'hub.stopping'({ deadline }, { hub }) {
          await new Promise((resolve) => setTimeout(resolve, 20));
          globalThis.heard.push({ name: 'hub.stopping', event: { deadline, answer: await hub.call('create_session', { purpose: 'last words' }) } });
        } },
        stop() { globalThis.heard.push({ name: 'stop', event: {} }); },`,
    },
  });
  const before = Date.now();
  await hub.hub.close();
  expect(heard.map(({ name }) => name)).toEqual(['hub.stopping', 'stop']);
  expect(of('hub.stopping')[0]).toMatchObject({
    answer: { session_id: expect.stringMatching(/^session_/) as string },
  });
  expect(Date.parse(String(of('hub.stopping')[0]!['deadline']))).toBeGreaterThan(before);
});

it('one that is too slow loses the oldest of what is in no log, and nothing of what is', async () => {
  let go = (): void => undefined;
  Reflect.set(globalThis, 'gate', new Promise<void>((resolve) => (go = resolve)));
  hub = await startPluginHub({
    plugins: {
      slow: `permissions: ['read', 'admin'], on: {
        async 'tool.called'(event) { await globalThis.gate; globalThis.heard.push({ name: 'tool.called', event }); },
        async 'message.added'({ message }) { await globalThis.gate; globalThis.heard.push({ name: 'message.added', event: message }); } },`,
    },
    sections: { slow: { time_limit_seconds: 60 } },
  });
  const ann = await connect('ann');
  const { session_id } = (await ann.callTool('create_session', { purpose: 'p' })).json;
  for (let i = 0; i < 1100; i++) {
    if (i % 100 === 0) await ann.callTool('add_message', { session_id, content: `m${i}` });
    else await ann.callTool('list_leases');
  }
  const health = await hub.request('/health/ready');
  expect(((await health.json()) as { parts: Record<string, string> }).parts['plugin:slow']).toBe('degraded');
  go();
  await vi.waitFor(() => expect(of('message.added')).toHaveLength(11), 20_000);
  await vi.waitFor(() => expect(of('tool.called')).toHaveLength(1001), 20_000);
  await delay(0);
  Reflect.deleteProperty(globalThis, 'gate');
}, 60_000);

it('hears nothing of what it changes and ends itself, but of what others change', async () => {
  hub = await startPluginHub({
    plugins: {
      doer: `permissions: ['read', 'write'], ${on(...LOGGED)} tools: { act: { description: 'd', input: {}, output: { session_id: z.string() },
        async handler() {
          const { hub } = globalThis.doer;
          const { session_id } = await hub.call('create_session', { purpose: 'p' });
          await hub.call('update_session', { session_id, purpose: 'q' });
          const { message_id } = await hub.call('add_message', { session_id, content: 'c' });
          await hub.call('set_message_visibility', { message_id, visibility: 'private' });
          await hub.call('set_memory', { key: 'k', value: 1, scope: 'shared' });
          await hub.call('delete_memory', { key: 'k', scope: 'shared' });
          await hub.call('acquire_lease', { resources: ['a'] });
          await hub.call('release_lease', { all: true });
          return { session_id };
        } } }, start(own) { globalThis.doer = own; },`,
    },
  });
  const ann = await connect('ann');
  const { session_id } = (await ann.callTool('act')).json;
  const op = await connect('op', ADMIN_KEY);
  expect((await op.callTool('update_session', { session_id, purpose: 'of op' })).json).toMatchObject({
    success: true,
  });
  await vi.waitFor(() => expect(JSON.stringify(heard)).toContain('of op'), 10_000);
  Reflect.deleteProperty(globalThis, 'doer');
  expect(heard).toEqual([
    { name: 'session.updated', event: { session: expect.objectContaining({ session_id }) as object } },
  ]);
});
