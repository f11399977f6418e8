/** What a token is given for: one agent of a key, with no more than both the key and the request allow. */
import { permissionsWhere, type Permission, type Principal } from '../../context.ts';
import { HubError } from '../../errors.ts';
import type { AgentService } from '../agents/service.ts';
import type { KeyService } from '../keys/service.ts';

export interface GrantRequest {
  readonly agentId: string;
  readonly agentType: string;
  readonly permissions: readonly Permission[];
}

/** The credential that asks for the token. */
export interface Grantor {
  readonly keyId: string;
  readonly permissions: ReadonlySet<Permission>;
  /** The one agent it is good for. */
  readonly onlyAgentId: string | null;
}

export interface GrantDeps {
  readonly agents: AgentService;
  readonly keys: KeyService;
}

/** Which permissions are left of `wanted`. */
export function narrowed(
  wanted: readonly string[],
  allowed: ReadonlySet<Permission>,
): ReadonlySet<Permission> {
  return permissionsWhere((permission) => wanted.includes(permission) && allowed.has(permission));
}

/**
 * Whom the token will stand for; registers the agent on first sight.
 * @throws HubError PERMISSION_DENIED where the request contradicts what is fixed or nothing of it is allowed.
 */
export async function agree(
  { agents, keys }: GrantDeps,
  { keyId, permissions: allowed, onlyAgentId }: Grantor,
  { agentId, agentType, permissions: wanted }: GrantRequest,
): Promise<Principal> {
  const key = await keys.live(keyId);
  if (key === undefined) throw new HubError('AUTHENTICATION_FAILED', 'The key of this request has ended.');
  const permissions = narrowed(wanted, allowed);
  if (permissions.size === 0) throw nothingAllowed(wanted, allowed);
  return agents.identify({
    ...{ keyId, keyName: key.name, workspace: key.workspace, permissions },
    ...{ fixedAgentId: onlyAgentId ?? key.agentId, allowedIds: key.agentIds, allowedTypes: key.agentTypes },
    ...{ wantedId: agentId, wantedType: agentType, named: { id: 'agent_id', type: 'agent_type' } },
  });
}

function nothingAllowed(wanted: readonly Permission[], allowed: ReadonlySet<Permission>): HubError {
  const given = [...allowed].join(', ');
  return new HubError(
    'PERMISSION_DENIED',
    `The permissions ${wanted.join(', ')} are asked for; this credential gives ${given}.`,
    { context: { wanted, given: [...allowed] }, suggestions: [`Ask for some of ${given}.`] },
  );
}
