/** A disk below a real hub that fails when it is told to, or whose power is cut: see tests/fault/_shim/disk.c. */
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';

const SOURCES = join(import.meta.dirname, '..', 'fault', '_shim');

/** Why there can be no such disk here; undefined if there can. */
export const noShim: string | undefined =
  process.platform !== 'linux'
    ? 'needs Linux'
    : spawnSync('cc', ['--version']).status === 0
      ? undefined
      : 'needs a C compiler (cc)';

/** Compiles a source of tests/fault/_shim into `folder`; answers the path of what became of it. */
export function compile(name: 'disk' | 'shutdown', folder: string): string {
  const target = join(folder, name === 'disk' ? 'disk.so' : name);
  const shared = name === 'disk' ? ['-shared', '-fPIC'] : [];
  execFileSync('cc', ['-O2', '-Wall', '-Werror', ...shared, '-o', target, join(SOURCES, `${name}.c`)]);
  return target;
}

const KINDS = { write: 1, sync: 2, truncate: 4 } as const;
export type DiskCall = keyof typeof KINDS;
export type DiskError = 'EIO' | 'ENOSPC' | 'EDQUOT' | 'EROFS';

export interface DiskFailure {
  readonly error: DiskError;
  readonly calls: readonly DiskCall[];
  /** Which of these calls fails, from 1. */
  readonly nth: number;
  /** Whether all after it fail as well. */
  readonly lasting: boolean;
}

export interface FailingDisk {
  /** For the hub's process. */
  readonly env: Readonly<Record<string, string>>;
  fail(failure: DiskFailure): void;
  mend(): void;
  /** Calls that have failed so far. */
  failed(): number;
  close(): void;
}

/** The fields of `struct control`. */
const CONTROL = { error: 0, kinds: 4, left: 8, lasting: 16, failed: 24, size: 32 } as const;

export function failingDisk(folder: string): FailingDisk {
  const path = join(folder, 'control');
  writeFileSync(path, Buffer.alloc(CONTROL.size));
  const file = openSync(path, 'r+');
  const write = (value: Buffer, at: number): void => void writeSync(file, value, 0, value.length, at);
  const left = (count: number): void => {
    const value = Buffer.alloc(8);
    value.writeBigInt64LE(BigInt(count));
    write(value, CONTROL.left);
  };
  return {
    env: { LD_PRELOAD: compile('disk', folder), DISK_CONTROL: path },
    fail({ error, calls, nth, lasting }) {
      left(0);
      const value = Buffer.alloc(4);
      const put = (number: number, at: number): void => {
        value.writeInt32LE(number);
        write(value, at);
      };
      put(constants.errno[error], CONTROL.error);
      put(
        calls.reduce((kinds, call) => kinds | KINDS[call], 0),
        CONTROL.kinds,
      );
      put(Number(lasting), CONTROL.lasting);
      left(nth);
    },
    mend: () => left(0),
    failed() {
      const value = Buffer.alloc(8);
      readSync(file, value, 0, value.length, CONTROL.failed);
      return Number(value.readBigInt64LE());
    },
    close: () => closeSync(file),
  };
}

export interface Note {
  readonly call: DiskCall;
  /** Where in the journal it stands. */
  readonly at: number;
  readonly offset: number;
  readonly data: Buffer;
}

const HEAD_BYTES = 24;
const FILES = ['', '-wal'] as const;

/** The journal of a disk, by what follows the name of the database in that of the file. */
export function readJournal(path: string): ReadonlyMap<string, readonly Note[]> {
  const bytes = readFileSync(path);
  const notes = new Map<string, Note[]>(FILES.map((suffix) => [suffix, []]));
  let at = 0;
  while (at + HEAD_BYTES <= bytes.length) {
    const kind = bytes.readInt32LE(at);
    const suffix = FILES[bytes.readInt32LE(at + 4)];
    const offset = Number(bytes.readBigInt64LE(at + 8));
    const next = at + HEAD_BYTES + Number(bytes.readBigInt64LE(at + 16));
    const call = (Object.keys(KINDS) as DiskCall[]).find((name) => KINDS[name] === kind);
    if (call === undefined || suffix === undefined) throw new Error(`the journal is damaged at ${at}`);
    // The last note may have been cut off with the process.
    if (next <= bytes.length)
      notes.get(suffix)?.push({ call, at, offset, data: bytes.subarray(at + HEAD_BYTES, next) });
    at = next;
  }
  return notes;
}
