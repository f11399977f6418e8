/** Security headers on every answer; nothing private stays in a cache. */
import { secureHeaders } from 'hono/secure-headers';
import type { Context } from 'hono';
import type { Link } from './chain.ts';
import type { HubEnv } from './types.ts';

export interface PrivateHeadersOptions {
  /** Whether clients reach the hub over https. */
  readonly https: boolean;
}

/** For answers that are no pages; a page brings a policy of its own. */
const NOT_A_PAGE = "default-src 'none'; frame-ancestors 'none'";

export function privateHeaders({ https }: PrivateHeadersOptions): Link {
  const secure = secureHeaders({
    xFrameOptions: 'DENY',
    strictTransportSecurity: https ? 'max-age=15552000' : false,
  });
  const dress = async (c: Context<HubEnv, string>): Promise<void> => {
    await secure(c, () => Promise.resolve());
    const { headers } = c.res;
    if (!headers.has('Content-Security-Policy')) headers.set('Content-Security-Policy', NOT_A_PAGE);
    const said = headers.get('Cache-Control') ?? '';
    if (/\bpublic\b/.test(said)) return;
    headers.set('Cache-Control', /\bno-transform\b/.test(said) ? 'no-store, no-transform' : 'no-store');
  };
  return (c, next) => next().then(() => dress(c));
}
