/** The files of transcripts, and their lines. */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { splitLines, type Line } from '../../lib/lines.ts';
import { systemReason } from '../../lib/system-error.ts';
import { CliError, EXIT } from '../output.ts';

export interface TranscriptFile {
  readonly path: string;
  /** Bytes on disk. */
  readonly size: number;
}

/** Images and outputs of tools come in lines of many megabytes. */
const MAX_LINE_CHARS = 64 * 1024 * 1024;

/** The files that fit below each path, by name; a path that is a file itself fits. @throws CliError if one cannot be read */
export async function findFiles(
  paths: readonly string[],
  fits: (name: string) => boolean,
): Promise<readonly TranscriptFile[]> {
  const found: TranscriptFile[] = [];
  for (const from of paths) {
    try {
      const about = await stat(from);
      if (!about.isDirectory()) found.push({ path: from, size: about.size });
      else {
        const entries = await readdir(from, { recursive: true, withFileTypes: true });
        const names = entries.filter((entry) => entry.isFile() && fits(entry.name));
        for (const name of names.map((entry) => path.join(entry.parentPath, entry.name)).sort())
          found.push({ path: name, size: (await stat(name)).size });
      }
    } catch (error) {
      throw new CliError(EXIT.usage, `${from} cannot be read: ${systemReason(error)}.`, { cause: error });
    }
  }
  return found;
}

/** Lines of a file, unpacked if it is packed; `onBytes` is told how much of the file has been read. */
export async function* linesOf(file: string, onBytes: (bytes: number) => void): AsyncGenerator<Line> {
  const source = createReadStream(file);
  source.on('data', (chunk) => {
    onBytes(chunk.length);
  });
  const text = unpacked(file, source);
  source.on('error', (error) => text.destroy(error));
  try {
    yield* splitLines(text as AsyncIterable<Uint8Array>, MAX_LINE_CHARS);
  } catch (error) {
    throw new CliError(EXIT.failure, `${file} cannot be read: ${systemReason(error)}.`, { cause: error });
  } finally {
    source.destroy();
    text.destroy();
  }
}

function unpacked(file: string, source: Readable): Readable {
  if (file.endsWith('.gz')) return source.pipe(zlib.createGunzip());
  if (!file.endsWith('.zst')) return source;
  // Node has it from 22.15 on.
  if (!('createZstdDecompress' in zlib))
    throw new CliError(EXIT.usage, `${file} is packed with Zstandard; run schub with Node 24, or unpack it.`);
  return source.pipe(zlib.createZstdDecompress());
}
