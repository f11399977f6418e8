/** Reading a log file that is put aside when it is full: `hub.log` is the newest, `hub.log.1` the one before. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 200;
const CHUNK_BYTES = 64 * 1024;

/** How far a log has been read: a file, whatever it is called by now, and a position in it. */
export interface LogPosition {
  readonly inode: number;
  readonly bytes: number;
}

/** Those that exist, newest first. */
export function logFiles(file: string): readonly string[] {
  const files: string[] = [];
  for (let n = 1, name = file; n === 1 || existsSync(name); n++) {
    if (existsSync(name)) files.push(name);
    name = `${file}.${n}`;
  }
  return files;
}

/** The last complete lines, oldest first, and where they end. A file is no larger than what a log is put aside at. */
export async function lastLines(
  file: string,
  count: number,
): Promise<{ readonly lines: readonly string[]; readonly position: LogPosition | undefined }> {
  let lines: string[] = [];
  let position: LogPosition | undefined;
  for (const name of logFiles(file)) {
    const { ino } = statSync(name);
    const bytes = readFileSync(name);
    const end = bytes.lastIndexOf('\n') + 1;
    position ??= { inode: ino, bytes: end };
    if (end > 0) lines = [...bytes.toString('utf8', 0, end - 1).split('\n'), ...lines];
    if (lines.length >= count) break;
  }
  return { lines: count === 0 ? [] : lines.slice(-count), position };
}

/** The lines that come after a position, through all files that the log begins meanwhile; ends when `signal` aborts. */
export async function* followLines(
  file: string,
  from: LogPosition | undefined,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  let { inode, bytes } = from ?? { inode: -1, bytes: 0 };
  while (!signal.aborted) {
    const names = [...logFiles(file)].reverse();
    const inodes = names.map((name) => statSync(name, { throwIfNoEntry: false })?.ino);
    const at = inodes.indexOf(inode);
    // What was being read is gone: all that is there is newer.
    if (at === -1) bytes = 0;
    for (const [i, name] of names.slice(Math.max(at, 0)).entries()) {
      const handle = await open(name).catch(() => undefined);
      if (handle === undefined) continue;
      try {
        const stat = await handle.stat();
        // Put aside between the listing and now: the next look finds it by its number.
        if (stat.ino !== inodes[Math.max(at, 0) + i]) break;
        if (stat.ino !== inode || stat.size < bytes) bytes = 0;
        inode = stat.ino;
        for await (const line of linesFrom(handle, bytes)) {
          bytes += line.length + 1;
          yield line.toString();
        }
      } finally {
        await handle.close();
      }
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Complete lines only: the rest of one is read when it is there. */
async function* linesFrom(handle: FileHandle, start: number): AsyncGenerator<Buffer, void> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let rest: Buffer = Buffer.alloc(0);
  for (let position = start; ;) {
    const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    rest = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    for (let end = rest.indexOf('\n'); end !== -1; end = rest.indexOf('\n')) {
      yield rest.subarray(0, end);
      rest = rest.subarray(end + 1);
    }
  }
}
