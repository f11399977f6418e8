/** Text of strangers, as it may stand between lines of the hub's own. */

/** Control, bidirectional and other invisible characters, but those that join letters and emoji. */
const UNSEEN = /(?!\u200c|\u200d|[\n\t])[\p{Cc}\p{Cf}]/gu;
const LINE_ENDS = /\r\n?|[\v\f\u0085\u2028\u2029]/gu;

/** The same text with one kind of line end, and without what cannot be seen. */
export function seenText(text: string): string {
  return text.replace(LINE_ENDS, '\n').replace(UNSEEN, '').toWellFormed();
}

/** In one line. */
export function oneLine(text: string): string {
  return seenText(text).replace(/\s+/gu, ' ').trim();
}

/** At most so many characters, cut between two of them. */
export function cutText(text: string, chars: number): string {
  if (text.length <= chars) return text;
  const cut = text.slice(0, chars);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}
