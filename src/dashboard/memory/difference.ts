/** How two values differ, line by line. */
import { structuredPatch } from 'diff';

export interface Line {
  readonly kind: 'same' | 'removed' | 'added';
  readonly text: string;
}

/** A stretch of lines that differ, with some around them that do not. */
export interface Stretch {
  /** Where it begins in the later value; lines are counted from 1. */
  readonly start: number;
  readonly lines: readonly Line[];
}

const CONTEXT = 3;
/** Where more lines differ, all are: to find the fewest takes a time that grows with the square of them. */
const MAX_EDITS = 1000;
const KINDS: Readonly<Record<string, Line['kind']>> = { ' ': 'same', '-': 'removed', '+': 'added' };

/** Texts by their own lines, other JSON by those of its indented form; nothing where the values are the same. */
export function difference(before: unknown, after: unknown): readonly Stretch[] {
  const [old, now] =
    typeof before === 'string' && typeof after === 'string'
      ? [before, after]
      : [indented(before), indented(after)];
  if (old === now) return [];
  const options = { context: CONTEXT, maxEditLength: MAX_EDITS };
  // Each ends with a line feed: where one does not, it would have to be said.
  const patch = structuredPatch('', '', `${old}\n`, `${now}\n`, undefined, undefined, options);
  if (patch === undefined) {
    const all = (kind: Line['kind'], text: string) => text.split('\n').map((line) => ({ kind, text: line }));
    return [{ start: 1, lines: [...all('removed', old), ...all('added', now)] }];
  }
  return patch.hunks.map(({ newStart, lines }) => ({
    start: newStart,
    lines: lines.map((line) => ({ kind: KINDS[line.charAt(0)] ?? 'same', text: line.slice(1) })),
  }));
}

function indented(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
