import { z } from 'zod';
import { fit } from '../budget.ts';
import { idsInFull, messageShape, sessionShape, shortenMessage, toMessage, toSession } from '../shapes.ts';
import { defineTool } from '../tool.ts';
import { maxTokens, sessionId } from './fields.ts';

export const getSession = defineTool({
  name: 'get_session',
  title: 'Get session',
  description: 'A session, who takes part, and its newest messages (newest last).',
  permission: 'read',
  rate: 'reads',
  core: false,
  hints: { readOnly: true, idempotent: true, destructive: false },
  input: z.strictObject({
    session_id: sessionId,
    include_messages: z.int().min(0).max(50).default(10),
    max_tokens: maxTokens,
  }),
  output: z.object({
    session: sessionShape,
    participants: z.array(z.string()),
    message_count: z.number(),
    messages: z.array(messageShape),
    truncated: z.boolean(),
    continue_with: z.object({ before_id: z.number() }).optional(),
  }),
  shows: ({ messages }) => idsInFull(messages),
  async handler({ services, maxResponseBytes }, ctx, input) {
    const view = await services.sessions.get(ctx, input.session_id);
    const session = toSession(view);
    const limit = input.include_messages;
    const page =
      limit === 0
        ? { messages: [], more: false }
        : await services.messages.page(ctx, { sessionId: input.session_id, limit });
    const head = JSON.stringify([session, session.participants]).length;
    const budget = {
      maxTokens: input.max_tokens - Math.ceil(head / 4),
      maxBytes: maxResponseBytes - 9 * head,
    };
    const fitting = fit(page.messages.map(toMessage), budget, 'last', shortenMessage);
    const { items } = fitting;
    const truncated = fitting.truncated || (page.more && page.messages.length < limit);
    const oldest = items[0];
    return {
      session,
      participants: session.participants,
      message_count: session.message_count,
      messages: [...items],
      truncated,
      ...(truncated && oldest ? { continue_with: { before_id: oldest.id } } : {}),
    };
  },
});
