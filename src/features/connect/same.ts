import { isDeepStrictEqual } from 'node:util';

/** Whether two documents say the same. Parsers make objects without or with another prototype, which does not count. */
export function same(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(structuredClone(a), structuredClone(b));
}
