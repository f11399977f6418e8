/** Rows of text: aligned for a terminal, tab-separated for a pipe. */
import { stripVTControlCharacters } from 'node:util';

/** Control characters, and those that turn the direction of a line: shown as they are, they would lie. */
const UNSAFE = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;
const GAP = '  ';

/** One line of text that does to a terminal nothing but show. */
export function plain(text: string): string {
  return stripVTControlCharacters(text).replace(UNSAFE, ' ').trim();
}

/** Lines of a table; a pipe gets no header and whole cells, a terminal is not overrun by more than the last column. */
export function tableLines(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
  terminal: boolean,
): readonly string[] {
  const cells = rows.map((row) => row.map(plain));
  if (!terminal) return cells.map((row) => row.join('\t'));
  const widths = headers.map((header, i) =>
    Math.max(header.length, ...cells.map((row) => row[i]?.length ?? 0)),
  );
  return [headers, ...cells].map((row) =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0)))
      .join(GAP)
      .trimEnd(),
  );
}
