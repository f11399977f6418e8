/** Who spoke in a time, and where. */
import type { Sight } from './common.ts';

export interface SpokenIn {
  readonly sight: Sight;
  /** Both included, in milliseconds since the epoch. */
  readonly start: number;
  readonly end: number;
  /** Sessions, and senders, that are named at most. */
  readonly limit: number;
}

export interface Spoken {
  /** How many messages were counted. */
  readonly messages: number;
  /** Whether there are others, as so many are not counted. */
  readonly more: boolean;
  /** Those with the most messages first; `…InAll`: also those that are not named. */
  readonly sessions: readonly { readonly sessionId: string; readonly messages: number }[];
  readonly sessionsInAll: number;
  readonly senders: readonly { readonly sender: string; readonly messages: number }[];
  readonly sendersInAll: number;
}
