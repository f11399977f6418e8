import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { isPrivateFile, secretsIn } from '../../scripts/dev/secret-patterns.ts';

const x = (length: number): string => 'aB3x'.repeat(20).slice(0, length);

describe('the search for secrets', () => {
  it.each([
    ['a key or secret that a hub made', `API_KEY=schk_${x(43)}`],
    ['a private key', ['-----BEGIN RSA', 'PRIVATE KEY-----'].join(' ')],
    ['a signed token', `Bearer eyJ${x(20)}.eyJ${x(40)}.${x(43)}`],
    ['an Anthropic key', `sk-ant-${x(40)}`],
    ['an OpenAI key', `"sk-proj-${x(48)}"`],
    ['a Google key', `AIza${x(35)}`],
    ['an AWS key', `AKIA${x(16).toUpperCase()}`],
    ['a GitHub token', `ghp_${x(36)}`],
    ['an npm token', `//host/:_authToken=npm_${x(36)}`],
    ['a Slack token', `xoxb-${x(24)}`],
  ])('finds %s, and says the line', (kind, secret) => {
    expect(secretsIn(`first\n  ${secret}\nlast`)).toEqual([{ line: 2, kind }]);
  });

  it.each([
    'schk_test-agent-key-0123456789abcdef',
    'API_KEY=a-key-that-the-test-chose-itself',
    'the task-list of sk-something',
    'eyJ is how a token begins',
    `sha512-${x(70)}`,
  ])('passes over %s', (text) => {
    expect(secretsIn(text)).toEqual([]);
  });

  it('knows files that hold secrets by their names', () => {
    const names = [
      '.env',
      'a/.env',
      'secrets.json',
      'tls/server.key',
      'x.pem',
      '.env.example',
      'src/keys.ts',
    ];
    expect(names.filter(isPrivateFile)).toEqual([
      '.env',
      'a/.env',
      'secrets.json',
      'tls/server.key',
      'x.pem',
    ]);
  });

  it('fails with the place of each, and shows none', () => {
    const root = mkdtempSync(path.join(tmpdir(), 'schub-secrets-'));
    try {
      const scripts = path.join(import.meta.dirname, '..', '..', 'scripts', 'dev');
      cpSync(scripts, path.join(root, 'scripts', 'dev'), { recursive: true });
      writeFileSync(path.join(root, 'notes.md'), `one\nschk_${x(43)}\n`);
      writeFileSync(path.join(root, '.env'), 'A=1');
      const args = [
        'scripts/dev/security.ts',
        '--secrets',
        'notes.md',
        '.env',
        'gone.md',
        'scripts/dev/main.ts',
      ];
      const run = (): string =>
        execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8', stdio: 'pipe' });
      let said = '';
      try {
        run();
      } catch (error) {
        said = (error as { stdout: string }).stdout;
      }
      expect(said).toBe(
        'notes.md:2: looks like a key or secret that a hub made\n.env: a file of this name holds secrets; it does not belong here\n',
      );
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});
