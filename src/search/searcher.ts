/** Answers searches over one connection: search.db with hub.db attached as `hub`. */
import { collect, type Wanted } from './candidates.ts';
import { compoundsOf } from './compounds.ts';
import { correct } from './correct.ts';
import { exactGroup, expandGroup, type ExpandDeps, type Group } from './expand.ts';
import { createFilters } from './filters.ts';
import { together, wordsOf } from './fresh-words.ts';
import type { Sqlite } from './index-db.ts';
import { parseQuery, type ParsedQuery } from './query.ts';
import { ALL_EXACT, createMatcher, scoreOf, type Match, type Matcher } from './score.ts';
import { snippetOf } from './snippet.ts';
import { createCandidateSource, type Candidate, type Filter } from './source.ts';
import { searchableText } from './text.ts';
import { hasCode } from './tokenize.ts';
import type { Searcher, SearchAnswer, SearchPosition, SearchRequest } from './types.ts';
import { isSpelt } from './vocabulary.ts';
import { createWordSource } from './words.ts';

interface Text extends Candidate {
  /** Of the content so much is not metadata. */
  readonly own: number;
}

export interface Scored {
  readonly row: Text;
  readonly score: number;
  readonly match: Match;
}

interface Ranking {
  /** Best first. */
  readonly ranked: readonly Scored[];
  readonly groups: readonly Group[];
  readonly matcher: Matcher;
  /** Whether all that the index does not hold was looked at. */
  readonly all: boolean;
}

/** What is so much less alike than the best hit is noise. */
const LEAST_OF_BEST = 0.35;
/** How much less each further message of one guess, or each further copy, counts, and the least that is left of it. */
const LESS_OF_SAME = 0.02;
const LESS_OF_COPY = 0.1;
const LEAST_OF_COPY = 0.3;
const COMPARED_CHARS = 400;
const LEAST_OF_SAME = 0.7;
const MAX_EXPANDED = 12;
const MAX_ELSEWHERE = 3;
/** Messages of so rare a word are counted one by one: those that were hidden or deleted meanwhile tell nothing, either. */
const RARE = 20;
/** As many messages as a smaller hub is taken to have. */
const FEWEST = 2 ** 16;

export function createSearcher({ sqlite }: { readonly sqlite: Sqlite }): Searcher {
  const source = createCandidateSource(sqlite);
  const words = createWordSource(sqlite);
  const filters = createFilters(sqlite);
  const lastId = sqlite.prepare<[], number | null>('SELECT max(id) FROM hub.messages').pluck();

  function rank(query: ParsedQuery, filter: Filter, threshold: number): Ranking {
    const { rows, all } = source.unindexed(filter);
    const textOf = ({ content, metadata }: Candidate): string =>
      searchableText(content, filter.metadata ? metadata : null);
    const known = words.seenBy(filter.audienceIds);
    const countOf = (word: string): number => {
      if (!isSpelt(word)) return source.countOf(word, filter.audienceIds);
      const [df = 0] = known.dfs([word]);
      return df > 0 && df < RARE ? source.countOf(word, filter.audienceIds) : df;
    };
    const deps: ExpandDeps = { words: known, countOf };
    // In steps, so that neither a page nor what others post changes it.
    const messages = Math.max(FEWEST, 2 ** Math.ceil(Math.log2(filter.upTo + 1)));
    const exact = query.words.map((word) => exactGroup(word, messages, deps));
    const ofPhrases = query.phrases.flat().map((word) => exactGroup(word, messages, deps));
    const phrases = query.phrases.map((phrase) => phrase.map(({ word }) => word));
    let groups: readonly Group[] = exact;
    const expand = (): readonly Group[] => {
      if (threshold >= 1) return groups;
      // The rarest are the likeliest to be misspelt.
      const rarest = new Set([...exact].sort((a, b) => a.df - b.df).slice(0, MAX_EXPANDED));
      const fresh = wordsOf(rows.map(textOf));
      const withFresh: ExpandDeps = {
        words: together(known, fresh),
        countOf: (word) => countOf(word) || (known.dfs([word])[0] ? 0 : (fresh.dfs([word])[0] ?? 0)),
      };
      groups = exact.map((group) =>
        rarest.has(group) ? expandGroup(group, messages, threshold, withFresh) : group,
      );
      return groups;
    };
    const compounds = threshold >= 1 ? [] : compoundsOf(query.words, known);
    const wanted: Wanted = { groups: exact, compounds, phrases, excluded: query.excluded };
    const found = new Map(collect(source, filter, wanted, expand));
    for (const row of rows) if (!filter.hasCode || hasCode(row.content)) found.set(row.id, row);
    groups = [...groups, ...ofPhrases];
    const matcher = createMatcher(groups, phrases, query.excluded, compounds);
    const texts = [...found.values()].map((row) => ({
      ...row,
      content: textOf(row),
      own: row.content.length,
    }));
    return { ranked: order(texts, matcher), groups, matcher, all };
  }

  function elsewhere(query: ParsedQuery, filter: Filter, threshold: number): SearchAnswer['elsewhere'] {
    const counts = new Map<number, number>();
    for (const { row } of rank(query, { ...filter, sessionPks: undefined }, threshold).ranked) {
      counts.set(row.sessionPk, (counts.get(row.sessionPk) ?? 0) + 1);
    }
    return [...counts]
      .map(([sessionPk, count]) => ({ sessionPk, count }))
      .sort((a, b) => b.count - a.count)
      .slice(0, MAX_ELSEWHERE);
  }

  function answer(request: SearchRequest): Omit<SearchAnswer, 'tookMs'> {
    const query = parseQuery(request.query);
    const threshold = request.fuzzyThreshold / 100;
    const upTo = request.position?.upTo ?? lastId.get() ?? 0;
    const filter = filters.resolve(request, query, upTo);
    if (filter === undefined || !query.asks) return { hits: [], elsewhere: [], upTo, degraded: false };
    const { ranked, groups, matcher, all } = rank(query, filter, threshold);
    const rest = ranked.filter((hit) => comesAfter(hit, request.position));
    const page = rest.slice(0, request.limit);
    const last = page.at(-1);
    const corrected = correct(request.query, groups, ranked.slice(0, request.limit));
    const nowhere = ranked.length === 0 && request.sessionPk !== undefined;
    return {
      hits: page.map(({ row, score }) => ({ id: row.id, score, snippet: snippetOf(row.content, matcher) })),
      elsewhere: nowhere ? elsewhere(query, filter, threshold) : [],
      upTo,
      degraded: !all,
      ...(corrected !== undefined && { corrected }),
      ...(last !== undefined && rest.length > page.length && { next: positionOf(last, upTo) }),
    };
  }

  const consistently = sqlite.transaction(answer);
  return {
    search(request) {
      const started = performance.now();
      return { ...consistently(request), tookMs: performance.now() - started };
    },
  };
}

