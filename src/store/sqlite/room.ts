/** Whether the disk has room for what comes next. */
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';

/** Some messages of the largest size; random, so that no file system makes it less. */
const ROOM_BYTES = 1024 ** 2;

/**
 * A commit with which a failed disk is tried is one page: it would fit where no message does.
 * @throws what the disk says.
 */
export async function demandRoom(path: string): Promise<void> {
  const file = `${path}.room`;
  try {
    await writeFile(file, randomBytes(ROOM_BYTES), { mode: 0o600, flush: true });
  } finally {
    await rm(file, { force: true });
  }
}
