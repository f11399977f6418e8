/** `/api/v1/hooks`: what the hooks of clients ask, on behalf of the agent that the client's own connection is. */
import { Hono } from 'hono';
import { z } from 'zod';
import { HOOK_EVENTS } from '../../features/hooks/service.ts';
import { MAX_RESOURCE_LENGTH } from '../../features/leases/resource.ts';
import { readJson } from '../json-body.ts';
import type { HubEnv } from '../types.ts';
import { contextOf, parser, type ApiDeps } from './context.ts';

/** Without an X-Agent-Id it is the agent that Claude Code is over MCP without one. */
const CLAUDE = { name: 'claude-code', version: '' };

const call = parser(
  z.strictObject({
    event: z.enum(HOOK_EVENTS),
    session: z.string().max(200).default(''),
    files: z.array(z.string().min(1).max(MAX_RESOURCE_LENGTH)).max(2).default([]),
    refuses: z.boolean().default(false),
  }),
);

export function hookRoutes(deps: ApiDeps): Hono<HubEnv> {
  const routes = new Hono<HubEnv>();
  routes.post('/claude', async (c) => {
    const ctx = await contextOf(c, deps, { client: CLAUDE, rate: 'reads' });
    const text = await deps.services.hooks.tell(ctx, call(await readJson(c)));
    return c.json(text === undefined ? {} : { text });
  });
  return routes;
}
