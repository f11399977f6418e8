/** What speaks to an agent, and what became of it: unread messages and receipts. */
import type { Sight } from './common.ts';

/** How a message reached an agent: in a tool's answer, as a preview beside one, as an event, or by a client's hook. */
export const DELIVERY_WAYS = ['tool', 'inbox', 'event', 'hook'] as const;
export type DeliveryWay = (typeof DELIVERY_WAYS)[number];

/** An agent that messages speak to. */
export interface Recipient {
  readonly pk: number;
  readonly workspace: string;
  readonly agentId: string;
  readonly agentType: string;
  /** Names that speak to it: itself, and its type. */
  readonly names: { readonly agent: string; readonly type: string };
}

export interface UnreadPage {
  readonly recipient: Recipient;
  readonly sight: Sight;
  /** Exclusive bounds by message id; with `after` the oldest come first, otherwise the newest. */
  readonly after?: number;
  readonly before?: number;
  /** Rows to look at, at most, the hidden ones among them. */
  readonly limit: number;
}

export interface UnreadMessage {
  readonly id: number;
  readonly sessionPk: number;
  /** Whether it has reached the agent in any way. */
  readonly delivered: boolean;
}

/** The beginning of a message. */
export interface MessagePreview {
  readonly id: number;
  readonly sessionId: string;
  readonly sender: string;
  readonly text: string;
}

/** What became of one message with one agent. */
export interface ReceiptRow {
  readonly messageId: number;
  readonly agentPk: number;
  readonly by: DeliveryWay;
  readonly deliveredAt: number;
  readonly acknowledgedAt: number | null;
}

/** An agent as others address it. */
export interface NamedAgent {
  readonly pk: number;
  readonly agentId: string;
  readonly agentType: string;
}

export interface DeliveryReads {
  /** Who an agent is as a recipient; undefined if there is none of that id. */
  agent(workspace: string, agentId: string): Promise<NamedAgent | undefined>;
  /**
   * Messages that speak to the recipient, that it sees, has not written itself and not acknowledged, in the page's
   * direction. All there are up to `upTo` have been answered; null: all there are.
   */
  unread(
    page: UnreadPage,
  ): Promise<{ readonly messages: readonly UnreadMessage[]; readonly upTo: number | null }>;
  /** At most so many characters of each of `ids` that `sight` meets, in the order of `ids`. */
  previews(ids: readonly number[], sight: Sight, chars: number): Promise<readonly MessagePreview[]>;
  /** Of each message the first `limit`, by agent. */
  receipts(
    messageIds: readonly number[],
    limit: number,
  ): Promise<readonly (ReceiptRow & { readonly agentId: string })[]>;
  /** Those of `ids` that exist, in the order of `ids`. */
  agents(workspace: string, ids: readonly string[]): Promise<readonly NamedAgent[]>;
}

export interface DeliveryWrites {
  /**
   * Notes what became of messages with one agent. The first delivery and the first acknowledgement stay; what is
   * acknowledged is no longer unread.
   */
  record(recipient: Recipient, receipts: readonly Omit<ReceiptRow, 'agentPk'>[]): Promise<void>;
}
