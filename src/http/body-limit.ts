/** Refuses bodies over the limit: by the length they declare, else while they arrive. */
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HubError } from '../errors.ts';
import type { HubEnv } from './types.ts';

export interface BodyLimitOptions {
  readonly maxBytes: number;
  readonly exempt: (method: string, path: string) => boolean;
}

export function limitBody({ maxBytes, exempt }: BodyLimitOptions): MiddlewareHandler<HubEnv> {
  const refuse = (): never => {
    throw new HubError('CONTENT_TOO_LARGE', `The body is larger than ${String(maxBytes)} bytes.`, {
      context: { field: 'body', value: null, expected: `at most ${String(maxBytes)} bytes` },
      suggestions: ['Send less at once.'],
    });
  };
  const counted = bodyLimit({ maxSize: maxBytes, onError: refuse });
  return async (c, next) => {
    const { method, path } = c.req;
    if (method === 'GET' || method === 'HEAD' || exempt(method, path)) return await next();
    const length = c.req.header('content-length');
    if (length === undefined || c.req.header('transfer-encoding') !== undefined)
      return await counted(c, next);
    // Node holds a body to its declared length, so nothing needs to be read here.
    if (!/^\d+$/.test(length) || Number(length) > maxBytes) refuse();
    return await next();
  };
}
