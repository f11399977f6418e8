/** How well a text answers a query. */
import type { Compound } from './compounds.ts';
import { PARTS_SIMILARITY, prefixSimilarity, type Group } from './expand.ts';
import { createWordFilter, lastCharacter, otherWords, scanWords, type Word } from './tokenize.ts';

export interface Match {
  /** 0–1: how much of the query is there, and how alike. 1: every word as it was written. */
  readonly coverage: number;
  /** 0–1: how close together, how often in how short a text. */
  readonly quality: number;
  /** For each group the word that stands for it; undefined: none does. */
  readonly words: readonly (string | undefined)[];
}

export interface Matcher {
  /** Undefined: not one word is there, a phrase is missing, or something refused is there. */
  match(content: string): Match | undefined;
  /** Where words stand for some of the query. */
  marks(content: string): readonly Mark[];
}

export interface Mark {
  readonly start: number;
  readonly end: number;
  /** How alike, 0–1. */
  readonly similarity: number;
}

interface Sense {
  readonly group: number;
  readonly similarity: number;
  /** It stands for a part of an identifier, which counts once all parts are there. */
  readonly part?: number;
}

/** Together or apart, it is the same word. */
const COMPOUND = 1;
/** How much more a text tells that says a word again; a long one says many things again. */
const AGAIN = 0.1;
/** Words after which a text counts as long. */
const LONG_TEXT = 60;
/** Of a word in lower case. */
const MAY_HAVE_PARTS = /[_\d]/;
const NOTHING: readonly Sense[] = [];

export function createMatcher(
  groups: readonly Group[],
  phrases: readonly (readonly string[])[],
  excluded: readonly (readonly string[])[],
  compounds: readonly Compound[] = [],
): Matcher {
  const total = groups.reduce((sum, { weight }) => sum + weight, 0);
  const createReader = createReaders(createSenses(groups), compounds);
  const prefixes = groups.filter(({ openPrefix }) => openPrefix).map(({ query }) => query.word);
  const ofRuns = new Set([...phrases, ...excluded].flat());
  const words = groups.flatMap(({ query, variants }) => [query.word, ...variants.map(({ word }) => word)]);
  const parts = groups.flatMap(({ query }) => query.parts);
  const allParts = groups.map(({ query }) => 2 ** query.parts.length - 1);
  const written = compounds.flatMap((compound) => compound.written);
  const filter = createWordFilter([...words, ...parts, ...written, ...ofRuns], prefixes);

  return {
    marks(content) {
      const marks: Mark[] = [];
      const sensesOf = createReader();
      scanWords(
        content,
        (word, raw) => {
          const { start, end } = word;
          const similarity = sensesOf(word, raw).reduce((best, sense) => Math.max(best, sense.similarity), 0);
          if (similarity > 0) marks.push({ start, end, similarity });
        },
        filter,
      );
      return marks;
    },

    match(content) {
      const sensesOf = createReader();
      const best = new Float64Array(groups.length);
      const lastAt = new Int32Array(groups.length).fill(-2);
      const standsFor: (string | undefined)[] = groups.map(() => undefined);
      const partsSeen = groups.map(() => 0);
      const runs = new Map<number, string>();
      let hits = 0;
      let seen = 0;
      let span = Infinity;
      let neighbours = 0;
      const count = scanWords(
        content,
        (found, raw) => {
          const { word, at } = found;
          if (ofRuns.has(word)) runs.set(at, word);
          for (const { group, similarity, part } of sensesOf(found, raw)) {
            if (part !== undefined) {
              partsSeen[group] = (partsSeen[group] ?? 0) | (1 << part);
              if (partsSeen[group] !== allParts[group]) continue;
            }
            hits += similarity;
            if (best[group] === 0) {
              seen++;
              span = Infinity;
            }
            if (similarity > (best[group] ?? 0)) {
              best[group] = similarity;
              standsFor[group] = word;
            }
            if (group > 0 && lastAt[group - 1] === at - 1) neighbours++;
            lastAt[group] = at;
            if (seen > 1) span = Math.min(span, spanOf(lastAt));
          }
        },
        filter,
      );
      if (seen === 0 && groups.length > 0) return undefined;
      if (!phrases.every((phrase) => hasRun(runs, phrase))) return undefined;
      if (excluded.some((run) => hasRun(runs, run))) return undefined;
      const covered = groups.reduce((sum, { weight }, i) => sum + weight * (best[i] ?? 0), 0);
      const near = seen > 1 ? 1 / (1 + Math.log2(Math.max(1, span / seen))) : 1;
      const ordered = seen > 1 ? Math.min(1, neighbours / (seen - 1)) : 1;
      const told = seen + AGAIN * Math.log2(1 + Math.max(0, hits - seen));
      const dense = told / (told + count / LONG_TEXT);
      return {
        coverage: best.every((similarity) => similarity === 1) ? 1 : covered / total,
        quality: 0.45 * near + 0.2 * ordered + 0.35 * dense,
        words: standsFor,
      };
    },
  };
}

