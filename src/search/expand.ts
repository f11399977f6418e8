/** Which words of the index a word of a query may stand for, and how alike they are. */
import type { QueryWord } from './query.ts';
import { isSpelt, type NearWord } from './vocabulary.ts';
import type { Words } from './words.ts';

export interface Variant {
  readonly word: string;
  /** 1: the word itself; others less. */
  readonly similarity: number;
  readonly df: number;
}

/** All that one word of the query is found by. */
export interface Group {
  readonly query: QueryWord;
  /** Messages that hold the word itself. */
  readonly df: number;
  /** Other words, likeliest first. */
  readonly variants: readonly Variant[];
  /** Longer words that begin with it are so many that they are not listed among the variants. */
  readonly openPrefix: boolean;
  /** How much a match of this word tells: the rarer, the more. */
  readonly weight: number;
}

/** What others say among themselves moves no score: messages that the caller does not see are counted nowhere. */
export interface ExpandDeps {
  readonly words: Words;
  /** Messages that hold a word, of those that the caller sees now. */
  readonly countOf: (word: string) => number;
}

const MAX_VARIANTS = 32;
/** Words alike, and longer words, of which it is asked how often the caller sees them. */
const MAX_COUNTED = 400;
const MAX_PREFIXED = 32;
/** Longer words may be so much more frequent than what is looked for that they would drown it. */
const MAX_PREFIX_DF = 2000;
const MIN_PREFIX = 3;
/** From these lengths on a word may have one, two, three edits. */
const ONE_EDIT = 3;
const TWO_EDITS = 6;
const THREE_EDITS = 10;

/** In so many messages a word is no misspelling of another, and needs no other to find enough. */
const COMMON = 50;
const COMMON_PART = 0.01;
/** Written so by several: at most a little slip. */
const KNOWN = 5;
/** An edit weighs more than the share of the letters that it changes. */
const FUZZY = 0.9;
/** Few misspell the first letter. */
const OTHER_BEGINNING = 0.95;
/** How much less a word counts that one message holds than one that many do. */
const RARITY = 0.1;

export const PARTS_SIMILARITY = 0.85;

export function prefixSimilarity(word: string, longer: string): number {
  return 0.6 + 0.3 * (word.length / longer.length);
}

/** The word as it is: nothing else stands for it. */
export function exactGroup(query: QueryWord, messages: number, deps: ExpandDeps): Group {
  const df = deps.countOf(query.word);
  return { query, df, variants: [], openPrefix: false, weight: weightOf(df, messages) };
}

/** @param threshold least similarity, 0–1. */
export function expandGroup(exact: Group, messages: number, threshold: number, deps: ExpandDeps): Group {
  const { query, df } = exact;
  if (df > Math.max(COMMON, COMMON_PART * messages)) return exact;
  // One character of a run without spaces finds the pairs that begin with it.
  if (query.unspaced) return { ...exact, openPrefix: Array.from(query.word).length === 1 };
  const { variants: longer, open } = prefixed(query.word, deps);
  const variants = likeliest([...misspelt(exact, messages, threshold, deps), ...longer]);
  const weight = weightOf(df > 0 ? df : firstSeen(variants, deps), messages);
  return { query, df, variants, openPrefix: open, weight };
}

/** How many messages hold the likeliest word that the caller sees at all. */
function firstSeen(variants: readonly Variant[], { countOf }: ExpandDeps): number {
  for (const { word } of variants) {
    const count = countOf(word);
    if (count > 0) return count;
  }
  return 0;
}

function misspelt(
  { query: { word }, df }: Group,
  messages: number,
  threshold: number,
  { words }: ExpandDeps,
): readonly Variant[] {
  const edits = Math.min(editsFor(word.length, threshold), df >= KNOWN ? 1 : Infinity);
  // Three edits reach far, and cost most: only where fewer find nothing.
  const near = seen(word, words.near(word, Math.min(edits, 2)), threshold, words);
  const found = near.length === 0 && edits > 2 ? seen(word, words.near(word, edits), threshold, words) : near;
  return found.map(({ similarity, ...other }) => ({
    ...other,
    similarity: similarity * usual(other.df, messages),
  }));
}

/** Those that are alike enough, and in messages that the caller sees. */
function seen(word: string, near: readonly NearWord[], threshold: number, words: Words): readonly Variant[] {
  const likest = near
    .filter((other) => alike(word, other) >= threshold)
    .map((other) => ({ word: other.word, similarity: likeness(word, other) }))
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, MAX_COUNTED);
  const dfs = words.dfs(likest.map((other) => other.word));
  return likest.flatMap((other, i) => (dfs[i] ? [{ ...other, df: dfs[i] }] : []));
}

/** The part of the letters that need no edit. */
const alike = (word: string, other: NearWord): number =>
  1 - other.distance / Math.max(word.length, other.word.length);

function likeness(word: string, other: NearWord): number {
  return FUZZY * alike(word, other) * (other.word.startsWith(word.charAt(0)) ? 1 : OTHER_BEGINNING);
}

/** A frequent word is more often what was meant than a rare one, which may be misspelt itself. */
function usual(df: number, messages: number): number {
  return 1 - RARITY * (1 - Math.min(1, Math.log1p(df) / Math.log1p(messages / 100)));
}

function prefixed(word: string, { words }: ExpandDeps): { variants: readonly Variant[]; open: boolean } {
  if (word.length < MIN_PREFIX) return { variants: [], open: false };
  const longer = words.startingWith(word, MAX_COUNTED);
  const dfs = words.dfs(longer);
  const variants = longer
    .flatMap((known, i) =>
      dfs[i] ? [{ word: known, df: dfs[i], similarity: prefixSimilarity(word, known) }] : [],
    )
    .sort((a, b) => b.df - a.df);
  // What begins with a number or an id is not in the vocabulary.
  if (!isSpelt(word)) return { variants, open: true };
  const df = variants.reduce((sum, variant) => sum + variant.df, 0);
  const open = longer.length < MAX_COUNTED && variants.length >= MAX_PREFIXED && df <= MAX_PREFIX_DF;
  return { variants: variants.slice(0, MAX_PREFIXED), open };
}

function editsFor(length: number, threshold: number): number {
  const most = length < ONE_EDIT ? 0 : length < TWO_EDITS ? 1 : length < THREE_EDITS ? 2 : 3;
  return Math.min(most, Math.floor(length * (1 - threshold)));
}

function likeliest(variants: readonly Variant[]): readonly Variant[] {
  const byWord = new Map<string, Variant>();
  for (const variant of variants) {
    if ((byWord.get(variant.word)?.similarity ?? 0) < variant.similarity) byWord.set(variant.word, variant);
  }
  return [...byWord.values()]
    .sort((a, b) => b.similarity - a.similarity || b.df - a.df)
    .slice(0, MAX_VARIANTS);
}

/** Inverse document frequency in steps, so that a few more messages between two pages of a search change nothing. */
function weightOf(df: number, messages: number): number {
  return Math.round(2 * Math.log2(1 + messages / (1 + df))) / 2;
}
