/** A piece of a text around what matched, in one line, with the match marked as `**so**`. */
import type { Mark, Matcher } from './score.ts';

const LENGTH = 240;
/** What stands before the first mark. */
const LEAD = 60;
/** Control and bidirectional characters, and runs of white space. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu;

export function snippetOf(content: string, matcher: Matcher): string {
  const marks = matcher.marks(content);
  const start = windowStart(content, bestWindow(marks));
  const end = windowEnd(content, start);
  const parts: string[] = [start > 0 ? '…' : ''];
  let at = start;
  for (const mark of joinTouching(marks)) {
    if (mark.start < at || mark.end > end) continue;
    parts.push(plain(content.slice(at, mark.start)), `**${plain(content.slice(mark.start, mark.end))}**`);
    at = mark.end;
  }
  parts.push(plain(content.slice(at, end)), end < content.length ? '…' : '');
  return parts.join('').trim();
}

/** Stars of the text itself would look like marks. */
const plain = (text: string): string => text.replaceAll('**', '').replace(UNSEEN, ' ');

/** Where the window begins that holds the most and the most alike marks. */
function bestWindow(marks: readonly Mark[]): number {
  let bestSum = 0;
  let bestStart = 0;
  let sum = 0;
  let last = 0;
  marks.forEach((mark, first) => {
    while (last < marks.length && (marks[last]?.end ?? 0) - mark.start <= LENGTH - LEAD) {
      sum += marks[last]?.similarity ?? 0;
      last++;
    }
    if (sum > bestSum) {
      bestSum = sum;
      bestStart = mark.start;
    }
    if (last > first) sum -= mark.similarity;
    else last = first + 1;
  });
  return bestStart;
}

/** At the beginning of a word, if there is one within reach. */
function windowStart(content: string, mark: number): number {
  if (mark <= LEAD) return 0;
  const earliest = mark - LEAD;
  const space = content.slice(earliest, mark).search(/\s\S/);
  return space === -1 ? wholeCharacter(content, earliest) : earliest + space + 1;
}

function windowEnd(content: string, start: number): number {
  const end = start + LENGTH;
  if (end >= content.length) return content.length;
  const space = content.slice(end - LEAD / 2, end).search(/\s\S*$/);
  return space === -1 ? wholeCharacter(content, end) : end - LEAD / 2 + space;
}

/** Never through the middle of a surrogate pair. */
function wholeCharacter(content: string, at: number): number {
  return /[\udc00-\udfff]/.test(content.charAt(at)) ? at + 1 : at;
}

/** Pairs of a run without spaces overlap: they become one mark. */
function joinTouching(marks: readonly Mark[]): readonly Mark[] {
  const joined: Mark[] = [];
  for (const mark of marks) {
    const last = joined.at(-1);
    if (last !== undefined && mark.start < last.end)
      joined[joined.length - 1] = { ...last, end: Math.max(last.end, mark.end) };
    else joined.push(mark);
  }
  return joined;
}
