/** Every example of every help text, run by a shell against a real hub. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { connectClient } from '../_util/connect-client.ts';
import { temporaryFolder } from '../_util/test-hub.ts';
import { CACHE, MAIN, runSchub, type Schub } from '../http/run-schub.ts';

/** Of a loaded machine. */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

const API_KEY = 'schk_of-the-agents-0123456789abcdef';
const ADMIN_API_KEY = 'schk_of-operators-0123456789abcdef';
const SESSION = 'session_0123456789abcdef';
const LEASE = 'lease_0123456789abcdef';

interface Documented {
  /** As `keys create`; empty for schub itself. */
  readonly name: string;
  readonly examples: readonly string[];
  readonly help: string;
}

/** What the program itself says of its commands. */
function documented(command: Command, name: string): readonly Documented[] {
  let help = '';
  command.configureOutput({ writeOut: (said) => (help += said) }).outputHelp();
  const examples = help.split('\nExamples:\n')[1]?.trimEnd().split('\n') ?? [];
  const below = command.commands.flatMap((one) => documented(one, `${name} ${one.name()}`.trim()));
  const isGroup = command.commands.length > 0 && name !== '';
  return [...(isGroup ? [] : [{ name, examples: examples.map((line) => line.trim()), help }]), ...below];
}

const nobody = { write: () => true };
const COMMANDS = documented(
  createProgram(
    { stdout: nobody, stderr: nobody },
    () => Promise.reject(new Error('no output')),
    () => undefined,
  ),
  '',
);

const share = temporaryFolder();
const bin = path.join(share, 'bin');
let hub: Schub;
let url: string;

interface Place {
  /** The working folder, and HOME. */
  readonly home: string;
  /** Base of the data folder. */
  readonly share: string;
}

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a line in a shell; `until` says, of what it has printed, whether Ctrl-C is to end it. */
async function shell(line: string, { home, share }: Place, until?: RegExp): Promise<Ran> {
  const single = until === undefined ? line : `exec ${line}`;
  const child = spawn('bash', ['-c', single], {
    cwd: home,
    env: {
      ...{ PATH: `${bin}:/usr/bin:/bin`, HOME: home, XDG_DATA_HOME: share, HTTP_PORT: '0', USER: 'ann' },
      ...{ API_KEY, ADMIN_API_KEY, LOG_LEVEL: 'error', LOG_FILE: path.join(share, 'my.log') },
      ...CACHE,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let told = false;
  if (until !== undefined)
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        // Once: the second would end it at once.
        if (told || !until.test(said)) return;
        told = child.kill('SIGINT');
      });
  const [out, err] = await Promise.all([readAll(child.stdout), readAll(child.stderr), once(child, 'exit')]);
  return { code: child.exitCode, out, err };
}

/** A request with the operators' key, as an agent if one is named. */
async function api(
  method: string,
  at: string,
  body: object,
  agent?: string,
): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}/api/v1/${at}`, {
    method,
    headers: {
      authorization: `Bearer ${agent === undefined ? ADMIN_API_KEY : API_KEY}`,
      'content-type': 'application/json',
      ...(agent === undefined ? {} : { 'x-agent-id': agent }),
    },
    body: JSON.stringify(body),
  });
  const json = (await response.json()) as Record<string, unknown>;
  expect(response.ok, JSON.stringify(json)).toBe(true);
  return json;
}

const makeKey = (name: string) => api('POST', 'keys', { name });
const setMemory = (key: string, more: object = {}) =>
  api('PUT', `memory/${key}`, { value: 1, scope: 'shared', ...more });

async function newSession(): Promise<string> {
  const { session_id: id } = await api(
    'POST',
    'sessions',
    { purpose: 'login', first_message: 'Hello' },
    'ann',
  );
  return String(id);
}

async function newLease(): Promise<string> {
  const agent = await connectClient(url, '2026', { key: API_KEY, headers: { 'x-agent-id': 'ann' } });
  const { lease } = (await agent.callTool('acquire_lease', { resources: [`lease-${Math.random()}`] })).json;
  await agent.close();
  return (lease as { lease_id: string }).lease_id;
}

/** What must be there before the examples of a command. */
const PREPARED: Readonly<Record<string, (place: Place, session: string) => unknown>> = {
  'keys rotate': () => makeKey('ci'),
  'keys revoke': () => makeKey('old-laptop'),
  'agents release': () => api('POST', 'sessions', { purpose: 'mine' }, 'reviewer'),
  'agents transfer': () =>
    Promise.all([makeKey('team-b'), api('POST', 'sessions', { purpose: 'mine' }, 'planner')]),
  'memory get': (_place, session) =>
    Promise.all([setMemory('deploy.target'), setMemory('plan', { session_id: session })]),
  'memory history': () => Promise.all([setMemory('deploy.target'), setMemory('plan', { scope: 'agent' })]),
  'memory rm': () => Promise.all([setMemory('deploy.old'), setMemory('draft', { scope: 'agent' })]),
  import({ home }) {
    const line = { id: 'm1', session: 's', sender: 'Ann', timestamp: '2026-01-01T00:00:00Z', content: 'Hi' };
    writeFileSync(path.join(home, 'messages.jsonl.gz'), gzipSync(`${JSON.stringify(line)}\n`));
    const claude = path.join(home, '.claude/projects/-home-ann');
    const codex = path.join(home, '.codex/sessions/2026/01/01');
    for (const folder of [claude, codex]) mkdirSync(folder, { recursive: true });
    const said = { role: 'user', content: 'Hi' };
    const entry = { type: 'user', uuid: 'u1', sessionId: 's1', timestamp: line.timestamp, message: said };
    writeFileSync(path.join(claude, 's1.jsonl'), `${JSON.stringify(entry)}\n`);
    const meta = { timestamp: line.timestamp, type: 'session_meta', payload: { id: 's2', cwd: home } };
    writeFileSync(path.join(codex, 'rollout-s2.jsonl'), `${JSON.stringify(meta)}\n`);
  },
  up: ({ home }) => writeFileSync(path.join(home, 'hub.config.yaml'), 'log: { level: warn }\n'),
  logs: (place) => writeFileSync(path.join(place.share, 'my.log'), '{"level":30,"msg":"old"}\n'),
  restore: backUp,
  migrate: backUp,
};

async function backUp(place: Place): Promise<void> {
  const copy = path.join(place.home, 'before-the-update.db');
  expect(await shell(`schub backup ${copy}`, { home: place.home, share })).toMatchObject({ code: 0 });
  writeFileSync(path.join(place.home, 'copy-of-hub.db'), readFileSync(copy));
}

/** They need a data folder on which no hub runs. */
const ALONE: readonly string[] = ['serve', 'restore', 'migrate'];
/** What those have said when they are ended by Ctrl-C, and the exit code then. */
const ENDLESS: readonly { readonly line: RegExp; readonly until: RegExp; readonly code: number }[] = [
  { line: /^schub serve/, until: /^ready http/m, code: 0 },
  { line: /^schub tail$|^schub tail --type/, until: /Hello/, code: 130 },
  { line: /^schub tail .*--since/, until: /Hello/, code: 130 },
  { line: /^schub torture$/, until: /kill 1 of/, code: 130 },
  { line: /^schub logs -f/, until: /old/, code: 130 },
];

beforeAll(async () => {
  mkdirSync(bin);
  const programs = { schub: `exec ${process.execPath} ${MAIN} "$@"`, git: 'echo "+ one line"' };
  for (const [name, does] of Object.entries(programs)) {
    writeFileSync(path.join(bin, name), `#!/bin/sh\n${does}\n`);
    chmodSync(path.join(bin, name), 0o755);
  }
  hub = runSchub({ args: ['serve'], share, env: { API_KEY, ADMIN_API_KEY, LOG_LEVEL: 'error' } });
  url = await hub.ready;
});
afterAll(async () => {
  hub.child.kill('SIGTERM');
  expect(await hub.ended).toBe(0);
  rmSync(share, { recursive: true });
});

