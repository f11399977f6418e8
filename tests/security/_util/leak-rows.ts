/** What a row of the leak matrix is, and the short ways of writing one. */
import type { Ask, Role } from './leak-cast.ts';
import type { LeakWorld } from './leak-world.ts';

/** A question about something that may be there and hidden. `value` is it, or what takes its place in the control. */
export interface Probe {
  readonly about:
    | 'message'
    | 'session'
    | 'agent'
    | 'word'
    | 'token'
    | 'memory'
    | 'key'
    | 'idempotency'
    | 'workspace'
    | 'handle'
    | 'access token'
    | 'refresh token';
  readonly ask: (value: string, world: LeakWorld) => Ask;
}

export interface DoorRow {
  /** `kind:name`, as `expectedDoors` makes them; some are known at one address only. */
  readonly covers: string;
  /** Asked by every role; no answer may hold what is hidden from it. */
  readonly asks: (world: LeakWorld, role: Role) => readonly Ask[];
  /** Asked about each thing that is hidden from the role: the answer must be that for what does not exist. */
  readonly probes?: readonly Probe[];
  /** Shows contents, purposes, keys or values: a row that never does although it should proves nothing. */
  readonly shows?: boolean;
  /** Tells all who read in a workspace who its agents are. */
  readonly introduces?: boolean;
  /** Shows the operator of the workspace `default` the names in others too: it is who sets them up. */
  readonly setsUp?: boolean;
}

/** The sessions of the world. */
export const places = ({ sessions }: LeakWorld): string[] => Object.values(sessions);

export const probe = (about: Probe['about'], ask: Probe['ask']): Probe => ({ about, ask });
