/** `schub agents list|release|transfer`. */
import { z } from 'zod';
import type { HubClient } from './client.ts';
import { EXIT, type Output } from './output.ts';

const agentSchema = z.object({
  agent_id: z.string(),
  agent_type: z.string(),
  key_id: z.string().nullable(),
  key_name: z.string().nullable(),
  first_seen: z.string(),
  last_seen: z.string(),
  client: z.string().nullable(),
  released_at: z.string().nullable(),
});
const listedSchema = agentSchema.extend({
  status: z.string(),
  last_tool: z.string().nullable(),
  connections: z.number(),
});
const listSchema = z.object({ agents: z.array(listedSchema), next_cursor: z.string().optional() });
const releasedSchema = z.object({ agent: agentSchema.omit({ key_name: true }) });
const transferredSchema = z.object({ agent: agentSchema.extend({ key_name: z.string() }) });

export interface AgentsDeps {
  readonly client: HubClient;
  readonly output: Output;
}

export interface Transfer {
  readonly agent: string;
  /** Id or name. */
  readonly key: string;
  readonly workspace: string | undefined;
}

export async function listAgents({ client, output }: AgentsDeps, workspace?: string): Promise<number> {
  const agents: z.infer<typeof listedSchema>[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.read(listSchema, '/api/v1/agents', { query: { workspace, cursor } });
    agents.push(...page.agents);
    cursor = page.next_cursor;
  } while (cursor !== undefined);
  output.list({
    name: 'agents',
    items: agents,
    headers: ['AGENT', 'TYPE', 'KEY', 'FIRST SEEN', 'LAST SEEN', 'CLIENT', 'STATUS'],
    row: (agent) => [
      agent.agent_id,
      agent.agent_type,
      agent.released_at === null ? (agent.key_name ?? '-') : 'released',
      agent.first_seen,
      agent.last_seen,
      agent.client ?? '-',
      agent.status,
    ],
  });
  return EXIT.ok;
}

export async function releaseAgent(
  { client, output }: AgentsDeps,
  agent: string,
  workspace?: string,
): Promise<number> {
  const answer = await client.read(releasedSchema, pathOf(agent, 'release'), { json: { workspace } });
  if (output.json) output.document(answer);
  else output.note(`Agent ${answer.agent.agent_id} is free for the next key that uses it.`);
  return EXIT.ok;
}

export async function transferAgent(
  { client, output }: AgentsDeps,
  { agent, key, workspace }: Transfer,
): Promise<number> {
  const answer = await client.read(transferredSchema, pathOf(agent, 'transfer'), {
    json: { key, workspace },
  });
  if (output.json) output.document(answer);
  else output.note(`Agent ${answer.agent.agent_id} belongs to the key ${answer.agent.key_name}.`);
  return EXIT.ok;
}

function pathOf(agent: string, what: string): string {
  return `/api/v1/agents/${encodeURIComponent(agent)}/${what}`;
}
