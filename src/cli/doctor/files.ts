/** Checks of a data folder that neither make nor change anything in it. */
import { constants, statSync } from 'node:fs';
import { access, copyFile, mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { StartError } from '../../errors.ts';
import { systemCode, systemReason } from '../../lib/system-error.ts';
import { inspectFile, unreadable } from '../../store/sqlite/checks.ts';

const { R_OK, W_OK, X_OK } = constants;
/** Pages of a larger database are left to the hub. */
const SMALL_BYTES = 64 * 1024 ** 2;
/** https://sqlite.org/fileformat.html#the_database_header */
const HEADER_BYTES = 100;
const MAGIC = 'SQLite format 3\0';

/** What is wrong with a folder that the hub writes in; one that does not exist must be one it can make. */
export async function folderProblem(folder: string, what: string): Promise<string | undefined> {
  try {
    if (!(await stat(folder)).isDirectory()) return `The ${what} ${folder} cannot be used: it is no folder.`;
    await access(folder, R_OK | W_OK | X_OK);
    return undefined;
  } catch (error) {
    if (systemCode(error) !== 'ENOENT')
      return `The ${what} ${folder} cannot be used: ${systemReason(error)}.`;
  }
  const above = await nearestExisting(path.dirname(folder));
  try {
    await access(above, W_OK | X_OK);
    return undefined;
  } catch (error) {
    return `The ${what} ${folder} cannot be made in ${above}: ${systemReason(error)}.`;
  }
}

async function nearestExisting(folder: string): Promise<string> {
  const there = await stat(folder).catch(() => undefined);
  return there !== undefined || folder === path.dirname(folder)
    ? folder
    : await nearestExisting(path.dirname(folder));
}

/** What is wrong with the database; a running hub goes on undisturbed, and no file is made or changed. */
export async function databaseProblem(file: string): Promise<string | undefined> {
  try {
    const size = sizeOf(file) ?? 0;
    if (size > 0) await access(file, R_OK | W_OK);
    // To read a database in WAL mode SQLite needs two files beside it. Where they are, they can be used; where they are
    // not, nobody has the database open, and a copy elsewhere is as good.
    const inUse = ['-wal', '-shm'].every((suffix) => sizeOf(file + suffix) !== undefined);
    if (inUse || size === 0) inspectFile({ path: file }, SMALL_BYTES);
    else await inspectCopy(file, size);
    return undefined;
  } catch (error) {
    return unreadable(file, error).message;
  }
}

async function inspectCopy(file: string, size: number): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'schub-validate-'));
  const copy = path.join(folder, 'copy.db');
  try {
    if (size <= SMALL_BYTES) await copyFile(file, copy);
    else await copyHeader(file, copy);
    inspectFile({ path: copy }, SMALL_BYTES);
  } catch (error) {
    throw error instanceof StartError ? new StartError(error.message.replaceAll(copy, file)) : error;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Makes a database that says of itself what the header of another one says. */
async function copyHeader(from: string, to: string): Promise<void> {
  const header = Buffer.alloc(HEADER_BYTES);
  const handle = await open(from, 'r');
  try {
    await handle.read(header, 0, HEADER_BYTES, 0);
  } finally {
    await handle.close();
  }
  if (header.toString('latin1', 0, MAGIC.length) !== MAGIC) throw new Error('file is not a database');
  const copy = new Database(to);
  copy.exec('CREATE TABLE not_empty (id)');
  copy.pragma(`user_version = ${header.readUInt32BE(60)}`);
  copy.pragma(`application_id = ${header.readUInt32BE(68)}`);
  copy.close();
}

function sizeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size;
}
