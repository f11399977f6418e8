/** Files of other programs: read as they are, written in one piece, put back byte for byte. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, realpath, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { replaceFile } from '../../lib/private-file.ts';
import { systemCode, systemReason } from '../../lib/system-error.ts';
import { UneditableError } from '../../features/connect/uneditable.ts';

export interface Snapshot {
  /** Where it lies, symbolic links followed. */
  readonly path: string;
  /** Null: there is no such file. */
  readonly bytes: Buffer | null;
  /** Permission bits; null: there is no such file. */
  readonly mode: number | null;
  /** Without a byte order mark; empty where there is no file. */
  readonly text: string;
  readonly hasMark: boolean;
}

const MARK = '\uFEFF';

/** @throws UneditableError if it cannot be read, or is no text. */
export async function snapshot(file: string): Promise<Snapshot> {
  let found: { path: string; bytes: Buffer; mode: number };
  try {
    const at = await realpath(file);
    found = { path: at, bytes: await readFile(at), mode: (await stat(at)).mode & 0o777 };
  } catch (error) {
    if (systemCode(error) === 'ENOENT')
      return { path: file, bytes: null, mode: null, text: '', hasMark: false };
    throw new UneditableError(`cannot be read: ${systemReason(error)}`);
  }
  const text = textOf(found.bytes);
  const hasMark = text.startsWith(MARK);
  return { ...found, text: hasMark ? text.slice(1) : text, hasMark };
}

function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UneditableError('is not UTF-8');
  }
}

/** The bytes of a text that takes the place of what was found. */
export function bytesFor({ hasMark }: Pick<Snapshot, 'hasMark'>, text: string): Buffer {
  return Buffer.from(hasMark ? MARK + text : text);
}

/**
 * Writes a file of another program, with the folders it lies in.
 * @returns the first folder that was made; undefined: none.
 * @throws UneditableError
 */
export async function writeWhole(file: string, bytes: Uint8Array, mode: number): Promise<string | undefined> {
  try {
    const made = await mkdir(path.dirname(file), { recursive: true });
    await replaceFile(file, bytes, mode);
    return made;
  } catch (error) {
    throw new UneditableError(`cannot be written: ${systemReason(error)}`);
  }
}

/** Removes a file, and the folders from its own up to `topmost` that are empty then. @throws UneditableError */
export async function removeWhole(file: string, topmost: string | null): Promise<void> {
  try {
    await rm(file, { force: true });
  } catch (error) {
    throw new UneditableError(`cannot be removed: ${systemReason(error)}`);
  }
  if (topmost === null) return;
  for (let folder = path.dirname(file); folder.startsWith(topmost); folder = path.dirname(folder)) {
    try {
      await rmdir(folder);
    } catch {
      // Somebody has put something into it.
      return;
    }
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
