import { z } from 'zod';
import { defineTool } from '../tool.ts';
import { sessionId } from './fields.ts';

export const catchUp = defineTool({
  name: 'catch_up',
  title: 'Catch up',
  description:
    'What you need to know now, most important first: pinned, decisions, unread, open questions, memory, leases, recent. Give cursor to wait_for_messages.',
  permission: 'read',
  rate: 'reads',
  core: true,
  hints: { readOnly: true, idempotent: true, destructive: false },
  input: z.strictObject({
    session_id: sessionId.describe('none: all that matter').optional(),
    max_tokens: z.int().min(200).max(20_000).default(1500),
  }),
  output: z.object({
    text: z.string(),
    cursor: z.string(),
    tokens: z.number(),
    truncated: z.boolean(),
  }),
  shows: ({ cursor }, { services }) => services.delivery.parse(cursor).ids,
  acknowledges: true,
  async handler({ services }, ctx, { session_id, max_tokens }) {
    const { text, cursor, tokens, truncated } = await services.catchUp.tell(ctx, {
      maxTokens: max_tokens,
      by: 'tool',
      ...(session_id === undefined ? {} : { sessionId: session_id }),
    });
    return { text, cursor, tokens, truncated };
  },
});
