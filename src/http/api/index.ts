/** The JSON API below `/api/v1`: the same services as the tools, for the command line, the dashboard and scripts. */
import { etag } from 'hono/etag';
import { Hono, type Context } from 'hono';
import { cookieNameOf } from '../../auth/cookie.ts';
import type { HubEnv } from '../types.ts';
import type { ApiDeps } from './context.ts';
import { ENDPOINTS } from './endpoints.ts';
import { describeApi } from './openapi/routes.ts';

export type { ApiDeps } from './context.ts';
export { prometheusRoutes } from './metrics.ts';

export function apiRoutes(deps: ApiDeps): Hono<HubEnv> {
  const api = new Hono<HubEnv>();
  const hub = { version: deps.version, cookieName: cookieNameOf(deps.epoch) };
  for (const { method, path, answer, etag: tagged } of [...ENDPOINTS, ...describeApi(hub, ENDPOINTS)]) {
    const respond = (c: Context<HubEnv>): Promise<Response> => answer(c, deps);
    if (tagged === true) api.on(method, [path], etag(), respond);
    else api.on(method, [path], respond);
  }
  return api;
}
