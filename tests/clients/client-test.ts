/** What a test of a foreign client is, and what it works with. */
import type { StandInModel } from './model.ts';
import type { Wire } from './wire.ts';

export interface Stage {
  /** All of a client's requests to the hub pass here. */
  readonly wire: Wire;
  /** Base address that the client is to use. */
  readonly base: string;
  /** The agents' key. */
  readonly key: string;
  /** That of the operators. */
  readonly adminKey: string;
  /** An empty folder: the client's HOME, and where it is started. */
  readonly home: string;
  readonly model: StandInModel;
  /** The program of the package, installed from its tarball. @throws Skipped */
  readonly schub: () => Promise<string>;
}

export interface Outcome {
  readonly version: string;
  /** What it did, in a few words. */
  readonly did: string;
}

export interface ClientTest {
  readonly name: string;
  /** The revision it must come to agree on; null: none, as it is let in nowhere. */
  readonly era: string | null;
  /** Rejects with {@link Skipped} where the client cannot be had, with anything else where it fails. */
  readonly run: (stage: Stage) => Promise<Outcome>;
}

/** The client cannot be tested on this machine, and why. */
export class Skipped extends Error {
  override readonly name = 'Skipped';
}

/** @throws Error with what was `seen`, if it is not as it must be. */
export function must(holds: boolean, what: string, seen: string): void {
  if (!holds) throw new Error(`${what}: ${seen.trim().slice(-600)}`);
}

/** The session that a client made, from the text of the tool's answer wherever it stands in `text`. */
export function madeSession(text: string): { readonly id: string; readonly by: string } {
  const id = /session_[0-9a-f]{16}/.exec(text)?.[0];
  const by = /\\*"created_by\\*": ?\\*"([^"\\]+)/.exec(text)?.[1];
  if (id === undefined || by === undefined) throw new Error(`no session was made: ${text.slice(-600)}`);
  return { id, by };
}
