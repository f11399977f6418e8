/** `schub connect` on files as clients have them, and back. Commands run in this process, the hub in one of its own. */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { parse as parseToml } from '@decimalturn/toml-patch';
import { parse as parseJsonc } from 'jsonc-parser';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connect, type ConnectOptions } from '../../src/cli/connect/connect.ts';
import { createOutput } from '../../src/cli/output.ts';
import { packageInfo } from '../../src/config/package.ts';
import { connectClient } from '../_util/connect-client.ts';
import { temporaryFolder } from '../_util/test-hub.ts';
import { runSchub, type Schub } from '../http/run-schub.ts';

const share = temporaryFolder();
let hub: Schub;
let url: string;
let home: string;
let project: string;
const connectFolder = path.join(share, 'shared-context-hub', 'connect');

beforeAll(async () => {
  hub = runSchub({ args: ['serve'], share });
  url = await hub.ready;
}, 60_000);
afterAll(async () => {
  hub.child.kill('SIGTERM');
  await hub.ended;
  rmSync(share, { recursive: true, force: true });
});
beforeEach(() => {
  home = temporaryFolder();
  project = path.join(home, 'work', 'my app');
  mkdirSync(project, { recursive: true });
});
afterEach(async () => {
  await run([], { undo: true });
  rmSync(home, { recursive: true, force: true });
});

interface Row {
  readonly client: string;
  readonly kind: string;
  readonly file: string;
  readonly result: string;
  readonly agent_id: string;
  readonly key_id: string;
  readonly variable?: string;
  readonly copy?: string;
  readonly difference?: string;
  readonly error?: string;
}
interface Ran {
  readonly code: number;
  readonly rows: readonly Row[];
  readonly err: string;
  readonly out: string;
}

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly json?: boolean;
  readonly ask?: (question: string) => Promise<boolean>;
}

async function run(
  clients: readonly string[],
  options: ConnectOptions = {},
  { env = {}, cwd = project, json = true, ask }: RunOptions = {},
): Promise<Ran> {
  let out = '';
  let err = '';
  const output = createOutput(
    { write: (text) => (out += text) },
    { write: (text) => (err += text) },
    json ? 'json' : 'text',
  );
  const around = {
    env: { XDG_DATA_HOME: share, USER: 'ann', ...env },
    platform: 'linux' as const,
    ...{ home, cwd, terminal: false, package: packageInfo() },
  };
  let code: number;
  try {
    code = await connect({ around, output, ...(ask === undefined ? {} : { ask }) }, clients, options);
  } catch (error) {
    code = output.failure(error);
  }
  const { connections = [] } = (json && out !== '' ? JSON.parse(out) : {}) as { connections?: Row[] };
  return { code, rows: connections, err, out };
}

function put(file: string, content: string | Uint8Array, mode = 0o644): string {
  const at = path.join(home, file);
  mkdirSync(path.dirname(at), { recursive: true });
  writeFileSync(at, content);
  chmodSync(at, mode);
  return at;
}

const hash = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
const modeOf = (file: string): number => statSync(file).mode & 0o777;
const text = (file: string): string => readFileSync(path.join(home, file), 'utf8');
/** All files and folders below the home, with what is in them. */
function tree(folder = home): Record<string, string> {
  const all: Record<string, string> = {};
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const at = path.join(entry.parentPath, entry.name);
    const kind = entry.isFile() ? hash(at) : entry.isSymbolicLink() ? 'link' : 'folder';
    all[path.relative(folder, at)] = `${kind} ${lstatSync(at).mode.toString(8)}`;
  }
  return all;
}

const KEY = /schk_[\w-]{20,}/;

/** File of the user and of the project, as they are before, and what they say of the hub afterwards. */
interface Case {
  readonly client: string;
  readonly user: string;
  readonly userBefore: string;
  readonly project?: string;
  readonly projectBefore?: string;
  readonly entry: (file: string) => unknown;
  readonly userEntry: (key: string) => object;
  readonly projectEntry?: object;
}

const servers = (file: string): unknown =>
  (parseJsonc(readFileSync(file, 'utf8')) as { mcpServers: { hub: unknown } }).mcpServers.hub;
const headers = (key: string, agent: string) => ({ Authorization: `Bearer ${key}`, 'X-Agent-Id': agent });
/** Named, and not the key itself. */
const braces = (name: string): string => `\${${name}}`;
const plainJson = '{\n  "mcpServers": {\n    "other": {\n      "command": "x"\n    }\n  }\n}\n';
const withComments = '// Mine.\n{\n\t"ui": { "theme": "dark" }, // as at night\n\t/* none yet */\n}\n';

