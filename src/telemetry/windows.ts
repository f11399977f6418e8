/**
 * What happened when, in slots of a few seconds for the last hour and of a minute for the last day. What is older, and what
 * nothing happened in, takes no memory.
 */
import { addTimes, noTimes, type Times } from './times.ts';

/** How busy the process was in a slot's last sample; the delay of the event loop over all its samples. */
export interface Load {
  readonly rssBytes: number;
  /** Part of one processor, 0 and up. */
  readonly cpu: number;
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
}

export interface ToolFigures {
  calls: number;
  errors: number;
  readonly times: Times;
}

export interface Figures {
  readonly tools: Map<string, ToolFigures>;
  /** Calls of tools by the code of their error. */
  readonly errors: Map<string, number>;
  /** Calls of tools that did not wait for something to happen. */
  readonly answers: Times;
  readonly requests: { all: number; failed: number };
  readonly searches: Times;
  readonly commits: Times;
  /** Of the first write of each commit, for its turn. */
  readonly waits: Times;
  writes: number;
  messages: number;
  load: Load | undefined;
}

interface Slot {
  readonly index: number;
  readonly figures: Figures;
}

interface Ring {
  readonly stepMs: number;
  readonly slots: (Slot | undefined)[];
}

const FINE = { stepMs: 10_000, count: 360 };
const COARSE = { stepMs: 60_000, count: 1_440 };
/** How far back anything is known. */
export const KEPT_MS = COARSE.stepMs * COARSE.count;
export const FINEST_STEP_MS = FINE.stepMs;

export interface Windows {
  /** Changes what is known of now. */
  readonly record: (change: (figures: Figures) => void) => void;
  /** All that happened from `from` (milliseconds since the epoch), rounded down to a slot, which is answered. */
  since(from: number): { readonly from: number; readonly figures: Figures };
  /**
   * What happened from `from` to `to` by steps of at least `stepMs`, a multiple of the slots that are kept so far back. Steps
   * in which nothing happened are left out.
   */
  steps(
    from: number,
    to: number,
    stepMs: number,
  ): {
    readonly stepMs: number;
    readonly steps: readonly { readonly at: number; readonly figures: Figures }[];
  };
}

/** `now`: milliseconds since the epoch. */
export function createWindows(now: () => number): Windows {
  const fine = ring(FINE);
  const coarse = ring(COARSE);
  const ringFor = (from: number): Ring => (from >= now() - FINE.stepMs * (FINE.count - 1) ? fine : coarse);

  return {
    record(change) {
      const at = now();
      change(slotAt(fine, at).figures);
      change(slotAt(coarse, at).figures);
    },
    since(from) {
      const { stepMs, slots } = ringFor(from);
      const first = Math.floor(from / stepMs);
      const figures = noFigures();
      for (const slot of inOrder(slots)) if (slot.index >= first) add(figures, slot.figures);
      return { from: first * stepMs, figures };
    },
    steps(from, to, wanted) {
      const { stepMs: slotMs, slots } = ringFor(from);
      const stepMs = Math.ceil(wanted / slotMs) * slotMs;
      const steps = new Map<number, Figures>();
      for (const { index, figures } of inOrder(slots)) {
        const at = index * slotMs;
        if (at + slotMs <= from || at >= to) continue;
        const start = Math.floor(at / stepMs) * stepMs;
        const sum = steps.get(start) ?? noFigures();
        add(sum, figures);
        steps.set(start, sum);
      }
      return { stepMs, steps: [...steps].map(([at, figures]) => ({ at, figures })) };
    },
  };
}

function ring({ stepMs, count }: { readonly stepMs: number; readonly count: number }): Ring {
  return { stepMs, slots: new Array<Slot | undefined>(count).fill(undefined) };
}

function slotAt({ stepMs, slots }: Ring, at: number): Slot {
  const index = Math.floor(at / stepMs);
  const place = index % slots.length;
  const there = slots[place];
  if (there?.index === index) return there;
  const slot = { index, figures: noFigures() };
  slots[place] = slot;
  return slot;
}

function inOrder(slots: readonly (Slot | undefined)[]): Slot[] {
  return slots.filter((slot) => slot !== undefined).sort((a, b) => a.index - b.index);
}

function noFigures(): Figures {
  return {
    tools: new Map(),
    errors: new Map(),
    answers: noTimes(),
    requests: { all: 0, failed: 0 },
    searches: noTimes(),
    commits: noTimes(),
    waits: noTimes(),
    writes: 0,
    messages: 0,
    load: undefined,
  };
}

/** Of a tool, made when it is first called. */
export function toolIn({ tools }: Figures, name: string): ToolFigures {
  const there = tools.get(name);
  if (there !== undefined) return there;
  const made = { calls: 0, errors: 0, times: noTimes() };
  tools.set(name, made);
  return made;
}

export function countError({ errors }: Figures, code: string, count = 1): void {
  errors.set(code, (errors.get(code) ?? 0) + count);
}

function add(to: Figures, from: Figures): void {
  for (const [name, { calls, errors, times }] of from.tools) {
    const tool = toolIn(to, name);
    tool.calls += calls;
    tool.errors += errors;
    addTimes(tool.times, times);
  }
  for (const [code, count] of from.errors) countError(to, code, count);
  addTimes(to.answers, from.answers);
  addTimes(to.searches, from.searches);
  addTimes(to.commits, from.commits);
  addTimes(to.waits, from.waits);
  to.requests.all += from.requests.all;
  to.requests.failed += from.requests.failed;
  to.writes += from.writes;
  to.messages += from.messages;
  to.load = laterLoad(to.load, from.load);
}

/** The newer one, with the worst delay of both. */
export function laterLoad(before: Load | undefined, after: Load | undefined): Load | undefined {
  if (before === undefined || after === undefined) return after ?? before;
  return {
    ...after,
    loopP99Ms: Math.max(before.loopP99Ms, after.loopP99Ms),
    loopMaxMs: Math.max(before.loopMaxMs, after.loopMaxMs),
  };
}
