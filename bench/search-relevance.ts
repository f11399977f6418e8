/** How often the search finds what was meant. Queries are made from the messages searched, so any data will do. */
import { readFileSync, existsSync } from 'node:fs';
import { scanWords } from '../src/search/tokenize.ts';
import { random, type Random } from './random.ts';
import type { Report } from './report.ts';
import { MISSPELLINGS } from './search-corpus.ts';

/** What is measured: something that answers ids of messages, best first. */
export type Search = (
  query: string,
  options: { readonly fuzzy: boolean; readonly limit: number },
) => readonly number[];

export interface Messages {
  readonly ids: readonly number[];
  readonly content: (id: number) => string;
  /** Messages that hold each word. */
  readonly df: ReadonlyMap<string, number>;
}

export interface Question {
  readonly kind: string;
  readonly query: string;
  /** Whether a message is what was looked for. */
  readonly isRight: (id: number) => boolean;
  /** Messages that are right, as far as they count in a page of ten. */
  readonly right: number;
}

const PAGE = 10;
const KNOWN_ITEMS = 300;
const MADE_MISSPELLINGS = 400;
const FREQUENT_WORDS = 500;
/** A word is rare in at most this part of the messages. */
const RARE = 0.002;
const NOISE = 0.1;
const ALPHABET = Array.from('abcdefghijklmnopqrstuvwxyz');

export function wordsIn(content: string): ReadonlySet<string> {
  const words = new Set<string>();
  scanWords(content, ({ word }) => words.add(word));
  return words;
}

export function benchRelevance(
  name: string,
  report: Report,
  messages: Messages,
  search: Search,
  promised = true,
): void {
  const rng = random(20_260_101);
  const bench = `relevance, ${name}`;
  const figure = (what: string, value: number, atLeast?: number): void =>
    report.add({
      bench,
      figure: what,
      value,
      unit: '',
      ...(promised && atLeast !== undefined && { atLeast }),
    });
  const misspelt = misspellings(messages, rng);
  const one = misspelt.filter(({ kind }) => kind !== 'several');
  const several = misspelt.filter(({ kind }) => kind === 'several');
  figure('one edit, right in the first 10', success(search, one, PAGE), 0.97);
  figure('several edits, right in the first 10', success(search, several, PAGE), 0.8);
  const known = knownItems(messages, rng);
  figure('known item, in the first 5', success(search, known, 5), 0.97);
  const noisy = known.map((question) => ({
    ...question,
    kind: 'noise',
    query: noiseIn(question.query, rng),
  }));
  figure('known item with 10 % noise, in the first 10', success(search, noisy, PAGE), 0.9);
  figure('frequent words, first 10 the same without fuzziness', overlap(search, messages), 0.95);
  for (const [kind, questions] of byKind([...misspelt, ...known, ...noisy])) {
    const { recall, mrr, ndcg } = rankFigures(search, questions);
    figure(`${kind}: recall@10`, recall);
    figure(`${kind}: MRR`, mrr);
    figure(`${kind}: nDCG@10`, ndcg);
  }
}

/** The part of the questions whose answer is right within the first `top`. */
function success(search: Search, questions: readonly Question[], top: number): number {
  const found = questions.filter(({ query, isRight }) =>
    search(query, { fuzzy: true, limit: top }).some(isRight),
  );
  return found.length / questions.length;
}

function rankFigures(search: Search, questions: readonly Question[]) {
  let recall = 0;
  let mrr = 0;
  let ndcg = 0;
  for (const { query, isRight, right } of questions) {
    const ranks = search(query, { fuzzy: true, limit: PAGE }).flatMap((id, i) =>
      isRight(id) ? [i + 1] : [],
    );
    const ideal = Array.from({ length: Math.min(right, PAGE) }, (_, i) => i + 1);
    recall += Math.min(1, ranks.length / ideal.length);
    mrr += ranks[0] === undefined ? 0 : 1 / ranks[0];
    ndcg += gain(ranks.slice(0, ideal.length)) / gain(ideal);
  }
  const count = questions.length;
  return { recall: recall / count, mrr: mrr / count, ndcg: ndcg / count };
}

const gain = (ranks: readonly number[]): number =>
  ranks.reduce((sum, rank) => sum + 1 / Math.log2(1 + rank), 0);

function byKind(questions: readonly Question[]): ReadonlyMap<string, readonly Question[]> {
  return Map.groupBy(questions, ({ kind }) => kind);
}

