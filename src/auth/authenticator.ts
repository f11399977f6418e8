/** Credentials of a request: `Authorization: Bearer <key>` or `X-API-Key: <key>`. */
import { PERMISSIONS } from '../context.ts';
import { HubError } from '../errors.ts';
import type { AgentService } from '../features/agents/service.ts';
import type { KeyService } from '../features/keys/service.ts';
import type { Authenticator } from './types.ts';

const BEARER = /^Bearer +(\S+) *$/i;
/** Longer ones are no keys, and hashing them is work for nothing. */
const MAX_CREDENTIAL = 4096;

export interface AuthenticatorDeps {
  readonly keys: KeyService;
  readonly agents: AgentService;
}

export function createAuthenticator({ keys, agents }: AuthenticatorDeps): Authenticator {
  return {
    async verify(headers) {
      const text = presentedCredential(headers);
      const row = text === undefined || text.length > MAX_CREDENTIAL ? undefined : await keys.verify(text);
      if (row === undefined) throw refused();
      return {
        keyId: row.keyId,
        keyName: row.name,
        workspace: row.workspace,
        permissions: new Set(PERMISSIONS.filter((permission) => row.permissions.includes(permission))),
        agentId: row.agentId,
        agentIds: row.agentIds,
        agentTypes: row.agentTypes,
        until: row.until,
      };
    },

    identify(credential, headers, client) {
      const wantedId = headers.get('x-agent-id') ?? undefined;
      const wantedType = headers.get('x-agent-type') ?? undefined;
      return agents.identify({
        keyId: credential.keyId,
        keyName: credential.keyName,
        workspace: credential.workspace,
        permissions: credential.permissions,
        fixedAgentId: credential.agentId,
        allowedIds: credential.agentIds,
        allowedTypes: credential.agentTypes,
        ...(wantedId === undefined ? {} : { wantedId }),
        ...(wantedType === undefined ? {} : { wantedType }),
        ...(client === undefined ? {} : { client: client.name }),
      });
    },
  };
}

/** What a request shows as its credential, whether it is one or not. */
export function presentedCredential(headers: Headers): string | undefined {
  const bearer = BEARER.exec(headers.get('authorization') ?? '')?.[1];
  return bearer ?? headers.get('x-api-key')?.trim();
}

/** One and the same words, whatever was wrong. */
function refused(): HubError {
  return new HubError('AUTHENTICATION_FAILED', 'The request has no valid credential.', {
    suggestions: ['Send Authorization: Bearer <API key>, or X-API-Key: <API key>.'],
  });
}
