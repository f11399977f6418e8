/**
 * Who holds or waits for what, in the order in which they came. A claim is up when none that came before it conflicts with
 * it, held or waiting: so nobody overtakes whoever waits for something that meets, and all else goes on.
 */
import type { LeaseMode } from '../../store/port.ts';
import { createResourceIndex, newBudget, type ResourceIndex } from './overlap.ts';
import type { Resource } from './resource.ts';

export interface Claim {
  readonly workspace: string;
  /** Nothing of its own is in its way. */
  readonly holder: string;
  readonly mode: LeaseMode;
  readonly resources: readonly Resource[];
}

/**
 * Waits until the claim is up, at most so many milliseconds; answers whether it is. To be called once.
 * Rejects with the reason of `signal`, or of {@link Line.dismiss}.
 */
export type Turn = (ms: number, signal: AbortSignal) => Promise<boolean>;

export interface Line<C extends Claim> {
  /** Takes a place behind all others. */
  enter(claim: C): Turn;
  /** Gives the place up, and lets those go on that were behind it alone. */
  leave(claim: C): void;
  /** Ends the waiting of those that match. */
  dismiss(matches: (claim: C) => boolean, reason: Error): void;
  /** What is in its way. */
  before(claim: C): Iterable<C>;
  /** Whatever is on these resources: in one workspace, or in all. */
  on(resources: readonly Resource[], workspace?: string): Iterable<C>;
  /** How many wait. */
  waiting(): number;
  /** Places that are taken: in the workspace, and of those by the holder. */
  count(claim: Pick<C, 'workspace' | 'holder'>): { readonly all: number; readonly own: number };
}

interface Waiting<C> {
  /** One that is in the way; the others are looked for when it has gone. */
  behind: C;
  readonly outcome: PromiseWithResolvers<boolean>;
}

interface Place<C> {
  readonly index: ResourceIndex<C>;
  /** All claims, first come first; the number rises. */
  readonly order: Map<C, number>;
  readonly waiting: Map<C, Waiting<C>>;
  readonly counts: Map<string, number>;
}

export function createLine<C extends Claim>(): Line<C> {
  const places = new Map<string, Place<C>>();
  let last = 0;

  function placeOf(workspace: string): Place<C> {
    const known = places.get(workspace);
    if (known !== undefined) return known;
    const made: Place<C> = {
      index: createResourceIndex(),
      order: new Map(),
      waiting: new Map(),
      counts: new Map(),
    };
    places.set(workspace, made);
    return made;
  }

  function before(claim: C, budget = newBudget()): Iterable<C> {
    const { index, order } = placeOf(claim.workspace);
    const own = order.get(claim) ?? Infinity;
    const counts = (other: C): boolean =>
      other.holder !== claim.holder &&
      (other.mode === 'exclusive' || claim.mode === 'exclusive') &&
      (order.get(other) ?? Infinity) < own;
    return index.meeting(claim.resources, counts, budget);
  }

  const first = ([claim]: Iterable<C>): C | undefined => claim;

  return {
    before,

    enter(claim) {
      const { index, order, waiting, counts } = placeOf(claim.workspace);
      order.set(claim, ++last);
      counts.set(claim.holder, (counts.get(claim.holder) ?? 0) + 1);
      index.add(claim, claim.resources);
      const behind = first(before(claim));
      if (behind === undefined) return () => Promise.resolve(true);
      const outcome = Promise.withResolvers<boolean>();
      // Nobody may be there to hear it.
      outcome.promise.catch(() => undefined);
      waiting.set(claim, { behind, outcome });
      return async (ms, signal) => {
        const giveUp = (): void => outcome.resolve(false);
        const gone = (): void => outcome.reject(signal.reason);
        const timer = ms > 0 ? setTimeout(giveUp, ms) : undefined;
        signal.addEventListener('abort', gone, { once: true });
        if (signal.aborted) gone();
        else if (timer === undefined) giveUp();
        try {
          return await outcome.promise;
        } finally {
          waiting.delete(claim);
          clearTimeout(timer);
          signal.removeEventListener('abort', gone);
        }
      };
    },

    leave(claim) {
      const place = places.get(claim.workspace);
      if (place?.order.delete(claim) !== true) return;
      const { index, order, waiting, counts } = place;
      waiting.delete(claim);
      index.remove(claim, claim.resources);
      const left = (counts.get(claim.holder) ?? 0) - 1;
      if (left > 0) counts.set(claim.holder, left);
      else counts.delete(claim.holder);
      if (order.size === 0) places.delete(claim.workspace);
      const budget = newBudget();
      for (const [other, wait] of waiting) {
        if (wait.behind !== claim) continue;
        const next = first(before(other, budget));
        if (next !== undefined) {
          wait.behind = next;
          continue;
        }
        waiting.delete(other);
        wait.outcome.resolve(true);
      }
    },

    dismiss(matches, reason) {
      for (const { waiting } of places.values()) {
        for (const [claim, { outcome }] of waiting) {
          if (!matches(claim)) continue;
          waiting.delete(claim);
          outcome.reject(reason);
        }
      }
    },

    *on(resources, workspace) {
      const budget = newBudget();
      for (const [name, { index }] of places)
        if (workspace === undefined || name === workspace)
          yield* index.meeting(resources, () => true, budget);
    },

    waiting: () => [...places.values()].reduce((sum, { waiting }) => sum + waiting.size, 0),

    count({ workspace, holder }) {
      const place = places.get(workspace);
      return { all: place?.order.size ?? 0, own: place?.counts.get(holder) ?? 0 };
    },
  };
}
