import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunOptions, Schub } from '../../tests/http/run-schub.ts';
import { runSchub } from '../../tests/http/run-schub.ts';

let share: string;
const running: Schub[] = [];
beforeEach(() => {
  share = mkdtempSync(path.join(tmpdir(), 'hub-serve-'));
});
afterEach(async () => {
  for (const { child } of running) child.kill('SIGKILL');
  await Promise.all(running.splice(0).map(({ ended }) => ended));
  rmSync(share, { recursive: true });
});

function run(args: readonly string[], options: Partial<RunOptions> = {}): Schub {
  const schub = runSchub({ args, share, ...options });
  running.push(schub);
  return schub;
}

const data = (...parts: string[]): string => path.join(share, 'shared-context-hub', ...parts);
const keysIn = (text: string): readonly string[] => [...new Set(text.match(/schk_[\w-]+/g))];

async function statusWith(url: string, key: string): Promise<number> {
  return (await fetch(`${url}/nothing`, { headers: { Authorization: `Bearer ${key}` } })).status;
}

async function stop(schub: Schub, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  schub.child.kill(signal);
  return await schub.ended;
}

describe('schub serve', () => {
  it('makes keys once, shows them with client configuration, and keeps them', async () => {
    const first = run(['serve']);
    const url = await first.ready;
    const shown = first.stdout();
    const [agent = '', operator = ''] = keysIn(shown);
    expect(keysIn(shown)).toHaveLength(2);
    expect(shown).toContain(
      `claude mcp add --transport http --scope user hub ${url}/mcp --header "Authorization: Bearer ${agent}"`,
    );
    expect(shown).toContain(
      `export HUB_KEY=${agent}\n  codex mcp add hub --url ${url}/mcp --bearer-token-env-var HUB_KEY`,
    );
    expect(shown).toContain(
      `gemini mcp add --scope user --transport http --header "Authorization: Bearer ${agent}" hub ${url}/mcp`,
    );
    const mcpJson = /^ {2}(\{.*\})$/m.exec(shown)?.[1] ?? '';
    expect(JSON.parse(mcpJson)).toEqual({
      mcpServers: {
        hub: { type: 'http', url: `${url}/mcp`, headers: { Authorization: `Bearer \${HUB_KEY}` } },
      },
    });
    expect(shown.split('\n').at(-2)).toMatch(/^ready http:\/\/127\.0\.0\.1:\d+ /);
    expect(await statusWith(url, agent)).toBe(404);
    expect(await statusWith(url, operator)).toBe(404);
    expect(await statusWith(url, `${agent}x`)).toBe(401);
    expect(await stop(first)).toBe(0);

    const second = run(['serve']);
    expect(await statusWith(await second.ready, agent)).toBe(404);
    expect(second.stdout()).toMatch(/^ready http:\S+ .*\n$/);
    expect(await stop(second, 'SIGINT')).toBe(0);
    expect(first.stderr() + second.stderr()).not.toMatch(/schk_/);
  });

  it('tells others where it runs, as long as it does', async () => {
    const hub = run(['serve']);
    const url = await hub.ready;
    expect(JSON.parse(readFileSync(data('hub.json'), 'utf8'))).toEqual({
      pid: hub.child.pid,
      url,
      version: expect.stringMatching(/^\d+\./) as string,
      started_at: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    });
    await stop(hub);
    expect(existsSync(data('hub.json'))).toBe(false);
  });

  it('stops when the process that started it goes', async () => {
    const hub = run(['serve']);
    await hub.ready;
    hub.child.disconnect();
    expect(await hub.ended).toBe(0);
  });

  it('takes a signal that comes three times for one', async () => {
    const hub = run(['serve']);
    await hub.ready;
    for (const signal of ['SIGINT', 'SIGINT', 'SIGTERM'] as const) hub.child.kill(signal);
    expect(await hub.ended).toBe(0);
  });

  it('stops at once when it is asked again later', async () => {
    const hub = run(['serve'], { env: { API_KEY: 'a-key-that-the-test-chose-itself' } });
    const url = new URL(await hub.ready);
    const socket = net.connect(Number(url.port), url.hostname);
    socket.on('error', () => undefined);
    const head =
      'POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10\r\n';
    socket.write(`${head}Authorization: Bearer a-key-that-the-test-chose-itself\r\n\r\n{`);
    await fetch(`${url.origin}/health`);
    hub.child.kill('SIGTERM');
    while (!hub.stderr().includes('stopping')) await once(hub.child.stderr ?? socket, 'data');
    const again = setInterval(() => hub.child.kill('SIGTERM'), 100);
    expect(await hub.ended).toBe(130);
    clearInterval(again);
    socket.destroy();
  });

  it('logs what nobody caught in full, closes the store and ends with 1', async () => {
    const preload = `process.on('SIGUSR2', () => setTimeout(() => { throw new Error('boom') }))`;
    const hub = run(['serve'], { preload });
    await hub.ready;
    hub.child.kill('SIGUSR2');
    expect(await hub.ended).toBe(1);
    expect(hub.stderr()).toMatch(/boom.*at Timeout/);
    expect(existsSync(data('hub.json'))).toBe(false);
    expect(existsSync(data('hub.db-wal'))).toBe(false);
  });

  it('reads .env of the data folder, never of the working folder', async () => {
    const cwd = path.join(share, 'project');
    mkdirSync(cwd);
    writeFileSync(path.join(cwd, '.env'), 'HTTP_HOST=nonsense nonsense');
    mkdirSync(data(), { mode: 0o700 });
    writeFileSync(data('.env'), 'API_KEY=the-key-that-stands-in-the-file');
    const hub = run(['serve'], { cwd });
    expect(await statusWith(await hub.ready, 'the-key-that-stands-in-the-file')).toBe(404);
    expect(keysIn(hub.stdout())).toHaveLength(1);
  });

  it('warns when it listens beyond this machine, unless a proxy stands before it', async () => {
    const hub = run(['serve', '--host', '0.0.0.0']);
    expect((await fetch(`${await hub.ready}/health`)).status).toBe(200);
    expect(hub.stderr()).toContain('without TLS or TRUST_PROXY');
    hub.child.kill('SIGTERM');
    await hub.ended;
    const proxied = run(['serve', '--host', '0.0.0.0'], { env: { TRUST_PROXY: '10.0.0.0/8' } });
    expect((await fetch(`${await proxied.ready}/health`)).status).toBe(200);
    expect(proxied.stderr()).not.toContain('without TLS');
  });
});

