/** `/api/v1/audit`: who did what, for operators. */
import { Hono } from 'hono';
import { z } from 'zod';
import { auditFilters, listAudit } from '../../mcp/audit-listing.ts';
import type { HubEnv } from '../types.ts';
import { contextOf, parser, queryOf, type ApiDeps } from './context.ts';

const auditQuery = parser(
  z.strictObject({ ...auditFilters, limit: z.coerce.number().int().min(1).max(200).default(50) }),
);

export function auditRoutes(deps: ApiDeps): Hono<HubEnv> {
  const budget = { maxTokens: Infinity, maxBytes: deps.maxResponseBytes };
  const routes = new Hono<HubEnv>();
  routes.get('/', async (c) => {
    const query = auditQuery(queryOf(c));
    return c.json(await listAudit(deps, await contextOf(c, deps), query, budget));
  });
  return routes;
}
