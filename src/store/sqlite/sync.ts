/** How query modules implement the port: the same calls, answered at once. */

type Sync<F> = F extends (...args: infer A) => Promise<infer R> ? (...args: A) => R : never;

/** A noun of the port as plain synchronous functions over one connection. */
export type SyncNoun<N> = { readonly [M in keyof N]: Sync<N[M]> };

export type SyncNouns<P> = { readonly [N in keyof P]: SyncNoun<P[N]> };

type AnyNoun = Readonly<Record<string, (...args: never[]) => unknown>>;

/** The nouns with each call's outcome as a promise, so that a throw becomes a rejection; `before` runs before each call. */
export function asyncNouns<P>(nouns: SyncNouns<P>, before: () => void = () => undefined): P {
  const entries = Object.entries(nouns as Readonly<Record<string, AnyNoun>>).map(([noun, calls]) => [
    noun,
    Object.fromEntries(
      Object.entries(calls).map(([name, call]) => [
        name,
        async (...args: never[]) => {
          before();
          return call(...args);
        },
      ]),
    ),
  ]);
  return Object.fromEntries(entries) as P;
}
