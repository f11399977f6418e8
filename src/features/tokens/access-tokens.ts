/**
 * Logins: an API key gets a short-lived access token for one of its agents, and a refresh token that rotates. All refresh
 * tokens of a login are one family; whoever uses an old one late has copied it, and the whole family ends.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { CacheMeters } from '../../lib/cache-meter.ts';
import { createReadCache } from '../../lib/read-cache.ts';
import type { Grant, Store, Tx } from '../../store/port.ts';
import type { Actor, Auditor } from '../audit/auditor.ts';
import type { RateService } from '../rates/service.ts';
import { isLive, type VerifiedKey } from '../keys/service.ts';
import { agree, type GrantDeps, type Grantor, type GrantRequest } from './grant.ts';
import type { AccessClaims, TokenCodec } from './jwt.ts';
import { GRACE_MS, REFRESH_PREFIX, hashSecret, newSecret } from './secret-text.ts';

export interface TokenPair {
  readonly accessToken: string;
  /** Seconds. */
  readonly expiresIn: number;
  /** Told here and never again. */
  readonly refreshToken: string;
  readonly permissions: readonly string[];
}

export interface AccessTokenService {
  /**
   * @throws HubError PERMISSION_DENIED where the request contradicts what is fixed or nothing of it is allowed, RATE_LIMITED.
   */
  issue(by: Grantor, request: GrantRequest, requestId: string): Promise<TokenPair>;
  /** The next pair, or undefined whatever is wrong with the refresh token. @throws HubError RATE_LIMITED */
  refresh(refreshToken: string, requestId: string): Promise<TokenPair | undefined>;
  /** What an access token says, and its key, if both hold now. */
  verify(text: string): Promise<{ readonly claims: AccessClaims; readonly key: VerifiedKey } | undefined>;
  /**
   * Ends an access token, or with a refresh token the whole login, if it is one of the actor's key; does nothing
   * otherwise.
   */
  revoke(actor: Actor, text: string): Promise<void>;
  /** Told after tokens of a key have been revoked. */
  onRevoke(listener: (keyId: string) => void): void;
}

export interface AccessTokenDeps extends GrantDeps {
  readonly store: Store;
  readonly auditor: Auditor;
  readonly codec: TokenCodec;
  readonly rates: Pick<RateService, 'spendAuth'>;
  readonly now: () => number;
  readonly caches: CacheMeters;
}

const ACCESS_SECONDS = 15 * 60;
const REFRESH_MS = 30 * 24 * 60 * 60 * 1000;
const CACHED_TOKENS = 20_000;

/** An access token is revoked with its family, so its id begins with the family's. */
const familyOf = (jti: string): string => jti.split('.', 1)[0] ?? '';

