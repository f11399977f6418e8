/**
 * `npm run security`: known holes of what ships, and secrets in the tree. `--secrets [file…]` looks for secrets only, in
 * those files.
 */
import { execFileSync } from 'node:child_process';
import { lstatSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { audit } from './audit.ts';
import { isPrivateFile, secretsIn } from './secret-patterns.ts';

const root = path.join(import.meta.dirname, '..', '..');
const LARGEST_BYTES = 5_000_000;

/** What is in version control or could be by the next `git add`. */
function filesOfTree(): readonly string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  return execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 100_000_000 })
    .split('\0')
    .filter(Boolean);
}

function complaints(file: string): readonly string[] {
  const full = path.join(root, file);
  const stat = lstatSync(full, { throwIfNoEntry: false });
  if (stat?.isFile() !== true) return [];
  if (isPrivateFile(file)) return [`${file}: a file of this name holds secrets; it does not belong here`];
  if (stat.size > LARGEST_BYTES) return [];
  return secretsIn(readFileSync(full, 'utf8')).map(({ line, kind }) => `${file}:${line}: looks like ${kind}`);
}

async function main(args: readonly string[]): Promise<number> {
  const only = args[0] === '--secrets';
  const files = only && args.length > 1 ? args.slice(1) : filesOfTree();
  const found = files.flatMap(complaints);
  for (const line of found) process.stdout.write(`${line}\n`);
  if (found.length === 0) process.stdout.write(`secrets: none found in ${files.length} files\n`);
  if (only) return found.length === 0 ? 0 : 1;
  const { lines, failed } = await audit(root);
  for (const line of lines) process.stdout.write(`${line}\n`);
  return found.length === 0 && !failed ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
