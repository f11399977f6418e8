/** What whoever comes back to its work asks first: where it was, and what is of note there. */
import type { Sight } from './common.ts';

/** Where an agent has posted. */
export interface PostedPlace {
  readonly sessionPk: number;
  /** No message of the agent that the sight meets has a higher id here. */
  readonly lastId: number;
}

/** A message that is pinned, or is a question, decision or handoff. */
export interface Note {
  readonly id: number;
  readonly pinned: boolean;
  readonly kind: 'question' | 'decision' | 'handoff' | 'other';
}

/** Notes of one session that are read at once. */
export const NOTES_LOOKED_AT = 1000;

export interface OverviewReads {
  /** Of the newest sessions with messages of the agent, by its last message in them, newest first. */
  posted(args: {
    readonly workspace: string;
    readonly agentId: string;
    readonly sight: Sight;
    readonly limit: number;
  }): Promise<readonly PostedPlace[]>;
  /** The newest {@link NOTES_LOOKED_AT} notes of a session that `sight` meets, newest first. */
  notes(args: { readonly sessionPk: number; readonly sight: Sight }): Promise<readonly Note[]>;
  /**
   * Those of `ids` that nobody else has answered: no reply by another sender that `sight` meets is there, other than a
   * question back. Looks at the next 200 messages of each thread.
   */
  unanswered(ids: readonly number[], sight: Sight): Promise<readonly number[]>;
}
