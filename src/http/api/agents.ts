/** `/api/v1/agents`: an operator sees whose agent ids are, frees them, and gives them to other keys. */
import { Hono } from 'hono';
import { z } from 'zod';
import { decodeCursor, encodeCursor } from '../../features/cursor.ts';
import { isoTime } from '../../mcp/shapes.ts';
import type { ListedAgent } from '../../features/agents/ownership.ts';
import type { Presence } from '../../features/agents/presence.ts';
import type { AgentRow } from '../../store/port.ts';
import { readJson } from '../json-body.ts';
import type { HubEnv } from '../types.ts';
import { contextOf, parser, queryOf, type ApiDeps } from './context.ts';

const KIND = 'api/agents';

const workspace = z.string().min(1).max(100).optional();
const listQuery = parser(
  z.strictObject({
    workspace,
    limit: z.coerce.number().int().min(1).max(500).default(100),
    cursor: z.string().optional(),
  }),
);
const release = parser(z.strictObject({ workspace }));
const transfer = parser(z.strictObject({ key: z.string().min(1).max(100), workspace }));

export function agentRoutes(deps: ApiDeps): Hono<HubEnv> {
  const { epoch, services } = deps;
  const { agents, presence } = services;
  const routes = new Hono<HubEnv>();

  routes.get('/', async (c) => {
    const { cursor, limit, workspace: named } = listQuery(queryOf(c));
    const page = await agents.list(await contextOf(c, deps), {
      limit,
      ...(named === undefined ? {} : { workspace: named }),
      ...(cursor === undefined ? {} : { after: decodeCursor(epoch, KIND, z.string(), cursor) }),
    });
    return c.json({
      agents: page.agents.map((agent) => ({
        ...toAgent(agent),
        ...toPresence(presence, page.workspace, agent),
        key_name: agent.keyName,
      })),
      ...(page.next === null ? {} : { next_cursor: encodeCursor(epoch, KIND, page.next) }),
    });
  });

  routes.post('/:id/release', async (c) => {
    const ctx = await contextOf(c, deps);
    const { workspace: named } = release(await readJson(c, {}));
    return c.json({ agent: toAgent(await agents.release(ctx, c.req.param('id'), named)) });
  });

  routes.post('/:id/transfer', async (c) => {
    const ctx = await contextOf(c, deps);
    const { key, workspace: named } = transfer(await readJson(c));
    const agent = await agents.transfer(ctx, c.req.param('id'), key, named);
    return c.json({ agent: { ...toAgent(agent), key_name: agent.keyName } });
  });

  return routes;
}

/** What is known of it now. */
function toPresence(presence: Presence, workspace: string, { agentId, lastSeenAt, client }: ListedAgent) {
  const present = presence.of(workspace, agentId);
  return {
    status: presence.status(lastSeenAt, present),
    last_seen: isoTime(Math.max(lastSeenAt, present?.lastSeenAt ?? 0)),
    last_tool: present?.lastTool ?? null,
    client: present?.client ?? client,
    connections: present?.connections ?? 0,
  };
}

function toAgent(row: AgentRow | ListedAgent) {
  return {
    agent_id: row.agentId,
    agent_type: row.agentType,
    key_id: row.keyId,
    first_seen: isoTime(row.firstSeenAt),
    last_seen: isoTime(row.lastSeenAt),
    client: row.client,
    released_at: row.releasedAt === null ? null : isoTime(row.releasedAt),
  };
}
