/** Makes a release of a checkout: version, changelog, commit, tag. Pushes nothing. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { releaseChangelog } from './changelog.ts';

export interface ReleaseOptions {
  readonly root: string;
  /** `major`, `minor`, `patch`, or the version itself. */
  readonly wanted: string;
  /** As YYYY-MM-DD. */
  readonly date: string;
  /** Only says what it would do. */
  readonly dryRun: boolean;
  /** Throws if the checkout is not fit to be released. */
  readonly check: () => void;
  readonly say: (line: string) => void;
}

const BRANCH = 'main';
const PARTS = ['major', 'minor', 'patch'] as const;
const FILES = ['package.json', 'package-lock.json'] as const;

/** @throws Error that says what is missing; then nothing was changed, or all of it can be undone by `git checkout .` */
export function release({ root, wanted, date, dryRun, check, say }: ReleaseOptions): void {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  const file = (name: string): string => path.join(root, name);
  const version = nextVersion(versionOf(file('package.json')), wanted);
  const tag = `v${version}`;
  const branch = git('rev-parse', '--abbrev-ref', 'HEAD');
  if (branch !== BRANCH) throw new Error(`Releases are made on ${BRANCH}, not on ${branch}.`);
  if (git('status', '--porcelain') !== '') throw new Error('There are changes that are not committed.');
  if (git('tag', '--list', tag) !== '') throw new Error(`The tag ${tag} is there already.`);
  const changelog = releaseChangelog(readFileSync(file('CHANGELOG.md'), 'utf8'), version, date);
  say(`${tag}, of ${date}:\n\n${changelog.notes}\n`);
  if (dryRun) {
    say(`Nothing was changed: without --dry-run it is checked, committed and tagged as ${tag}.`);
    return;
  }
  check();
  for (const name of FILES) setVersion(file(name), version);
  writeFileSync(file('CHANGELOG.md'), changelog.text);
  git('add', ...FILES, 'CHANGELOG.md');
  git('commit', '--quiet', '--message', `Release ${version}`);
  // Its headings are no comments.
  git('tag', '--annotate', tag, '--cleanup=whitespace', '--message', `${version}\n\n${changelog.notes}`);
  say(`Committed and tagged. To publish it: git push --follow-tags origin ${BRANCH}`);
}

function versionOf(file: string): string {
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** @throws Error if it is no version, or not above the one there is. */
export function nextVersion(current: string, wanted: string): string {
  const numbers = numbersOf(current);
  const part = PARTS.findIndex((one) => one === wanted);
  if (part !== -1) {
    return numbers.map((n, i) => (i < part ? n : i === part ? n + 1 : 0)).join('.');
  }
  const next = numbersOf(wanted);
  const first = next.findIndex((n, i) => n !== numbers[i]);
  if (first === -1 || (next[first] ?? 0) < (numbers[first] ?? 0))
    throw new Error(`${wanted} is not above ${current}.`);
  return wanted;
}

function numbersOf(version: string): readonly number[] {
  const match = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/.exec(version);
  if (match === null)
    throw new Error(`${version} is no version such as 1.2.3, and none of ${PARTS.join(', ')}.`);
  return match.slice(1).map(Number);
}

/** In package-lock.json it stands twice; the rest of the text stays as it is. */
function setVersion(file: string, version: string): void {
  const content = JSON.parse(readFileSync(file, 'utf8')) as {
    version: string;
    packages?: Record<string, { version?: string }>;
  };
  content.version = version;
  const own = content.packages?.[''];
  if (own !== undefined) own.version = version;
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
}
