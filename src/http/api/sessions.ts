/** `/api/v1/sessions`: what operators list and read. */
import { Hono } from 'hono';
import { z } from 'zod';
import { decodeCursor, encodeCursor } from '../../features/cursor.ts';
import { fit } from '../../mcp/budget.ts';
import { shortenMessage, shortenSession, toMessage, toSession } from '../../mcp/shapes.ts';
import type { HubEnv } from '../types.ts';
import { contextOf, parser, queryOf, type ApiDeps } from './context.ts';

const KIND = 'api/sessions';

const integer = (min: number, max: number) => z.coerce.number().int().min(min).max(max);

const listQuery = parser(
  z.strictObject({
    query: z.string().min(1).max(500).optional(),
    is_active: z.enum(['true', 'false']).optional(),
    created_by: z.string().min(1).max(100).optional(),
    limit: integer(1, 100).default(20),
    cursor: z.string().optional(),
  }),
);

const messagesQuery = parser(
  z.strictObject({
    limit: integer(1, 200).default(50),
    after_id: integer(0, Number.MAX_SAFE_INTEGER).optional(),
    before_id: integer(1, Number.MAX_SAFE_INTEGER).optional(),
  }),
);

export function sessionRoutes(deps: ApiDeps): Hono<HubEnv> {
  const { services, epoch } = deps;
  const budget = { maxTokens: Infinity, maxBytes: deps.maxResponseBytes };
  const routes = new Hono<HubEnv>();

  routes.get('/', async (c) => {
    const query = listQuery(queryOf(c));
    const before =
      query.cursor === undefined ? undefined : decodeCursor(epoch, KIND, z.number(), query.cursor);
    const page = await services.sessions.list(await contextOf(c, deps), {
      limit: query.limit,
      ...(before === undefined ? {} : { before }),
      ...(query.query === undefined ? {} : { query: query.query }),
      ...(query.is_active === undefined ? {} : { isActive: query.is_active === 'true' }),
      ...(query.created_by === undefined ? {} : { createdBy: query.created_by }),
    });
    const { items, truncated } = fit(page.sessions.map(toSession), budget, 'first', shortenSession);
    const next = truncated ? (page.sessions[items.length - 1]?.lastSeq ?? null) : page.next;
    return c.json({
      sessions: items,
      truncated,
      ...(next === null ? {} : { next_cursor: encodeCursor(epoch, KIND, next) }),
    });
  });

  routes.get('/:id', async (c) => {
    const view = await services.sessions.get(await contextOf(c, deps), c.req.param('id'));
    return c.json({ session: toSession(view) });
  });

  routes.get('/:id/messages', async (c) => {
    const { limit, after_id: after, before_id: before } = messagesQuery(queryOf(c));
    const page = await services.messages.page(await contextOf(c, deps), {
      ...{ sessionId: c.req.param('id'), limit },
      ...(after === undefined ? {} : { after }),
      ...(before === undefined ? {} : { before }),
    });
    const keep = after === undefined ? 'last' : 'first';
    const { items, truncated } = fit(page.messages.map(toMessage), budget, keep, shortenMessage);
    return c.json({
      messages: items,
      has_more: page.more || items.length < page.messages.length,
      truncated: truncated || (page.more && page.messages.length < limit),
      total_count: page.total,
    });
  });

  return routes;
}
