/** Foreign programs: installed into a scratch folder, run in a home of their own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ProgramResult, runProgram, scratchInstall } from '../../scripts/scratch-install.ts';
import { Skipped, type Stage } from './client-test.ts';

export interface Program {
  readonly version: string;
  /** The script, for this Node. */
  readonly script: string;
}

const RUN_TIMEOUT_MS = 60_000;

/** Installs a package; `script` is for one whose own program is made by an install script, which is not run here. */
export async function program(name: string, version: string, script?: string): Promise<Program> {
  const folder = await scratchInstall({
    name: name.replace(/^@.*\//, ''),
    dependencies: { [name]: version },
  }).catch((error: unknown) => {
    throw new Skipped(`cannot be installed: ${error instanceof Error ? error.message : String(error)}`);
  });
  const at = join(folder, 'node_modules', name);
  return { version, script: join(at, script ?? binOf(at, name)) };
}

/** What npx would run. */
function binOf(folder: string, name: string): string {
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    bin: string | Readonly<Record<string, string>>;
  };
  if (typeof bin === 'string') return bin;
  const named = bin[name.replace(/^@.*\//, '')] ?? Object.values(bin)[0];
  if (named === undefined) throw new Error(`${name} has no program`);
  return named;
}

/** Nothing of the environment of the tests but where programs are. */
export function envOf({ home }: Stage, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: home, TERM: 'dumb', NO_COLOR: '1', CI: 'true', ...more };
}

export async function runIn(
  stage: Stage,
  { script }: Program,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ProgramResult> {
  const options = { cwd: stage.home, env: envOf(stage, env), timeoutMs: RUN_TIMEOUT_MS };
  return runProgram(process.execPath, [script, ...args], options);
}
