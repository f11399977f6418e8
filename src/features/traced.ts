/** Spans around what the doors ask of the services, and the services of store and search. Made only where something is traced. */
import type { Search } from '../search/search.ts';
import type { Db, Store } from '../store/port.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import type { Services } from './services.ts';

/** What agents ask for. What is unread is asked for with every call, and mostly known: it is part of the call's own span. */
const TRACED = [
  'sessions',
  'messages',
  'memory',
  'leases',
  'search',
  'catchUp',
  'feed',
  'directory',
  'handles',
  'accessTokens',
  'audit',
  'hooks',
] as const satisfies readonly (keyof Services)[];

type Call = (...args: readonly unknown[]) => unknown;

export function tracedServices(tracing: Tracing, services: Services): Services {
  const traced = TRACED.map((name) => [
    name,
    spansAround((...span) => tracing.inner(...span), `service.${name}`, services[name], isAsked),
  ]);
  return { ...services, ...(Object.fromEntries(traced) as Partial<Services>) };
}

export function tracedStore<S extends Store>(tracing: Tracing, store: S): S {
  const nouns = Object.entries(store.read).map(([noun, queries]) => [
    noun,
    spansAround((...span) => tracing.leaf(...span), `store.${noun}`, queries as object),
  ]);
  return {
    ...store,
    read: Object.fromEntries(nouns) as Db,
    write: (work) =>
      tracing.leaf('store.write', async (note) => {
        if (note === undefined) return tracing.apart(() => store.write(work));
        const asked = performance.now();
        let began = asked;
        let ran = asked;
        // Writes of many callers are committed together, by whoever is the first.
        const answer = await tracing.apart(() =>
          store.write(async (tx) => {
            began = performance.now();
            const value = await work(tx);
            ran = performance.now();
            return value;
          }),
        );
        note('hub.store.queue_ms', microseconds(began - asked));
        note('hub.store.run_ms', microseconds(ran - began));
        note('hub.store.commit_ms', microseconds(performance.now() - ran));
        return answer;
      }),
  };
}

export function tracedSearch(tracing: Tracing, search: Search): Search {
  return {
    ...search,
    messages: (query) => tracing.leaf('search.messages', () => search.messages(query)),
    memory: (query) => tracing.leaf('search.memory', () => search.memory(query)),
  };
}

/** Milliseconds, true to a thousandth: more figures cost more than they say. */
function microseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** Whether a call is for a caller: its first argument is a context. */
function isAsked([first]: readonly unknown[]): boolean {
  return typeof first === 'object' && first !== null && 'requestId' in first;
}

/** The same object, with a span around each call of its functions that is to have one. */
function spansAround<T extends object>(
  span: (name: string, work: () => unknown) => unknown,
  name: string,
  of: T,
  when: (args: readonly unknown[]) => boolean = () => true,
): T {
  const calls = Object.entries(of).filter((entry): entry is [string, Call] => typeof entry[1] === 'function');
  const traced = calls.map(([method, call]) => {
    const around = (...args: readonly unknown[]): unknown =>
      when(args) ? span(`${name}.${method}`, () => call(...args)) : call(...args);
    return [method, { value: around }] as const;
  });
  // Behind it stands the object itself, for what is no function: figures that are read anew each time.
  return Object.create(of, Object.fromEntries(traced)) as T;
}
