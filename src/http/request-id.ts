/** Gives every request an id of the hub's own; one that the client sends means nothing. */
import { randomUUID } from 'node:crypto';
import type { Context } from 'hono';
import type { Link } from './chain.ts';

export interface RequestIdOptions {
  readonly generate?: () => string;
}

export function requestId({ generate = randomUUID }: RequestIdOptions = {}): Link {
  return (c, next) => {
    const id = generate();
    c.set('requestId', id);
    return next().then(() => {
      c.res.headers.set('X-Request-Id', id);
    });
  };
}

/** The id of a request, for apps that are mounted in the hub's and typed on their own. */
export function requestIdOf(c: Context): string {
  const id: unknown = c.get('requestId');
  return typeof id === 'string' ? id : '';
}
