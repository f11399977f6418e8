/** Words written together or apart: `time out` and `timeout` are the same. */
import type { QueryWord } from './query.ts';
import type { Words } from './words.ts';

/** The words from `at` on, `length` of them, may stand in a text as `written`, one after the other. */
export interface Compound {
  readonly at: number;
  readonly length: number;
  readonly written: readonly string[];
  /** Messages that hold the rarest of what is written, of those that the caller sees and the index holds. */
  readonly df: number;
}

const MAX_WORDS = 8;
/** Of each half. */
const MIN_HALF = 3;
/** To find where two words stand side by side, all messages that hold the rarer one are looked at. */
const MAX_HALF_DF = 2000;
const MAX_SPLITS = 2;

export function compoundsOf(words: readonly QueryWord[], known: Words): readonly Compound[] {
  const spaced = words.slice(0, MAX_WORDS);
  return [
    ...spaced.flatMap((_, at) => joined(spaced, at, known)),
    ...spaced.flatMap((_, at) => split(spaced, at, known)),
  ];
}

function joined(words: readonly QueryWord[], at: number, known: Words): readonly Compound[] {
  const [first, second] = words.slice(at, at + 2);
  if (first === undefined || second === undefined || first.unspaced || second.unspaced) return [];
  if (second.start - first.end !== 1) return [];
  const written = [first.word + second.word];
  const [df = 0] = known.dfs(written);
  // What is not indexed yet may hold it all the same.
  return [{ at, length: 2, written, df }];
}

function split(words: readonly QueryWord[], at: number, known: Words): readonly Compound[] {
  const { word = '', unspaced = true } = words[at] ?? {};
  if (unspaced || word.length < 2 * MIN_HALF) return [];
  const halves = Array.from({ length: word.length - 2 * MIN_HALF + 1 }, (_, i) => [
    word.slice(0, MIN_HALF + i),
    word.slice(MIN_HALF + i),
  ]);
  const dfs = known.dfs(halves.flat());
  return halves
    .map((written, i) => ({ at, length: 1, written, df: Math.min(dfs[2 * i] ?? 0, dfs[2 * i + 1] ?? 0) }))
    .filter(({ df }) => df > 0 && df <= MAX_HALF_DF)
    .sort((a, b) => b.df - a.df)
    .slice(0, MAX_SPLITS);
}
