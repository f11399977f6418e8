/** The release of a checkout, made on a small one, and the workflow that publishes it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { notesOf } from '../../scripts/release/changelog.ts';
import { nextVersion, release, type ReleaseOptions } from '../../scripts/release/release.ts';
import { temporaryFolder } from '../_util/test-hub.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const CHANGELOG =
  '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A thing.\n\n## [0.1.0] - 2026-01-01\n\n- The rest.\n';

let root: string;
beforeEach(() => {
  root = temporaryFolder();
  for (const name of ['package.json', 'package-lock.json'])
    cpSync(path.join(ROOT, name), path.join(root, name));
  const manifest = { ...JSON.parse(read('package.json')), version: '0.1.0' };
  writeFileSync(path.join(root, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(path.join(root, 'CHANGELOG.md'), CHANGELOG);
  git('init', '--quiet', '--initial-branch=main');
  git('config', 'user.name', 'A maintainer');
  git('config', 'user.email', 'maintainer@example.com');
  git('add', '.');
  git('commit', '--quiet', '--message', 'Begin');
});
afterEach(() => rmSync(root, { recursive: true }));

const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
const read = (name: string): string => readFileSync(path.join(root, name), 'utf8');

const failing = (): never => {
  throw new Error('a test fails');
};

function make(options: Partial<ReleaseOptions> = {}): string {
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  release({
    root,
    wanted: 'minor',
    date: '2026-02-03',
    dryRun: false,
    check: () => undefined,
    say,
    ...options,
  });
  return said.join('\n');
}

it('says what it would do, and changes nothing', () => {
  const before = git('rev-parse', 'HEAD');
  expect(make({ dryRun: true, check: failing })).toMatch(
    /^v0\.2\.0, of 2026-02-03:\n\n### Added\n\n- A thing\.\n/,
  );
  expect([git('rev-parse', 'HEAD'), git('status', '--porcelain'), git('tag')]).toEqual([before, '', '']);
});

it('writes version and changelog, commits and tags', () => {
  expect(make()).toContain('git push --follow-tags origin main');
  const versions = ['package.json', 'package-lock.json'].map((name) => JSON.parse(read(name)));
  expect(versions.map(({ version }) => version)).toEqual(['0.2.0', '0.2.0']);
  expect(versions[1].packages[''].version).toBe('0.2.0');
  expect(read('CHANGELOG.md')).toBe(
    CHANGELOG.replace('## [Unreleased]', '## [Unreleased]\n\n## [0.2.0] - 2026-02-03'),
  );
  expect(notesOf(read('CHANGELOG.md'), '0.2.0')).toBe('### Added\n\n- A thing.');
  expect(git('log', '-1', '--format=%s')).toBe('Release 0.2.0');
  expect(git('status', '--porcelain')).toBe('');
  expect(git('tag', '--list', '--format=%(contents)', 'v0.2.0')).toBe('0.2.0\n\n### Added\n\n- A thing.');
});

describe('is refused', () => {
  it.each<[string, () => unknown, Partial<ReleaseOptions>, RegExp]>([
    ['with changes', () => writeFileSync(path.join(root, 'x'), ''), {}, /not committed/],
    ['on another branch', () => git('switch', '--quiet', '-c', 'other'), {}, /made on main, not on other/],
    ['a second time', () => git('tag', 'v0.2.0'), {}, /tag v0\.2\.0 is there already/],
    ['of a version below', () => undefined, { wanted: '0.0.9' }, /0\.0\.9 is not above 0\.1\.0/],
    ['of what is no version', () => undefined, { wanted: 'next' }, /no version such as 1\.2\.3/],
    ['if a check fails', () => undefined, { check: failing }, /a test fails/],
  ])('%s, and changes nothing', (_what, spoil, options, reason) => {
    spoil();
    const state = () => [git('rev-parse', 'HEAD'), git('status', '--porcelain'), git('tag')];
    const before = state();
    expect(() => make(options)).toThrow(reason);
    expect(state()).toEqual(before);
  });

  it('without anything new', () => {
    make();
    expect(() => make()).toThrow('CHANGELOG.md says nothing of what is unreleased.');
  });
});

it('counts versions up', () => {
  expect(['major', 'minor', 'patch', '2.0.0'].map((wanted) => nextVersion('1.2.3', wanted))).toEqual([
    ...['2.0.0', '1.3.0', '1.2.4', '2.0.0'],
  ]);
});

it('says on the command line how it is used', () => {
  const main = path.join(ROOT, 'scripts', 'release', 'main.ts');
  const { status, stderr } = spawnSync(process.execPath, [main], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([1, expect.stringMatching(/^release: usage: npm run release -- /)]);
});

describe('the workflows', () => {
  const workflows = ['ci', 'publish'].map((name) =>
    readFileSync(path.join(ROOT, '.github', 'workflows', `${name}.yml`), 'utf8'),
  );

  it('run scripts that there are, with no more rights than each job needs', () => {
    const { scripts } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
    for (const text of workflows) {
      const workflow = parse(text);
      expect(workflow.permissions).toEqual({ contents: 'read' });
      for (const [, name = ''] of text.matchAll(/npm run (?:--silent )?([\w:]+)/g))
        expect(Object.keys(scripts)).toContain(name);
    }
  });

  it('publish what was tested, with provenance, by the right to say who they are alone', () => {
    const { jobs } = parse(workflows[1]!);
    expect(jobs.npm).toMatchObject({
      needs: 'verify',
      permissions: { contents: 'read', 'id-token': 'write' },
    });
    expect(jobs.npm.steps.at(-1).run).toBe('npm publish --provenance --access public');
    expect(jobs.verify.steps.at(-1).run).toBe('.ci/run');
    expect(workflows[1]).not.toMatch(/secrets\./);
  });
});
