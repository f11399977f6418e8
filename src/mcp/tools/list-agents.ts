import { z } from 'zod';
import { fit } from '../budget.ts';
import { agentShape, toAgent } from '../shapes.ts';
import { defineTool } from '../tool.ts';
import { maxTokens, sessionId } from './fields.ts';

export const listAgents = defineTool({
  name: 'list_agents',
  title: 'List agents',
  description: 'Who is there, last seen first; with session_id: who posted, read or waited in it.',
  permission: 'read',
  rate: 'reads',
  core: false,
  hints: { readOnly: true, idempotent: true, destructive: false },
  input: z.strictObject({ session_id: sessionId.optional(), max_tokens: maxTokens }),
  output: z.object({ agents: z.array(agentShape), truncated: z.boolean() }),
  async handler({ services, maxResponseBytes }, ctx, input) {
    const { agents, more } = await services.directory.list(ctx, input.session_id);
    const budget = { maxTokens: input.max_tokens, maxBytes: maxResponseBytes };
    const { items, truncated } = fit(agents.map(toAgent), budget, 'first', (agent) => agent);
    return { agents: [...items], truncated: truncated || more };
  },
});
