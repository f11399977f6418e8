/** Keeps answers within what the caller can afford (tokens) and what the hub sends (bytes). */

export interface Budget {
  /** Tokens as characters ÷ 4 of the answer's JSON. */
  readonly maxTokens: number;
  /** Bytes of the whole answer, which carries its JSON twice: as structure, and as text inside of a string. */
  readonly maxBytes: number;
}

const CHARS_PER_TOKEN = 4;
/** Room for the fields around the items. */
const ENVELOPE_CHARS = 1200;
const ENVELOPE_BYTES = 8 * ENVELOPE_CHARS;
/** At worst a character is three bytes as structure and twice that as escaped text. */
const MAX_BYTES_PER_CHAR = 9;

/** Room for what the protocol puts around an answer. */
const PROTOCOL_BYTES = 500;

/** Bytes that a JSON text takes in an answer, as structure and as text. */
export function answerBytes(json: string): number {
  return Buffer.byteLength(json) + Buffer.byteLength(JSON.stringify(json));
}

/** Whether an answer of this JSON fits, counted exactly only where it is not plain. */
export function answerFits(json: string, maxBytes: number): boolean {
  const room = maxBytes - PROTOCOL_BYTES;
  return json.length * MAX_BYTES_PER_CHAR <= room || answerBytes(json) <= room;
}

/**
 * As many items as fit, from the `first` or the `last` on, in their order. If not even one does, `shorten` makes it fit
 * in a number of characters, so that a reader always comes further.
 */
export function fit<T>(
  items: readonly T[],
  budget: Budget,
  keep: 'first' | 'last',
  shorten: (item: T, chars: number) => T,
): { readonly items: readonly T[]; readonly truncated: boolean } {
  const maxChars = Math.max(budget.maxTokens * CHARS_PER_TOKEN - ENVELOPE_CHARS, CHARS_PER_TOKEN * 20);
  const maxBytes = budget.maxBytes - ENVELOPE_BYTES;
  const order = keep === 'first' ? items.keys() : [...items.keys()].reverse();
  const kept: number[] = [];
  let chars = 0;
  let bytes = 0;
  let uncounted: string[] = [];
  let uncountedChars = 0;
  for (const index of order) {
    const text = JSON.stringify(items[index]);
    chars += text.length + 1;
    if (chars > maxChars) break;
    uncounted.push(text);
    uncountedChars += text.length + 1;
    if (bytes + uncountedChars * MAX_BYTES_PER_CHAR > maxBytes) {
      bytes += uncounted.reduce((sum, one) => sum + answerBytes(one) + 2, 0);
      if (bytes > maxBytes) break;
      uncounted = [];
      uncountedChars = 0;
    }
    kept.push(index);
  }
  if (kept.length === items.length) return { items, truncated: false };
  if (kept.length === 0) {
    const only = keep === 'first' ? items[0] : items.at(-1);
    const affordable = Math.min(maxChars, Math.floor(maxBytes / MAX_BYTES_PER_CHAR));
    return { items: only === undefined ? [] : [shorten(only, affordable)], truncated: true };
  }
  return { items: kept.sort((a, b) => a - b).flatMap((index) => items[index] ?? []), truncated: true };
}
