/** Small private files that are either the old or the new one, never half of one. */
import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { chmod, link, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { systemCode } from './system-error.ts';

/** Makes an empty file of mode 0600 where there is none; SQLite gives the files beside a database its mode. */
export function ensurePrivateFile(file: string): void {
  closeSync(openSync(file, 'a', 0o600));
}

/** Writes a file so that a crash leaves the old or the new one, on disk when this resolves. */
export async function replaceFile(file: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  await withTemporary(file, content, async (temporary) => {
    if (mode !== 0o600) await chmod(temporary, mode);
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
  content: string | Uint8Array,
  place: (temporary: string) => Promise<T>,
): Promise<T> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeSynced(await open(temporary, 'wx', 0o600), content);
    const result = await place(temporary);
    await syncFolder(path.dirname(file));
    return result;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function writeSynced(handle: FileHandle, content: string | Uint8Array): Promise<void> {
  try {
    await handle.writeFile(content);
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
