/** Whether the pages of a database are whole. */
import type { Connection } from './connection.ts';
import { isSqliteError } from './errors.ts';

/**
 * What is wrong; undefined if nothing. The quick check takes two thirds of the time, and does not compare indexes with their
 * tables.
 */
export function findDamage(
  { sqlite }: Connection,
  check: 'integrity_check' | 'quick_check' = 'integrity_check',
): string | undefined {
  try {
    const found = String(sqlite.pragma(`${check}(1)`, { simple: true }));
    return found === 'ok' ? undefined : found;
  } catch (error) {
    if (isSqliteError(error) && error.code.startsWith('SQLITE_CORRUPT')) return error.message;
    throw error;
  }
}
