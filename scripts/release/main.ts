/**
 * npm run release -- minor --dry-run     what the next release would be
 * npm run release -- minor               checks, then writes version and changelog, commits and tags
 * npm run release -- notes 1.2.3         what that release brought
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { notesOf } from './changelog.ts';
import { release } from './release.ts';

const root = path.join(import.meta.dirname, '..', '..');
const USAGE =
  'usage: npm run release -- (major|minor|patch|X.Y.Z) [--dry-run], or: npm run release -- notes X.Y.Z';
const say = (line: string): void => void process.stdout.write(`${line}\n`);

function main(args: readonly string[]): void {
  const dryRun = args.includes('--dry-run');
  const [wanted, version, ...more] = args.filter((arg) => arg !== '--dry-run');
  if (wanted === undefined || more.length > 0 || (wanted === 'notes') !== (version !== undefined))
    throw new Error(USAGE);
  if (version !== undefined) {
    const notes = notesOf(readFileSync(path.join(root, 'CHANGELOG.md'), 'utf8'), version.replace(/^v/, ''));
    if (notes === undefined) throw new Error(`CHANGELOG.md has no section of ${version}.`);
    say(notes);
    return;
  }
  const date = new Date().toISOString().slice(0, 10);
  const check = (): void => {
    // Everything that a change is checked by, and what somebody would get.
    for (const args of [
      ['run', 'verify'],
      ['run', 'test:conformance'],
      ['pack', '--dry-run'],
    ])
      execFileSync('npm', args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  };
  release({ root, wanted, date, dryRun, check, say });
}

try {
  main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`release: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
