/** The agents of a workspace as the others see them. */
import type { Sight } from './common.ts';

export interface AgentCard {
  readonly pk: number;
  readonly agentId: string;
  readonly agentType: string;
  readonly lastSeenAt: number;
  readonly client: string | null;
}

export interface DirectoryReads {
  /** Last seen first; without those that operators of all workspaces are there. */
  recent(args: { readonly workspace: string; readonly limit: number }): Promise<readonly AgentCard[]>;
  /** Those of `agentIds` that exist, without case, in no order; at most 1,000. */
  named(args: {
    readonly workspace: string;
    readonly agentIds: readonly string[];
  }): Promise<readonly AgentCard[]>;
  /** Those who posted in a session what `sight` meets, who posted most first; not the labels of imported messages. */
  postersIn(args: {
    readonly workspace: string;
    readonly sessionPk: number;
    readonly sight: Sight;
    readonly limit: number;
  }): Promise<readonly AgentCard[]>;
}
