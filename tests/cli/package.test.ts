/** The package from its tarball: what is in it, and the first two commands of somebody who has nothing else. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { installPacked, pack, type Packed } from '../../scripts/packed.ts';
import { npm } from '../../scripts/scratch-install.ts';
import { packageInfo } from '../../src/config/package.ts';
import { connectClient } from '../_util/connect-client.ts';
import { temporaryFolder } from '../_util/test-hub.ts';

/** It builds, and installs from the registry. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 600_000 });

const folder = temporaryFolder();
const home = path.join(folder, 'home');
const install = path.join(folder, 'installed');
let packed: Packed;
let installed: string;

beforeAll(async () => {
  mkdirSync(home);
  packed = await pack(folder);
  installed = await installPacked(packed, install);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const env = {
  PATH: `${path.dirname(process.execPath)}:/usr/bin:/bin`,
  HOME: home,
  USER: 'ann',
  HTTP_PORT: '0',
};

function start(...args: string[]): ChildProcess {
  return spawn(path.join(install, 'node_modules', '.bin', 'schub'), args, {
    ...{ cwd: install, env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function schub(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = start(...args);
  const [out, err] = await Promise.all([readAll(child.stdout!), readAll(child.stderr!), once(child, 'exit')]);
  return { code: child.exitCode, out, err };
}

describe('what is in it', () => {
  it('is the program and its documents, and nothing else', () => {
    const names = packed.files.map((file) => file.path);
    const top = new Set(names.map((name) => name.split('/')[0]));
    expect([...top].sort()).toEqual(
      [
        '.env.example',
        'LICENSE',
        'README.md',
        'bin',
        'deploy',
        'dist',
        'docs',
        'migrations',
        'package.json',
      ].sort(),
    );
    expect(names.filter((name) => /\.test\.|\.map$|\.tsx?$|\/\.|stamp/.test(name))).toEqual([]);
    expect(names).toEqual(
      expect.arrayContaining(['bin/schub.mjs', 'dist/cli/main.js', 'docs/operations.md']),
    );
    expect(names.filter((name) => name.endsWith('.sql')).length).toBe(
      readdirSync(path.join(packageInfo().root, 'migrations')).filter((name) => name.endsWith('.sql')).length,
    );
  });

  it('names no place of the machine that made it, and no map that is not there', () => {
    const places = [packageInfo().root, folder, homedir()];
    const wrong = packed.files.flatMap(({ path: name }) => {
      const text = readFileSync(path.join(installed, name), 'utf8');
      return [...places, '\n//# sourceMappingURL=']
        .filter((place) => text.includes(place))
        .map((place) => [name, place]);
    });
    expect(wrong).toEqual([]);
  });

  it('runs nothing when it is installed, and has its programs', () => {
    const { scripts, bin } = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
      bin: Record<string, string>;
    };
    expect(Object.keys(scripts)).toEqual(
      expect.not.arrayContaining(['preinstall', 'install', 'postinstall', 'prepare']),
    );
    expect(Object.keys(bin)).toEqual(['schub', 'shared-context-hub']);
    for (const file of Object.values(bin)) accessSync(path.join(installed, file), constants.X_OK);
  });
});

it('runs, is found again by npx, and connects a client that it finds', async () => {
  const hub = start('up');
  const ended = once(hub, 'exit');
  let said = '';
  hub.stdout?.on('data', (text: Buffer) => (said += text.toString()));
  const err = readAll(hub.stderr!);
  await vi.waitUntil(() => /^ready http/m.test(said) || hub.exitCode !== null, 60_000);
  expect(hub.exitCode, said).toBeNull();
  const url = /^ready (http:\S+)/m.exec(said)?.[1] ?? '';
  expect(said).toMatch(/agents +schk_/);
  expect(await schub('--version')).toMatchObject({ code: 0, out: `${packageInfo().version}\n` });

  const npx = await npm(['exec', '--offline', '--', 'shared-context-hub'], install, 60_000, env);
  expect(npx).toContain(`ready ${url} (`);

  writeFileSync(path.join(home, '.claude.json'), '{}');
  mkdirSync(path.join(home, '.config', 'Claude'), { recursive: true });
  expect(await schub('connect', '--all')).toMatchObject({ code: 0 });
  const { mcpServers } = JSON.parse(readFileSync(path.join(home, '.claude.json'), 'utf8')) as {
    mcpServers: { hub: { url: string; headers: Record<string, string> } };
  };
  const { headers } = mcpServers.hub;
  const key = headers['Authorization']?.replace('Bearer ', '') ?? '';
  const agent = await connectClient(url, '2026', {
    key,
    headers: { 'x-agent-id': headers['X-Agent-Id'] ?? '' },
  });
  expect((await agent.callTool('create_session', { purpose: 'first' })).json).toMatchObject({
    success: true,
  });
  await agent.close();
  // By what stands in the files, processes that they start included.
  const { findings } = JSON.parse((await schub('doctor', '--json')).out) as {
    findings: { check: string; state: string; detail: string }[];
  };
  const clients = findings.filter(({ check }) => check === 'client');
  expect(clients.map(({ state, detail }) => [state, detail.split(' ')[0]])).toEqual([
    ['ok', 'claude-code'],
    ['ok', 'claude-desktop'],
  ]);
  hub.kill('SIGTERM');
  expect((await ended)[0], await err).toBe(0);
});
