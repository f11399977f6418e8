/** Credentials of a request: `Authorization: Bearer <key or access token>` or `X-API-Key: <key>`. */
import { permissionsWhere } from '../context.ts';
import { HubError } from '../errors.ts';
import type { AgentService } from '../features/agents/service.ts';
import type { KeyService, VerifiedKey } from '../features/keys/service.ts';
import type { AccessTokenService } from '../features/tokens/access-tokens.ts';
import type { RateService } from '../features/rates/service.ts';
import { narrowed } from '../features/tokens/grant.ts';
import type { Authenticator, Credential } from './types.ts';

const BEARER = /^Bearer +(\S+) *$/i;
/** Longer ones are no keys, and hashing them is work for nothing. */
const MAX_CREDENTIAL = 4096;

export interface AuthenticatorDeps {
  readonly keys: KeyService;
  readonly agents: AgentService;
  readonly accessTokens: AccessTokenService;
  readonly rates: Pick<RateService, 'spendTotal'>;
}

export function createAuthenticator({ keys, agents, accessTokens, rates }: AuthenticatorDeps): Authenticator {
  async function byToken(text: string): Promise<Credential | undefined> {
    const token = await accessTokens.verify(text);
    if (token === undefined) return undefined;
    const { claims, key } = token;
    const ofKey = credentialOf(key);
    if (key.agentId !== null && key.agentId.toLowerCase() !== claims.sub.toLowerCase()) return undefined;
    const permissions = narrowed(claims.permissions, ofKey.permissions);
    const until = Math.min(claims.exp * 1000, key.until ?? Infinity);
    return { ...ofKey, permissions, until, agentId: claims.sub, byToken: true };
  }

  async function byKey(text: string): Promise<Credential | undefined> {
    const row = await keys.verify(text);
    return row && credentialOf(row);
  }

  return {
    async verify(headers) {
      const bearer = bearerOf(headers);
      const text = presentedCredential(headers);
      if (text === undefined || text.length > MAX_CREDENTIAL) throw refused();
      const credential = (bearer === undefined ? undefined : await byToken(bearer)) ?? (await byKey(text));
      if (credential === undefined) throw refused();
      return credential;
    },

    async identify(credential, headers, client) {
      const wantedId = headers.get('x-agent-id') ?? undefined;
      const wantedType = headers.get('x-agent-type') ?? undefined;
      const claim = {
        keyId: credential.keyId,
        keyName: credential.keyName,
        workspace: credential.workspace,
        permissions: credential.permissions,
        fixedAgentId: credential.agentId,
        allowedIds: credential.agentIds,
        allowedTypes: credential.agentTypes,
        ...(wantedId === undefined ? {} : { wantedId }),
        ...(wantedType === undefined ? {} : { wantedType }),
        ...(client === undefined ? {} : { client: client.name, clientVersion: client.version }),
      };
      try {
        return await agents.identify(claim);
      } catch (error) {
        // Calls are counted with the agent that makes them; a request that is none's, here.
        await rates.spendTotal(credential.keyId);
        throw error;
      }
    },
  };
}

export function credentialOf(row: VerifiedKey): Credential {
  return {
    keyId: row.keyId,
    keyName: row.name,
    workspace: row.workspace,
    permissions: permissionsWhere((permission) => row.permissions.includes(permission)),
    agentId: row.agentId,
    agentIds: row.agentIds,
    agentTypes: row.agentTypes,
    until: row.until,
  };
}

/** What a request shows as its credential, whether it is one or not. */
export function presentedCredential(headers: Headers): string | undefined {
  return bearerOf(headers) ?? headers.get('x-api-key')?.trim();
}

function bearerOf(headers: Headers): string | undefined {
  return BEARER.exec(headers.get('authorization') ?? '')?.[1];
}

/** One and the same words, whatever was wrong. */
export function refused(): HubError {
  return new HubError('AUTHENTICATION_FAILED', 'The request has no valid credential.', {
    suggestions: ['Send Authorization: Bearer <API key or access token>, or X-API-Key: <API key>.'],
  });
}
