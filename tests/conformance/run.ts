/**
 * The official conformance suite, from npm, against the hub's MCP layer; ends with exit code 0 only if revision 2025-11-25
 * passes entirely and 2026-07-28 does but for the tasks extension.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram, scratchInstall } from '../../scripts/scratch-install.ts';
import { startConformanceServer } from './server.ts';
import { TASKS_EXTENSION } from './tasks-extension.ts';
import { type Check, type Expected, judge, type Scenario } from './verdict.ts';

interface Run {
  readonly revision: string;
  readonly args: readonly string[];
  readonly expected: Expected;
}

const SUITE = join(import.meta.dirname, 'suite');
const RUN_TIMEOUT_MS = 120_000;

const RUNS: readonly Run[] = [
  {
    revision: '2025-11-25',
    args: ['--suite', 'all', '--spec-version', '2025-11-25'],
    expected: { scenarios: 33, failing: {} },
  },
  {
    revision: '2026-07-28',
    args: ['--requirements', '2026-07-28'],
    expected: { scenarios: 50, failing: TASKS_EXTENSION },
  },
];

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

async function install(): Promise<string> {
  const { dependencies } = readJson(join(SUITE, 'package.json')) as { dependencies: Record<string, string> };
  const lock = readFileSync(join(SUITE, 'package-lock.json'), 'utf8');
  const folder = await scratchInstall({ name: 'conformance', dependencies, lock });
  return join(folder, 'node_modules', '@modelcontextprotocol', 'conformance', 'dist', 'index.js');
}

/** A folder `server-<scenario>-<time>` with the checks for each. */
function readScenarios(results: string): Scenario[] {
  return readdirSync(results).map((folder) => ({
    name: folder.replace(/^server-/, '').replace(/-\d{4}-\d\d-\d\dT[\dA-Z-]+$/, ''),
    checks: readJson(join(results, folder, 'checks.json')) as Check[],
  }));
}

/** Whether all is as expected. */
async function carryOut({ revision, args, expected }: Run, suite: string, url: string): Promise<boolean> {
  const started = performance.now();
  const results = mkdtempSync(join(tmpdir(), 'shared-context-hub-conformance-'));
  try {
    const command = [suite, 'server', '--url', url, ...args, '--output-dir', results];
    const options = { cwd: results, timeoutMs: RUN_TIMEOUT_MS };
    const { code, output } = await runProgram(process.execPath, command, options);
    const { passed, failedAsListed, faults } = judge(readScenarios(results), expected);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const listed = failedAsListed === 0 ? '' : `, ${String(failedAsListed)} of the tasks extension failed`;
    const rest = `${String(faults.length)} faults (${seconds} s)`;
    console.log(`conformance ${revision}: ${String(passed)} checks passed${listed}, ${rest}`);
    for (const fault of faults) console.log(`  ${fault}`);
    if (code === 0 || faults.length > 0) return faults.length === 0;
    console.log(`  the suite ended with ${String(code)}: ${output.trim().slice(-1000)}`);
    return false;
  } finally {
    rmSync(results, { recursive: true, force: true });
  }
}

try {
  const suite = await install();
  await using server = await startConformanceServer();
  for (const run of RUNS) if (!(await carryOut(run, suite, server.url))) process.exitCode = 1;
} catch (error) {
  console.log(`conformance: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
