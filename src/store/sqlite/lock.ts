/**
 * One database, one hub. The lock is SQLite's own on a small file beside the database: the kernel frees it when the
 * process dies, however it dies, so there is no stale lock to judge.
 */
import {
  existsSync,
  lstatSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { z } from 'zod';
import { StartError } from '../../errors.ts';
import { systemCode } from '../../lib/system-error.ts';
import { ensurePrivateFile } from '../../lib/private-file.ts';
import { isSqliteError } from './errors.ts';

const RETRY_MS = 100;

const holderSchema = z.object({ pid: z.number(), url: z.string().optional() });
type Holder = z.infer<typeof holderSchema>;

export interface Lock {
  /** Writes down who holds it, for the hub that comes second. */
  announce(holder: Holder): void;
  release(): void;
}

/**
 * Takes the lock of the database at `path`, a real path, waiting at most `waitMs` for a hub that is stopping.
 * @throws StartError naming the process that holds it.
 */
export async function acquireLock(path: string, waitMs: number): Promise<Lock> {
  const holderFile = `${path}.lock.json`;
  const deadline = Date.now() + waitMs;
  for (;;) {
    const sqlite = tryLock(`${path}.lock`);
    if (sqlite !== undefined) return heldLock(sqlite, holderFile);
    if (Date.now() >= deadline) throw new StartError(alreadyHeld(path, readHolder(holderFile)));
    await delay(RETRY_MS);
  }
}

/**
 * The file behind any links, whether it exists yet or not, so that two names of one database have one lock.
 * @throws StartError for a file with a second name of its own: nothing leads from the one to the other.
 */
export function realPath(path: string): string {
  try {
    const real = realpathSync(path);
    if (lstatSync(real).nlink < 2) return real;
    throw new StartError(
      `The database ${path} is one file under several names (hard links), which SQLite cannot keep apart; make a copy of it instead.`,
    );
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    const link = lstatSync(path, { throwIfNoEntry: false });
    if (link !== undefined) return realPath(resolve(dirname(path), readlinkSync(path)));
    return join(realpathSync(dirname(path)), basename(path));
  }
}

function tryLock(file: string): Database.Database | undefined {
  // Not where it exists: to close it once more would free the lock on it, if this process holds it (POSIX).
  if (!existsSync(file)) ensurePrivateFile(file);
  const sqlite = new Database(file, { timeout: 0 });
  try {
    sqlite.pragma('journal_mode = DELETE');
    sqlite.exec('BEGIN EXCLUSIVE');
    return sqlite;
  } catch (error) {
    sqlite.close();
    if (isSqliteError(error) && error.code.startsWith('SQLITE_BUSY')) return undefined;
    throw error;
  }
}

function heldLock(sqlite: Database.Database, holderFile: string): Lock {
  const announce = (holder: Holder): void => {
    const next = `${holderFile}.tmp`;
    writeFileSync(next, JSON.stringify(holder), { mode: 0o600 });
    renameSync(next, holderFile);
  };
  try {
    announce({ pid: process.pid });
  } catch (error) {
    sqlite.close();
    throw error;
  }
  return {
    announce,
    release() {
      rmSync(holderFile, { force: true });
      sqlite.close();
    },
  };
}

function readHolder(holderFile: string): Holder | undefined {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(holderFile, 'utf8')));
  } catch {
    return undefined;
  }
}

function alreadyHeld(path: string, holder: Holder | undefined): string {
  const who = holder === undefined ? 'another process' : `process ${holder.pid}`;
  const where = holder?.url === undefined ? '' : ` at ${holder.url}`;
  return `The database ${path} is in use by a hub already running as ${who}${where}; stop that one first, or set DATABASE_PATH to another file.`;
}
