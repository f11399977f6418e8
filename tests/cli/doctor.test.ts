/** `schub doctor`: each planted fault is found, what it advises mends it, and nothing else is complained of. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pluginText } from '../_util/plugins.ts';
import { connectClient } from '../_util/connect-client.ts';
import { temporaryFolder } from '../_util/test-hub.ts';
import { runSchub } from '../http/run-schub.ts';

interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'problem';
  readonly detail: string;
  readonly mend?: string;
}

interface Fault {
  readonly fault: string;
  /** What a finding of it is called, and says. */
  readonly check: string;
  readonly says: RegExp;
  readonly plant?: (data: string) => unknown;
  /** Settings that are the fault. */
  readonly env?: Readonly<Record<string, string>>;
  /** Does what the advice says, where that is no command of a shell. */
  readonly mend?: (data: string, advice: string) => unknown;
}

const API_KEY = 'schk_of-the-agents-0123456789abcdef';
const template = temporaryFolder();
const backup = path.join(template, 'kept.db');
const dataOf = (share: string): string => path.join(share, 'shared-context-hub');

beforeAll(async () => {
  const hub = runSchub({ args: ['serve'], share: template, env: { API_KEY } });
  const client = await connectClient(await hub.ready, '2026', { key: API_KEY });
  await client.callTool('create_session', { purpose: 'to be examined', first_message: 'x'.repeat(50_000) });
  hub.child.kill('SIGTERM');
  expect(await hub.ended).toBe(0);
  expect(await runSchub({ args: ['backup', backup], share: template }).ended).toBe(0);
}, 60_000);

afterAll(() => rmSync(template, { recursive: true }));

async function examine(share: string, env: Readonly<Record<string, string>> = {}) {
  const run = runSchub({ args: ['doctor', '--json'], share, env });
  const code = await run.ended;
  const { findings } = JSON.parse(run.stdout()) as { findings: readonly Finding[] };
  return { code, findings, problems: findings.filter(({ state }) => state === 'problem') };
}

