/**
 * What a query says: words, "phrases", -not, from: session: type: visibility: before: after: has:code. Any text is a query:
 * what is no filter after all is words.
 */
import { MESSAGE_TYPES, VISIBILITIES } from '../store/port.ts';
import { partsOf, scanWords } from './tokenize.ts';

export interface QueryWord {
  readonly word: string;
  /** The parts of an identifier (`getUserName`, `user_name`), at least two; else empty. */
  readonly parts: readonly string[];
  /** Taken from a run without spaces: nothing to correct. */
  readonly unspaced: boolean;
  /** Where it stands in the query. */
  readonly start: number;
  readonly end: number;
}

export interface ParsedQuery {
  /** Each once, in order; those of phrases are not among them. */
  readonly words: readonly QueryWord[];
  /** Words that must follow each other. */
  readonly phrases: readonly (readonly QueryWord[])[];
  /** Words, and runs of words, that must not be there. */
  readonly excluded: readonly (readonly string[])[];
  /** Names of senders; empty: any. */
  readonly from: readonly string[];
  /** Ids of sessions; empty: any. */
  readonly sessions: readonly string[];
  /** Indices into MESSAGE_TYPES; empty: any. */
  readonly types: readonly number[];
  /** Indices into VISIBILITIES; empty: any. */
  readonly visibilities: readonly number[];
  /** Milliseconds since the epoch; both inclusive. */
  readonly since?: number;
  readonly until?: number;
  readonly hasCode: boolean;
  /** Whether it asks for anything: punctuation alone does not. */
  readonly asks: boolean;
}

const PIECE = /(?<not>-)?(?:(?<name>[a-z]+):)?(?:"(?<quoted>[^"]*)"|(?<plain>\S+))/gi;
/** A year, month or day, or an instant; without an offset it is UTC. */
const DATE = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(T[\d:.]+(?:Z|[+-]\d{2}:\d{2})?)?)?)?$/i;
const DAY_MS = 86_400_000;
/** Of an identifier. */
const MAX_PARTS = 16;

interface Draft {
  words: QueryWord[];
  phrases: QueryWord[][];
  excluded: QueryWord[][];
  from: string[];
  sessions: string[];
  types: number[];
  visibilities: number[];
  since: number;
  until: number;
  hasCode: boolean;
}

export function parseQuery(query: string): ParsedQuery {
  const draft: Draft = {
    ...{ words: [], phrases: [], excluded: [], from: [], sessions: [], types: [], visibilities: [] },
    ...{ since: -Infinity, until: Infinity, hasCode: false },
  };
  for (const match of query.matchAll(PIECE)) readPiece(draft, match);
  // Nothing but refusals would find everything else; such a text is no query with refusals (`-rf`).
  if (!asksForSomething(draft)) draft.words = draft.excluded.splice(0).flat();
  const { since, until, ...rest } = draft;
  return {
    ...rest,
    words: unique(draft.words),
    asks: asksForSomething(draft),
    excluded: draft.excluded.map((words) => words.map(({ word }) => word)),
    ...(since > -Infinity && { since }),
    ...(until < Infinity && { until }),
  };
}

function readPiece(draft: Draft, match: RegExpExecArray): void {
  const { not, name, quoted, plain } = match.groups ?? {};
  const value = quoted ?? plain ?? '';
  if (name !== undefined && not === undefined && readFilter(draft, name.toLowerCase(), value)) return;
  const words = wordsAt(match[0], match.index);
  if (words.length === 0) return;
  const refused = not !== undefined && (quoted !== undefined || /^\p{L}/u.test(value)) && name === undefined;
  if (refused) draft.excluded.push(words);
  else if (quoted !== undefined && words.length > 1) draft.phrases.push(words);
  else draft.words.push(...words);
}

/** Whether the piece was a filter. */
function readFilter(draft: Draft, name: string, value: string): boolean {
  if (value === '') return false;
  switch (name) {
    case 'from':
      draft.from.push(value);
      return true;
    case 'session':
      draft.sessions.push(value);
      return true;
    case 'type': {
      const type = MESSAGE_TYPES.findIndex((known) => known === value.toLowerCase());
      if (type !== -1) draft.types.push(type);
      return type !== -1;
    }
    case 'visibility': {
      const visibility = VISIBILITIES.findIndex((known) => known === value.toLowerCase());
      if (visibility !== -1) draft.visibilities.push(visibility);
      return visibility !== -1;
    }
    case 'before': {
      const start = startOf(value);
      if (start !== undefined) draft.until = Math.min(draft.until, start - 1);
      return start !== undefined;
    }
    case 'after': {
      const start = startOf(value);
      if (start !== undefined) draft.since = Math.max(draft.since, start);
      return start !== undefined;
    }
    case 'has':
      if (value.toLowerCase() === 'code') draft.hasCode = true;
      return value.toLowerCase() === 'code';
    default:
      return false;
  }
}

/** Where a year, a month, a day or an instant begins. */
function startOf(value: string): number | undefined {
  const match = DATE.exec(value);
  if (match === null) return undefined;
  const [, year = '', month = '01', day = '01', time] = match;
  const date = Date.UTC(Number(year), Number(month) - 1, Number(day));
  // Date.UTC takes the 31st of a month of 30 days for the 1st of the next.
  if (new Date(date).toISOString().slice(0, 10) !== `${year}-${month}-${day}`) return undefined;
  if (time === undefined) return date;
  const start = Date.parse(/(Z|[+-]\d{2}:\d{2})$/i.test(time) ? value : `${value}Z`);
  return Number.isNaN(start) || Math.abs(start - date) > 2 * DAY_MS ? undefined : start;
}

/** The words of a text, each where it stands. */
function wordsAt(text: string, offset: number): QueryWord[] {
  const words: QueryWord[] = [];
  scanWords(text, ({ word, start, end, unspaced }, raw) => {
    const parts = unspaced ? [] : [...new Set(partsOf(raw))].filter((part) => part !== word);
    words.push({
      ...{ word, unspaced, start: start + offset, end: end + offset },
      parts: parts.length > 1 ? parts.slice(0, MAX_PARTS) : [],
    });
  });
  return words;
}

function asksForSomething(draft: Draft): boolean {
  return (
    [draft.words, draft.phrases, draft.from, draft.sessions, draft.types, draft.visibilities].some(
      (list) => list.length > 0,
    ) ||
    draft.hasCode ||
    draft.since > -Infinity ||
    draft.until < Infinity
  );
}

function unique(words: readonly QueryWord[]): readonly QueryWord[] {
  const seen = new Set<string>();
  return words.filter(({ word }) => !seen.has(word) && seen.add(word));
}

/** The words of a text that is no query: each once. */
export const queryWords = (text: string): readonly QueryWord[] => unique(wordsAt(text, 0));
