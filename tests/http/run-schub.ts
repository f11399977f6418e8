/** Runs the real `schub` in a process of its own. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

const ROOT = path.join(import.meta.dirname, '..', '..');
export const MAIN = path.join(ROOT, 'src', 'cli', 'main.ts');

/** Compiled code is kept from process to process, which halves what a start takes. */
export const CACHE = { NODE_COMPILE_CACHE: path.join(ROOT, 'node_modules', '.cache', 'compile') };

export interface RunOptions {
  readonly args: readonly string[];
  /** Base of the data folder. */
  readonly share: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** A module to run first. */
  readonly preload?: string;
}

export interface Schub {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** The address of the ready line. Rejects if the process ends first. */
  readonly ready: Promise<string>;
  /** The exit code, when all output has arrived. */
  readonly ended: Promise<number | null>;
}

export function runSchub({ args, share, env = {}, cwd = share, preload }: RunOptions): Schub {
  const imports =
    preload === undefined ? [] : ['--import', `data:text/javascript,${encodeURIComponent(preload)}`];
  const child = spawn(process.execPath, [...imports, MAIN, ...args], {
    cwd,
    // Nothing of the environment the tests run in, which may hold settings.
    env: { PATH: '/usr/bin:/bin', HOME: share, XDG_DATA_HOME: share, HTTP_PORT: '0', ...CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  // Not `close`: it does not come once this side has closed the channel.
  const drained = [child.stdout, child.stderr].map((stream) => stream && once(stream, 'close'));
  const ended = Promise.all([once(child, 'exit'), ...drained]).then(([[code]]) => code as number | null);
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', () => {
      const url = /^ready (https?:\S+)/m.exec(stdout())?.[1];
      if (url !== undefined) resolve(url);
    });
    void ended.then((code) => {
      reject(new Error(`ended with ${String(code)}: ${stderr()}`));
    });
  });
  ready.catch(() => undefined);
  return { child, stdout, stderr, ready, ended };
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}
