/**
 * The words of a text. Index, queries, scores and snippets all take them from here, so that they agree; FTS5 gets words
 * joined by spaces and must not split or fold any further (`tokenize="ascii tokenchars '_'"`).
 */

/** Goes into search.db: an index made by another version of this file is made anew. */
export const TOKENIZER_VERSION = 1;

/** A longer word is cut, in the index as in queries. */
const MAX_WORD = 64;
/** Words in which case and digits change more often than in any name: ids, hashes, encoded bytes. */
const MIN_MEAN_PART = 2.5;

/** Scripts that put no spaces between words (or, as Hangul, glue to a word what a query leaves out). */
const UNSPACED =
  '[\\p{scx=Han}\\p{scx=Hiragana}\\p{scx=Katakana}\\p{scx=Hangul}\\p{scx=Thai}\\p{scx=Lao}\\p{scx=Khmer}\\p{scx=Myanmar}]';
const OTHER_CHARACTER = /[\p{L}\p{M}\p{N}\p{Cs}\p{Extended_Pictographic}]/u;
const WORD_CHARACTER = '[\\p{L}\\p{M}\\p{N}_]';
const SEPARATOR = 0;
const LETTER = 1;
const CAPITAL = 2;
const DIGIT = 3;
const UNDERSCORE = 4;
/** Of other scripts, or half of a character beyond the first 65,536: the patterns look closer. */
const OTHER = 5;
/** What the UTF-16 units are: a table, because each character of each text is looked up. */
const KINDS = Uint8Array.from({ length: 2 ** 16 }, (_, unit) => {
  const character = String.fromCharCode(unit);
  if (unit > 127) return OTHER_CHARACTER.test(character) ? OTHER : SEPARATOR;
  if (/[a-z]/.test(character)) return LETTER;
  if (/[A-Z]/.test(character)) return CAPITAL;
  if (/\d/.test(character)) return DIGIT;
  return character === '_' ? UNDERSCORE : SEPARATOR;
});
const ANY_WORD = new RegExp(
  `(?<unspaced>[${UNSPACED}&&${WORD_CHARACTER}]+)|[${WORD_CHARACTER}--${UNSPACED}]+|\\p{Extended_Pictographic}`,
  'gv',
);
const NOT_ASCII = /[\u{80}-\u{10ffff}]/u;
/** Marks over and under letters of the scripts that also write without them. */
const DIACRITICS = /[\u0300-\u036f\u0591-\u05bd\u064b-\u065f\u0670]/g;
const NOT_WORD = /[^\w\u{80}-\u{10ffff}]/gu;
const OUTER_UNDERSCORES = /^_+|_+$/g;
/** A cheap look before the costly one. */
const HAS_PARTS = /.[_A-Z0-9\u{80}-\u{10ffff}]/u;
const PART = /\p{Lu}?\p{Ll}+|\p{Lu}+(?!\p{Ll})|\p{N}+/gu;

export interface Word {
  /** Lower case, without diacritics; never begins with `_`. */
  readonly word: string;
  /** Which word of the text it is, from 0. */
  readonly at: number;
  /** Where it stands in the text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** Two characters of a run without spaces, or one that stands alone. */
  readonly unspaced: boolean;
}