export function createAccessTokenService(deps: AccessTokenDeps): AccessTokenService {
  const { store, keys, auditor, codec, rates, now, caches } = deps;
  /** Claims by the hash of their token. */
  const verified = createReadCache<AccessClaims>({ max: CACHED_TOKENS, name: 'tokens', caches });
  const listeners: ((keyId: string) => void)[] = [];

  function revoked(keyId: string): void {
    verified.clear();
    for (const listener of listeners) listener(keyId);
  }

  async function pair(grant: Grant, familyId: string, refreshToken: string, at: number): Promise<TokenPair> {
    const iat = Math.floor(at / 1000);
    const { agentId: sub, agentType: agent_type, workspace, keyId: key_id } = grant;
    const permissions = [...grant.permissions] as AccessClaims['permissions'];
    const jti = `${familyId}.${randomBytes(16).toString('base64url')}`;
    const exp = iat + ACCESS_SECONDS;
    const claims = { sub, agent_type, permissions, workspace, key_id, jti, iat, exp };
    return { accessToken: await codec.sign(claims), expiresIn: ACCESS_SECONDS, refreshToken, permissions };
  }

  function storeRefresh(tx: Tx, familyId: string, text: string, at: number): Promise<void> {
    return tx.tokens.insertRefresh(hashSecret(text), {
      familyId,
      createdAt: at,
      expiresAt: at + REFRESH_MS,
    });
  }

  /** Whether there was something to revoke. */
  async function revokeAccess(tx: Tx, actor: Actor, { jti, sub, exp }: AccessClaims): Promise<boolean> {
    if (await tx.tokens.isRevoked(jti, familyOf(jti))) return false;
    await tx.tokens.revoke(jti, exp * 1000);
    await auditor.write(tx, actor, revocation(sub, 'access token revoked'));
    return true;
  }

  /** Whether there was something to revoke. */
  async function revokeLogin(tx: Tx, actor: Actor, refreshToken: string): Promise<boolean> {
    const family = (await tx.tokens.refreshToken(hashSecret(refreshToken)))?.family;
    if (family === undefined || family.keyId !== actor.keyId || family.revokedAt !== null) return false;
    await tx.tokens.revokeFamily(family.familyId, now());
    await auditor.write(tx, actor, revocation(family.agentId, 'login revoked'));
    return true;
  }

  async function revokeEither(actor: Actor, text: string): Promise<boolean> {
    if (text.startsWith(REFRESH_PREFIX)) return store.write((tx) => revokeLogin(tx, actor, text));
    const claims = await codec.verify(text, now());
    if (claims === undefined || claims.key_id !== actor.keyId) return false;
    return store.write((tx) => revokeAccess(tx, actor, claims));
  }

  return {
    async issue(by, request, requestId) {
      await rates.spendAuth(by.keyId);
      const { keyId, workspace, agentId, agentType, permissions } = await agree(deps, by, request);
      const grant = { keyId, workspace, agentId, agentType, permissions: [...permissions] };
      const familyId = randomUUID();
      const refreshToken = newSecret(REFRESH_PREFIX);
      const at = now();
      await store.write(async (tx) => {
        const expiresAt = at + REFRESH_MS;
        await tx.tokens.insertFamily({ ...grant, familyId, createdAt: at, expiresAt, revokedAt: null });
        await storeRefresh(tx, familyId, refreshToken, at);
        await auditor.write(
          tx,
          { agentId, keyId, workspace, requestId },
          {
            ...{ type: 'token.issued', action: 'POST /auth/token', resource: `agent:${agentId}` },
            details: { permissions: grant.permissions },
          },
        );
      });
      return pair(grant, familyId, refreshToken, at);
    },

    async refresh(current, requestId) {
      if (!current.startsWith(REFRESH_PREFIX)) return undefined;
      const hash = hashSecret(current);
      const refreshToken = newSecret(REFRESH_PREFIX);
      const at = now();
      const outcome = await store.write(async (tx) => {
        const found = await tx.tokens.refreshToken(hash);
        if (found === undefined) return undefined;
        const { family, usedAt, expiresAt } = found;
        const key = await tx.keys.byId(family.keyId);
        if (key === undefined || !isLive(key, at)) return undefined;
        if (family.revokedAt !== null || expiresAt <= at) return undefined;
        const { agentId, keyId, workspace } = family;
        const actor = { agentId, keyId, workspace, requestId };
        if (usedAt !== null && usedAt + GRACE_MS <= at) {
          await tx.tokens.revokeFamily(family.familyId, at);
          await auditor.write(tx, actor, {
            ...revocation(agentId, 'a refresh token was used again'),
            action: 'POST /auth/refresh',
          });
          return { family, copied: true };
        }
        // Here, so that a dead token uses up nothing of its key's.
        await rates.spendAuth(keyId);
        if (usedAt === null) await tx.tokens.useRefresh(hash, at);
        await storeRefresh(tx, family.familyId, refreshToken, at);
        const resource = `agent:${agentId}`;
        await auditor.write(tx, actor, { type: 'token.refreshed', action: 'POST /auth/refresh', resource });
        return { family, copied: false };
      });
      if (outcome === undefined) return undefined;
      if (outcome.copied) {
        revoked(outcome.family.keyId);
        return undefined;
      }
      return pair(outcome.family, outcome.family.familyId, refreshToken, at);
    },

    async verify(text) {
      if (!text.includes('.')) return undefined;
      const claims = await verified.get(hashSecret(text), async () => {
        const read = await codec.verify(text, now());
        if (read === undefined) return undefined;
        return (await store.read.tokens.isRevoked(read.jti, familyOf(read.jti))) ? undefined : read;
      });
      if (claims === undefined || claims.exp * 1000 <= now()) return undefined;
      const key = await keys.live(claims.key_id);
      return key === undefined || key.workspace !== claims.workspace ? undefined : { claims, key };
    },

    async revoke(actor, text) {
      if ((await revokeEither(actor, text)) && actor.keyId !== null) revoked(actor.keyId);
    },

    onRevoke(listener) {
      listeners.push(listener);
    },
  };
}

function revocation(agentId: string, reason: string) {
  const type = 'token.revoked' as const;
  return { type, action: 'POST /auth/revoke', resource: `agent:${agentId}`, details: { reason } };
}
