/**
 * npm packages for tests that run foreign programs: into folders of their own in the user's cache, kept for the next time.
 * No script of a package is run.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';

export interface ScratchPackage {
  /** Part of the folder's name. */
  readonly name: string;
  /** Exact versions. */
  readonly dependencies: Readonly<Record<string, string>>;
  /** The text of a package-lock.json, where the versions of everything below matter too. */
  readonly lock?: string;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 300_000;
const QUIET = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];

/** Resolves with the folder that has `node_modules`. Rejects with npm's last words if it cannot be installed. */
export async function scratchInstall(wanted: ScratchPackage): Promise<string> {
  const { name, dependencies, lock } = wanted;
  const manifest = JSON.stringify({ name: `scratch-${name}`, private: true, dependencies });
  const machine = [process.platform, process.arch, process.versions.modules];
  const key = createHash('sha256')
    .update([manifest, lock ?? '', ...machine].join('\0'))
    .digest('hex');
  const base = scratchFolder();
  const folder = join(base, `${name}-${key.slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  const making = mkdtempSync(join(base, '.making-'));
  try {
    writeFileSync(join(making, 'package.json'), manifest);
    if (lock !== undefined) writeFileSync(join(making, 'package-lock.json'), lock);
    await npm([lock === undefined ? 'install' : 'ci', ...QUIET], making, wanted.timeoutMs ?? TIMEOUT_MS);
    renameSync(making, folder);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    // Somebody else was quicker.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** Where all of them are. */
export function scratchFolder(): string {
  const { XDG_CACHE_HOME: xdg, LOCALAPPDATA: windows } = process.env;
  const base = join(xdg ?? windows ?? join(homedir(), '.cache'), 'shared-context-hub', 'scratch');
  mkdirSync(base, { recursive: true });
  return base;
}

/** npm's own script, so that it runs on this Node whatever the machine's is. */
function npmCli(): string {
  const given = process.env['npm_execpath'];
  const places = [...(given === undefined ? [] : [given])];
  for (const dir of [dirname(process.execPath), ...(process.env['PATH'] ?? '').split(delimiter)]) {
    places.push(join(dir, 'node_modules', 'npm', 'bin', 'npm-cli.js'));
    places.push(join(dir, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'));
    const program = join(dir, 'npm');
    if (existsSync(program)) places.push(realpathSync(program));
  }
  const found = places.find((place) => basename(place) === 'npm-cli.js' && existsSync(place));
  if (found === undefined) throw new Error('npm is not to be found');
  return found;
}

/** Runs npm; answers its standard output. Rejects with its last words if it fails. */
export async function npm(
  args: readonly string[],
  cwd: string,
  timeoutMs: number,
  env?: Readonly<Record<string, string>>,
): Promise<string> {
  const ran = await runProgram(process.execPath, [npmCli(), ...args], {
    ...{ cwd, timeoutMs },
    ...(env === undefined ? {} : { env }),
  });
  if (ran.code !== 0)
    throw new Error(`npm ${args[0] ?? ''} failed (${String(ran.code)}): ${ran.output.trim().slice(0, 500)}`);
  return ran.stdout;
}

export interface ProgramOptions {
  readonly cwd: string;
  readonly timeoutMs: number;
  /** Default: that of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface ProgramResult {
  /** Null: ended by a signal, or too slow. */
  readonly code: number | null;
  /** Standard output and standard error, as they came. */
  readonly output: string;
  readonly stdout: string;
}

/** Runs a program to its end, without standard input and with this Node before any other. */
export function runProgram(
  command: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<ProgramResult> {
  const { promise, resolve, reject } = Promise.withResolvers<ProgramResult>();
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: withThisNode(options.env ?? process.env),
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its own group, so that what it has started ends with it.
    detached: process.platform !== 'win32',
  });
  let output = '';
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const timer = setTimeout(() => {
    output += `\n(ended after ${String(options.timeoutMs / 1000)} s)`;
    killGroup(child);
  }, options.timeoutMs);
  child.on('error', reject);
  child.on('close', (code) => {
    clearTimeout(timer);
    killGroup(child);
    resolve({ code, output, stdout });
  });
  return promise;
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // Nothing of it is left.
  }
}

function withThisNode(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, PATH: `${dirname(process.execPath)}${delimiter}${env['PATH'] ?? ''}` };
}
