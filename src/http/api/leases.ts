/** `/api/v1/leases`: who holds what; the holder gives it back, an operator takes it away. */
import { Hono } from 'hono';
import { z } from 'zod';
import { decodeCursor, encodeCursor } from '../../features/cursor.ts';
import { MAX_RESOURCE_LENGTH } from '../../features/leases/resource.ts';
import { fit } from '../../mcp/budget.ts';
import { shortenLease, toLease } from '../../mcp/shapes.ts';
import type { HubEnv } from '../types.ts';
import { contextOf, parser, queryOf, type ApiDeps } from './context.ts';

const KIND = 'api/leases';

const listQuery = parser(
  z.strictObject({
    session_id: z.string().min(1).max(100).optional(),
    resource: z.string().min(1).max(MAX_RESOURCE_LENGTH).optional(),
    limit: z.coerce.number().int().min(1).max(500).default(100),
    cursor: z.string().optional(),
  }),
);

export function leaseRoutes(deps: ApiDeps): Hono<HubEnv> {
  const { epoch, services } = deps;
  const budget = { maxTokens: Infinity, maxBytes: deps.maxResponseBytes };
  const routes = new Hono<HubEnv>();

  routes.get('/', async (c) => {
    const { cursor, limit, resource, session_id: sessionId } = listQuery(queryOf(c));
    const page = await services.leases.list(await contextOf(c, deps), {
      limit,
      ...(sessionId === undefined ? {} : { sessionId }),
      ...(resource === undefined ? {} : { resource }),
      ...(cursor === undefined ? {} : { after: decodeCursor(epoch, KIND, z.number(), cursor) }),
    });
    const { items } = fit(page.leases.map(toLease), budget, 'first', shortenLease);
    const cut = items.length < page.leases.length;
    const next = cut ? (items.at(-1)?.fencing_token ?? null) : page.next;
    return c.json({
      leases: items,
      ...(next === null ? {} : { next_cursor: encodeCursor(epoch, KIND, next) }),
    });
  });

  routes.delete('/:id', async (c) => {
    const ctx = await contextOf(c, deps);
    return c.json(await services.leases.release(ctx, { leaseId: c.req.param('id') }));
  });

  return routes;
}
