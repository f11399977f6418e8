/**
 * What a lease can be on: a name, a path or a glob. All are read in one way: segments between slashes, and whoever holds
 * something holds what is below it too, so that `src`, `src/` and `src/**` are the same.
 *
 * Compared is a cleaned text: backslashes are slashes; `.`, doubled and trailing slashes go; `a/../b` is `b`; Unicode is
 * composed (NFC). Case counts. A relative path is none of the absolute ones; `.` is everything.
 *
 * What ends in an extension is taken for files: no glob reaches below them, so that `**\/*.ts` leaves `a.md` alone. A slash
 * at the end says that it is a folder after all.
 */
import { invalid } from '../../errors.ts';

export interface Resource {
  /** Cleaned; empty: everything. */
  readonly text: string;
  readonly isGlob: boolean;
  /** Whether it names files, to all appearances. */
  readonly isFile: boolean;
  /** Segments of the whole where it is no glob, else those before the first with a wildcard. */
  readonly stem: readonly string[];
}

export const MAX_RESOURCE_LENGTH = 500;
const WILDCARD = /[*?[{]|[+@!]\(/;
/** A literal extension, or one like `{ts,tsx}`, `[jt]s`; `.git` and `v1.2` have none. */
const EXTENSION = /[^/]\.(?=[^/]*[A-Za-z])(?:[A-Za-z0-9?]|\[[A-Za-z0-9-]+\]|\{[A-Za-z0-9,]+\}){1,20}$/;
const CONTROL = /\p{Cc}/u;

/** @throws HubError INVALID_INPUT, with `field` as the parameter that `given` came in. */
export function parseResource(given: string, field = 'resources'): Resource {
  const trimmed = given.trim();
  const no = (expected: string) => invalid(field, given, expected);
  if (trimmed === '' || trimmed.length > MAX_RESOURCE_LENGTH)
    throw no(`names, paths or globs of 1 to ${MAX_RESOURCE_LENGTH} characters`);
  if (CONTROL.test(trimmed) || !trimmed.isWellFormed()) throw no('text without control characters');
  if (trimmed.startsWith('!') && !trimmed.startsWith('!('))
    throw no('what is to be held; a glob that begins with ! says what is not');
  const text = clean(trimmed, () => no('a path that .. does not lead out of, and no .. in a glob'));
  const wildcard = text.search(WILDCARD);
  const isGlob = wildcard >= 0;
  const stem = isGlob ? text.slice(0, wildcard).split('/').slice(0, -1) : segmentsOf(text);
  const isFile = EXTENSION.test(text) && !/[\\/]\.?$/.test(trimmed);
  return { text, isGlob, isFile, stem };
}

function clean(text: string, leadsOut: () => Error): string {
  const slashed = text.normalize('NFC').replaceAll('\\', '/');
  const segments: string[] = [];
  for (const segment of slashed.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') segments.push(segment);
    else if (segments.pop() === undefined || WILDCARD.test(slashed)) throw leadsOut();
  }
  return (slashed.startsWith('/') ? '/' : '') + segments.join('/');
}

/** An absolute path begins with an empty segment. */
function segmentsOf(text: string): readonly string[] {
  if (text === '') return [];
  return text === '/' ? [''] : text.split('/');
}
