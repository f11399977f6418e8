/** Finds the messages worth scoring, in steps that each end after a bounded number of rows. */
import type { Compound } from './compounds.ts';
import type { Group, Variant } from './expand.ts';
import { allOf, anyOf, quote, type Candidate, type CandidateSource, type Filter } from './source.ts';

export interface Wanted {
  readonly groups: readonly Group[];
  /** By places in `groups`. */
  readonly compounds: readonly Compound[];
  readonly phrases: readonly (readonly string[])[];
  readonly excluded: readonly (readonly string[])[];
}

const NEWEST = 200;
/** A word as it is in so many messages: what is merely alike cannot come into the answer. */
const ENOUGH = 100;
/** With fewer the query is taken less strictly: a page. */
const FEW = 10;
const OF_LEFT_OUT = 40;
const OF_ANY = 100;
/** Content that one search reads at most. */
const MAX_CHARS = 150_000;
/** More words than that only make it slower. */
const MAX_GROUPS = 8;
/** Of the loose stages. A word that tells so much less than the best one is left to the score. */
const MAX_CORE = 5;
const LEAST_OF_CORE = 0.4;
const VARIANTS_APART = 12;
const PER_VARIANT = 15;
/** Of the content that a search reads: long messages of one word leave room for those of the next. */
const SHARE_OF_LIKELIEST = 0.4;
const SHARE_OF_VARIANT = 0.1;
const SHARE_OF_COMPOUND = 0.1;
const VARIANTS_TOGETHER = 16;

const exactly = ({ query }: Group): string => quote(query.word);
const prefixOf = ({ query, openPrefix }: Group): string => (openPrefix ? `${quote(query.word)} *` : '');
const partsOf = ({ query }: Group): string => allOf(query.parts.map(quote));
const loosely = (group: Group): string =>
  anyOf([
    prefixOf(group) || exactly(group),
    partsOf(group),
    ...group.variants.slice(0, VARIANTS_TOGETHER).map(({ word }) => quote(word)),
  ]);

/** Answers whether there would be more. @param share of the content that a search may read. */
type Take = (terms: readonly string[], limit: number, share?: number) => boolean;

/**
 * The candidates for a query, from the strict to the loose: all words as they are, together or apart; all words or what they may stand for;
 * all but one; any. `expand` is asked for what words may stand for only when it is needed.
 */
export function collect(
  source: CandidateSource,
  filter: Filter,
  wanted: Wanted,
  expand: () => readonly Group[],
): ReadonlyMap<number, Candidate> {
  const found = new Map<number, Candidate>();
  const required = wanted.phrases.map((phrase) => quote(phrase.join(' ')));
  const refused = anyOf(wanted.excluded.map((words) => quote(words.join(' '))));
  let chars = 0;
  const take: Take = (terms, limit, share = 1) => {
    if (chars > MAX_CHARS) return true;
    const all = allOf([...required, ...terms]);
    const expression = refused === '' || all === '' ? all : `(${all} NOT ${refused})`;
    const ids = source.match(expression, filter, limit);
    const rows = source.load(
      ids.filter((id) => !found.has(id)),
      Math.min(MAX_CHARS - chars, share * MAX_CHARS),
    );
    for (const row of rows) {
      found.set(row.id, row);
      chars += row.content.length;
    }
    return ids.length === limit || chars > MAX_CHARS;
  };
  const exact = strongest(wanted.groups);
  for (const { at, length, written, df } of wanted.compounds) {
    if (df === 0) continue;
    const others = exact.filter((group) => !wanted.groups.slice(at, at + length).includes(group));
    take([...others.map(exactly), quote(written.join(' '))], OF_LEFT_OUT, SHARE_OF_COMPOUND);
  }
  const all = exact.every(({ df }) => df > 0) && take(exact.map(exactly), NEWEST);
  if (exact.length === 0 || all || found.size >= ENOUGH) return found;
  // With a message that holds every word as it is, those that lack one are of no interest.
  const few = found.size > 0 ? 0 : FEW;
  const core = coreOf(strongest(expand()));
  const [only] = core;
  if (core.length === 1 && only !== undefined) takeVariants(only, take);
  else {
    take(core.map(loosely), NEWEST);
    if (found.size < few && core.length > 2) {
      for (const left of core.toReversed()) {
        take(core.filter((group) => group !== left).map(loosely), OF_LEFT_OUT);
      }
    }
    if (found.size < few) take([anyOf(affordable(core))], OF_ANY);
  }
  return found;
}

function coreOf(groups: readonly Group[]): readonly Group[] {
  const most = groups[0]?.weight ?? 0;
  return groups.filter(({ weight }) => weight >= LEAST_OF_CORE * most).slice(0, MAX_CORE);
}

/** One word: each that it may stand for is asked for by itself, so that a frequent one does not hide the others. */
function takeVariants(group: Group, take: Take): void {
  group.variants.slice(0, VARIANTS_APART).forEach(({ word }, i) => {
    take([quote(word)], PER_VARIANT, i === 0 ? SHARE_OF_LIKELIEST : SHARE_OF_VARIANT);
  });
  for (const term of [prefixOf(group), partsOf(group)]) if (term !== '') take([term], OF_LEFT_OUT);
}

/** The words that tell most, those first. */
function strongest(groups: readonly Group[]): readonly Group[] {
  return [...groups].sort((a, b) => b.weight - a.weight).slice(0, MAX_GROUPS);
}

/** Of all words and what they may stand for, the rare and alike, as long as their messages are few enough. */
function affordable(groups: readonly Group[]): readonly string[] {
  const price = ({ df, similarity }: Variant): number => df * (3 - 2 * similarity);
  const terms = groups
    .flatMap(({ query, df, variants }) => [{ word: query.word, df, similarity: 1 }, ...variants])
    .filter(({ df }) => df > 0)
    .sort((a, b) => price(a) - price(b));
  const taken: string[] = [];
  let sum = 0;
  for (const { word, df } of terms) {
    if (taken.length > 0 && sum + df > 4 * OF_ANY) break;
    sum += df;
    taken.push(quote(word));
  }
  return taken;
}
