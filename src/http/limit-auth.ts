/** Bounds how many tokens a key is issued in a minute. Stands behind `requireCredential`. */
import type { MiddlewareHandler } from 'hono';
import type { RateService } from '../features/rates/service.ts';
import type { HubEnv } from './types.ts';

export interface LimitAuthOptions {
  readonly rates: Pick<RateService, 'spendAuth'>;
}

/** Answers RATE_LIMITED beyond the limit. */
export function limitAuth({ rates }: LimitAuthOptions): MiddlewareHandler<HubEnv> {
  return async (c, next) => {
    const credential = c.get('credential');
    if (credential === undefined) throw new Error('limitAuth stands before requireCredential');
    await rates.spendAuth(credential.keyId);
    await next();
  };
}