/** What a word of a text stands for, in each of its groups. */
type SensesOf = (word: Word, raw: string) => readonly Sense[];

/**
 * Makes readers of one text each, which remember the word before: the last word of a compound stands for all words of the
 * query that are written so.
 */
function createReaders(sensesOf: SensesOf, compounds: readonly Compound[]): () => SensesOf {
  if (compounds.length === 0) return () => sensesOf;
  const senses = new Map(
    compounds.map(({ at, length, written }) => [
      written.join(' '),
      Array.from({ length }, (_, i): Sense => ({ group: at + i, similarity: COMPOUND })),
    ]),
  );
  const apart = compounds.some(({ written }) => written.length > 1);
  return () => {
    let before: Word | undefined;
    return (word, raw) => {
      const both =
        apart && before?.at === word.at - 1 ? senses.get(`${before.word} ${word.word}`) : undefined;
      before = word;
      const found = senses.get(word.word.replaceAll('_', '')) ?? both;
      return found === undefined ? sensesOf(word, raw) : [...found, ...sensesOf(word, raw)];
    };
  };
}

function createSenses(groups: readonly Group[]): SensesOf {
  const known = new Map<string, Sense[]>();
  const names = new Map<string, readonly Sense[]>();
  const prefixes: { readonly group: number; readonly word: string }[] = [];
  const add = (word: string, sense: Sense): void => {
    const senses = known.get(word);
    if (senses === undefined) known.set(word, [sense]);
    else if (!senses.some(({ group }) => group === sense.group)) senses.push(sense);
  };
  groups.forEach(({ query, variants, openPrefix }, group) => {
    add(query.word, { group, similarity: 1 });
    for (const { word, similarity } of variants) add(word, { group, similarity });
    query.parts.forEach((word, part) => add(word, { group, similarity: PARTS_SIMILARITY, part }));
    if (openPrefix) prefixes.push({ group, word: query.word });
  });

  function longer(word: string): readonly Sense[] {
    const senses = prefixes.filter((prefix) => word.startsWith(prefix.word));
    return senses.map((prefix) => ({
      group: prefix.group,
      similarity: prefixSimilarity(prefix.word, word),
    }));
  }

  function inParts(word: string, raw: string): readonly Sense[] {
    const found = names.get(raw);
    if (found !== undefined) return found;
    const senses = otherWords(word, raw)
      .flatMap((other) => known.get(other) ?? NOTHING)
      .map((sense) => ({ ...sense, similarity: sense.similarity * PARTS_SIMILARITY }));
    names.set(raw, senses);
    return senses;
  }

  return ({ word, unspaced }, raw) => {
    const senses = known.get(word);
    if (senses !== undefined) return senses;
    if (unspaced) return [...longer(word), ...(known.get(lastCharacter(word)) ?? NOTHING)];
    const isName = raw !== word || MAY_HAVE_PARTS.test(word);
    return isName ? [...longer(word), ...inParts(word, raw)] : longer(word);
  };
}

function hasRun(words: ReadonlyMap<number, string>, run: readonly string[]): boolean {
  for (const at of words.keys()) if (run.every((word, i) => words.get(at + i) === word)) return true;
  return false;
}

/** Words from the first to the last of those last seen. */
function spanOf(lastAt: Int32Array): number {
  let low = Infinity;
  let high = -1;
  for (const at of lastAt) {
    if (at < 0) continue;
    if (at < low) low = at;
    if (at > high) high = at;
  }
  return high - low + 1;
}

/** Above it are only texts that hold every word as it was written: those never lose to what is merely alike. */
export const ALL_EXACT = 80;

/** 0–100, with one decimal. @param recency 0–1, 1 for the newest. */
export function scoreOf({ coverage, quality }: Match, recency: number): number {
  const fine = 0.9 * quality + 0.1 * recency;
  const score =
    coverage === 1 ? ALL_EXACT + (100 - ALL_EXACT) * fine : (ALL_EXACT - 1) * coverage * (0.8 + 0.2 * fine);
  return Math.round(score * 10) / 10;
}