const CASES: readonly Case[] = [
  {
    client: 'claude-code',
    user: '.claude.json',
    userBefore: '{\n  "numStartups": 5,\n  "projects": {\n    "/x": { "mcpServers": {} }\n  }\n}',
    project: '.mcp.json',
    projectBefore: plainJson,
    entry: servers,
    userEntry: (key) => ({ type: 'http', url: `${url}/mcp`, headers: headers(key, 'claude-code@ann') }),
    get projectEntry() {
      return {
        type: 'http',
        url: `${url}/mcp`,
        headers: headers(braces('HUB_KEY_CLAUDE_CODE'), 'claude-code.my-app'),
      };
    },
  },
  {
    client: 'codex',
    user: '.codex/config.toml',
    userBefore:
      '# Mine.\nmodel = "gpt"  # the best\n\n[mcp_servers.other]\nargs = [ "a", # one\n]\ncommand = "x"\n',
    project: '.codex/config.toml',
    projectBefore: '[tools]\nweb_search = true # yes\n',
    entry: (file) =>
      (parseToml(readFileSync(file, 'utf8')) as { mcp_servers: { hub: unknown } }).mcp_servers.hub,
    userEntry: (key) => ({ url: `${url}/mcp`, http_headers: headers(key, 'codex@ann') }),
    get projectEntry() {
      const http_headers = { 'X-Agent-Id': 'codex.my-app' };
      return { url: `${url}/mcp`, bearer_token_env_var: 'HUB_KEY_CODEX', http_headers };
    },
  },
  ...(['gemini', 'qwen'] as const).map((client) => ({
    client,
    user: `.${client}/settings.json`,
    userBefore: withComments,
    project: `.${client}/settings.json`,
    projectBefore: '{}',
    entry: servers,
    userEntry: (key: string) => ({ httpUrl: `${url}/mcp`, headers: headers(key, `${client}@ann`) }),
    get projectEntry() {
      const variable = braces(`HUB_KEY_${client.toUpperCase()}`);
      return { httpUrl: `${url}/mcp`, headers: headers(variable, `${client}.my-app`) };
    },
  })),
  ...(
    [
      ['antigravity', '.gemini/config/mcp_config.json'],
      ['windsurf', '.codeium/windsurf/mcp_config.json'],
    ] as const
  ).map(([client, user]) => ({
    ...{ client, user, userBefore: '{"mcpServers":{}}', entry: servers },
    userEntry: (key: string) => ({ serverUrl: `${url}/mcp`, headers: headers(key, `${client}@ann`) }),
  })),
  {
    client: 'cursor',
    user: '.cursor/mcp.json',
    userBefore: plainJson.replaceAll('\n', '\r\n'),
    project: '.cursor/mcp.json',
    projectBefore: '',
    entry: servers,
    userEntry: (key) => ({ url: `${url}/mcp`, headers: headers(key, 'cursor@ann') }),
    get projectEntry() {
      return { url: `${url}/mcp`, headers: headers(braces('env:HUB_KEY_CURSOR'), 'cursor.my-app') };
    },
  },
  {
    client: 'kiro',
    user: '.kiro/settings/mcp.json',
    userBefore: `\uFEFF${plainJson}`,
    project: '.kiro/settings/mcp.json',
    projectBefore: withComments,
    entry: servers,
    userEntry: (key) => ({ url: `${url}/mcp`, headers: headers(key, 'kiro@ann') }),
    get projectEntry() {
      return { url: `${url}/mcp`, headers: headers(braces('HUB_KEY_KIRO'), 'kiro.my-app') };
    },
  },
  {
    client: 'vscode',
    user: '.config/Code/User/mcp.json',
    userBefore: '{\n    "servers": {\n        // none\n    },\n    "inputs": []\n}\n',
    project: '.vscode/mcp.json',
    projectBefore: '{\n  "inputs": [\n    { "id": "mine", "type": "promptString" } // mine\n  ]\n}\n',
    entry: (file) => (parseJsonc(readFileSync(file, 'utf8')) as { servers: { hub: unknown } }).servers.hub,
    userEntry: (key) => ({ type: 'http', url: `${url}/mcp`, headers: headers(key, 'vscode@ann') }),
    get projectEntry() {
      return { type: 'http', url: `${url}/mcp`, headers: headers(braces('input:hub-key'), 'vscode.my-app') };
    },
  },
  {
    client: 'claude-desktop',
    user: '.config/Claude/claude_desktop_config.json',
    userBefore: '{\n  "globalShortcut": ""\n}\n',
    entry: servers,
    userEntry: (key) => ({
      command: process.execPath,
      args: [path.join(packageInfo().root, 'bin', 'schub.mjs'), 'stdio', '--agent', 'claude-desktop@ann'],
      env: { HUB_API_KEY: key, XDG_DATA_HOME: share },
    }),
  },
];

