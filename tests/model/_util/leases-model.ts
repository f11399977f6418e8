/** Leases in the words of the README: who holds what, who stands in line for what, and until when. */
import { CAST, type ActorName } from './actors.ts';

/** What each name covers, of the few things there are. */
const COVERS: Readonly<Record<string, readonly string[]>> = {
  src: ['src/a.ts', 'src/b.ts', 'src/deep/c.ts'],
  'src/a.ts': ['src/a.ts'],
  'src/*.ts': ['src/a.ts', 'src/b.ts'],
  'src/{b.ts,deep/**}': ['src/b.ts', 'src/deep/c.ts'],
  'docs/**': ['docs/x.md'],
  'docs/x.md': ['docs/x.md'],
  deploy: ['deploy'],
};
export const RESOURCES = Object.keys(COVERS);
export const MODES = ['exclusive', 'shared'] as const;

export interface Claim {
  readonly by: ActorName;
  readonly resources: readonly string[];
  readonly mode: (typeof MODES)[number];
  readonly ttlMs: number;
}

export interface Held extends Claim {
  readonly id: string;
  readonly token: number;
  expiresAt: number;
}

const meet = (a: readonly string[], b: readonly string[]): boolean => {
  const things = new Set(a.flatMap((name) => COVERS[name] ?? []));
  return b.some((name) => COVERS[name]?.some((thing) => things.has(thing)));
};

function conflict(a: Claim, b: Claim): boolean {
  if (a.by === b.by || CAST[a.by].wall !== CAST[b.by].wall) return false;
  return (a.mode === 'exclusive' || b.mode === 'exclusive') && meet(a.resources, b.resources);
}

export class LeasesModel<W extends Claim> {
  /** Held and waiting, in the order in which they came. */
  #line: (Held | W)[] = [];
  readonly #ended = new Map<string, Held>();
  highestToken = 0;

  readonly #isHeld = (claim: Held | W): claim is Held => 'token' in claim;

  held(): Held[] {
    return this.#line.filter(this.#isHeld);
  }

  waiting(): W[] {
    return this.#line.filter((claim): claim is W => !this.#isHeld(claim));
  }

  /** All there ever were. */
  known(): Held[] {
    return [...this.#ended.values(), ...this.held()].toSorted((a, b) => a.token - b.token);
  }

  heldById = (id: string): Held | undefined => this.held().find((lease) => lease.id === id);

  /** Whatever is in the way of a claim that comes now. */
  before(claim: Claim): (Held | W)[] {
    return this.#line.filter((other) => conflict(claim, other));
  }

  queue(claim: W): void {
    this.#line.push(claim);
  }

  /** Those in line that nothing is in the way of any more. */
  up(): W[] {
    return this.waiting().filter((claim) => {
      const earlier = this.#line.slice(0, this.#line.indexOf(claim));
      return !earlier.some((other) => conflict(claim, other));
    });
  }

  /** A grant takes the place that its claim had in line, or the last. */
  grant(lease: Held, claim?: W): void {
    this.highestToken = lease.token;
    if (claim === undefined) this.#line.push(lease);
    else this.#line = this.#line.map((one) => (one === claim ? lease : one));
  }

  end(lease: Held): void {
    this.#line = this.#line.filter((one) => one !== lease);
    this.#ended.set(lease.id, lease);
  }

  expire(now: number): void {
    for (const lease of this.held()) if (lease.expiresAt <= now) this.end(lease);
  }
}