describe('schub serve does not start', () => {
  async function failure(args: readonly string[], options: Partial<RunOptions> = {}) {
    const schub = run(args, options);
    const code = await schub.ended;
    expect(schub.stdout()).toBe('');
    return { code, said: schub.stderr() };
  }

  it.each<[string, readonly string[], Record<string, string>, number, string]>([
    [
      'a malformed setting',
      [],
      { LOG_LEVEL: 'loud' },
      1,
      'LOG_LEVEL is "loud" (in the environment); expected',
    ],
    ['a malformed flag', ['--port', 'x'], {}, 2, 'HTTP_PORT is "x" (on the command line); expected'],
    ['a weak key', [], { API_KEY: 'short' }, 1, 'API_KEY is too short; it needs at least 24 characters.'],
    [
      'no address of this machine',
      ['--host', '203.0.113.1'],
      {},
      1,
      '203.0.113.1 is no address of this machine',
    ],
  ])('with %s', async (_name, args, env, code, sentence) => {
    const got = await failure(['serve', ...args], { env });
    expect(got.code).toBe(code);
    expect(got.said).toContain(`schub: ${sentence}`);
    expect(got.said.trimEnd().split('\n')).toHaveLength(1);
    const json = await failure(['serve', ...args, '--json'], { env });
    expect(json.code).toBe(code);
    expect(JSON.parse(json.said)).toMatchObject({
      success: false,
      error: expect.stringContaining(sentence) as string,
      code: code === 2 ? 'INVALID_INPUT' : 'INTERNAL_ERROR',
    });
  });

  it('with an unknown key in .env', async () => {
    mkdirSync(data(), { mode: 0o700 });
    writeFileSync(data('.env'), 'HTTP_PROT=1');
    const { code, said } = await failure(['serve']);
    expect([code, said]).toEqual([
      1,
      `schub: "HTTP_PROT" in ${data('.env')} is not a setting of the hub; did you mean HTTP_PORT?\n`,
    ]);
  });

  it('with a data folder that is a file', async () => {
    writeFileSync(data(), '');
    const { code, said } = await failure(['serve']);
    expect(code).toBe(1);
    expect(said).toMatch(/^schub: The data folder .* cannot be used: .*\.\n$/);
  });

  it('with damaged secrets, which it leaves alone', async () => {
    mkdirSync(data(), { mode: 0o700 });
    writeFileSync(data('secrets.json'), '{"API_KEY":', { mode: 0o600 });
    const { code, said } = await failure(['serve']);
    expect(code).toBe(1);
    expect(said).toMatch(/^schub: The secrets file .* is damaged; .*\n$/);
    expect(readFileSync(data('secrets.json'), 'utf8')).toBe('{"API_KEY":');
  });

  it('on a port that is taken, and shows the keys at the start that succeeds', async () => {
    const other = http.createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const port = String((other.address() as AddressInfo).port);
    const { code, said } = await failure(['serve', '--port', port]);
    other.close();
    expect(code).toBe(1);
    expect(said).toMatch(
      new RegExp(`^schub: Port ${port} is taken: .* uses it; stop it, or set HTTP_PORT to another one.\n$`),
    );
    const hub = run(['serve']);
    await hub.ready;
    expect(keysIn(hub.stdout())).toHaveLength(2);
  });

  it('beside another hub on the same database, whose process and address it names', async () => {
    const first = run(['serve']);
    const url = await first.ready;
    const { code, said } = await failure(['serve']);
    expect(code).toBe(1);
    expect(said).toContain(`process ${String(first.child.pid)} at ${url}`);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect(existsSync(data('hub.json'))).toBe(true);
  });
});

