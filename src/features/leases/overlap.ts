/** Which resources meet: of two, and of one with many that are held or waited for. */
import { automatonOf, meet, type Automaton, type Budget } from './automaton.ts';
import type { Resource } from './resource.ts';

/** Steps of one question over all that is held; some tens of milliseconds at most. Patterns of people take some hundred a pair. */
const STEPS = 200_000;
/** A step is about as much work as this many characters of a pattern that is read. */
const CHARS_PER_STEP = 2;

export const newBudget = (): Budget => ({ left: STEPS });

/** Whether they hold something in common. Exact for names and paths; for globs, when in doubt (or out of budget): yes. */
export function overlap(a: Resource, b: Resource, budget: Budget = newBudget()): boolean {
  return meets(a, () => automatonOf(a), b, budget);
}

function meets(a: Resource, automaton: () => Automaton, b: Resource, budget: Budget): boolean {
  if (!a.isGlob && !b.isGlob) return holds(a.text, b.text) || holds(b.text, a.text);
  if (leadsThrough(a, b) || leadsThrough(b, a) || budget.left <= 0) return true;
  budget.left -= (a.text.length + b.text.length) / CHARS_PER_STEP;
  return meet(automaton(), automatonOf(b), budget);
}

/** Whether a path is `folder`, or below it. */
function holds(folder: string, path: string): boolean {
  if (folder === '' || folder === path) return true;
  return path.startsWith(folder === '/' ? folder : `${folder}/`);
}

/** Whether a glob is about what is below a path: then that is a folder, whatever it is called. */
function leadsThrough(path: Resource, glob: Resource): boolean {
  return (
    !path.isGlob && glob.isGlob && path.isFile && path.stem.every((segment, i) => glob.stem[i] === segment)
  );
}

interface Place<T> {
  readonly below: Map<string, Place<T>>;
  readonly here: Map<T, Resource[]>;
}

/** Resources by the paths they begin with, so that only neighbours are compared. */
export interface ResourceIndex<T> {
  add(owner: T, resources: readonly Resource[]): void;
  remove(owner: T, resources: readonly Resource[]): void;
  /** The owners, of those that count, of a resource that meets one of these; each once, in no order. */
  meeting(resources: readonly Resource[], counts: (owner: T) => boolean, budget: Budget): Iterable<T>;
}

export function createResourceIndex<T>(): ResourceIndex<T> {
  const root = newPlace<T>();

  return {
    add(owner, resources) {
      for (const resource of resources) {
        let place = root;
        for (const segment of resource.stem) {
          const next = place.below.get(segment) ?? newPlace<T>();
          place.below.set(segment, next);
          place = next;
        }
        const own = place.here.get(owner);
        if (own === undefined) place.here.set(owner, [resource]);
        else own.push(resource);
      }
    },

    remove(owner, resources) {
      for (const { stem } of resources) {
        const way = [root];
        for (const segment of stem) {
          const next = way.at(-1)?.below.get(segment);
          if (next === undefined) break;
          way.push(next);
        }
        if (way.length === stem.length + 1) way.at(-1)?.here.delete(owner);
        for (let depth = way.length - 1; depth > 0; depth--) {
          const place = way[depth];
          if (place === undefined || place.here.size > 0 || place.below.size > 0) break;
          way[depth - 1]?.below.delete(stem[depth - 1] ?? '');
        }
      }
    },

    *meeting(resources, counts, budget) {
      const found = new Set<T>();
      for (const resource of resources) {
        let read: Automaton | undefined;
        const automaton = (): Automaton => (read ??= automatonOf(resource));
        for (const { here } of near(resource)) {
          for (const [owner, theirs] of here) {
            if (found.has(owner) || !counts(owner)) continue;
            if (!theirs.some((their) => meets(resource, automaton, their, budget))) continue;
            found.add(owner);
            yield owner;
          }
        }
      }
    },
  };

  /** The places on the way to a resource, and all below where it begins. */
  function* near({ stem }: Resource): Generator<Place<T>> {
    let place: Place<T> | undefined = root;
    for (const segment of stem) {
      yield place;
      place = place.below.get(segment);
      if (place === undefined) return;
    }
    const open = [place];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      yield next;
      for (const below of next.below.values()) open.push(below);
    }
  }
}

function newPlace<T>(): Place<T> {
  return { below: new Map(), here: new Map() };
}