describe.each(CASES)('$client', (one) => {
  it('connects the user and takes it back, byte for byte', async () => {
    const file = put(one.user, one.userBefore);
    const before = tree();
    const [row] = (await run([one.client])).rows;
    expect(row).toMatchObject({
      client: one.client,
      result: 'connected',
      file,
      agent_id: `${one.client}@ann`,
    });
    const [key = ''] = KEY.exec(text(one.user)) ?? [];
    expect(one.entry(file)).toEqual(one.userEntry(key));
    expect(modeOf(file)).toBe(0o600);
    expect(row?.difference).not.toMatch(KEY);
    expect(text(one.user).startsWith('\uFEFF')).toBe(one.userBefore.startsWith('\uFEFF'));
    expect(hash(row?.copy ?? '')).toBe(before[one.user]?.split(' ')[0]);
    for (const comment of one.userBefore.match(/(?<!:)(\/\/|#|\/\*).*/g) ?? [])
      expect(text(one.user)).toContain(comment.trim());
    // The key is good, and is that agent's.
    const agent = await connectClient(url, '2025', { key, headers: { 'x-agent-id': row?.agent_id ?? '' } });
    await agent.close();

    const connected = tree();
    expect((await run([one.client])).rows).toMatchObject([{ result: 'unchanged' }]);
    expect(tree()).toEqual(connected);

    expect(await run([one.client], { undo: true })).toMatchObject({
      code: 0,
      rows: [{ result: 'restored' }],
    });
    expect(tree()).toEqual(before);
    const { status } = await fetch(`${url}/nothing`, { headers: { 'x-api-key': key } });
    expect(status).toBe(401);
    expect(readdirSync(connectFolder)).toEqual(['ledger.json']);
    expect(readFileSync(path.join(connectFolder, 'ledger.json'), 'utf8')).not.toMatch(KEY);
  });

  it('makes the file where there is none, and leaves nothing behind', async () => {
    const before = tree();
    expect(await run([one.client])).toMatchObject({ code: 0, rows: [{ result: 'connected' }] });
    expect(modeOf(path.join(home, one.user))).toBe(0o600);
    expect(await run([], { undo: true })).toMatchObject({ code: 0 });
    expect(tree()).toEqual(before);
  });

  it.runIf(one.project !== undefined)('connects a project without the key in it', async () => {
    const name = path.join('work', 'my app', one.project ?? '');
    const file = put(name, one.projectBefore ?? '', 0o664);
    const before = tree();
    const ran = await run([one.client], { scope: 'project' });
    expect(ran.rows).toMatchObject([{ result: 'connected', agent_id: `${one.client}.my-app`, file }]);
    expect(one.entry(file)).toEqual(one.projectEntry);
    expect(text(name)).not.toMatch(KEY);
    expect(modeOf(file)).toBe(0o664);
    const variable = `HUB_KEY_${one.client.toUpperCase().replaceAll('-', '_')}`;
    expect(ran.err).toContain(variable);
    const keys = readFileSync(path.join(connectFolder, 'keys.env'), 'utf8');
    expect(keys).toMatch(new RegExp(`^export ${variable}='${KEY.source}'\n$`));
    expect(modeOf(path.join(connectFolder, 'keys.env'))).toBe(0o600);
    const env = { [variable]: KEY.exec(keys)?.[0] ?? '' };
    const again = await run([one.client], { scope: 'project' }, { env });
    expect(again).toMatchObject({ code: 0, err: '', rows: [{ result: 'unchanged' }] });
    expect(await run([], { undo: true })).toMatchObject({ code: 0, rows: [{ result: 'restored' }] });
    expect(tree()).toEqual(before);
    expect(existsSync(path.join(connectFolder, 'keys.env'))).toBe(false);
  });
});

describe('a file that was changed since', () => {
  it('loses what schub wrote, and nothing else', async () => {
    const file = put('.claude.json', '{\n  "numStartups": 5\n}\n');
    await run(['claude']);
    writeFileSync(file, text('.claude.json').replace('5', '6 /* more */'));
    const undone = await run(['claude'], { undo: true });
    expect(undone).toMatchObject({ code: 0, rows: [{ result: 'removed' }] });
    expect(text('.claude.json')).toBe('{\n  "numStartups": 6 /* more */\n}\n');
  });

  it('gets back what was there before, and goes if it is empty', async () => {
    const mine = '{"mcpServers":{"hub":{"url":"http://127.0.0.1:1/mcp"}}}';
    const file = put('.cursor/mcp.json', mine);
    await run(['cursor', 'windsurf']);
    expect(text('.cursor/mcp.json')).toMatch(KEY);
    writeFileSync(file, `${text('.cursor/mcp.json')}\n`);
    writeFileSync(
      path.join(home, '.codeium/windsurf/mcp_config.json'),
      `\n${text('.codeium/windsurf/mcp_config.json')}`,
    );
    expect(await run([], { undo: true })).toMatchObject({
      code: 0,
      rows: [{ result: 'removed' }, { result: 'removed' }],
    });
    expect(text('.cursor/mcp.json')).toBe(`${mine}\n`);
    expect(existsSync(path.join(home, '.codeium'))).toBe(false);
  });

  it('is connected anew, and the change is kept when that is taken back', async () => {
    const file = put('.codex/config.toml', 'a = 1\n');
    await run(['codex']);
    const written = text('.codex/config.toml');
    writeFileSync(file, written.replace(url, 'http://127.0.0.1:9').replace('a = 1', 'a = 2'));
    expect((await run(['codex'])).rows).toMatchObject([{ result: 'connected' }]);
    expect(text('.codex/config.toml')).toBe(written.replace('a = 1', 'a = 2'));
    expect((await run([], { undo: true })).rows).toMatchObject([{ result: 'restored' }]);
    expect(parseToml(text('.codex/config.toml'))).toEqual({ a: 2 });
  });

  it('may be gone', async () => {
    await run(['kiro']);
    rmSync(path.join(home, '.kiro'), { recursive: true });
    expect(await run([], { undo: true })).toMatchObject({ code: 0, rows: [{ result: 'gone' }] });
  });
});

it('leaves alone what it cannot understand, and goes on with the others', async () => {
  const bad = {
    '.claude.json': '{ "a": ',
    '.codex/config.toml': 'a = = 1\n',
    '.gemini/settings.json': '{"mcpServers":{"hub":{"httpUrl":"https://elsewhere.example/mcp"}}}',
    '.kiro/settings/mcp.json': Uint8Array.of(0xff, 0xfe, 0x7b),
  };
  for (const [file, content] of Object.entries(bad)) put(file, content);
  const before = tree();
  const { code, rows } = await run(['claude', 'codex', 'gemini', 'kiro', 'cursor']);
  expect(code).toBe(1);
  expect(rows.map(({ result }) => result)).toEqual(['failed', 'failed', 'failed', 'failed', 'connected']);
  expect(rows.map(({ error = '' }) => error.replace(home, '~'))).toEqual([
    '~/.claude.json is not JSON (line 1: ValueExpected); it is left as it is.',
    '~/.codex/config.toml is not TOML (line 1); it is left as it is.',
    '~/.gemini/settings.json has another server called hub (mcpServers.hub); rename it or remove it first; it is left as it is.',
    '~/.kiro/settings/mcp.json is not UTF-8; it is left as it is.',
    '',
  ]);
  expect(tree()).toMatchObject(before);
  const ledger = JSON.parse(readFileSync(path.join(connectFolder, 'ledger.json'), 'utf8')) as {
    keys: unknown[];
  };
  expect(ledger.keys).toHaveLength(1);
});

it('leaves no folder behind that it made for several', async () => {
  const before = tree();
  await run(['vscode', 'claude-desktop', 'gemini', 'antigravity']);
  expect((await run([], { undo: true })).rows.map(({ result }) => result)).toEqual(Array(4).fill('restored'));
  expect(tree()).toEqual(before);
});

it('follows a link, and leaves it one', async () => {
  const real = put('dotfiles/cursor.json', '{}\n');
  mkdirSync(path.join(home, '.cursor'));
  symlinkSync(real, path.join(home, '.cursor', 'mcp.json'));
  const before = tree();
  await run(['cursor']);
  expect(text('dotfiles/cursor.json')).toMatch(KEY);
  expect(lstatSync(path.join(home, '.cursor', 'mcp.json')).isSymbolicLink()).toBe(true);
  await run([], { undo: true });
  expect(tree()).toEqual(before);
});

it('finds what is installed: folders, files and programs', async () => {
  put('.cursor/x', '');
  put('.claude.json', '{}');
  put('bin/qwen', '#!/bin/sh\n', 0o755);
  put('bin/kiro', 'no program\n');
  put('node_modules/.bin/codex', '#!/bin/sh\n', 0o755);
  const PATH = [path.join(home, 'bin'), path.join(home, 'node_modules', '.bin')].join(path.delimiter);
  const { out } = await run([], {}, { env: { PATH } });
  const { clients } = JSON.parse(out) as {
    clients: { client: string; installed: boolean; connected: string[] }[];
  };
  expect(clients.filter(({ installed }) => installed).map(({ client }) => client)).toEqual([
    'claude-code',
    'cursor',
    'qwen',
  ]);
  const { rows } = await run([], { all: true }, { env: { PATH } });
  expect(rows.map(({ client }) => client)).toEqual(['claude-code', 'cursor', 'qwen']);
});

it('shows what it would do, and does nothing', async () => {
  put('.codex/config.toml', 'a = 1\n');
  const before = tree();
  const keys = await listKeys();
  const dry = await run(['codex', 'vscode'], { dryRun: true }, { json: false });
  expect(dry.code).toBe(0);
  expect(dry.out).toContain(`+ url = "${url}/mcp"`);
  expect(dry.out).toMatch(/^codex\twould change\tcodex@ann\t/m);
  const printed = await run(['codex', 'cursor'], { print: true, scope: 'project' }, { json: false });
  expect(printed.out).toContain('bearer_token_env_var = "HUB_KEY_CODEX"');
  expect(printed.out).toContain(`Bearer ${braces('env:HUB_KEY_CURSOR')}`);
  expect((await run(['windsurf'], { print: true }, { json: false })).out).toContain('Bearer YOUR_KEY');
  expect(tree()).toEqual(before);
  expect(await listKeys()).toEqual(keys);
});

it('asks on a terminal, and takes no for an answer', async () => {
  put('.cursor/mcp.json', '{}');
  const before = tree();
  const keys = await listKeys();
  const questions: string[] = [];
  const ask = (question: string) => Promise.resolve(questions.push(question) === 0);
  expect((await run(['cursor'], {}, { ask })).rows).toMatchObject([{ result: 'declined' }]);
  expect(questions).toEqual([`Change ${path.join(home, '.cursor', 'mcp.json')}?`]);
  expect([tree(), await listKeys()]).toEqual([before, keys]);
  expect((await run(['cursor'], { yes: true }, { ask })).rows).toMatchObject([{ result: 'connected' }]);
  expect(questions).toHaveLength(1);
});

it('gives each client a key, and each project an agent of its own', async () => {
  const other = path.join(home, 'elsewhere', 'my app');
  mkdirSync(other, { recursive: true });
  const [user, here] = [await run(['codex', 'cursor']), await run(['codex'], { scope: 'project' })];
  const there = await run(['codex'], { scope: 'project' }, { cwd: other });
  const codex = [user.rows[0], here.rows[0], there.rows[0]];
  expect(new Set(codex.map((row) => row?.key_id)).size).toBe(1);
  expect(user.rows[1]?.key_id).not.toBe(user.rows[0]?.key_id);
  expect(codex.map((row) => row?.agent_id)).toEqual(['codex@ann', 'codex.my-app', 'codex.my-app-2']);
  const undone = await run([], { undo: true });
  expect(undone.rows).toHaveLength(3);
  expect(undone.err).toContain(`Still connected in ${other}`);
  expect(await run([], { undo: true }, { cwd: other })).toMatchObject({
    code: 0,
    rows: [{ result: 'restored' }],
  });
});

it('makes another key where the old one has ended, and the agent stays the same', async () => {
  const [first] = (await run(['gemini'])).rows;
  const before = KEY.exec(text('.gemini/settings.json'))?.[0];
  const revoked = runSchub({ args: ['keys', 'revoke', first?.key_id ?? ''], share });
  expect(await revoked.ended).toBe(0);
  const [second] = (await run(['gemini'])).rows;
  expect(second).toMatchObject({ result: 'connected', agent_id: first?.agent_id });
  const key = KEY.exec(text('.gemini/settings.json'))?.[0] ?? '';
  expect(key).not.toBe(before);
  const agent = await connectClient(url, '2026', { key, headers: { 'x-agent-id': 'gemini@ann' } });
  await agent.close();
});

it('takes another id where somebody else has it', async () => {
  const other = temporaryFolder();
  const shown = runSchub({ args: ['keys', 'create', `other-${path.basename(other)}`, '--json'], share });
  await shown.ended;
  const { key } = JSON.parse(shown.stdout()) as { key: string };
  const agent = await connectClient(url, '2025', { key, headers: { 'x-agent-id': 'kiro@bob' } });
  await agent.close();
  const { rows } = await run(['kiro'], {}, { env: { USER: 'bob' } });
  expect(rows).toMatchObject([{ agent_id: 'kiro@bob-2' }]);
  rmSync(other, { recursive: true });
});

it('writes hooks for Claude Code beside those that are there', async () => {
  const mine =
    '{\n  "hooks": {\n    "Stop": [\n      { "hooks": [{ "type": "command", "command": "say done" }] } // mine\n    ]\n  }\n}\n';
  const file = put('.claude/settings.json', mine, 0o640);
  const before = tree();
  const { rows } = await run(['claude'], { hooks: true });
  expect(rows.map(({ kind, result }) => [kind, result])).toEqual([
    ['server', 'connected'],
    ['hooks', 'connected'],
  ]);
  const { hooks } = parseJsonc(readFileSync(file, 'utf8')) as {
    hooks: Record<string, { matcher?: string; hooks: { command: string }[] }[]>;
  };
  expect(Object.keys(hooks).sort()).toEqual([
    'PostToolUse',
    'PreToolUse',
    'SessionStart',
    'Stop',
    'UserPromptSubmit',
  ]);
  expect(hooks['Stop']?.map((one) => one.hooks[0]?.command)).toEqual([
    'say done',
    expect.stringMatching(/schub(\.mjs)? hook claude \|\| true$/) as string,
  ]);
  expect(hooks['PreToolUse']?.[0]?.matcher).toMatch(/Edit.*Write/);
  expect([text('.claude/settings.json').includes('// mine'), modeOf(file)]).toEqual([true, 0o640]);
  expect((await run(['claude'], { hooks: true })).rows.map(({ result }) => result)).toEqual([
    'unchanged',
    'unchanged',
  ]);
  expect((await run([], { undo: true })).rows.map(({ result }) => result)).toEqual(['restored', 'restored']);
  expect(tree()).toEqual(before);

  await run([], { hooks: true, scope: 'project' });
  expect(text('work/my app/.claude/settings.json')).toContain('"schub hook claude || true"');
  expect(await run(['codex'], { hooks: true })).toMatchObject({ code: 2 });
});

it('keeps a key that it could not end for the next time', async () => {
  await run(['windsurf']);
  const key = KEY.exec(text('.codeium/windsurf/mcp_config.json'))?.[0] ?? '';
  const away = await run([], { undo: true }, { env: { HUB_URL: 'http://127.0.0.1:9', HUB_API_KEY: 'none' } });
  expect(away.code).toBe(1);
  expect(away.err).toMatch(/Key windsurf(-\d+)? is still valid/);
  expect(existsSync(path.join(home, '.codeium'))).toBe(false);
  expect(await run([], { undo: true })).toMatchObject({ code: 0, rows: [] });
  expect((await fetch(`${url}/nothing`, { headers: { 'x-api-key': key } })).status).toBe(401);
});

it.each([
  [['cursr'], {}, 2, /Did you mean cursor\?/],
  [['frobnicate'], {}, 2, /It knows claude-code, codex/],
  [['windsurf'], { scope: 'project' as const }, 2, /Windsurf has no configuration of projects/],
  [['cursor'], {}, 5, /schub up/],
])('says what is wrong with %j %j', async (clients, options, code, said) => {
  const env: Record<string, string> = code === 5 ? { XDG_DATA_HOME: home } : {};
  const ran = await run(clients, options, { json: false, env });
  expect([ran.code, ran.out]).toEqual([code, '']);
  expect(ran.err).toMatch(said);
});

async function listKeys(): Promise<number> {
  const listed = runSchub({ args: ['keys', 'list', '--json'], share });
  await listed.ended;
  return (JSON.parse(listed.stdout()) as { keys: unknown[] }).keys.length;
}
