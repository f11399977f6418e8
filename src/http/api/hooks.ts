/** `/api/v1/hooks`: what the hooks of clients ask, on behalf of the agent that the client's own connection is. */
import { z } from 'zod';
import { HOOK_EVENTS } from '../../features/hooks/service.ts';
import { MAX_RESOURCE_LENGTH } from '../../features/leases/resource.ts';
import { defineEndpoint } from './endpoint.ts';

/** Without an X-Agent-Id it is the agent that Claude Code is over MCP without one. */
const CLAUDE = { name: 'claude-code', version: '' };

export const hookEndpoints = [
  defineEndpoint({
    method: 'POST',
    path: '/hooks/claude',
    id: 'tellClaude',
    tag: 'Agents',
    summary:
      'What a hook of Claude Code tells its agent: what is new, or who holds the files it is about to write.',
    permission: 'read',
    coming: { client: CLAUDE, rate: 'reads' },
    input: z.strictObject({
      event: z.enum(HOOK_EVENTS),
      session: z.string().max(200).default(''),
      files: z.array(z.string().min(1).max(MAX_RESOURCE_LENGTH)).max(2).default([]),
      refuses: z.boolean().default(false),
    }),
    sample: { event: 'SessionStart' },
    output: {
      schema: z.object({ text: z.string().describe('nothing: there is nothing to tell').optional() }),
    },
    async handler({ services }, ctx, input) {
      const text = await services.hooks.tell(ctx, input);
      return text === undefined ? {} : { text };
    },
  }),
];