describe.concurrent('the examples of', () => {
  it.each(COMMANDS)('schub $name', async ({ name, examples, help }) => {
    expect(examples.length, help).toBeGreaterThan(1);
    for (const line of examples) expect(line).toContain(`schub ${name}`.trim());
    const home = path.join(share, 'homes', name.replaceAll(' ', '-'));
    mkdirSync(home, { recursive: true });
    const place = { home, share: ALONE.includes(name) ? home : share };
    const session = await newSession();
    await PREPARED[name]?.(place, session);
    for (const example of examples) {
      const line = example
        .replaceAll(SESSION, session)
        .replaceAll(LEASE, example.includes(LEASE) ? await newLease() : LEASE);
      const endless = ENDLESS.find((one) => one.line.test(example));
      // Somebody says something, again and again, while it is listened.
      const talk = setInterval(() => {
        if (example.startsWith('schub tail'))
          void api(
            'POST',
            `sessions/${session}/messages`,
            { content: 'Hello', message_type: 'decision' },
            'ann',
          );
      }, 300);
      const ran = await shell(line, place, endless?.until);
      clearInterval(talk);
      expect(ran.code, `${line}\n${ran.err}`).toBe(endless?.code ?? 0);
      if (line.includes('--json')) JSON.parse(ran.out);
      if (line.includes('--ndjson')) for (const one of ran.out.split('\n')) JSON.parse(one || '{}');
    }
  });
});

it('finds all commands', () => {
  const names = COMMANDS.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['', 'serve', 'keys create', 'hook claude', 'completion']));
  for (const { help, name } of COMMANDS) expect(help, name).toMatch(/^Usage: schub/);
});
