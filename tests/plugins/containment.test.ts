/** What a broken plugin does to the hub: nothing. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { collectLog } from '../http/harness.ts';
import { healthOfPlugin, startPluginHub } from '../_util/plugins.ts';
import type { TestHub } from '../_util/test-hub.ts';

let hub: TestHub;
afterEach(() => hub[Symbol.asyncDispose]());

const agent = (): ReturnType<typeof hub.connect<'2026'>> =>
  hub.connect('2026', { agent: 'ann', type: 'coder' });
const sections = { broken: { time_limit_seconds: 0.05 } };

const BROKEN = {
  throws: `throw new TypeError('secret-in-the-error');`,
  'never settles': `return new Promise(() => {});`,
  'rejects with nothing': `return Promise.reject();`,
};

describe.each(Object.entries(BROKEN))('a plugin that %s', (_how, body) => {
  it('in a tool: the call fails, and after five the tool is off; others go on', async () => {
    hub = await startPluginHub({
      plugins: {
        broken: `tools: { broken_tool: { description: 'd', input: {}, output: {}, handler() { ${body} } } },`,
        sound: `tools: { sound_tool: { description: 'd', input: {}, output: {}, handler: () => ({}) } },`,
      },
      env: { TOOL_TIMEOUT_SECONDS: '1' },
      sections,
    });
    const ann = await agent();
    const answers = await Promise.all(Array.from({ length: 5 }, () => ann.callTool('broken_tool')));
    for (const { json, text } of answers) {
      expect(json).toMatchObject({ code: 'INTERNAL_ERROR', context: { plugin: 'broken' } });
      expect(text).not.toContain('secret-in-the-error');
    }
    expect((await ann.callTool('broken_tool')).json).toMatchObject({
      error: 'Plugin broken is switched off after failures.',
    });
    expect((await ann.callTool('sound_tool')).json).toEqual({ success: true });
    expect(await healthOfPlugin(hub, 'broken')).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(
        /^switched off: tool broken_tool (threw|took longer than 1 s), 5 times in a row$/,
      ) as string,
    });
    expect(await healthOfPlugin(hub, 'sound')).toMatchObject({ status: 'healthy' });
    expect((await hub.request('/health/ready')).status).toBe(200);
  });

  it('in an event: it is switched off, and what it heard of is stored', async () => {
    hub = await startPluginHub({ plugins: { broken: `on: { 'message.added'() { ${body} } },` }, sections });
    const ann = await agent();
    const { session_id } = (await ann.callTool('create_session', { purpose: 'p' })).json;
    for (let i = 0; i < 6; i++) await ann.callTool('add_message', { session_id, content: `m${i}` });
    await vi.waitFor(async () => {
      expect(await healthOfPlugin(hub, 'broken')).toMatchObject({
        status: 'failed',
        reason: expect.stringContaining('on message.added') as string,
      });
    }, 10_000);
    expect((await ann.callTool('get_messages', { session_id })).json['count']).toBe(6);
  });

  it('before a message: the first are refused, then the hub goes on without it', async () => {
    hub = await startPluginHub({
      plugins: { broken: `permissions: ['read', 'admin'], before: { 'message.add'() { ${body} } },` },
      sections,
    });
    const ann = await agent();
    const { session_id } = (await ann.callTool('create_session', { purpose: 'p' })).json;
    for (let i = 0; i < 5; i++)
      expect((await ann.callTool('add_message', { session_id, content: 'refused' })).json).toMatchObject({
        code: 'INTERNAL_ERROR',
        context: { plugin: 'broken' },
      });
    expect((await ann.callTool('add_message', { session_id, content: 'stored' })).json).toMatchObject({
      success: true,
    });
    expect((await ann.callTool('get_messages', { session_id })).json['count']).toBe(1);
  });

  it('before a message, where it is required: nothing is stored without it', async () => {
    hub = await startPluginHub({
      plugins: {
        broken: `required: true, permissions: ['read', 'admin'], before: { 'message.add'() { ${body} } },`,
      },
      sections,
    });
    const ann = await agent();
    const { session_id } = (await ann.callTool('create_session', { purpose: 'p' })).json;
    for (let i = 0; i < 7; i++) await ann.callTool('add_message', { session_id, content: 'refused' });
    expect((await ann.callTool('add_message', { session_id, content: 'refused' })).json).toMatchObject({
      error: 'Plugin broken is switched off after failures.',
    });
    expect((await ann.callTool('get_messages', { session_id })).json['count']).toBe(0);
  });

  it('in its health or its stop: the others are asked and stopped', async () => {
    hub = await startPluginHub({
      plugins: {
        broken: `health() { ${body} }, stop() { ${body} },`,
        sound: `stop() { globalThis.soundStopped = true; },`,
      },
      sections,
    });
    expect((await hub.request('/health/ready')).status).toBe(200);
    expect(await healthOfPlugin(hub, 'broken')).toMatchObject({ status: 'degraded' });
    await hub.hub.close();
    expect(Reflect.get(globalThis, 'soundStopped')).toBe(true);
    Reflect.deleteProperty(globalThis, 'soundStopped');
  });
});

it('a plugin that does not start is off, with those that need it; the hub starts', async () => {
  hub = await startPluginHub({
    plugins: {
      broken: `start() { throw new Error('no'); },`,
      leaning: `needs: ['broken'], tools: { lean: { description: 'd', input: {}, output: {}, handler: () => ({}) } },`,
    },
  });
  expect(await healthOfPlugin(hub, 'broken')).toMatchObject({
    status: 'failed',
    reason: 'switched off: it did not start',
  });
  expect(await healthOfPlugin(hub, 'leaning')).toMatchObject({
    status: 'failed',
    reason: 'switched off: it needs broken, which has not started',
  });
  expect((await (await agent()).callTool('lean')).json).toMatchObject({ code: 'INTERNAL_ERROR' });
});

it('a success forgives what failed before', async () => {
  hub = await startPluginHub({
    plugins: {
      moody: `start: () => ({ n: 0 }), tools: { moody: { description: 'd', input: {}, output: {}, handler(_, { state }) { if (++state.n % 5 !== 0) throw new Error('no'); return {}; } } },`,
    },
  });
  const ann = await agent();
  for (let i = 0; i < 12; i++) await ann.callTool('moody');
  expect(await healthOfPlugin(hub, 'moody')).toMatchObject({
    status: 'degraded',
    reason: 'tool moody failed the last 2 times',
  });
});

it('its own health is what operators are told', async () => {
  hub = await startPluginHub({
    plugins: { ill: `health: () => ({ status: 'degraded', reason: 'its server is away' }),` },
  });
  expect(await healthOfPlugin(hub, 'ill')).toEqual({
    part: 'plugin:ill',
    status: 'degraded',
    reason: 'its server is away',
  });
});

it('logs what failed without the words of messages or of the error', async () => {
  const { log, text } = collectLog();
  hub = await startPluginHub({
    log,
    plugins: {
      broken: `on: { 'message.added'({ message }) { throw new Error('cannot take ' + message.content); } },`,
    },
  });
  const ann = await agent();
  await ann.callTool('create_session', { purpose: 'p', first_message: 'the-hidden-word' });
  await vi.waitFor(() => expect(text()).toContain('a plugin failed'));
  expect(text()).not.toContain('the-hidden-word');
  expect(text()).toContain('broken.mjs');
});

it('its health is asked again after it failed, and never switches it off', async () => {
  Reflect.set(globalThis, 'ill', true);
  hub = await startPluginHub({
    plugins: {
      ill: `health() { if (globalThis.ill) throw new Error('no'); return { status: 'healthy' }; },`,
    },
  });
  for (let n = 1; n <= 7; n++)
    expect(await healthOfPlugin(hub, 'ill')).toMatchObject({
      status: 'degraded',
      reason: `health failed the last ${n} times`,
    });
  Reflect.deleteProperty(globalThis, 'ill');
  expect(await healthOfPlugin(hub, 'ill')).toEqual({ part: 'plugin:ill', status: 'healthy' });
});

it.each([
  ['another status', `({ status: 'fine' })`],
  ['a reason that is no text', `({ status: 'healthy', reason: {} })`],
  ['nothing', `undefined`],
])('%s is no health', async (_what, answer) => {
  hub = await startPluginHub({ plugins: { ill: `health: () => ${answer},` } });
  expect(await healthOfPlugin(hub, 'ill')).toMatchObject({
    status: 'degraded',
    reason: 'health failed the last 1 times',
  });
});

it('its health speaks of no other part', async () => {
  hub = await startPluginHub({ plugins: { ill: `health: () => ({ status: 'degraded', part: 'store' }),` } });
  expect(await healthOfPlugin(hub, 'ill')).toEqual({ part: 'plugin:ill', status: 'degraded' });
});

it('what it lets fall is a row as long as there are no ten minutes between', async () => {
  let passed = 0;
  hub = await startPluginHub({
    now: () => Date.now() + passed,
    plugins: {
      stray: `async start() { globalThis.inIt = (await import('node:async_hooks')).AsyncLocalStorage.snapshot(); },`,
    },
  });
  const inIt = Reflect.get(globalThis, 'inIt') as (work: () => boolean) => boolean;
  Reflect.deleteProperty(globalThis, 'inIt');
  const stray = (times: number): void => {
    for (let n = 0; n < times; n++) expect(inIt(() => hub.hub.blame(new Error('stray')))).toBe(true);
  };
  stray(4);
  expect(await healthOfPlugin(hub, 'stray')).toMatchObject({ status: 'degraded' });
  passed += 10 * 60_000;
  expect(await healthOfPlugin(hub, 'stray')).toMatchObject({ status: 'healthy' });
  stray(4);
  expect(await healthOfPlugin(hub, 'stray')).toMatchObject({ status: 'degraded' });
  stray(1);
  expect(await healthOfPlugin(hub, 'stray')).toMatchObject({ status: 'failed' });
});

it("the hub's own work for a plugin is not the plugin's to answer for", async () => {
  let blame: (() => boolean) | undefined;
  const blamed: boolean[] = [];
  hub = await startPluginHub({
    now() {
      const asked = blame;
      blame = undefined;
      if (asked !== undefined) blamed.push(asked());
      return Date.now();
    },
    plugins: {
      writer: `tools: { write: { description: 'd', permission: 'write', input: {}, output: {}, async handler(_, { hub }) {
        globalThis.armBlame();
        await hub.call('create_session', { purpose: 'p' });
        return {};
      } } },`,
    },
  });
  Reflect.set(globalThis, 'armBlame', () => (blame = () => hub.hub.blame(new Error('of the hub'))));
  await (await agent()).callTool('write');
  Reflect.deleteProperty(globalThis, 'armBlame');
  expect(blamed).toEqual([false]);
});

it.each([
  ['has answered', `return {};`],
  ['has failed', `throw new Error('no');`],
  ['is late', `return new Promise(() => {});`],
])('nobody acts as the caller of a tool that %s', async (_how, end) => {
  hub = await startPluginHub({
    env: { TOOL_TIMEOUT_SECONDS: '1' },
    plugins: {
      keeper: `tools: { keep: { description: 'd', input: {}, output: {}, async handler(_, call) { globalThis.kept = call; ${end} } } },`,
    },
  });
  await (await agent()).callTool('keep');
  const { hub: access, signal } = Reflect.get(globalThis, 'kept') as {
    readonly hub: { call(tool: string): Promise<unknown> };
    readonly signal: AbortSignal;
  };
  Reflect.deleteProperty(globalThis, 'kept');
  expect(signal.aborted).toBe(true);
  await expect(access.call('list_sessions')).rejects.toMatchObject({ code: 'OVERLOADED' });
});
