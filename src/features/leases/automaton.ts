/**
 * Globs as automata that accept what a resource holds: the paths it matches, and, if they may be folders, all below. Where shells and tools
 * read a pattern differently, it accepts what any of them would: `[id]` is a set of characters and a name with brackets,
 * `{1..9}` and `@(a|b)` are anything. So of two patterns that meet for one reader, the automata meet.
 */
import type { Resource } from './resource.ts';

/** Ranges of code points, both ends inclusive. */
type CharSet = readonly (readonly [from: number, to: number])[];

interface State {
  /** Where it goes on without a character. */
  readonly free: number[];
  edge?: { readonly chars: CharSet; readonly to: number };
}

export interface Automaton {
  readonly states: readonly State[];
  readonly start: number;
  readonly end: number;
}

/** Work that one question may take, in steps; see {@link meet}. */
export interface Budget {
  left: number;
}

const LAST = 0x10ffff;
const SLASH = 0x2f;
const ANY: CharSet = [[0, LAST]];
const IN_SEGMENT: CharSet = [
  [0, SLASH - 1],
  [SLASH + 1, LAST],
];

export function automatonOf({ text, isFile }: Resource): Automaton {
  const builder = new Builder();
  const start = builder.state();
  const end = builder.state();
  if (text === '' || text === '/')
    builder.join(builder.repeat(ANY, builder.literal(Array.from(text), start)), end);
  else {
    const matched = builder.glob(Array.from(text), start);
    builder.join(matched, end);
    if (!isFile) builder.join(builder.repeat(ANY, builder.literal(['/'], matched)), end);
  }
  return { states: builder.states, start, end };
}

/** Whether both accept a common text. When the budget is used up before that is known: yes. */
export function meet(a: Automaton, b: Automaton, budget: Budget): boolean {
  const width = b.states.length;
  const first = a.start * width + b.start;
  const seen = new Set([first]);
  const open = [first];
  const visit = (x: number, y: number): void => {
    const pair = x * width + y;
    if (seen.has(pair)) return;
    seen.add(pair);
    open.push(pair);
  };
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    if (budget.left-- <= 0) return true;
    const x = Math.floor(pair / width);
    const y = pair % width;
    if (x === a.end && y === b.end) return true;
    const [left, right] = [a.states[x], b.states[y]];
    if (left === undefined || right === undefined) continue;
    for (const next of left.free) visit(next, y);
    for (const next of right.free) visit(x, next);
    if (left.edge !== undefined && right.edge !== undefined && share(left.edge.chars, right.edge.chars))
      visit(left.edge.to, right.edge.to);
  }
  return false;
}

function share(a: CharSet, b: CharSet): boolean {
  return a.some(([from, to]) => b.some(([low, high]) => from <= high && low <= to));
}

type Chars = readonly string[];

/** Each part is added after a state, and answers the state it ends in. */
class Builder {
  readonly states: State[] = [];

  state(): number {
    return this.states.push({ free: [] }) - 1;
  }

  join(from: number, to: number): void {
    this.states[from]?.free.push(to);
  }

  /** One character of `chars`. */
  one(chars: CharSet, from: number): number {
    const before = this.state();
    const after = this.state();
    this.join(from, before);
    const state = this.states[before];
    if (state !== undefined) state.edge = { chars, to: after };
    return after;
  }

  /** Any number of characters of `chars`. */
  repeat(chars: CharSet, from: number): number {
    const loop = this.state();
    this.join(from, loop);
    this.join(this.one(chars, loop), loop);
    return loop;
  }

  literal(text: Chars, from: number): number {
    return text.reduce((at, char) => this.one(only(char), at), from);
  }

  either(from: number, ...parts: readonly ((from: number) => number)[]): number {
    const end = this.state();
    for (const part of parts) this.join(part(from), end);
    return end;
  }

  glob(text: Chars, from: number): number {
    let at = from;
    for (let i = 0; i < text.length;) {
      const { length, add } = this.#part(text, i);
      at = add(at);
      i += length;
    }
    return at;
  }

