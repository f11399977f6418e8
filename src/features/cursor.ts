/** Opaque cursors: where a listing goes on, good only for the listing and the database they came from. */
import type { z } from 'zod';
import { invalid, type HubError } from '../errors.ts';

/** `position` must be plain JSON. */
export function encodeCursor(epoch: string, kind: string, position: unknown): string {
  return Buffer.from(JSON.stringify([epoch, kind, position])).toString('base64url');
}

/**
 * `field` is what the cursor came in, `from` where a good one comes from.
 * @throws HubError INVALID_CURSOR for text that is no cursor, of another listing, or from before a restore.
 */
export function decodeCursor<T extends z.ZodType>(
  epoch: string,
  kind: string,
  position: T,
  cursor: string,
  { field = 'cursor', from = 'this listing' }: CursorWords = {},
): z.output<T> {
  const parts = parse(cursor);
  const isOurs = Array.isArray(parts) && parts.length === 3 && parts[0] === epoch && parts[1] === kind;
  const found = isOurs ? position.safeParse(parts[2]) : undefined;
  if (found?.success === true) return found.data;
  throw invalidCursor(cursor, { field, from });
}

export interface CursorWords {
  readonly field?: string;
  readonly from?: string;
}

export function invalidCursor(
  cursor: string,
  { field = 'cursor', from = 'this listing' }: CursorWords,
): HubError {
  return invalid(field, cursor, `one of ${from}`, {
    code: 'INVALID_CURSOR',
    message: `${field} is not one of ${from}, or comes from before the hub was restored.`,
    suggestions: [`Begin again without ${field === 'cursor' ? 'a cursor' : field}.`],
  });
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
