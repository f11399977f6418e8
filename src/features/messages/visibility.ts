/**
 * The one visibility predicate: a message has audiences, a caller belongs to audiences, it sees the message if they meet.
 * A message's audiences are disjoint for every caller (an agent whose type is an audience is not named again), so streams
 * can be merged and counters added without asking twice. Admins read `public` and `admin`, which every other message has.
 */
import { may, type Principal } from '../../context.ts';
import { ALL_WORKSPACES, type MessageRow, type Sight, type Visibility } from '../../store/port.ts';

export interface AddressedAgent {
  readonly agentId: string;
  readonly agentType: string;
}

export interface Addressees {
  /** Agents named one by one. */
  readonly agents: readonly AddressedAgent[];
  /** Types named as `type:T`. */
  readonly types: readonly string[];
}

const PUBLIC = 'public';
const ADMIN = 'admin';
export const agentAudience = (agentId: string): string => `agent:${agentId.toLowerCase()}`;
export const typeAudience = (agentType: string): string => `type:${agentType.toLowerCase()}`;

/** Who may see a message. `sender` is null for imported messages: a label owns nothing, so only admins see what is not public. */
export function audiencesOf(
  visibility: Visibility,
  sender: AddressedAgent | null,
  to: Addressees,
): readonly string[] {
  switch (visibility) {
    case 'public':
      return [PUBLIC];
    case 'admin_only':
      return [ADMIN];
    case 'agent_only':
      return sender === null ? [ADMIN] : [ADMIN, typeAudience(sender.agentType)];
    case 'private': {
      if (sender === null) return [ADMIN];
      const types = new Set(to.types.map(typeAudience));
      const agents = [sender, ...to.agents]
        .filter((agent) => !types.has(typeAudience(agent.agentType)))
        .map((agent) => agentAudience(agent.agentId));
      return [ADMIN, ...types, ...new Set(agents)];
    }
  }
}

/** What a caller may see. In no workspace is an operator of all the agent or of the type that goes by its name there. */
export function sightOf(principal: Principal): Sight {
  const { workspace } = principal;
  if (may(principal, 'admin')) return { workspace, audiences: [PUBLIC, ADMIN] };
  if (workspace === ALL_WORKSPACES) return { workspace, audiences: [PUBLIC] };
  return sightOfAgent(principal);
}

/** What an agent may see that is no operator. */
export function sightOfAgent({
  workspace,
  agentId,
  agentType,
}: AddressedAgent & Pick<Sight, 'workspace'>): Sight {
  return { workspace, audiences: [PUBLIC, typeAudience(agentType), agentAudience(agentId)] };
}

/**
 * Whether a message that an admin sees is private or agent_only and not for the agent that the admin is: it would be
 * hidden from it without the permission.
 */
export function isOthersSecret(
  { workspace, agentId, agentType }: Principal,
  message: Pick<MessageRow, 'visibility' | 'sender' | 'senderType' | 'imported' | 'to'>,
): boolean {
  const { visibility, imported, to } = message;
  const type = typeAudience(agentType);
  if (visibility !== 'private' && visibility !== 'agent_only') return false;
  if (imported || workspace === ALL_WORKSPACES) return true;
  if (visibility === 'agent_only') return typeAudience(message.senderType) !== type;
  return ![message.sender, ...to].some(
    (name) => name.toLowerCase() === agentId.toLowerCase() || name.toLowerCase() === type,
  );
}

/** What everybody in the caller's workspace may see. */
export function sightOfPublic({ workspace }: Pick<Principal, 'workspace'>): Sight {
  return { workspace, audiences: [PUBLIC] };
}
