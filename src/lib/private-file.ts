/** Small private files that are either the old or the new one, never half of one. */
import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { link, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { systemCode } from './system-error.ts';

/** Makes an empty file of mode 0600 where there is none; SQLite gives the files beside a database its mode. */
export function ensurePrivateFile(file: string): void {
  closeSync(openSync(file, 'a', 0o600));
}

/** Writes a file of mode 0600 so that a crash leaves the old or the new one, on disk when this resolves. */
export async function replaceFile(file: string, text: string): Promise<void> {
  await withTemporary(file, text, async (temporary) => {
    await rename(temporary, file);
  });
}

/** As {@link replaceFile}, but answers false and leaves the file alone if it exists. */
export async function createFile(file: string, text: string): Promise<boolean> {
  return await withTemporary(file, text, async (temporary) => {
    try {
      await link(temporary, file);
      return true;
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return false;
      // Some file systems know no hard links.
      await rename(temporary, file);
      return true;
    }
  });
}

async function withTemporary<T>(
  file: string,
  text: string,
  place: (temporary: string) => Promise<T>,
): Promise<T> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeSynced(await open(temporary, 'wx', 0o600), text);
    const result = await place(temporary);
    await syncFolder(path.dirname(file));
    return result;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function writeSynced(handle: FileHandle, text: string): Promise<void> {
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  // Windows can neither open nor sync a folder.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
