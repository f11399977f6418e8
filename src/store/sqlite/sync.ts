/** How query modules implement the port: the same calls, answered at once. */

type Sync<F> = F extends (...args: infer A) => Promise<infer R> ? (...args: A) => R : never;

/** A noun of the port as plain synchronous functions over one connection. */
export type SyncNoun<N> = { readonly [M in keyof N]: Sync<N[M]> };

export type SyncNouns<P> = { readonly [N in keyof P]: SyncNoun<P[N]> };

type AnyNoun = Readonly<Record<string, (...args: never[]) => unknown>>;

interface Life {
  ended: boolean;
}

/**
 * Makes handles of the nouns, with each call's outcome as a promise so that a throw becomes a rejection. A handle refuses
 * calls after its end: work that was given up may come back at any time, in the middle of another's transaction.
 */
export function handleMaker<P>(nouns: SyncNouns<P>): () => { readonly tx: P; end(): void } {
  const makers = Object.entries(nouns as Readonly<Record<string, AnyNoun>>).map(
    ([noun, calls]) => [noun, nounMaker(calls)] as const,
  );
  return () => {
    const life: Life = { ended: false };
    const tx: Record<string, unknown> = {};
    for (const [noun, make] of makers) tx[noun] = make(life);
    return {
      tx: tx as P,
      end() {
        life.ended = true;
      },
    };
  };
}

/** One is made per write: methods on a prototype cost a tenth of as many closures. */
function nounMaker(calls: AnyNoun): (life: Life) => object {
  class Noun {
    readonly life: Life;
    constructor(life: Life) {
      this.life = life;
    }
  }
  for (const [name, call] of Object.entries(calls)) {
    Object.defineProperty(Noun.prototype, name, {
      async value(this: Noun, ...args: never[]) {
        if (this.life.ended) throw new Error('a transaction was used after its end');
        return call(...args);
      },
    });
  }
  return (life) => new Noun(life);
}
