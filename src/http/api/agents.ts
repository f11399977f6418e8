/** `/api/v1/agents`: an operator sees whose agent ids are, frees them, and gives them to other keys. */
import { z } from 'zod';
import type { Ctx } from '../../context.ts';
import type { ListedAgent } from '../../features/agents/ownership.ts';
import type { Presence } from '../../features/agents/presence.ts';
import { decodeCursor, encodeCursor } from '../../features/cursor.ts';
import { agentShape, isoTime } from '../../mcp/shapes.ts';
import { cursor, limit } from '../../mcp/tools/fields.ts';
import type { AgentRow } from '../../store/port.ts';
import type { ApiDeps } from './context.ts';
import { defineEndpoint } from './endpoint.ts';

const KIND = 'api/agents';

const workspace = z.string().min(1).max(100).optional();
const agentId = z.string().min(1).max(100);

/** An agent id, and whose it is. */
export const ownedAgentShape = z.object({
  agent_id: z.string(),
  agent_type: z.string(),
  key_id: z.string().nullable().describe('null: not for the caller to know'),
  first_seen: z.string(),
  last_seen: z.string(),
  client: z.string().nullable(),
  released_at: z.string().nullable().describe('since when the next key may have it'),
});
const keyName = z.string().nullable();
const { status, last_tool, connections } = agentShape.shape;
const listedShape = ownedAgentShape.extend({ status, last_tool, connections, key_name: keyName });

export const agentsInput = z.strictObject({ workspace, limit: limit(500, 100), cursor: cursor.optional() });
const agentsShape = z.object({ agents: z.array(listedShape), next_cursor: z.string().optional() });
export type AgentListing = z.infer<typeof agentsShape>;

export const agentEndpoints = [
  defineEndpoint({
    method: 'GET',
    path: '/agents',
    id: 'listAgents',
    tag: 'Agents',
    summary: 'Whose agent ids are, and who is there, by id.',
    permission: 'admin',
    input: agentsInput,
    sample: { limit: 100 },
    output: { schema: agentsShape },
    errors: ['INVALID_CURSOR'],
    handler: listAgents,
  }),

  defineEndpoint({
    method: 'POST',
    path: '/agents/:agent_id/release',
    id: 'releaseAgent',
    tag: 'Agents',
    summary: 'Frees an agent id for the next key that uses it. Its type, its memory and what it said stay.',
    permission: 'admin',
    input: z.strictObject({ agent_id: agentId, workspace }),
    sample: { agent_id: 'reviewer' },
    output: { schema: z.object({ agent: ownedAgentShape }) },
    errors: ['AGENT_NOT_FOUND'],
    async handler({ services: { agents } }, ctx, input) {
      return { agent: toAgent(await agents.release(ctx, input.agent_id, input.workspace)) };
    },
  }),

  defineEndpoint({
    method: 'POST',
    path: '/agents/:agent_id/transfer',
    id: 'transferAgent',
    tag: 'Agents',
    summary: 'Gives an agent id to another key, named by its id or name.',
    permission: 'admin',
    input: z.strictObject({ agent_id: agentId, key: z.string().min(1).max(100), workspace }),
    sample: { agent_id: 'reviewer', key: 'laptop' },
    output: { schema: z.object({ agent: ownedAgentShape.extend({ key_name: keyName }) }) },
    errors: ['AGENT_NOT_FOUND'],
    async handler({ services: { agents } }, ctx, input) {
      const agent = await agents.transfer(ctx, input.agent_id, input.key, input.workspace);
      return { agent: { ...toAgent(agent), key_name: agent.keyName } };
    },
  }),
];

/** By id. @throws HubError PERMISSION_DENIED, INVALID_CURSOR */
export async function listAgents(
  { services: { agents, presence }, epoch }: Pick<ApiDeps, 'services' | 'epoch'>,
  ctx: Ctx,
  input: z.output<typeof agentsInput>,
): Promise<AgentListing> {
  const page = await agents.list(ctx, {
    limit: input.limit,
    ...(input.workspace === undefined ? {} : { workspace: input.workspace }),
    ...(input.cursor === undefined ? {} : { after: decodeCursor(epoch, KIND, z.string(), input.cursor) }),
  });
  return {
    agents: page.agents.map((agent) => ({
      ...toAgent(agent),
      ...toPresence(presence, page.workspace, agent),
      key_name: agent.keyName,
    })),
    ...(page.next === null ? {} : { next_cursor: encodeCursor(epoch, KIND, page.next) }),
  };
}

/** What is known of it now. */
function toPresence(presence: Presence, where: string, { agentId: id, lastSeenAt, client }: ListedAgent) {
  const present = presence.of(where, id);
  return {
    status: presence.status(lastSeenAt, present),
    last_seen: isoTime(Math.max(lastSeenAt, present?.lastSeenAt ?? 0)),
    last_tool: present?.lastTool ?? null,
    client: present?.client ?? client,
    connections: present?.connections ?? 0,
  };
}

function toAgent(row: AgentRow | ListedAgent): z.infer<typeof ownedAgentShape> {
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
