/** Agent ids belong to keys, in each workspace anew. */
import type { Principal } from '../../context.ts';
import { HubError } from '../../errors.ts';
import type { Tx } from '../../store/port.ts';

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
  } else if (holder.keyId !== keyId) throw foreignAgent(holder.agentId, keyName);
}

export function foreignAgent(agentId: string, keyName: string): HubError {
  return new HubError(
    'PERMISSION_DENIED',
    `Agent ${agentId} belongs to another key; key ${keyName} cannot act as it.`,
    { context: { agent_id: agentId }, suggestions: ['Choose another agent id.'] },
  );
}
