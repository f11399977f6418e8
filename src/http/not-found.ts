/** Paths that are not there. Without a credential nobody learns which they are. */
import type { Hono, NotFoundHandler } from 'hono';
import { METHODS } from 'hono/router';
import { HubError } from '../errors.ts';
import { type RequireCredentialOptions, verifyOnce } from './require-credential.ts';
import type { HubEnv } from './types.ts';

export interface NotFoundOptions extends RequireCredentialOptions {
  readonly app: Hono<HubEnv>;
}

const SHOWN = 200;

/** 401 without a credential; 405 where the path exists for other methods; else 404. */
export function notFound({ app, ...credential }: NotFoundOptions): NotFoundHandler<HubEnv> {
  return async (c) => {
    await verifyOnce(c, credential);
    const path = c.req.path.slice(0, SHOWN);
    const allowed = allowedMethods(app, c.req.path);
    if (allowed.length === 0) throw nothingHere(`There is nothing at ${path}.`, 404);
    c.header('Allow', allowed.join(', '));
    throw nothingHere(`${path} does not take ${c.req.method}.`, 405);
  };
}

/** Where OAuth clients look: a plain no, for anybody. */
export function notOffered(): never {
  throw nothingHere('The hub offers no OAuth; send an API key.', 404);
}

function nothingHere(message: string, status: 404 | 405): HubError {
  return new HubError('INVALID_INPUT', message, { status });
}

/** Middlewares stand in the router for all methods, routes for their own. */
function allowedMethods(app: Hono<HubEnv>, path: string): readonly string[] {
  return METHODS.map((method) => method.toUpperCase()).filter((method) =>
    app.router.match(method, path)[0].some(([[, route]]) => route.method === method),
  );
}