/** Real misspellings of words that the messages hold; without them, edits of such words. */
export function misspellings(messages: Messages, rng: Random): readonly Question[] {
  const pairs = existsSync(MISSPELLINGS) ? realMisspellings() : madeMisspellings(messages, rng);
  return pairs.flatMap(({ wrong, right, kind }) => {
    const df = messages.df.get(right) ?? 0;
    if (df === 0 || messages.df.has(wrong)) return [];
    return [
      { kind, query: wrong, right: df, isRight: (id: number) => wordsIn(messages.content(id)).has(right) },
    ];
  });
}

interface Misspelling {
  readonly wrong: string;
  readonly right: string;
  readonly kind: string;
}

function realMisspellings(): readonly Misspelling[] {
  const lines = readFileSync(MISSPELLINGS, 'utf8').split('\n');
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [wrong = '', right = '', , kind = ''] = line.split('\t');
      return { wrong, right, kind };
    });
}

function madeMisspellings({ df }: Messages, rng: Random): readonly Misspelling[] {
  const words = [...df]
    .filter(([word, count]) => count >= 5 && /^[a-z]{6,14}$/.test(word))
    .map(([word]) => word);
  return Array.from({ length: MADE_MISSPELLINGS }, (_, i) => {
    const right = rng.pick(words);
    const first = edit(right, rng);
    if (i % 5 !== 4) return { right, wrong: first.text, kind: first.kind };
    return { right, wrong: edit(first.text, rng).text, kind: 'several' };
  });
}

function edit(word: string, rng: Random): { readonly text: string; readonly kind: string } {
  const at = rng.below(word.length - 1);
  const letter = rng.pick(ALPHABET);
  switch (rng.below(4)) {
    case 0:
      return { kind: 'delete', text: word.slice(0, at) + word.slice(at + 1) };
    case 1:
      return { kind: 'insert', text: word.slice(0, at) + letter + word.slice(at) };
    case 2:
      return { kind: 'replace', text: word.slice(0, at) + letter + word.slice(at + 1) };
    default:
      return {
        kind: 'swap',
        text: word.slice(0, at) + word.charAt(at + 1) + word.charAt(at) + word.slice(at + 2),
      };
  }
}

/** Three to five rare words of a message. A message of the same text is as right. */
export function knownItems({ ids, df, content }: Messages, rng: Random): readonly Question[] {
  const questions: Question[] = [];
  for (let tries = 0; questions.length < KNOWN_ITEMS && tries < 100 * KNOWN_ITEMS; tries++) {
    const id = rng.pick(ids);
    const text = content(id);
    const rare = [...wordsIn(text)].filter(
      (word) => /^[a-z]{4,20}$/.test(word) && (df.get(word) ?? 0) < Math.max(10, RARE * ids.length),
    );
    if (rare.length < 3) continue;
    const words = rng.shuffled(rare).slice(0, 3 + rng.below(3));
    questions.push({
      kind: 'known item',
      query: words.join(' '),
      right: 1,
      isRight: (other) => other === id || content(other) === text,
    });
  }
  return questions;
}

/** Every tenth character is edited. */
export function noiseIn(query: string, rng: Random): string {
  let noisy = '';
  for (let i = 0; i < query.length; i++) {
    const character = query.charAt(i);
    if (character === ' ' || rng.next() >= NOISE) {
      noisy += character;
      continue;
    }
    const letter = rng.pick(ALPHABET);
    const kind = rng.below(4);
    if (kind === 0) continue;
    if (kind === 1) noisy += letter + character;
    else if (kind === 2 || query.charAt(i + 1) === ' ' || i + 1 === query.length) noisy += letter;
    else noisy += query.charAt(++i) + character;
  }
  return noisy;
}

export function frequentWords({ df }: Messages, count: number): readonly string[] {
  const words = [...df].filter(([word]) => /^[a-z]{3,}$/.test(word)).sort((a, b) => b[1] - a[1]);
  return words.slice(0, count).map(([word]) => word);
}

function overlap(search: Search, messages: Messages): number {
  const shares = frequentWords(messages, FREQUENT_WORDS).map((word) => {
    const exact = search(word, { fuzzy: false, limit: PAGE });
    const fuzzy = new Set(search(word, { fuzzy: true, limit: PAGE }));
    return exact.length === 0 ? 1 : exact.filter((id) => fuzzy.has(id)).length / exact.length;
  });
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}
