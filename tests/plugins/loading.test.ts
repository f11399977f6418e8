/** What stops the start of a hub with plugins, and in which order they start. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHub } from '../../src/hub.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { healthOfPlugin, IMPORTS, pluginText, sectionsOf, startPluginHub } from '../_util/plugins.ts';
import { ADMIN_KEY, startTestHub, temporaryFolder, testConfig } from '../_util/test-hub.ts';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
  mkdirSync(path.join(folder, 'plugins'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const put = (file: string, text: string): void => {
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  writeFileSync(path.join(folder, file), text);
};

async function refusal(
  options: Parameters<typeof startTestHub>[0] & {
    readonly sections?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  } = {},
): Promise<string> {
  const { sections = {}, ...rest } = options;
  const started = startTestHub({ folder, pluginSections: sectionsOf(sections), ...rest });
  return started.then(
    async (hub) => {
      await hub[Symbol.asyncDispose]();
      return 'it started';
    },
    (error: unknown) => `${(error as Error).name}: ${(error as Error).message}`,
  );
}

describe('the start is refused, naming', () => {
  it.each([
    [
      'a plugin that is needed and not there',
      `needs: ['b'],`,
      {},
      'Plugin a needs the plugin b, which is not loaded.',
    ],
    ['a circle', `needs: ['a'],`, {}, 'Plugins need each other in a circle: a → a.'],
    ['a part that is none', `tool: {},`, {}, 'Unrecognized key: "tool"'],
    ['an event that is none', `on: { 'message.read'() {} },`, {}, 'on'],
    [
      'a tool of the hub',
      `tools: { add_message: { description: 'd', input: {}, output: {}, handler() {} } },`,
      {},
      'Plugin a has a tool add_message, as has the hub; rename it.',
    ],
    [
      'a parameter of the hub',
      `tools: { t: { description: 'd', input: { auth_token: z.string() }, output: {}, handler() {} } },`,
      {},
      'auth_token',
    ],
    [
      'a tool that costs too much',
      `tools: { t: { description: 'long '.repeat(200), input: {}, output: {}, handler() {} } },`,
      {},
      'Tool t of plugin a would cost every agent',
    ],
    [
      'a resource of the hub',
      `resources: { 'hub://info': { title: 't', description: 'd', read() {} } },`,
      {},
      "A plugin has a resource hub://info, but hub: is the hub's own; use another.",
    ],
    [
      'a prompt of the hub',
      `prompts: { 'catch-up': { title: 't', description: 'd', render() {} } },`,
      {},
      'There are two prompts catch-up',
    ],
    [
      'a setting that is missing',
      `config: z.object({ url: z.string() }),`,
      {},
      'plugins.a.url is missing (hub.config.yaml has no section for it)',
    ],
    [
      'a setting that is malformed, without its value',
      `config: z.object({ url: z.url() }),`,
      { a: { url: 'sesame-1234' } },
      'plugins.a.url is malformed (in hub.config.yaml, line 1): Invalid URL.',
    ],
    [
      'a setting that is none',
      `config: z.object({ url: z.string().optional() }),`,
      { a: { ulr: 'x' } },
      '"ulr" is not a setting of plugin a (in hub.config.yaml, line 1); did you mean url?',
    ],
    [
      'a section of no plugin',
      ``,
      { aa: {} },
      '"aa" in hub.config.yaml, line 1 is not a plugin that is loaded; did you mean a?',
    ],
    [
      'a permission that its hooks take',
      `before: { 'message.add'() {} },`,
      {},
      'Plugin a looks at message.add before it is stored, which takes the permission admin; it has read.',
    ],
    [
      'a permission that the operator took',
      `permissions: ['read', 'admin'], on: { 'tool.called'() {} },`,
      { a: { permissions: ['read'] } },
      'Plugin a listens to tool.called, which takes the permission admin; it has read.',
    ],
    [
      'a workspace that is not enough',
      `permissions: ['read', 'admin'], on: { 'health.changed'() {} },`,
      { a: { workspace: 'other' } },
      'which is not for a plugin of workspace other alone',
    ],
    [
      'a required plugin that does not start',
      `required: true, start() { throw new Error('no'); },`,
      {},
      'Plugin a is required and has not started',
    ],
  ])('%s', async (_what, parts, sections, said) => {
    put('plugins/a.mjs', pluginText('a', parts));
    const message = await refusal({ sections });
    expect(message).toMatch(/^StartError: /);
    expect(message).toContain(said);
    expect(message).not.toContain('sesame');
  });

  it('a module that is no plugin, and one that cannot be loaded', async () => {
    put('plugins/a.mjs', 'export const plugin = { name: "a", version: "1" };');
    expect(await refusal()).toContain('a.mjs is no plugin: it must export what definePlugin');
    rmSync(path.join(folder, 'plugins/a.mjs'));
    put('plugins/b.mjs', `throw new Error('nothing here');`);
    expect(await refusal()).toMatch(/The plugin .*b\.mjs cannot be loaded: nothing here\./);
  });

  it('a name that is none, and two of one name', async () => {
    put('plugins/a.mjs', pluginText('Load it', ''));
    expect(await refusal()).toContain('is not well formed: name expected 1 to 40 lower case letters');
    rmSync(path.join(folder, 'plugins/a.mjs'));
    put('plugins/b.mjs', pluginText('load', ''));
    expect(await refusal()).toContain('load is a setting');
    rmSync(path.join(folder, 'plugins/b.mjs'));
    put('plugins/c.mjs', pluginText('same', ''));
    put('plugins/d.mjs', pluginText('same', ''));
    expect(await refusal()).toContain('Two plugins are named same:');
  });

  it('a package that is not installed', async () => {
    const said = await refusal({ env: { PLUGINS: 'hub-plugin-of-nobody' } });
    expect(said).toContain(
      `PLUGINS names the package hub-plugin-of-nobody, which is installed neither in ${folder}`,
    );
  });
});

it('files and packages of PLUGINS come first, each after those that it needs', async () => {
  const note = (name: string, more = ''): string =>
    `${IMPORTS}export default definePlugin({ name: '${name}', version: '1.0.0', ${more}
      start() { globalThis.started = [...(globalThis.started ?? []), '${name}']; } });`;
  put('mine/first.mjs', note('first', `needs: ['folded'],`));
  put(
    'node_modules/hub-plugin-packed/package.json',
    JSON.stringify({ name: 'hub-plugin-packed', exports: { import: './entry.mjs' } }),
  );
  put('node_modules/hub-plugin-packed/entry.mjs', note('packed'));
  put('plugins/folded.mjs', note('folded'));
  put('plugins/notes.txt', 'not a plugin');
  put('plugins/folded.test.mjs', 'not one either');
  const hub = await startTestHub({ folder, env: { PLUGINS: './mine/first.mjs, hub-plugin-packed' } });
  try {
    expect(Reflect.get(globalThis, 'started')).toEqual(['folded', 'first', 'packed']);
  } finally {
    Reflect.deleteProperty(globalThis, 'started');
    await hub[Symbol.asyncDispose]();
  }
});

it('a plugin has an agent and a key of its own, which an operator sees and can end', async () => {
  await using hub = await startPluginHub({
    plugins: {
      poster: `permissions: ['read', 'write'], config: z.object({ purpose: z.string() }),
        async start({ hub, config }) { await hub.call('create_session', { purpose: config.purpose }); },
        tools: { poster_alive: { description: 'd', input: {}, output: {}, handler: () => ({}) } },`,
    },
    sections: { poster: { purpose: 'made by it' } },
  });
  const agent = await hub.connect('2026', { agent: 'ann', type: 'coder' });
  const { sessions } = (await agent.callTool('list_sessions')).json as {
    sessions: { created_by: string; purpose: string }[];
  };
  expect(sessions).toMatchObject([{ created_by: 'poster@plugins', purpose: 'made by it' }]);
  expect((await agent.callTool('poster_alive')).json).toEqual({ success: true });
  const admin = { authorization: `Bearer ${ADMIN_KEY}` };
  const { keys } = (await (await hub.request('/api/v1/keys', { headers: admin })).json()) as {
    keys: { name: string; permissions: string[] }[];
  };
  expect(keys.find(({ name }) => name === 'plugin-poster')).toMatchObject({ permissions: ['read', 'write'] });
  const ended = await hub.request('/api/v1/keys/plugin-poster', { method: 'DELETE', headers: admin });
  expect(ended.status).toBe(200);
  expect((await agent.callTool('poster_alive')).json).toMatchObject({
    code: 'INTERNAL_ERROR',
    context: { plugin: 'poster' },
  });
  expect(await healthOfPlugin(hub, 'poster')).toMatchObject({
    status: 'failed',
    reason: 'switched off: its key was revoked',
  });
});

it('what it may not do is refused to it as to any agent', async () => {
  await using hub = await startPluginHub({
    plugins: {
      reader: `start: async ({ hub }) => ({ refused: await hub.call('create_session', { purpose: 'p' }).catch((error) => error) }),
        tools: { why: { description: 'd', input: {}, output: { code: z.string(), needed: z.string() }, handler: (_, { state: { refused } }) => ({ code: refused.code, needed: refused.details.context.needed }) } },`,
    },
  });
  const agent = await hub.connect('2026', { agent: 'ann', type: 'coder' });
  expect((await agent.callTool('why')).json).toEqual({
    success: true,
    code: 'PERMISSION_DENIED',
    needed: 'write',
  });
});

it('without plugins nothing of them is there', async () => {
  await using hub = await startTestHub();
  const { parts } = (await (await hub.request('/health/ready')).json()) as { parts: object };
  expect(Object.keys(parts).filter((part) => part.startsWith('plugin'))).toEqual([]);
});

it('the start that is refused leaves the database to the next one', async () => {
  put('plugins/a.mjs', pluginText('a', `required: true, start() { throw new Error('no'); },`));
  expect(await refusal()).toContain('has not started');
  rmSync(path.join(folder, 'plugins'), { recursive: true });
  const keys = {
    apiKey: 'schk_test-agent-key-0123456789abcdef',
    adminApiKey: ADMIN_KEY,
    jwtSecretKey: 'x'.repeat(40),
  };
  const log = createLogger({ level: 'silent', format: 'json' });
  const hub = await createHub(testConfig(folder), keys, { version: '0', log, lockWaitMs: 100 });
  expect(hub.health().writable).toBe(true);
  await hub.close();
});

it('what has started is stopped where a required plugin does not start', async () => {
  const told: string[] = [];
  Reflect.set(globalThis, 'told', told);
  put(
    'plugins/a.mjs',
    pluginText(
      'a',
      `start({ signal }) { signal.addEventListener('abort', () => globalThis.told.push('over')); }, stop() { globalThis.told.push('stop'); },`,
    ),
  );
  put('plugins/b.mjs', pluginText('b', `required: true, start() { throw new Error('no'); },`));
  expect(await refusal()).toContain('Plugin b is required and has not started');
  Reflect.deleteProperty(globalThis, 'told');
  expect(told).toEqual(['stop', 'over']);
});