describe('schub up', () => {
  it('serves where no hub runs, else prints its address and ends with 0', async () => {
    const first = run(['up']);
    const url = await first.ready;
    const second = run(['up']);
    expect(await second.ended).toBe(0);
    expect(second.stdout()).toBe(
      `ready ${url} (MCP at ${url}/mcp; process ${String(first.child.pid)} runs it already)\n`,
    );
    expect(await stop(first)).toBe(0);
    const third = run(['up']);
    expect(await third.ready).not.toBe('');
  });

  it('is what schub does without a command, flags included', async () => {
    for (const args of [[], ['--log-level', 'silent']]) {
      const hub = run(args);
      expect((await fetch(`${await hub.ready}/health`)).status).toBe(200);
      expect(await stop(hub)).toBe(0);
    }
  });

  it('goes on where the last hub was killed', async () => {
    const first = run(['up']);
    await first.ready;
    await stop(first, 'SIGKILL');
    expect(existsSync(data('hub.json'))).toBe(true);
    const second = run(['up']);
    await second.ready;
    expect(await stop(second)).toBe(0);
  });

  it('started several times at once runs one hub', async () => {
    const all = [run(['up']), run(['up']), run(['up'])];
    const urls = await Promise.all(all.map(({ ready }) => ready));
    expect(new Set(urls).size).toBe(1);
    const { pid } = JSON.parse(readFileSync(data('hub.json'), 'utf8')) as { pid: number };
    const others = all.filter(({ child }) => child.pid !== pid);
    expect(await Promise.all(others.map(({ ended }) => ended))).toEqual([0, 0]);
    expect((await fetch(`${String(urls[0])}/health`)).status).toBe(200);
  });
});
