/**
 * Several middlewares as one. Hono keeps a frame and two promises for each of its own as long as a request waits, and many
 * requests do. None of them may answer by itself: what refuses throws.
 */
import type { Context, MiddlewareHandler, Next } from 'hono';
import { asError } from '../lib/as-error.ts';
import type { HubEnv } from './types.ts';

export type Link = (c: Context<HubEnv, string>, next: Next) => Promise<void>;

/** From the outside in. To each, what throws further in is a promise that fails. */
export function chain(...links: readonly Link[]): MiddlewareHandler<HubEnv> {
  return links.reduceRight((inner, outer) => (c, next) => outer(c, () => attempt(inner, c, next)));
}

function attempt(link: Link, c: Context<HubEnv, string>, next: Next): Promise<void> {
  try {
    return link(c, next);
  } catch (thrown) {
    return Promise.reject(asError(thrown));
  }
}
