/**
 * Breaks one promise after the other in a copy of this checkout, and demands that the test which guards it fails then, and
 * only then. A part of what is broken, on the command line, chooses. Ends with exit code 1 if a test did not see it.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mutate, MUTATIONS, type Mutation } from '../_util/mutations.ts';

const ROOT = join(import.meta.dirname, '..', '..');

interface Results {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
}

const wanted = process.argv.slice(2);
const chosen = MUTATIONS.filter(
  ({ what }) => wanted.length === 0 || wanted.some((part) => what.includes(part)),
);
if (chosen.length === 0) throw new Error(`nothing breaks like that: ${wanted.join(', ')}`);

const copy = mkdtempSync(join(tmpdir(), 'schub-mutations-'));
let missed = 0;
try {
  copyCheckout();
  for (const mutation of chosen) {
    const verdict = judge(mutation);
    if (verdict !== 'caught' && !verdict.startsWith('skipped')) missed++;
    process.stdout.write(`${verdict}: ${mutation.what} (${mutation.test})\n`);
  }
} finally {
  rmSync(copy, { recursive: true });
}
process.stdout.write(`${chosen.length - missed} of ${chosen.length} as they must be\n`);
process.exitCode = missed === 0 ? 0 : 1;

/** What Git knows or would take, without what is installed. */
function copyCheckout(): void {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const files = execFileSync('git', list, { cwd: ROOT }).toString().split('\0');
  for (const file of files)
    if (file !== '' && existsSync(join(ROOT, file))) cpSync(join(ROOT, file), join(copy, file));
  for (const folder of ['node_modules', '.node'])
    if (existsSync(join(ROOT, folder))) symlinkSync(join(ROOT, folder), join(copy, folder));
}

function judge(mutation: Mutation): string {
  const path = join(copy, mutation.file);
  const source = readFileSync(path, 'utf8');
  const before = run(mutation);
  if (before.numFailedTests > 0) return 'fails even unbroken';
  if (before.numPassedTests === 0) return 'skipped, the test does not run here';
  writeFileSync(path, mutate(source, mutation));
  try {
    return run(mutation).numFailedTests > 0 ? 'caught' : 'NOT CAUGHT';
  } finally {
    writeFileSync(path, source);
  }
}

function run({ test, named, runs }: Mutation): Results {
  const report = join(copy, 'results.json');
  rmSync(report, { force: true });
  const vitest = join(copy, 'node_modules', 'vitest', 'vitest.mjs');
  const { FAULT_REPORT: _report, ...env } = process.env;
  spawnSync(process.execPath, [vitest, 'run', test, ...(named === undefined ? [] : ['-t', named])], {
    cwd: copy,
    env: { ...env, TEST_REPORT: report, ...(runs === undefined ? {} : { RUNS: String(runs) }) },
    stdio: 'ignore',
  });
  return JSON.parse(readFileSync(report, 'utf8')) as Results;
}
