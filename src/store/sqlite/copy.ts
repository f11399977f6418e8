/** Copies of a database that are whole and on disk under their names, or not there. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { ensurePrivateFile } from '../../lib/private-file.ts';
import type { Connection } from './connection.ts';

/** Writes what the connection sees to `target`, in place of a file that is there; `check` may refuse the copy by a throw. */
export function copyDatabase({ sqlite }: Connection, target: string, check?: (copy: string) => void): void {
  const unfinished = unfinishedCopy(target);
  rmSync(unfinished, { force: true });
  try {
    ensurePrivateFile(unfinished);
    sqlite.prepare('VACUUM INTO ?').run(unfinished);
    syncToDisk(unfinished, 'r+');
    check?.(unfinished);
    renameSync(unfinished, target);
    syncFolder(dirname(target));
  } finally {
    rmSync(unfinished, { force: true });
  }
}

/** What a copy is called until it is whole. */
export const unfinishedCopy = (target: string): string => `${target}.tmp`;

/** Windows can neither open nor sync a folder. */
export function syncFolder(folder: string): void {
  if (process.platform !== 'win32') syncToDisk(folder, 'r');
}

export function syncToDisk(path: string, flags: 'r' | 'r+'): void {
  const file = openSync(path, flags);
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
