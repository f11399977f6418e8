/** Relevance and speed of search, beside FTS5's own ranking and fuse.js over all messages. */
import Fuse from 'fuse.js';
import { createSearcher } from '../src/search/searcher.ts';
import { queryWords } from '../src/search/query.ts';
import { random } from './random.ts';
import { median, quantile, type Report } from './report.ts';
import { makeCorpus, type Corpus } from './search-corpus.ts';
import { benchPostingBesideIndex, benchSearchHub, type Texts } from './search-hub.ts';
import {
  benchRelevance,
  frequentWords,
  knownItems,
  misspellings,
  noiseIn,
  type Messages,
  type Search,
} from './search-relevance.ts';

const SIZES = [10_000, 100_000];
const MILLION = 1_000_000;
/** Relevance is measured in a hub of this size: all of the real conversations. */
const RELEVANCE_AT = 100_000;
/** Beyond it fuse.js takes minutes. */
const FUSE_AT_MOST = 10_000;
const FUSE_QUERIES = 20;
const ROUNDS = 3;
/** What one search is compared with: reading so many bodies by id, so that a busy machine is no excuse. */
const BODIES = 300;
const PAGE = 10;

export async function benchSearch(report: Report, { million }: { readonly million: boolean }): Promise<void> {
  const p95s: (readonly [messages: number, p95: number])[] = [];
  const sizes = million ? [...SIZES, MILLION] : SIZES;
  for (const size of sizes) {
    using corpus = await makeCorpus(size);
    const messages = messagesOf(corpus);
    if (size === RELEVANCE_AT) compareRelevance(report, corpus, messages);
    const texts = textsOf(messages);
    p95s.push([size, benchSpeed(report, corpus, messages, texts, size === sizes.at(-1))]);
    await benchSearchHub(report, corpus, texts);
    if (size === sizes.at(-1)) await benchPostingBesideIndex(report, texts);
  }
  const [first, last] = [p95s[0], p95s.at(-1)];
  if (first === undefined || last === undefined) return;
  const slope = Math.log(last[1] / first[1]) / Math.log(last[0] / first[0]);
  report.add({
    bench: 'search',
    figure: 'growth of p95 with messages, log-log',
    value: slope,
    unit: '',
    atMost: 0.5,
  });
}

function messagesOf({ sqlite }: Corpus): Messages {
  const content = sqlite.prepare<[number], string>('SELECT content FROM hub.messages WHERE id = ?').pluck();
  return {
    ids: sqlite.prepare<[], number>('SELECT id FROM hub.messages ORDER BY id').pluck().all(),
    content: (id) => content.get(id) ?? '',
    df: new Map(
      sqlite
        .prepare<[], [string, number]>(
          'SELECT word, sum(df) FROM words JOIN word_counts ON word_id = id GROUP BY id',
        )
        .raw()
        .all(),
    ),
  };
}

function hubSearch({ sqlite, audienceIds }: Corpus): Search {
  const searcher = createSearcher({ sqlite });
  return (query, { fuzzy, limit }) =>
    searcher.search({ query, audienceIds, limit, fuzzyThreshold: fuzzy ? 60 : 100 }).hits.map(({ id }) => id);
}

/** All words, ranked by bm25. */
function bm25Search({ sqlite }: Corpus): Search {
  const ranked = sqlite
    .prepare<[string, number], number>('SELECT rowid FROM docs WHERE docs MATCH ? ORDER BY rank LIMIT ?')
    .pluck();
  return (query, { limit }) => {
    const words = queryWords(query).map(({ word }) => `"${word}"`);
    return words.length === 0 ? [] : ranked.all(words.join(' AND '), limit);
  };
}

function fuseSearch({ ids, content }: Messages): Search {
  const fuse = new Fuse(
    ids.map((id) => ({ id, content: content(id) })),
    { keys: ['content'], ignoreLocation: true, threshold: 0.4 },
  );
  return (query, { limit }) => fuse.search(query, { limit }).map(({ item }) => item.id);
}

function compareRelevance(report: Report, corpus: Corpus, messages: Messages): void {
  benchRelevance('this', report, messages, hubSearch(corpus));
  benchRelevance('FTS5 bm25', report, messages, bm25Search(corpus), false);
}

function textsOf(messages: Messages): Texts {
  const rng = random(7);
  const known = knownItems(messages, rng)
    .slice(0, 100)
    .map(({ query }) => query);
  const misspelt = misspellings(messages, rng)
    .slice(0, 100)
    .map(({ query }) => query);
  return {
    contents: Array.from({ length: 2000 }, () => messages.content(rng.pick(messages.ids))),
    mixed: [...known, ...known.map((query) => noiseIn(query, rng)), ...misspelt],
    frequent: frequentWords(messages, 50),
  };
}

/** Answers the p95 of the mixed queries. */
function benchSpeed(
  report: Report,
  corpus: Corpus,
  messages: Messages,
  { mixed, frequent }: Texts,
  largest: boolean,
): number {
  const bench = `search, ${corpus.messages.toLocaleString('en-US')} messages`;
  const ms = (figure: string, value: number): void => report.add({ bench, figure, value, unit: 'ms' });
  const search = hubSearch(corpus);
  const times = timesOf(search, mixed);
  const yardstick = median(timesOfReading(messages));
  ms('p50', median(times));
  ms('p95', quantile(times, 0.95));
  const promise = (most: number) => (largest ? { atMost: most } : {});
  report.add({
    bench,
    figure: 'p50, of reading 300 bodies',
    value: median(times) / yardstick,
    unit: '×',
    ...promise(3),
  });
  report.add({
    ...{ bench, figure: 'p95, of reading 300 bodies', unit: '×' },
    ...{ value: quantile(times, 0.95) / yardstick, ...promise(12) },
  });
  ms('a frequent word, p95', quantile(timesOf(search, frequent), 0.95));
  const bm25 = bm25Search(corpus);
  ms('FTS5 bm25, p50', median(timesOf(bm25, mixed)));
  ms('FTS5 bm25, a frequent word, p95', quantile(timesOf(bm25, frequent), 0.95));
  if (messages.ids.length <= FUSE_AT_MOST) {
    for (const count of [1000, FUSE_AT_MOST]) {
      const fuse = fuseSearch({ ...messages, ids: messages.ids.slice(0, count) });
      ms(
        `fuse.js over ${count.toLocaleString('en-US')}, p50`,
        median(timesOf(fuse, mixed.slice(0, FUSE_QUERIES), 1)),
      );
    }
  }
  return quantile(times, 0.95);
}

function timesOf(search: Search, queries: readonly string[], rounds = ROUNDS): readonly number[] {
  for (const query of queries.slice(0, 10)) search(query, { fuzzy: true, limit: PAGE });
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const query of queries) {
      const started = performance.now();
      search(query, { fuzzy: true, limit: PAGE });
      times.push(performance.now() - started);
    }
  }
  return times;
}

function timesOfReading({ ids, content }: Messages): readonly number[] {
  const rng = random(11);
  return Array.from({ length: 50 }, () => {
    const chosen = Array.from({ length: BODIES }, () => rng.pick(ids));
    const started = performance.now();
    for (const id of chosen) content(id);
    return performance.now() - started;
  });
}
