/** Gives every request an id of the hub's own; one that the client sends means nothing. */
import { randomUUID } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import type { HubEnv } from './types.ts';

export interface RequestIdOptions {
  readonly generate?: () => string;
}

export function requestId({ generate = randomUUID }: RequestIdOptions = {}): MiddlewareHandler<HubEnv> {
  return async (c, next) => {
    const id = generate();
    c.set('requestId', id);
    await next();
    c.res.headers.set('X-Request-Id', id);
  };
}

/** The id of a request, for apps that are mounted in the hub's and typed on their own. */
export function requestIdOf(c: Context): string {
  const id: unknown = c.get('requestId');
  return typeof id === 'string' ? id : '';
}
