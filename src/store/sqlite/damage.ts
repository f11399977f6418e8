/** Whether the pages of a database are whole. */
import type { Connection } from './connection.ts';
import { isSqliteError } from './errors.ts';

/** What `quick_check` finds wrong; undefined if nothing. */
export function findDamage({ sqlite }: Connection): string | undefined {
  try {
    const found = String(sqlite.pragma('quick_check(1)', { simple: true }));
    return found === 'ok' ? undefined : found;
  } catch (error) {
    if (isSqliteError(error) && error.code.startsWith('SQLITE_CORRUPT')) return error.message;
    throw error;
  }
}
