/** What a text costs an agent to read, whatever its model: each has a tokenizer of its own, most are not public. */

/** Tokens that a text takes, at most. Linear in its length, whatever it holds. */
export type CountTokens = (text: string) => number;

interface Encoding {
  countTokens(text: string, options: { readonly disallowedSpecial: Set<string> }): number;
  setMergeCacheSize(size: number): void;
}

const CHARS_PER_TOKEN = 4;
/** The merging of pairs takes the square of the length of a word: of one that has no end, pieces are counted. */
const PIECES = /[^]{1,128}(?=\s|$)|[^]{1,128}/gu;
/** Pieces of words whose merging is remembered. */
const REMEMBERED = 5000;
/** Names of control tokens in a message are text like any other. */
const AS_TEXT = { disallowedSpecial: new Set<string>() };

/** Characters ÷ 4, for where no tokenizer is at hand. */
export const estimateTokens: CountTokens = (text) => Math.ceil(text.length / CHARS_PER_TOKEN);

/**
 * The greater of what a tokenizer counts and of characters ÷ 4. Its ranks take a tenth of a second and some 40 MB: they are
 * loaded by the first call. Without them, characters ÷ 4.
 */
export async function tokenCounter(
  load: () => Promise<Encoding> = () => import('gpt-tokenizer/encoding/cl100k_base'),
): Promise<CountTokens> {
  const encoding = await load().catch(() => undefined);
  if (encoding === undefined) return estimateTokens;
  encoding.setMergeCacheSize(REMEMBERED);
  return (text) => {
    let tokens = 0;
    let pieces = 0;
    for (const [piece] of text.matchAll(PIECES)) {
      tokens += encoding.countTokens(piece, AS_TEXT);
      pieces++;
    }
    // At a seam a token may be two of the whole text.
    return Math.max(tokens + Math.max(0, pieces - 1), estimateTokens(text));
  };
}
