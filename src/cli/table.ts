/** Rows of text: aligned for a terminal, tab-separated for a pipe. */
import { stripVTControlCharacters } from 'node:util';

/** Control characters, and those that turn the direction of a line: shown as they are, they would lie. */
const UNSAFE = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;
const GAP = '  ';

/** One line of text that does to a terminal nothing but show. */
export function plain(text: string): string {
  return stripVTControlCharacters(text).replace(UNSAFE, ' ').trim();
}

export interface TableOptions {
  readonly terminal: boolean;
  /** Styles a cell that has its width already; the header is row -1. */
  readonly paint?: (text: string, row: number, column: number) => string;
}

/** Lines of a table; a pipe gets no header and whole cells, a terminal is not overrun by more than the last column. */
export function tableLines(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
  { terminal, paint = (text) => text }: TableOptions,
): readonly string[] {
  const cells = rows.map((row) => row.map(plain));
  if (!terminal) return cells.map((row, i) => row.map((cell, j) => paint(cell, i, j)).join('\t'));
  const widths = headers.map((header, j) =>
    Math.max(header.length, ...cells.map((row) => row[j]?.length ?? 0)),
  );
  const last = headers.length - 1;
  return [headers, ...cells].map((row, i) =>
    row
      .map((cell, j) => paint(j === last ? cell : cell.padEnd(widths[j] ?? 0), i - 1, j))
      .join(GAP)
      .trimEnd(),
  );
}
