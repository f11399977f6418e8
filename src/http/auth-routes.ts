/** `/auth`: access tokens for an API key's agents, the next pair for a refresh token, and the end of either. */
import { Hono } from 'hono';
import { z } from 'zod';
import { refused } from '../auth/authenticator.ts';
import type { GuessGuard } from '../auth/guess-guard.ts';
import type { Services } from '../features/services.ts';
import type { TokenPair } from '../features/tokens/access-tokens.ts';
import { agentName, permissions } from '../mcp/tools/fields.ts';
import { parser } from './api/context.ts';
import { readJson } from './json-body.ts';
import { exemptFromLimits } from './request-timeout.ts';
import { verifyOnce, type RequireCredentialOptions } from './require-credential.ts';
import type { HubEnv } from './types.ts';

export interface AuthRoutesDeps extends RequireCredentialOptions {
  readonly services: Pick<Services, 'accessTokens' | 'handles' | 'rates'>;
  /** Counts refresh tokens that are refused, as it does other credentials. */
  readonly guesses: GuessGuard;
}

export const tokenInput = z.strictObject({
  agent_id: agentName(100),
  agent_type: agentName(50),
  permissions,
});
export const refreshInput = z.strictObject({ refresh_token: z.string() });
export const revokeInput = z.strictObject({ token: z.string().min(1).max(4096) });
const tokenRequest = parser(tokenInput);
const revokeRequest = parser(revokeInput);

export function authRoutes({ services, guesses, ...guard }: AuthRoutesDeps): Hono<HubEnv> {
  const { accessTokens, handles, rates } = services;
  const routes = new Hono<HubEnv>();

  /** Tokens change often: whoever guesses at their holder's address must not keep the next ones out. */
  const vouched = (pair: TokenPair): TokenPair => {
    guesses.vouch(pair.accessToken);
    guesses.vouch(pair.refreshToken);
    return pair;
  };

  routes.post('/token', async (c) => {
    const { keyId, permissions: allowed, agentId, byToken } = await verifyOnce(c, guard);
    // A token begets no tokens: it would outlive itself.
    if (byToken === true) throw refused();
    const input = tokenRequest(await readJson(c));
    const request = {
      agentId: input.agent_id,
      agentType: input.agent_type,
      permissions: input.permissions,
    };
    const by = { keyId, permissions: allowed, onlyAgentId: agentId };
    return c.json(toAnswer(vouched(await accessTokens.issue(by, request, c.get('requestId')))));
  });

  routes.post('/refresh', async (c) => {
    // Nobody is known until the body is there: a stranger who sends it slowly must take no place from others.
    exemptFromLimits(c);
    // The refresh token is the credential: whatever is wrong with it is answered alike.
    const body: unknown = await readJson(c).catch(() => undefined);
    const text = refreshInput.safeParse(body).data?.refresh_token;
    if (text === undefined) throw refused();
    const pair = await guesses.attempt(guard.addressOf(c), text, async () => {
      const next = await accessTokens.refresh(text, c.get('requestId'));
      if (next === undefined) throw refused();
      return next;
    });
    return c.json(toAnswer(vouched(pair)));
  });

  routes.post('/revoke', async (c) => {
    const { keyId, workspace, agentId } = await verifyOnce(c, guard);
    await rates.spendTotal(keyId);
    const { token } = revokeRequest(await readJson(c));
    const actor = { keyId, workspace, agentId, requestId: c.get('requestId') };
    await handles.revoke(actor, token);
    await accessTokens.revoke(actor, token);
    return c.json({ success: true });
  });

  return routes;
}

function toAnswer({ accessToken, expiresIn, refreshToken, permissions: scope }: TokenPair) {
  return {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: expiresIn,
    refresh_token: refreshToken,
    scope: scope.join(' '),
  };
}
