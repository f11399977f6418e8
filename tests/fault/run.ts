/**
 * The long form of the fault tests: those named on the command line, or all, as often as the table below says, or as
 * `name=runs` does. Ends with one table of what was found, and with exit code 1 if a promise was not kept. `--docs` writes
 * the rows into docs/guarantees.md, and leaves those of others as they are.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import type { FaultRow } from '../_util/fault-report.ts';
import { broken, faultTable } from '../_util/fault-table.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const DOCS = join(ROOT, 'docs', 'guarantees.md');
const FIGURES = /(?<=<!-- figures -->\n)[\s\S]*(?=<!-- end of figures -->)/;

/** Files beside this one, and their `RUNS`. */
const TESTS: Readonly<Record<string, number>> = {
  kill: 500,
  power: 100,
  io: 2000,
  pages: 500,
  streams: 2000,
  leases: 20,
  clock: 100,
  threads: 100,
  backup: 50,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { docs: { type: 'boolean', default: false } },
});
const wanted = positionals.map((text): [string, number] => {
  const [name = '', runs = TESTS[name]] = text.split('=');
  if (TESTS[name] === undefined || !(Number(runs) >= 1))
    throw new Error(
      `not a fault: ${text}; there are ${Object.keys(TESTS).join(', ')}, with =runs or without`,
    );
  return [name, Number(runs)];
});

const found: FaultRow[] = [];
const complaints: string[] = [];
for (const [name, runs] of wanted.length > 0 ? wanted : Object.entries(TESTS)) {
  const { rows, passed } = await play(name, runs);
  found.push(...rows);
  if (!passed) complaints.push(`${name}: its tests failed`);
  else if (rows.length === 0) complaints.push(`${name}: it said nothing`);
}
for (const row of found) complaints.push(...broken(row).map((what) => `${row.fault}: ${what}`));

const git = (...args: readonly string[]): string =>
  execFileSync('git', args, { cwd: ROOT }).toString().trim();
const date = new Date().toISOString().slice(0, 10);
const commit = `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain') === '' ? '' : ' and changes'}`;
const page = readFileSync(DOCS, 'utf8');
const made = `${date}, ${commit}`;
process.stdout.write(`\n${faultTable('', found, made)}\n`);
for (const complaint of complaints) process.stderr.write(`not kept: ${complaint}\n`);
if (values.docs) await writeDocs();
process.exitCode = complaints.length === 0 ? 0 : 1;

/** Runs the tests of one file; their figures come in a file of their own. */
async function play(name: string, runs: number): Promise<{ rows: readonly FaultRow[]; passed: boolean }> {
  const folder = mkdtempSync(join(tmpdir(), 'schub-faults-'));
  const report = join(folder, 'report');
  try {
    const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
    const child = spawn(process.execPath, [vitest, 'run', `tests/fault/${name}.test.ts`], {
      cwd: ROOT,
      env: { ...process.env, RUNS: String(runs), FAULT_REPORT: report },
      stdio: 'inherit',
    });
    const [code] = (await once(child, 'exit')) as [number | null];
    const lines = existsSync(report) ? readFileSync(report, 'utf8').trim().split('\n') : [];
    return { rows: lines.map((line) => JSON.parse(line) as FaultRow), passed: code === 0 };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function writeDocs(): Promise<void> {
  const gib = Math.round(totalmem() / 1024 ** 3);
  const machine = `Node ${process.version} on ${process.platform}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ${gib} GiB`;
  const figures = (before: string): string =>
    `\nBy \`npm run test:fault -- --docs\`, ${machine}.\n\n${faultTable(before, found, made)}\n\n`;
  const options = { ...(await resolveConfig(DOCS)), filepath: DOCS };
  writeFileSync(DOCS, await format(page.replace(FIGURES, figures), options));
}
