/** In which orders sessions are listed, and by which pages. */
import type { Sight } from './common.ts';

/** By what happened last, by when they were opened, or by how many messages there are; each also the other way round. */
export const SESSION_ORDERS = [
  'newest',
  'oldest',
  'opened_last',
  'opened_first',
  'most_messages',
  'fewest_messages',
] as const;
export type SessionOrder = (typeof SESSION_ORDERS)[number];

/** Where a listing goes on, strictly after it: a place in the log or, by messages, their number and the session's pk. */
export type SessionPosition = number | readonly [messages: number, pk: number];

export interface SessionPage {
  readonly sight: Sight;
  readonly limit: number;
  /** A position of this order. */
  readonly before?: SessionPosition;
  /** By default the newest activity first. */
  readonly order?: SessionOrder;
  readonly isActive?: boolean;
  readonly createdBy?: string;
  /** As in {@link MemoryPage}. */
  readonly query?: string;
}