/** The parts of a message's place in the hub that searches are narrowed by. */
export interface Scope {
  readonly audienceIds: readonly number[];
  readonly sessionPk: number;
  readonly senderId: number;
  /** Index into VISIBILITIES. */
  readonly visibility: number;
  /** Index into MESSAGE_TYPES. */
  readonly messageType: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

const DAY_MS = 86_400_000;
const DAYS_PER_BLOCK = 32;

/** Tokens of the column `scope`. No word begins with `_`, so that no query can name them. */
export const scopeToken = {
  audience: (id: number): string => `_a${id}`,
  session: (pk: number): string => `_s${pk}`,
  sender: (id: number): string => `_f${id}`,
  visibility: (index: number): string => `_v${index}`,
  messageType: (index: number): string => `_t${index}`,
  day: (day: number): string => `_d${day}`,
  /** 32 days. */
  block: (block: number): string => `_b${block}`,
  code: '_code',
} as const;

/** The day of a time and the block of days it is in, counted from the epoch. */
export function dayOf(time: number): { readonly day: number; readonly block: number } {
  const day = Math.floor(time / DAY_MS);
  return { day, block: Math.floor(day / DAYS_PER_BLOCK) };
}

/** Whether a text holds a fenced block of code. */
export const hasCode = (content: string): boolean => /^[ \t>]*(?:```|~~~)/m.test(content);

/** What goes into the column `scope` for a message. */
export function scopeText(scope: Scope, content: string): string {
  const { day, block } = dayOf(scope.createdAt);
  const tokens = [
    ...scope.audienceIds.map(scopeToken.audience),
    scopeToken.session(scope.sessionPk),
    scopeToken.sender(scope.senderId),
    scopeToken.visibility(scope.visibility),
    scopeToken.messageType(scope.messageType),
    scopeToken.day(day),
    scopeToken.block(block),
  ];
  if (hasCode(content)) tokens.push(scopeToken.code);
  return tokens.join(' ');
}

/** Lower case, compatibility forms and diacritics folded; empty if nothing is left. */
function fold(raw: string): string {
  if (!NOT_ASCII.test(raw)) return raw.toLowerCase();
  const bare = raw.normalize('NFKD').toLowerCase().replace(DIACRITICS, '').normalize('NFC');
  return bare.replace(NOT_WORD, '');
}

function foldWord(raw: string, ascii: boolean): string {
  const folded = ascii ? raw.toLowerCase() : fold(raw);
  const word =
    folded.startsWith('_') || folded.endsWith('_') ? folded.replace(OUTER_UNDERSCORES, '') : folded;
  return word.length <= MAX_WORD ? word : cut(word);
}

/** Never through the middle of a surrogate pair. */
function cut(word: string): string {
  return word.slice(0, MAX_WORD).replace(/[\ud800-\udbff]$/, '');
}

/** Words that a scan is after; see {@link createWordFilter}. */
export interface WordFilter {
  /** A bit table of the hashes of words. */
  readonly hashes: Uint8Array;
  /** ASCII characters that a longer word wanted may begin with. */
  readonly initials: Uint8Array;
}

const HASHES = 2 ** 16;
const nextHash = (hash: number, unit: number): number => (Math.imul(hash, 31) + unit) | 0;

/**
 * Lets a scan pass over most of the words that are neither among `words` nor begin with one of `prefixes`, without making
 * strings of them. Names made of parts always pass.
 */
export function createWordFilter(words: Iterable<string>, prefixes: Iterable<string>): WordFilter {
  const filter = { hashes: new Uint8Array(HASHES), initials: new Uint8Array(128) };
  for (const word of words) {
    let hash = 0;
    for (let i = 0; i < word.length; i++) hash = nextHash(hash, word.charCodeAt(i));
    filter.hashes[hash & (HASHES - 1)] = 1;
  }
  for (const prefix of prefixes) filter.initials[prefix.charCodeAt(0)] = 1;
  return filter;
}

type Visit = (word: Word, raw: string) => void;

/**
 * Calls `visit` for each word of a text, in order; with a filter, at least for those wanted. `raw` is the word as it stands
 * there. Answers how many words there are. Most texts are ASCII, and a loop over its characters is many times as fast as the
 * patterns that know all scripts.
 */
export function scanWords(text: string, visit: Visit, filter?: WordFilter): number {
  let count = 0;
  let start = 0;
  let ascii = true;
  let name = false;
  let before = SEPARATOR;
  let hash = 0;
  for (let i = 0; i <= text.length; i++) {
    const unit = i < text.length ? text.charCodeAt(i) : 0;
    const kind = KINDS[unit] ?? SEPARATOR;
    if (kind === SEPARATOR) {
      if (before !== SEPARATOR) {
        if (!ascii) count += scanRun(text.slice(start, i), start, count, visit);
        else if (!name && filter !== undefined && !isWanted(filter, hash, text.charCodeAt(start))) count++;
        else if (scanSpaced(text.slice(start, i), start, count, true, visit)) count++;
      }
    } else if (before === SEPARATOR) {
      start = i;
      ascii = kind !== OTHER;
      name = kind === UNDERSCORE;
      hash = nextHash(0, kind === CAPITAL ? unit + 32 : unit);
    } else {
      if (kind === OTHER) ascii = false;
      // Any change of kind makes parts, but for a capital at the beginning.
      if (kind !== before) name ||= !(before === CAPITAL && kind === LETTER && i === start + 1);
      if (i - start < MAX_WORD) hash = nextHash(hash, kind === CAPITAL ? unit + 32 : unit);
    }
    before = kind;
  }
  return count;
}

function isWanted({ hashes, initials }: WordFilter, hash: number, first: number): boolean {
  return hashes[hash & (HASHES - 1)] === 1 || initials[KINDS[first] === CAPITAL ? first + 32 : first] === 1;
}

/** A run that holds more than ASCII characters, but none of those that separate words. Answers how many words it has. */
function scanRun(run: string, at: number, ordinal: number, visit: Visit): number {
  let count = 0;
  for (const match of run.matchAll(ANY_WORD)) {
    const [raw] = match;
    const start = at + match.index;
    if (match.groups?.['unspaced'] !== undefined) count += scanUnspaced(raw, start, ordinal + count, visit);
    else if (scanSpaced(raw, start, ordinal + count, false, visit)) count++;
  }
  return count;
}

/** Answers whether there is a word in it: underscores alone are none. */
function scanSpaced(raw: string, start: number, at: number, ascii: boolean, visit: Visit): boolean {
  const word = foldWord(raw, ascii);
  if (word === '') return false;
  visit({ word, at, start, end: start + raw.length, unspaced: false }, raw);
  return true;
}

/** Overlapping pairs; a run of one character is a word. Answers how many words it has. */
function scanUnspaced(raw: string, start: number, ordinal: number, visit: Visit): number {
  const folded = Array.from(fold(raw));
  const characters = Array.from(raw);
  const aligned = folded.length === characters.length;
  const count = Math.max(1, folded.length - 1);
  let from = start;
  for (let i = 0; i < count; i++) {
    const word = `${folded[i] ?? ''}${folded[i + 1] ?? ''}`;
    const length = aligned ? `${characters[i] ?? ''}${characters[i + 1] ?? ''}`.length : raw.length;
    visit({ word, at: ordinal + i, start: from, end: from + length, unspaced: true }, word);
    if (aligned) from += characters[i]?.length ?? 0;
  }
  return count;
}

/** Parts of an identifier, lower case; empty if it has none or is no name but an id. */
export function partsOf(raw: string): readonly string[] {
  if (raw.length > MAX_WORD || !HAS_PARTS.test(raw)) return [];
  const parts = raw.match(PART) ?? [];
  if (parts.length < 2) return [];
  const letters = parts.reduce((sum, part) => sum + part.length, 0);
  if (parts.length > 3 && letters / parts.length < MIN_MEAN_PART) return [];
  const digits = parts.filter((part) => /\p{N}/u.test(part)).length;
  if (digits > 2 || (digits === 2 && parts.length > 4)) return [];
  return parts.map(fold).filter((part) => part.length > 1);
}

/**
 * What goes into the index for a message: its words in order, and what else it is found by: the parts of its identifiers
 * (and `username` for `user_name`), and the second character of each pair of a run without spaces, so that the prefix of
 * one character finds it anywhere.
 */
export function indexText(content: string): { readonly text: string; readonly parts: string } {
  const words: string[] = [];
  const parts = new Set<string>();
  scanWords(content, ({ word, unspaced }, raw) => {
    words.push(word);
    if (unspaced) parts.add(lastCharacter(word));
    else for (const other of otherWords(word, raw)) parts.add(other);
  });
  for (const word of words) parts.delete(word);
  return { text: words.join(' '), parts: [...parts].join(' ') };
}

/** What else a word is found by: the parts of an identifier, and the whole without its underscores. */
export function otherWords(word: string, raw: string): readonly string[] {
  const parts = partsOf(raw);
  return word.includes('_') ? [...parts, word.replaceAll('_', '')] : parts;
}

/** Of a pair of a run without spaces. */
export const lastCharacter = (word: string): string => Array.from(word).at(-1) ?? '';