const sql = (text: string) => (data: string) => {
  const sqlite = new Database(path.join(data, 'hub.db'));
  sqlite.exec(text);
  sqlite.close();
};
const file = (name: string) => (data: string) => path.join(data, name);
const overwrite = (name: string, text: string, position: number) => (data: string) =>
  execFileSync('dd', [`of=${path.join(data, name)}`, 'conv=notrunc', 'bs=1', `seek=${String(position)}`], {
    input: text,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
/** Puts a plugin into the folder; it speaks where only findings are expected. */
const plugin = (name: string, parts: string) => (data: string) => {
  mkdirSync(file('plugins')(data), { recursive: true });
  const text = `${pluginText(name, parts)}console.log('I am loaded');\n`;
  writeFileSync(file(`plugins/${name}.mjs`)(data), text);
};
const greet = plugin('greet', 'config: z.object({ word: z.string() }),');
/** The settings that were the fault are gone. */
const unset = (): void => undefined;
const putBack = (data: string): void =>
  cpSync(path.join(dataOf(template), 'hub.db'), path.join(data, 'hub.db'));

const FAULTS: readonly Fault[] = [
  {
    ...{ fault: 'a data folder that others can read', check: 'rights', says: /mode 755/ },
    plant: (data) => chmodSync(data, 0o755),
  },
  {
    ...{ fault: 'keys that others can read', check: 'rights', says: /secrets\.json .*644/ },
    plant: (data) => chmodSync(path.join(data, 'secrets.json'), 0o644),
  },
  {
    ...{ fault: 'a misspelt setting', check: 'settings', says: /HTTP_PRT.*did you mean HTTP_PORT/ },
    plant: (data) => writeFileSync(file('.env')(data), 'HTTP_PRT=1\n'),
    mend: (data) => writeFileSync(file('.env')(data), 'HTTP_PORT=0\n'),
  },
  {
    ...{ fault: 'an unknown section', check: 'settings', says: /"htp" in line 1 of .*did you mean http/ },
    plant: (data) => writeFileSync(file('hub.config.yaml')(data), 'htp: { port: 1 }\n'),
    mend: (data) => writeFileSync(file('hub.config.yaml')(data), 'http: { port: 0 }\n'),
  },
  {
    ...{ fault: 'a malformed setting', check: 'settings', says: /LOG_LEVEL is "loud"/ },
    ...{ env: { LOG_LEVEL: 'loud' }, mend: unset },
  },
  {
    ...{ fault: 'a placeholder for a key', check: 'secrets', says: /ADMIN_API_KEY is a placeholder/ },
    ...{ env: { ADMIN_API_KEY: 'change-me-change-me-change-me' }, mend: unset },
  },
  {
    ...{ fault: 'a damaged secrets file', check: 'secrets', says: /secrets\.json is damaged/ },
    plant: (data) => writeFileSync(file('secrets.json')(data), '{'),
    mend: (data) => rmSync(file('secrets.json')(data)),
  },
  {
    ...{ fault: 'a damaged page', check: 'database', says: /is damaged/ },
    plant: overwrite('hub.db', 'x'.repeat(8192), 4096),
    async mend(data, advice) {
      const [program, ...args] = advice.replace('BACKUP', backup).split(' ');
      expect(program).toBe('schub');
      const restored = runSchub({ args, share: path.dirname(data) });
      expect(await restored.ended, restored.stderr()).toBe(0);
    },
  },
  {
    ...{ fault: 'a database of a newer hub', check: 'database', says: /schema version 999/ },
    plant: sql('PRAGMA user_version = 999'),
    mend: putBack,
  },
  {
    ...{ fault: "another program's database", check: 'database', says: /of another program/ },
    plant: sql('PRAGMA application_id = 1'),
    mend: putBack,
  },
  {
    ...{ fault: 'a database that is gone, but for its log', check: 'database', says: /is missing, but/ },
    plant(data) {
      rmSync(file('hub.db')(data));
      writeFileSync(file('hub.db-wal')(data), 'pages');
    },
  },
  {
    ...{ fault: 'a clock that went back', check: 'clock', says: /newest message is of 2096/ },
    plant: sql('UPDATE messages SET created_at = 4000000000000'),
    mend: sql('UPDATE messages SET created_at = 1'),
  },
  {
    ...{ fault: 'keys that travel in the clear', check: 'exposure', says: /0\.0\.0\.0 without TLS/ },
    ...{ env: { HTTP_HOST: '0.0.0.0' }, mend: unset },
  },
  {
    ...{ fault: 'a plugin that cannot be loaded', check: 'plugins', says: /broken\.mjs cannot be loaded/ },
    plant: plugin('broken', 'tools: {'),
  },
  {
    ...{ fault: 'a plugin that is not there', check: 'plugins', says: /package no-such-plugin.*npm install/ },
    ...{ env: { PLUGINS: 'no-such-plugin' }, mend: unset },
  },
  {
    ...{ fault: 'a plugin without what it has to be told', check: 'plugins', says: /greet\.word is missing/ },
    plant: greet,
    mend: (data) => writeFileSync(file('hub.config.yaml')(data), 'plugins: { greet: { word: hi } }\n'),
  },
  {
    ...{ fault: 'a setting that a plugin has not', check: 'plugins', says: /"wrod".*line 1.*mean word/ },
    plant(data) {
      greet(data);
      writeFileSync(file('hub.config.yaml')(data), 'plugins: { greet: { word: hi, wrod: 1 } }\n');
    },
    mend: (data) => writeFileSync(file('hub.config.yaml')(data), 'plugins: { greet: { word: hi } }\n'),
  },
  {
    ...{
      fault: "a plugin with a tool of the hub's name",
      check: 'plugins',
      says: /add_message, as has the hub/,
    },
    plant: plugin(
      'taker',
      `tools: { add_message: { description: 'd', input: {}, output: {}, handler: () => ({}) } },`,
    ),
    mend: (data) => rmSync(file('plugins/taker.mjs')(data)),
  },
  {
    ...{ fault: 'a plugin that ends the process', check: 'plugins', says: /ends the process/ },
    plant: plugin('leaver', `tools: process.exit(0),`),
    mend: (data) => rmSync(file('plugins/leaver.mjs')(data)),
  },
  {
    ...{ fault: 'a data folder that is a file', check: 'data folder', says: /is no folder/ },
    plant(data) {
      rmSync(data, { recursive: true });
      writeFileSync(data, '');
    },
  },
];

it.concurrent.each(FAULTS)('$fault', async ({ check, says, plant, env, mend }) => {
  const share = temporaryFolder();
  const data = dataOf(share);
  cpSync(dataOf(template), data, { recursive: true });
  chmodSync(data, 0o700);
  plant?.(data);
  const sick = await examine(share, env);
  expect(sick.code).toBe(6);
  expect(sick.problems).toEqual([
    { check, state: 'problem', detail: expect.stringMatching(says), mend: expect.any(String) },
  ]);
  const advice = sick.problems[0]?.mend ?? '';
  if (mend === undefined) execFileSync('sh', ['-c', advice]);
  else await mend(data, advice);
  const well = await examine(share);
  expect(well.problems).toEqual([]);
  expect(well.code).toBe(0);
  rmSync(share, { recursive: true });
});

it('names all plugins that are wrong, and otherwise those that there are', async () => {
  const share = temporaryFolder();
  const data = dataOf(share);
  mkdirSync(data, { recursive: true, mode: 0o700 });
  greet(data);
  plugin('broken', 'tools: {')(data);
  expect((await examine(share)).problems).toMatchObject([
    { check: 'plugins', detail: expect.stringContaining('broken.mjs') },
    { check: 'plugins', detail: expect.stringContaining('plugins.greet.word is missing') },
  ]);
  rmSync(file('plugins/broken.mjs')(data));
  writeFileSync(file('hub.config.yaml')(data), 'plugins: { greet: { word: hi } }\n');
  expect((await examine(share)).findings).toContainEqual({
    check: 'plugins',
    state: 'ok',
    detail: 'greet 1.0.0',
  });
  rmSync(share, { recursive: true });
});

it('names the program that has the port', async () => {
  const share = temporaryFolder();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const { problems } = await examine(share, { HTTP_PORT: String(port) });
  expect(problems).toMatchObject([
    { check: 'port', detail: expect.stringContaining(`process ${String(process.pid)}`) },
  ]);
  server.close();
  expect((await examine(share, { HTTP_PORT: String(port) })).problems).toEqual([]);
  rmSync(share, { recursive: true });
});

it('asks the hub that runs, of its index and its keys too', async () => {
  const share = temporaryFolder();
  const hub = runSchub({ args: ['serve'], share });
  await hub.ready;
  const created = runSchub({ args: ['keys', 'create', 'short-lived', '--expires', '2d'], share });
  expect(await created.ended).toBe(0);
  const { code, findings } = await examine(share);
  expect(code).toBe(0);
  expect(findings).toMatchObject(
    expect.arrayContaining([
      expect.objectContaining({ check: 'hub', state: 'ok' }),
      expect.objectContaining({ check: 'search index', state: 'ok' }),
      expect.objectContaining({
        check: 'keys',
        state: 'warning',
        detail: expect.stringContaining('short-lived'),
      }),
    ]),
  );
  const refused = await examine(share, { HUB_API_KEY: 'schk_of-nobody-0123456789abcdef' });
  expect(refused.problems).toMatchObject([{ check: 'key of the command line' }]);
  hub.child.kill('SIGTERM');
  expect(await hub.ended).toBe(0);
  rmSync(share, { recursive: true });
});

it('connects as each client does, by what stands in its file', async () => {
  const share = temporaryFolder();
  const home = path.join(share, 'home');
  const project = path.join(home, 'app');
  mkdirSync(project, { recursive: true });
  const env = { HOME: home, USER: 'ann' };
  const schub = async (...args: readonly string[]): Promise<void> => {
    const run = runSchub({ args, share, env, cwd: project });
    expect(await run.ended, run.stderr()).toBe(0);
  };
  const look = async () => (await examine(share, env)).findings.filter(({ check }) => check === 'client');
  const hub = runSchub({ args: ['serve'], share });
  await hub.ready;
  await schub('connect', 'codex', 'gemini', 'claude-desktop', 'cursor', '--yes');
  await schub('connect', 'claude-code', '--scope', 'project', '--yes');
  const well = await look();
  expect(well.filter(({ state }) => state === 'ok')).toEqual(well);
  expect(well.map(({ detail }) => detail.split(' ')[3])).toEqual([
    ...['codex@ann', 'gemini@ann', 'claude-desktop@ann', 'cursor@ann', 'claude-code.app'],
  ]);

  await schub('keys', 'revoke', 'codex');
  await schub('keys', 'revoke', 'claude-desktop');
  rmSync(path.join(home, '.gemini'), { recursive: true });
  const mcp = path.join(project, '.mcp.json');
  writeFileSync(mcp, readFileSync(mcp, 'utf8').replace(/http:[^"]*/, 'http://127.0.0.1:9/mcp'));
  const sick = await look();
  expect(sick).toMatchObject([
    { state: 'problem', detail: expect.stringMatching(/codex cannot connect .*no valid credential/) },
    { state: 'warning', detail: expect.stringMatching(/gemini: .*not lead to the hub/) },
    {
      state: 'problem',
      detail: expect.stringMatching(/claude-desktop cannot connect .*no valid credential/),
    },
    { state: 'ok' },
    {
      state: 'problem',
      detail: expect.stringMatching(/claude-code: .*leads to http:\/\/127\.0\.0\.1:9\/mcp/),
    },
  ]);
  expect(JSON.stringify(sick)).not.toContain('schk_');
  for (const { mend = '' } of sick) {
    const command = / ?schub (.*)$/.exec(mend)?.[1];
    if (command !== undefined) await schub(...command.split(' '));
  }
  expect((await look()).map(({ state }) => state)).toEqual(Array.from({ length: 5 }, () => 'ok'));
  hub.child.kill('SIGTERM');
  expect(await hub.ended).toBe(0);
  rmSync(share, { recursive: true });
}, 60_000);
