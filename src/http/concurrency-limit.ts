/** Bounds how many requests are worked on at once. */
import type { MiddlewareHandler } from 'hono';
import { HubError } from '../errors.ts';
import type { HubEnv } from './types.ts';

export interface ConcurrencyLimitOptions {
  readonly max: number;
  readonly exempt: (method: string, path: string) => boolean;
}

const RETRY_SECONDS = 1;

export function limitConcurrency({ max, exempt }: ConcurrencyLimitOptions): MiddlewareHandler<HubEnv> {
  let running = 0;
  return async (c, next) => {
    if (exempt(c.req.method, c.req.path)) return await next();
    if (running >= max) throw overloaded(max);
    running += 1;
    let held = true;
    const release = (): void => {
      if (held) running -= 1;
      held = false;
    };
    c.set('releaseSlot', release);
    try {
      await next();
    } finally {
      release();
    }
  };
}

function overloaded(max: number): HubError {
  return new HubError('OVERLOADED', `The hub works on ${String(max)} requests already.`, {
    retryAfter: RETRY_SECONDS,
    suggestions: [`Try again in ${String(RETRY_SECONDS)} s.`],
  });
}
