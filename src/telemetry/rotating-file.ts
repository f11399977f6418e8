/** A log file that does not grow for ever. */
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import path from 'node:path';
import { Writable } from 'node:stream';

const MAX_BYTES = 10_000_000;
/** `hub.log.1` is the newest of those that are full. */
const KEPT = 3;

/**
 * Appends to a file of mode 0600; one that would grow beyond `maxBytes` is put aside first. What cannot be written, as on a
 * full disk, is dropped: nobody must stop working for want of a log.
 */
export function rotatingFile(file: string, maxBytes = MAX_BYTES): Writable {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  let fd = openSync(file, 'a', 0o600);
  let size = fstatSync(fd).size;

  const rotate = (): void => {
    for (let n = KEPT; n > 0; n--)
      moveIfThere(n === 1 ? file : `${file}.${String(n - 1)}`, `${file}.${String(n)}`);
    const next = openSync(file, 'a', 0o600);
    closeSync(fd);
    fd = next;
    size = fstatSync(fd).size;
  };

  return new Writable({
    decodeStrings: true,
    write(chunk: Buffer, _encoding, done) {
      try {
        if (size > 0 && size + chunk.length > maxBytes) rotate();
        size += writeSync(fd, chunk);
      } catch {
        // See above.
      }
      done();
    },
    final(done) {
      closeSync(fd);
      done();
    },
  });
}

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch {
    // There are not so many yet.
  }
}