  #part(text: Chars, i: number): { length: number; add: (from: number) => number } {
    const char = text[i] ?? '';
    const literally = (length: number) => (from: number) => this.literal(text.slice(i, i + length), from);
    if (text[i + 1] === '(' && '?*+@!'.includes(char)) {
      const end = closing(text, i + 1, '(', ')');
      const length = end - i + 1;
      if (end > 0)
        return { length, add: (from) => this.either(from, literally(length), (at) => this.repeat(ANY, at)) };
    }
    if (char === '*') return this.#stars(text, i);
    if (char === '?') return { length: 1, add: (from) => this.one(IN_SEGMENT, from) };
    if (char === '[') {
      const found = classAt(text, i);
      if (found !== undefined) {
        const { length, chars } = found;
        return { length, add: (from) => this.either(from, literally(length), (at) => this.one(chars, at)) };
      }
    }
    if (char === '{') {
      const end = closing(text, i, '{', '}');
      const parts = end > 0 ? choices(text.slice(i + 1, end)) : [];
      const length = end - i + 1;
      if (parts.length > 1)
        return {
          length,
          add: (from) => this.either(from, ...parts.map((part) => (at: number) => this.glob(part, at))),
        };
      if (parts[0]?.join('').includes('..') === true)
        return {
          length,
          add: (from) => this.either(from, literally(length), (at) => this.repeat(IN_SEGMENT, at)),
        };
    }
    return { length: 1, add: literally(1) };
  }

  #stars(text: Chars, i: number): { length: number; add: (from: number) => number } {
    let length = 1;
    while (text[i + length] === '*') length++;
    const begins = i === 0 || text[i - 1] === '/';
    const next = text[i + length];
    if (length > 1 && begins && next === '/') {
      const folders = (from: number): number => this.literal(['/'], this.repeat(ANY, from));
      return { length: length + 1, add: (from) => this.either(from, (at) => at, folders) };
    }
    if (length > 1) return { length, add: (from) => this.repeat(ANY, from) };
    const wholeSegment = begins && (next === undefined || next === '/');
    const first = (from: number): number => (wholeSegment ? this.one(IN_SEGMENT, from) : from);
    return { length, add: (from) => this.repeat(IN_SEGMENT, first(from)) };
  }
}

function only(char: string): CharSet {
  const code = char.codePointAt(0) ?? 0;
  return [[code, code]];
}

/** Where what opens at `i` closes; -1: nowhere. */
function closing(text: Chars, i: number, open: string, close: string): number {
  let depth = 0;
  for (let at = i; at < text.length; at++) {
    if (text[at] === open) depth++;
    else if (text[at] === close && --depth === 0) return at;
  }
  return -1;
}

/** What stands between the commas that are in no inner braces. */
function choices(text: Chars): readonly Chars[] {
  const parts: string[][] = [[]];
  let depth = 0;
  for (const char of text) {
    if (char === '{') depth++;
    if (char === '}') depth--;
    if (char === ',' && depth === 0) parts.push([]);
    else parts.at(-1)?.push(char);
  }
  return parts;
}

/** The set of characters in brackets at `i`; undefined if they are none. */
function classAt(text: Chars, i: number): { length: number; chars: CharSet } | undefined {
  const negated = text[i + 1] === '!' || text[i + 1] === '^';
  const from = i + (negated ? 2 : 1);
  // The first may be a bracket itself.
  const end = text.indexOf(']', from + 1);
  const inside = text.slice(from, end);
  if (end < 0 || inside.includes('/')) return undefined;
  const length = end - i + 1;
  // Classes with names go by the locale, and their ends are not the first bracket.
  if (negated || inside.includes('[')) return { length, chars: IN_SEGMENT };
  const chars: [number, number][] = [];
  for (let at = 0; at < inside.length; at++) {
    const low = codeOf(inside[at]);
    const ranges = inside[at + 1] === '-' && at + 2 < inside.length;
    const high = ranges ? codeOf(inside[at + 2]) : low;
    if (ranges) at += 2;
    chars.push([Math.min(low, high), Math.max(low, high)]);
  }
  return { length, chars };
}

const codeOf = (char: string | undefined): number => char?.codePointAt(0) ?? 0;
