/** CORS for the origins the operator named; without any there is none. Keys travel in headers, so no credentials. */
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import type { HubEnv } from './types.ts';

export interface CrossOriginOptions {
  readonly origins: readonly string[];
}

const EXPOSED = ['X-Request-Id', 'Retry-After', 'WWW-Authenticate', 'Mcp-Session-Id', 'Mcp-Protocol-Version'];
const PREFLIGHT_SECONDS = 600;

export function crossOrigin({ origins }: CrossOriginOptions): MiddlewareHandler<HubEnv> {
  const allowed = cors({ origin: [...origins], exposeHeaders: EXPOSED, maxAge: PREFLIGHT_SECONDS });
  return async (c, next) => {
    const origin = c.req.header('origin');
    if (origin === undefined || !origins.includes(origin)) return await next();
    return await allowed(c, next);
  };
}
