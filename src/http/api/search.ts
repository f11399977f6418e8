/** `/api/v1/search`: an operator looks after the index. */
import { Hono } from 'hono';
import type { HubEnv } from '../types.ts';
import { contextOf, type ApiDeps } from './context.ts';

export function searchRoutes(deps: ApiDeps): Hono<HubEnv> {
  const { search } = deps.services;
  const routes = new Hono<HubEnv>();
  routes.get('/status', async (c) => c.json(search.status(await contextOf(c, deps))));
  /** Answers at once, with the state before; the status tells how far it is. */
  routes.post('/reindex', async (c) => c.json(search.reindex(await contextOf(c, deps)), 202));
  return routes;
}
