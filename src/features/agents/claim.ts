/** Agent ids belong to keys, in each workspace anew. */
import type { Principal } from '../../context.ts';
import { HubError } from '../../errors.ts';
import type { AgentRow, Tx } from '../../store/port.ts';

/**
 * A caller of all workspaces writes into one under its id: there too, the id must be its own. Takes it if it is free.
 * @throws HubError PERMISSION_DENIED if it belongs to another key.
 */
export async function claimIdIn(tx: Tx, principal: Principal, workspace: string, now: number): Promise<void> {
  if (principal.workspace === workspace) return;
  const { agentId, agentType, keyId, keyName } = principal;
  const holder = await tx.agents.get(workspace, agentId);
  if (holder === undefined) {
    const seen = { firstSeenAt: now, lastSeenAt: now, client: null, releasedAt: null };
    await tx.agents.insert(workspace, { agentId, agentType, keyId, ...seen });
    return;
  }
  const agent = await takeIfReleased(tx, holder, keyId);
  if (agent.keyId !== keyId) throw foreignAgent(holder.agentId, keyName);
}

/** The agent as it is when a key uses it: a released one becomes the key's. Its type stays. */
export async function takeIfReleased(tx: Tx, agent: AgentRow, keyId: string): Promise<AgentRow> {
  if (agent.releasedAt === null) return agent;
  await tx.agents.give(agent.pk, keyId);
  return { ...agent, keyId, releasedAt: null };
}

export function foreignAgent(agentId: string, keyName: string): HubError {
  return new HubError(
    'PERMISSION_DENIED',
    `Agent ${agentId} belongs to another key; key ${keyName} cannot act as it.`,
    { context: { agent_id: agentId }, suggestions: ['Choose another agent id.'] },
  );
}
