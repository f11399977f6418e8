import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { runSchub } from '../../tests/http/run-schub.ts';
import { packageInfo } from '../config/package.ts';
import { runCli } from './program.ts';

async function run(...argv: string[]) {
  let stdout = '';
  let stderr = '';
  const code = await runCli(argv, {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
  });
  return { code, stdout, stderr };
}

describe('schub', () => {
  it.each(['--version', '-V'])('%s', async (flag) => {
    expect(await run(flag)).toEqual({ code: 0, stdout: `${packageInfo().version}\n`, stderr: '' });
  });

  it.each([[['--help']], [['-h']], [['help']]])('%j lists the commands', async (argv) => {
    const { code, stdout, stderr } = await run(...argv);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/serve .*run the hub/);
  });

  it.each(['serve', 'up'])('%s --help has examples', async (command) => {
    const { code, stdout } = await run(command, '--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`Examples:\n  schub ${command}\n  schub ${command} --`));
    expect(await run('help', command)).toEqual({ code: 0, stdout, stderr: '' });
  });

  it.each([
    [['serv'], "unknown command 'serv'. Did you mean serve?"],
    [['frobnicate'], "unknown command 'frobnicate'."],
    [['serve', '--prot', '5'], "unknown option '--prot'. Did you mean --port?"],
    [['serve', '--port'], "option '--port <number>' argument missing."],
    [['serve', 'extra'], "too many arguments for 'serve'. Expected 0 arguments but got 1: extra."],
    [['--prot', '5'], "unknown option '--prot'. Did you mean --port?"],
  ])('%j is a mistake of usage', async (argv, sentence) => {
    expect(await run(...argv)).toEqual({ code: 2, stdout: '', stderr: `schub: ${sentence}\n` });
  });

  it('says errors as the error object with --json', async () => {
    const { code, stdout, stderr } = await run('serv', '--json');
    expect([code, stdout]).toEqual([2, '']);
    expect(JSON.parse(stderr)).toMatchObject({
      success: false,
      code: 'INVALID_INPUT',
      number: 'VALIDATION_001',
      error: "unknown command 'serv'. Did you mean serve?",
    });
  });

  it('loads for help nothing but the parser of the command line', async () => {
    const share = mkdtempSync(path.join(tmpdir(), 'hub-help-'));
    const preload = `import { registerHooks } from 'node:module';
      registerHooks({ load(url, context, next) { process.stderr.write('LOAD ' + url + '\\n'); return next(url, context); } });`;
    const { ended, stderr } = runSchub({ args: ['--help'], share, preload });
    expect(await ended).toBe(0);
    const loaded = [...stderr().matchAll(/^LOAD file:.*\/(node_modules\/[^/]+|src\/.*)/gm)].map(
      ([, name]) => name,
    );
    expect(loaded).toContain('node_modules/commander');
    expect(
      loaded.filter((name) => name?.startsWith('node_modules/') && name !== 'node_modules/commander'),
    ).toEqual([]);
    // What declares commands, and nothing of what they do.
    const declares =
      /^src\/(config\/package|cli\/(main|program|serve-flags|hook\/arguments|[a-z]+-commands))\.ts$/;
    expect(loaded.filter((name) => name?.startsWith('src/') && !declares.test(name))).toEqual([]);
    rmSync(share, { recursive: true });
  });
});
