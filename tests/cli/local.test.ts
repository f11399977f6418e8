/** `schub status`, `config` and `completion`, run as a shell runs them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../_util/test-hub.ts';
import { runSchub, type Schub } from '../http/run-schub.ts';

const API_KEY = 'schk_of-the-agents-0123456789abcdef';
const share = temporaryFolder();
const env = { API_KEY, LOG_LEVEL: 'warn' };

async function schub(...args: string[]) {
  const run = runSchub({ args, share, env });
  return { code: await run.ended, out: run.stdout(), err: run.stderr() };
}

describe('without a hub', () => {
  it('status says so, and is no success', async () => {
    const { code, out, err } = await schub('status');
    expect([code, out]).toEqual([5, '']);
    expect(err).toMatch(/^schub: No hub runs on the data folder .*; start one with "schub up"/);
  });

  it('config list shows each setting, where it comes from, and no secret', async () => {
    mkdirSync(path.join(share, 'shared-context-hub'));
    writeFileSync(path.join(share, 'shared-context-hub', '.env'), 'MAX_SESSIONS_PER_AGENT=7\n');
    const { code, out, err } = await schub('config', 'list', '--show-origin');
    expect([code, err]).toEqual([0, '']);
    const rows = new Map(
      out
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t'))
        .map(([key, ...rest]) => [key, rest]),
    );
    expect(rows.get('API_KEY')).toEqual(['********', 'environment']);
    expect(rows.get('LOG_LEVEL')).toEqual(['warn', 'environment']);
    expect(rows.get('MAX_SESSIONS_PER_AGENT')).toEqual([
      '7',
      expect.stringMatching(/shared-context-hub\/\.env$/),
    ]);
    expect(rows.get('DATABASE_MAX_CONNECTIONS')).toEqual(['4', 'default']);
    expect(out).not.toContain(API_KEY);
    const plain = await schub('config', 'list');
    expect(plain.out).not.toContain('default');
  });

  it('reads hub.config.yaml after all else, and stops at what is wrong in it', async () => {
    const own = path.join(share, 'own.yaml');
    writeFileSync(
      own,
      `http:\n  port: \${MY_PORT}\nlimits: { max_sessions_per_agent: 8, max_metadata_bytes: 9 }\n`,
    );
    const run = async (...args: string[]) => {
      const ran = runSchub({ args, share, env: { ...env, HTTP_PORT: '', MY_PORT: '8080' } });
      return { code: await ran.ended, out: ran.stdout(), err: ran.stderr() };
    };
    const { out } = await run('config', 'list', '--show-origin', '--config', own);
    expect(out).toContain(`\nHTTP_PORT\t8080\t${own}\n`);
    expect(out).toContain(`\nMAX_METADATA_BYTES\t9\t${own}\n`);
    expect(out).toMatch(/^MAX_SESSIONS_PER_AGENT\t7\t.*\.env$/m);
    expect((await run('--config', own, 'config', 'list')).out).toContain('HTTP_PORT\t8080\n');

    writeFileSync(own, 'http:\n  port: 8080\n  prot: 1\n');
    for (const args of [['serve'], ['up'], ['status'], []]) {
      const { code, err } = await run('--config', own, ...args);
      expect([code, err]).toEqual([
        1,
        `schub: "prot" in line 3 of ${own} (http) is not a setting of the hub; did you mean port?\n`,
      ]);
    }
    expect((await run('serve', '--config', 'nowhere.yaml')).code).toBe(2);
  });

  it('config path names the files as a script wants them', async () => {
    const { out } = await schub('config', 'path', '--json');
    const data = path.join(share, 'shared-context-hub');
    expect(JSON.parse(out)).toEqual({
      ...{ data, database: path.join(data, 'hub.db'), secrets: path.join(data, 'secrets.json') },
      env: path.join(data, '.env'),
      settings: path.join(data, 'hub.config.yaml'),
    });
  });

  it('completion knows the commands, their commands and their options', async () => {
    const { out } = await schub('completion', 'bash');
    const completed = (...words: string[]): readonly string[] => {
      const line = words.map((word) => `'${word}'`).join(' ');
      const script = `${out}\nCOMP_WORDS=(${line}); COMP_CWORD=${String(words.length - 1)}; _schub; echo "\${COMPREPLY[@]}"`;
      return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split(' ');
    };
    expect(completed('schub', 'sess')).toEqual(['sessions']);
    expect(completed('schub', 'keys', 'r')).toEqual(['rotate', 'revoke']);
    expect(completed('schub', 'keys', 'create', 'reviewer', '--per')).toEqual(['--permissions']);
    expect((await schub('completion', 'fish')).out).toMatch(/^complete -c schub .*-a doctor/m);
    expect((await schub('completion', 'csh')).code).toBe(2);
  });
});

describe('with a hub', () => {
  let hub: Schub;
  beforeAll(async () => {
    hub = runSchub({ args: ['serve'], share, env });
    await hub.ready;
  }, 60_000);
  afterAll(async () => {
    hub.child.kill('SIGTERM');
    expect(await hub.ended).toBe(0);
    rmSync(share, { recursive: true });
  });

  it('status says where it answers and how it does', async () => {
    const { code, out } = await schub('status', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      ...{ url: await hub.ready, mcp: `${await hub.ready}/mcp`, pid: hub.child.pid, status: 'ready' },
      search_index: expect.stringMatching(/ready|indexing/),
    });
  });
});
