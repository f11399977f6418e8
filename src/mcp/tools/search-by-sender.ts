import { z } from 'zod';
import { fit } from '../budget.ts';
import { idsInFull, messageShape, shortenMessage, toMessage } from '../shapes.ts';
import { defineTool } from '../tool.ts';
import { limit, maxTokens, sender, sessionId } from './fields.ts';

export const searchBySender = defineTool({
  name: 'search_by_sender',
  title: 'Search by sender',
  description:
    'The newest messages of a sender, newest first. Case, _, - and spaces in the name do not matter.',
  permission: 'read',
  rate: 'search',
  core: false,
  hints: { readOnly: true, idempotent: true, destructive: false },
  input: z.strictObject({
    session_id: sessionId.describe('none: all sessions').optional(),
    sender,
    limit: limit(1000, 20),
    max_tokens: maxTokens,
  }),
  output: z.object({ messages: z.array(messageShape), count: z.number(), truncated: z.boolean() }),
  shows: ({ messages }) => idsInFull(messages),
  async handler({ services, maxResponseBytes }, ctx, input) {
    const found = await services.messages.bySender(ctx, {
      sender: input.sender,
      limit: input.limit,
      ...(input.session_id === undefined ? {} : { sessionId: input.session_id }),
    });
    const budget = { maxTokens: input.max_tokens, maxBytes: maxResponseBytes };
    const { items, truncated } = fit(found.messages.map(toMessage), budget, 'first', shortenMessage);
    const cut = found.more && found.messages.length < input.limit;
    return { messages: [...items], count: items.length, truncated: truncated || cut };
  },
});
