/** The event log: what happened, at rising positions, and who may learn of it. */
import type { Sight } from './common.ts';

export const EVENT_KINDS = [
  'message.added',
  'message.updated',
  'session.created',
  'session.updated',
  'memory.set',
  'memory.deleted',
  'lease.granted',
  'lease.released',
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

export interface EventRow {
  /** Its position in the log: the `seq` of what it tells of, and of a message that was added its id. */
  readonly seq: number;
  readonly kind: EventKind;
  /** Null for what belongs to no session. */
  readonly sessionPk: number | null;
  readonly messageId: number | null;
  /** What cannot be read from anywhere else, as JSON. */
  readonly data: string | null;
}

export interface NewEvent extends Omit<EventRow, 'seq'> {
  readonly workspace: string;
  readonly audiences: readonly string[];
  /** Told with it, not stored: see {@link CommittedEvent}. */
  readonly addressees?: readonly string[];
}

/** What a commit put into the log, as those are told who wait for it. */
export interface CommittedEvent extends Omit<EventRow, 'data'> {
  readonly workspace: string;
  readonly audiences: readonly string[];
  /** Of a message that was added: its sender's name. */
  readonly sender?: string;
  /** Of a message: whom it speaks to (`agent:A`, `type:T`). */
  readonly addressees?: readonly string[];
}

export interface EventPage {
  readonly sight: Sight;
  /** Position, exclusive. */
  readonly after: number;
  /** Only events of this session. */
  readonly sessionPk?: number;
  readonly limit: number;
}

export interface EventReads {
  /**
   * In the order of the log. What lies up to `upTo` is all there is for this sight: the next page begins there.
   * `more` tells whether the log goes on for it now.
   */
  page(
    args: EventPage,
  ): Promise<{ readonly events: readonly EventRow[]; readonly upTo: number; readonly more: boolean }>;
  /** The position that the last commit came to. */
  head(): Promise<number>;
}

export interface EventWrites {
  /** Answers its position. */
  append(event: NewEvent): Promise<number>;
}
