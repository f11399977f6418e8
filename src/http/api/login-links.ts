/** `POST /api/v1/login-links`: an address that logs a browser in to the dashboard, once, for an operator with the key at hand. */
import { Hono } from 'hono';
import { presentedCredential, refused } from '../../auth/authenticator.ts';
import { demand } from '../../features/permissions.ts';
import { isoTime } from '../../mcp/shapes.ts';
import type { HubEnv } from '../types.ts';
import { contextOf, type ApiDeps } from './context.ts';

export function loginLinkRoutes(deps: ApiDeps): Hono<HubEnv> {
  const { services, publicUrl } = deps;
  const routes = new Hono<HubEnv>();

  routes.post('/', async (c) => {
    const ctx = await contextOf(c, deps);
    demand(ctx, 'admin');
    // Neither a token nor a cookie begets a login: it would outlive itself.
    const key = presentedCredential(c.req.raw.headers);
    if (key === undefined || c.get('credential')?.byToken === true) throw refused();
    const link = await services.logins.link(key);
    if (link === undefined) throw refused();
    return c.json({ url: loginUrl(publicUrl(), link.code), expires_at: isoTime(link.expiresAt) }, 201);
  });

  return routes;
}

export function loginUrl(publicUrl: string, code: string): string {
  return `${publicUrl}/ui/login/${code}`;
}
