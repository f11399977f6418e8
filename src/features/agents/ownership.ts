/** Whose an agent id is: operators see it, free it, and give it to another key. */
import type { Ctx } from '../../context.ts';
import { HubError, invalid } from '../../errors.ts';
import { ALL_WORKSPACES, type AgentRow, type KeyRow, type Store, type Tx } from '../../store/port.ts';
import { actorOf, type Auditor } from '../audit/auditor.ts';
import { demandMayManage, mayManage, requireKey } from '../keys/manage.ts';
import { isLive } from '../keys/service.ts';
import { demand } from '../permissions.ts';
import { homeWorkspace } from '../sessions/service.ts';
import { demandMayActAs } from './may-act.ts';

export type OwnedAgent = AgentRow & { readonly keyName: string };

/** Nulls for a key that is not the operator's to know: one of all workspaces has written into its own. */
export type ListedAgent = Omit<AgentRow, 'keyId'> & {
  readonly keyId: string | null;
  readonly keyName: string | null;
};

export interface AgentOwnership {
  /** By id; of the caller's workspace if none is named. `next` is where the listing goes on after. */
  list(
    ctx: Ctx,
    page: { readonly workspace?: string; readonly after?: string; readonly limit: number },
  ): Promise<{
    readonly agents: readonly ListedAgent[];
    readonly next: string | null;
    readonly workspace: string;
  }>;
  /** The next key that uses the id owns it. Its type, its memory and what it said stay. */
  release(ctx: Ctx, agentId: string, workspace?: string): Promise<AgentRow>;
  /** Gives the id to a key of the same workspace, or of `*`, named by id or name. */
  transfer(ctx: Ctx, agentId: string, key: string, workspace?: string): Promise<OwnedAgent>;
}

export interface OwnershipDeps {
  readonly store: Store;
  readonly now: () => number;
  readonly auditor: Auditor;
  /** Told after the commit which key has lost an id. */
  readonly lost: (workspace: string, agent: Pick<AgentRow, 'agentId' | 'keyId'>) => void;
}

export function createAgentOwnership({ store, now, auditor, lost }: OwnershipDeps): AgentOwnership {
  function workspaceOf(ctx: Ctx, named: string | undefined): string {
    demand(ctx, 'admin');
    const workspace = named ?? homeWorkspace(ctx.principal);
    demandMayManage(ctx, workspace, 'manage agents of');
    return workspace;
  }

  return {
    async list(ctx, { workspace: named, after, limit }) {
      const workspace = workspaceOf(ctx, named);
      const rows = await store.read.agents.list({
        ...{ workspace, limit: limit + 1 },
        ...(after === undefined ? {} : { after }),
      });
      const agents = rows
        .slice(0, limit)
        .map((agent) =>
          mayManage(ctx, agent.keyWorkspace) ? agent : { ...agent, keyId: null, keyName: null },
        );
      return { agents, workspace, next: rows.length > limit ? (agents.at(-1)?.agentId ?? null) : null };
    },

    async release(ctx, agentId, named) {
      const workspace = workspaceOf(ctx, named);
      const { before, after } = await store.write(async (tx) => {
        const agent = await requireAgent(tx, workspace, agentId);
        if (agent.releasedAt !== null) return { before: agent, after: agent };
        const releasedAt = now();
        await tx.agents.release(agent.pk, releasedAt);
        await auditor.write(tx, actorOf(ctx), {
          ...{ type: 'agent.released', action: 'agents release', resource: `agent:${agent.agentId}` },
          details: { workspace, from_key: agent.keyId },
        });
        return { before: agent, after: { ...agent, releasedAt } };
      });
      lost(workspace, before);
      return after;
    },

    async transfer(ctx, agentId, key, named) {
      const workspace = workspaceOf(ctx, named);
      const { before, after } = await store.write(async (tx) => {
        const agent = await requireAgent(tx, workspace, agentId);
        const to = await requireKey(tx, ctx, key, 'key');
        demandMayTake(to, agent, workspace, key, now());
        await tx.agents.give(agent.pk, to.keyId);
        await auditor.write(tx, actorOf(ctx), {
          ...{ type: 'agent.transferred', action: 'agents transfer', resource: `agent:${agent.agentId}` },
          details: { workspace, from_key: agent.keyId, to_key: to.keyId },
        });
        return { before: agent, after: { ...agent, keyId: to.keyId, keyName: to.name, releasedAt: null } };
      });
      if (before.keyId !== after.keyId) lost(workspace, before);
      return after;
    },
  };
}

/** @throws HubError AGENT_NOT_FOUND */
async function requireAgent(tx: Tx, workspace: string, agentId: string): Promise<AgentRow> {
  const agent = await tx.agents.get(workspace, agentId);
  if (agent !== undefined) return agent;
  throw agentNotFound(workspace, agentId);
}

export function agentNotFound(workspace: string, agentId: string): HubError {
  return new HubError('AGENT_NOT_FOUND', `There is no agent ${agentId} in workspace ${workspace}.`, {
    context: { agent_id: agentId, workspace },
    suggestions: ['Take an id from the list of agents.'],
  });
}

/** @throws HubError INVALID_INPUT, PERMISSION_DENIED */
function demandMayTake(key: KeyRow, agent: AgentRow, workspace: string, shown: string, at: number): void {
  if (key.workspace !== workspace && key.workspace !== ALL_WORKSPACES) {
    throw invalid('key', shown, `a key of workspace ${workspace}`, {
      message: `Key ${key.name} is of workspace ${key.workspace}; agent ${agent.agentId} is of ${workspace}.`,
    });
  }
  if (!isLive(key, at)) {
    throw invalid('key', shown, 'a key that has not ended', { message: `Key ${key.name} has ended.` });
  }
  demandMayActAs(
    {
      keyName: key.name,
      fixedAgentId: key.agentId,
      allowedIds: key.agentIds,
      allowedTypes: key.agentTypes,
    },
    agent.agentId,
    agent.agentType,
  );
}
