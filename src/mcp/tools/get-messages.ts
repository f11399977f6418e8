import { z } from 'zod';
import { invalid } from '../../errors.ts';
import { fit } from '../budget.ts';
import { idsInFull, messageShape, shortenMessage, toMessage } from '../shapes.ts';
import { defineTool } from '../tool.ts';
import { limit, maxTokens, messageId, messageType, sender, sessionId, visibility } from './fields.ts';

export const getMessages = defineTool({
  name: 'get_messages',
  title: 'Get messages',
  description:
    'Messages of a session, oldest first: the newest ones, or those next to after_id or before_id.',
  permission: 'read',
  rate: 'reads',
  core: true,
  hints: { readOnly: true, idempotent: true, destructive: false },
  input: z.strictObject({
    session_id: sessionId,
    limit: limit(1000, 50),
    after_id: z.int().min(0).optional(),
    before_id: messageId.optional(),
    visibility_filter: visibility.optional(),
    thread_of: messageId.describe('any message of the thread').optional(),
    sender: sender.optional(),
    message_type: messageType.optional(),
    max_tokens: maxTokens,
  }),
  output: z.object({
    messages: z.array(messageShape),
    count: z.number(),
    has_more: z.boolean(),
    total_count: z.number().optional(),
    truncated: z.boolean(),
    continue_with: z.object({ after_id: z.number().optional(), before_id: z.number().optional() }).optional(),
  }),
  shows: ({ messages }) => idsInFull(messages),
  async handler({ services, maxResponseBytes }, ctx, input) {
    const { after_id: after, before_id: before } = input;
    if (after !== undefined && before !== undefined) {
      throw invalid('before_id', before, 'to be left out where after_id is given');
    }
    const page = await services.messages.page(ctx, {
      sessionId: input.session_id,
      limit: input.limit,
      ...(after === undefined ? {} : { after }),
      ...(before === undefined ? {} : { before }),
      ...(input.visibility_filter === undefined ? {} : { visibility: input.visibility_filter }),
      ...(input.thread_of === undefined ? {} : { threadOf: input.thread_of }),
      ...(input.sender === undefined ? {} : { sender: input.sender }),
      ...(input.message_type === undefined ? {} : { messageType: input.message_type }),
    });
    const forward = after !== undefined;
    const budget = { maxTokens: input.max_tokens, maxBytes: maxResponseBytes };
    const { items, truncated } = fit(
      page.messages.map(toMessage),
      budget,
      forward ? 'first' : 'last',
      shortenMessage,
    );
    const cut = page.more && page.messages.length < input.limit;
    const more = page.more || items.length < page.messages.length;
    const next = forward ? { after_id: items.at(-1)?.id } : { before_id: items[0]?.id };
    return {
      messages: [...items],
      count: items.length,
      has_more: more,
      ...(page.total === undefined ? {} : { total_count: page.total }),
      truncated: truncated || cut,
      ...(more ? { continue_with: next } : {}),
    };
  },
});