function order(rows: readonly Text[], matcher: Matcher): readonly Scored[] {
  const scored = rows.flatMap((row): Scored[] => {
    const match = matcher.match(row.content);
    return match === undefined ? [] : [{ row, match, score: scoreOf(match, row.id / (row.id + FEWEST)) }];
  });
  const best = scored.reduce((most, { match }) => Math.max(most, match.coverage), 0);
  const alike = scored.filter(({ match }) => match.coverage >= LEAST_OF_BEST * best).sort(byScore);
  if (best < 1) return spread(alike, guessOf, LESS_OF_SAME, LEAST_OF_SAME, 0).sort(byScore);
  return spread(alike, lettersOf, LESS_OF_COPY, LEAST_OF_COPY, ALL_EXACT).sort(byScore);
}

const byScore = (a: Scored, b: Scored): number => b.score - a.score || b.row.id - a.row.id;

/**
 * Each further hit of a kind counts a little less, so that a page does not show only one: of what a misspelt word may stand
 * for, which nobody knows, or of texts that differ in nothing but numbers.
 * @param atLeast part of what a score has above the floor. @param floor no score that reaches it falls below it.
 */
function spread(
  ranked: readonly Scored[],
  kindOf: (hit: Scored) => string | number,
  less: number,
  atLeast: number,
  floor: number,
): Scored[] {
  const seen = new Map<string | number, number>();
  return ranked.map((hit) => {
    const kind = kindOf(hit);
    const before = seen.get(kind) ?? 0;
    seen.set(kind, before + 1);
    const part = Math.max(atLeast, 1 - less * before);
    const from = hit.score >= floor ? floor : 0;
    return { ...hit, score: Math.round((from + (hit.score - from) * part) * 10) / 10 };
  });
}

const guessOf = ({ match }: Scored): string => match.words.join(' ');

/** A hash of the letters that a text begins with. */
function lettersOf({ row: { content, own } }: Scored): number {
  let hash = 0;
  for (let i = 0; i < own && i < COMPARED_CHARS; i++) {
    const unit = content.charCodeAt(i);
    if (unit >= 65) hash = (Math.imul(hash, 31) + unit) | 0;
  }
  return hash;
}

function comesAfter({ row, score }: Scored, position: SearchPosition | undefined): boolean {
  if (position === undefined) return true;
  return score < position.score || (score === position.score && row.id < position.id);
}

const positionOf = ({ row, score }: Scored, upTo: number): SearchPosition => ({ score, id: row.id, upTo });
