/** The beginning of a message as one line that can be shown beside anything. */
import { cutText } from '../../lib/plain-text.ts';

/** Characters of a preview, at most. */
export const PREVIEW_CHARS = 80;
/** Characters of the content that are enough to make one of, though many are dropped. */
export const PREVIEW_SOURCE_CHARS = 4 * PREVIEW_CHARS;

/** Whatever separates words, line and paragraph separators among it. */
const SPACE = /\s+/gu;
/** Controls, and what makes text run or look other than it is: bidi marks, joiners, tags, halves of characters. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}]/gu;

export function previewOf(text: string): string {
  const line = text.replace(SPACE, ' ').replace(UNSEEN, '').trim();
  if (line.length <= PREVIEW_CHARS) return line;
  return `${cutText(line, PREVIEW_CHARS - 1)}…`;
}
