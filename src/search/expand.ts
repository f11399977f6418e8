/** Which words of the index a word of a query may stand for, and how alike they are. */
import type { Words } from './fresh-words.ts';
import type { QueryWord } from './query.ts';
import { isSpelt, type NearWord } from './vocabulary.ts';

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

export interface ExpandDeps {
  readonly vocabulary: Words;
  /**
   * Messages that hold a word, of those that the caller sees: what others say among themselves moves no score. (Where they are
   * very many, all may be told.)
   */
  readonly countOf: (word: string) => number;
}

const MAX_VARIANTS = 32;
/** Words alike of which it is asked how often the caller sees them. */
const MAX_COUNTED = 20;
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
  { vocabulary, countOf }: ExpandDeps,
): readonly Variant[] {
  const edits = Math.min(editsFor(word.length, threshold), df >= KNOWN ? 1 : Infinity);
  // Three edits reach far, and cost most: only where fewer find nothing.
  const near = vocabulary.near(word, Math.min(edits, 2));
  const found = near.length === 0 && edits > 2 ? vocabulary.near(word, edits) : near;
  return found
    .filter((other) => alike(word, other) >= threshold)
    .map((other) => ({ ...other, similarity: likeness(word, other) }))
    .sort((a, b) => b.similarity - a.similarity || b.df - a.df)
    .slice(0, MAX_COUNTED)
    .flatMap(({ word: other, similarity }) => {
      const seen = countOf(other);
      return seen === 0 ? [] : [{ word: other, df: seen, similarity: similarity * usual(seen, messages) }];
    });
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

function prefixed(word: string, { vocabulary }: ExpandDeps): { variants: readonly Variant[]; open: boolean } {
  if (word.length < MIN_PREFIX) return { variants: [], open: false };
  const longer = vocabulary.startingWith(word, MAX_PREFIXED);
  const variants = longer.words.map((known) => ({
    ...known,
    similarity: prefixSimilarity(word, known.word),
  }));
  // What begins with a number or an id is not in the vocabulary.
  const open = !isSpelt(word) || (longer.words.length === MAX_PREFIXED && longer.df <= MAX_PREFIX_DF);
  return { variants, open };
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
