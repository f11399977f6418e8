/** The data folder and what is private in it. */
import { access, chmod, constants, mkdir, stat } from 'node:fs/promises';
import { systemReason } from '../lib/system-error.ts';
import { StartError } from '../errors.ts';

const OTHERS = 0o077;

/**
 * Makes the data folder, readable by its owner alone.
 * @returns warnings about permissions that were wider.
 * @throws StartError if it cannot be made or written.
 */
export async function ensureDataFolder(folder: string): Promise<readonly string[]> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new StartError(`The data folder ${folder} cannot be used: ${systemReason(error)}.`, {
      cause: error,
    });
  }
  return await tighten(folder, 0o700, 'data folder');
}

/** Takes away what others may do with a file; answers a warning for each thing it found, and for what it could not mend. */
export async function tighten(file: string, mode: number, what: string): Promise<readonly string[]> {
  if (process.platform === 'win32') return [];
  const found = (await stat(file)).mode & 0o777;
  if ((found & OTHERS) === 0) return [];
  const said = `The ${what} ${file} was open to other users (mode ${found.toString(8)})`;
  try {
    await chmod(file, mode);
  } catch (error) {
    return [`${said} and could not be closed: ${systemReason(error)}.`];
  }
  return [`${said}; it is closed to them now.`];
}
