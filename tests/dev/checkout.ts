/** A copy of this checkout, and `npm run dev` in it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { waitFor } from './wait.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const COPIED = ['bin', 'src', 'scripts', 'migrations', 'package.json'];

export interface Checkout extends AsyncDisposable {
  readonly root: string;
  /** Base of the data folder. */
  readonly share: string;
  /** A path in the data folder. */
  data(...parts: readonly string[]): string;
  write(file: string, text: string): void;
  /** Replaces what must be there. */
  edit(file: string, from: string, to: string): void;
  /** Runs the script; every process it started is gone when the checkout is disposed of. */
  dev(args?: readonly string[], env?: Readonly<Record<string, string | undefined>>): Dev;
}

export interface Dev {
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** The exit code, when all output has arrived. */
  readonly ended: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
  /** Ctrl-C at its terminal, which every process there gets. */
  interrupt(): void;
  /** The address of the last ready line, once there are `count`. Rejects if the process ends before. */
  ready(count?: number): Promise<string>;
}

export function copyCheckout(dotenv = ''): Checkout {
  const folder = mkdtempSync(path.join(tmpdir(), 'schub-dev-'));
  const root = path.join(folder, 'checkout');
  const share = path.join(folder, 'share');
  for (const name of COPIED) cpSync(path.join(ROOT, name), path.join(root, name), { recursive: true });
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(root, 'node_modules'));
  mkdirSync(share);
  const write = (file: string, text: string): void => writeFileSync(path.join(root, file), text);
  if (dotenv !== '') write('.env', dotenv);
  const started: Dev[] = [];
  return {
    root,
    share,
    write,
    data: (...parts) => path.join(share, 'shared-context-hub', ...parts),
    edit(file, from, to) {
      const text = readFileSync(path.join(root, file), 'utf8');
      if (!text.includes(from)) throw new Error(`${file} does not contain ${from}`);
      write(file, text.replace(from, to));
    },
    dev(args = [], env = {}) {
      const dev = startDev(root, args, {
        PATH: '/usr/bin:/bin',
        HOME: share,
        XDG_DATA_HOME: share,
        NODE_COMPILE_CACHE: path.join(folder, 'cache'),
        // Ends with these tests, however they end.
        npm_lifecycle_event: 'dev',
        npm_package_json: path.join(root, 'package.json'),
        ...env,
      });
      started.push(dev);
      return dev;
    },
    async [Symbol.asyncDispose]() {
      for (const dev of started) dev.kill('SIGTERM');
      await Promise.all(started.map(({ ended }) => ended));
      rmSync(folder, { recursive: true });
    },
  };
}

function startDev(root: string, args: readonly string[], env: NodeJS.ProcessEnv): Dev {
  const child = spawn(process.execPath, ['scripts/run.mjs', 'scripts/dev/main.ts', ...args], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own, as at a terminal.
    detached: true,
  });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  let code: number | null | undefined;
  const ended = once(child, 'close').then(([exitCode]) => {
    code = exitCode as number | null;
    return code;
  });
  return {
    pid: child.pid ?? -1,
    stdout,
    stderr,
    ended,
    kill: (signal) => void child.kill(signal),
    interrupt() {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
    },
    async ready(count = 1) {
      return await waitFor(() => {
        if (code !== undefined) throw new Error(`ended with ${String(code)}: ${stderr()}`);
        const lines = [...stdout().matchAll(/^ready (http:\S+)/gm)];
        return lines.length >= count ? lines.at(-1)?.[1] : undefined;
      }).catch((error: unknown) => {
        throw new Error(`not ready; it said: ${stdout()}${stderr()}`, { cause: error });
      });
    },
  };
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}
