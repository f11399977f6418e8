/** A real hub in a process of its own, to be killed and started again on the same folder. */
import { once } from 'node:events';
import { join } from 'node:path';
import { runSchub } from '../http/run-schub.ts';

export const HUB_KEY = 'schk_fault-agent-key-0123456789abcdef';
export const HUB_ADMIN_KEY = 'schk_fault-admin-key-0123456789abcdef';

export interface HubProcess {
  readonly pid: number;
  /** The address, once the hub is ready. Rejects if it ends before. */
  readonly ready: Promise<string>;
  /** What it has said so far: its log. */
  readonly log: () => string;
  /** kill -9; resolves when the process is gone. */
  kill(): Promise<void>;
  /** Asks it to stop; answers its exit code. */
  stop(): Promise<number | null>;
  /** The exit code; null if it was killed. */
  readonly ended: Promise<number | null>;
}

export interface HubProcessOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** A module that the process runs first. */
  readonly preload?: string;
}

/** The database of a hub whose data lies below `share`. */
export const databaseOf = (share: string): string => join(share, 'shared-context-hub', 'hub.db');

export function startHub(share: string, { env = {}, preload }: HubProcessOptions = {}): HubProcess {
  const keys = { API_KEY: HUB_KEY, ADMIN_API_KEY: HUB_ADMIN_KEY };
  const { child, ready, ended, stderr } = runSchub({
    args: ['serve'],
    share,
    env: { ...keys, RATE_LIMIT_ENABLED: 'false', LOG_LEVEL: 'warn', ...env },
    ...(preload === undefined ? {} : { preload }),
  });
  return {
    pid: child.pid ?? -1,
    ready,
    ended,
    log: stderr,
    async kill() {
      const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
      child.kill('SIGKILL');
      await gone;
    },
    stop() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

const SQLITE = new URL('../../node_modules/better-sqlite3/lib/index.js', import.meta.url).href;
const PATCH = `
  import Database from ${JSON.stringify(SQLITE)};
  const { prepare, pragma } = Database.prototype;
  let left;
  const dieAt = (step, wanted) => step === wanted && --left === 0 && process.kill(process.pid, 'SIGKILL');`;

export const STEPS = [
  'before a commit',
  'after a commit',
  'before a checkpoint',
  'after a checkpoint',
] as const;
export type Step = (typeof STEPS)[number];

/** A preload with which the process kills itself when it comes to a step for the `nth` time. */
export function killAt(step: Step, nth: number): string {
  return `${PATCH}
    left = ${nth};
    const wanted = ${JSON.stringify(step)};
    Database.prototype.prepare = function (sql) {
      const statement = prepare.call(this, sql);
      if (sql !== 'COMMIT') return statement;
      const run = statement.run.bind(statement);
      statement.run = () => {
        dieAt('before a commit', wanted);
        run();
        dieAt('after a commit', wanted);
        if (!wanted.includes('checkpoint')) return;
        dieAt('before a checkpoint', wanted);
        pragma.call(this, 'wal_checkpoint(TRUNCATE)');
        dieAt('after a checkpoint', wanted);
      };
      return statement;
    };`;
}

/** A preload with which the log is folded into the file every few commits, so that kills hit that too. */
export const CHECKPOINT_OFTEN = `${PATCH}
  Database.prototype.pragma = function (source, options) {
    return pragma.call(this, source.replace(/(?<=wal_autocheckpoint = )\\d+/, '8'), options);
  };`;

/** A preload with which all threads that have been given work are ended at each SIGUSR2; it says how many. */
export const KILL_THREADS = `
  import { Worker } from 'node:worker_threads';
  const { postMessage } = Worker.prototype;
  const alive = new Set();
  Worker.prototype.postMessage = function (...message) {
    alive.add(this);
    return postMessage.apply(this, message);
  };
  process.on('SIGUSR2', () => {
    process.stderr.write('threads ended: ' + alive.size + '\\n');
    for (const worker of alive) void worker.terminate();
    alive.clear();
  });`;

/** A preload with which the clock of the process jumps to the next of these distances (milliseconds) from the true time, at each SIGUSR2. */
export function jumpingClock(jumps: readonly number[]): string {
  return `
    const jumps = ${JSON.stringify(jumps)};
    const { now } = Date;
    let ahead = 0;
    process.on('SIGUSR2', () => {
      ahead = jumps.shift() ?? 0;
    });
    globalThis.Date = class extends Date {
      constructor(...parts) {
        if (parts.length === 0) super(now() + ahead);
        else super(...parts);
      }
      static now() {
        return now() + ahead;
      }
    };`;
}
