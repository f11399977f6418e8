/** `/api/v1/sessions/…/messages` and `/api/v1/messages/…`: what was said, by pages, one by one, and by threads. */
import { z } from 'zod';
import { invalid } from '../../errors.ts';
import { fit } from '../../mcp/budget.ts';
import { messageShape, shortenMessage, toMessage } from '../../mcp/shapes.ts';
import { limit, messageId, messageType, sender, sessionId, visibility } from '../../mcp/tools/fields.ts';
import type { FoundMessages } from '../../store/port.ts';
import { defineEndpoint } from './endpoint.ts';

/** Where a page is: the newest, or those next to an id. */
const where = { after_id: z.int().min(0).optional(), before_id: messageId.optional() };
interface Where {
  readonly after_id?: number | undefined;
  readonly before_id?: number | undefined;
}

const page = {
  messages: z.array(messageShape).describe('oldest first'),
  has_more: z.boolean(),
  truncated: z.boolean(),
};

/** @throws HubError INVALID_INPUT */
function boundsOf({ after_id: after, before_id: before }: Where) {
  if (after !== undefined && before !== undefined)
    throw invalid('before_id', before, 'to be left out where after_id is given');
  return { ...(after === undefined ? {} : { after }), ...(before === undefined ? {} : { before }) };
}

/** As much of a page as an answer holds. */
function shown({ messages, more }: FoundMessages, asked: Where & { limit: number }, maxBytes: number) {
  const keep = asked.after_id === undefined ? 'last' : 'first';
  const budget = { maxTokens: Infinity, maxBytes };
  const { items, truncated } = fit(messages.map(toMessage), budget, keep, shortenMessage);
  return {
    messages: [...items],
    has_more: more || items.length < messages.length,
    truncated: truncated || (more && messages.length < asked.limit),
  };
}

export const messageEndpoints = [
  defineEndpoint({
    method: 'GET',
    path: '/sessions/:session_id/messages',
    id: 'listMessages',
    tag: 'Messages',
    summary: 'Messages of a session: the newest, or those next to `after_id` or `before_id`.',
    permission: 'read',
    input: z.strictObject({
      session_id: sessionId,
      limit: limit(1000, 50),
      ...where,
      visibility: visibility.optional(),
      sender: sender.optional(),
      message_type: messageType.optional(),
    }),
    sample: { session_id: 'session_5f3c9a1b2d4e6f70', limit: 20 },
    output: {
      schema: z.object({
        ...page,
        total_count: z.number().describe('only without filters').optional(),
      }),
    },
    errors: ['SESSION_NOT_FOUND'],
    async handler({ services, maxResponseBytes }, ctx, input) {
      const found = await services.messages.page(ctx, {
        ...{ sessionId: input.session_id, limit: input.limit },
        ...boundsOf(input),
        ...(input.visibility === undefined ? {} : { visibility: input.visibility }),
        ...(input.sender === undefined ? {} : { sender: input.sender }),
        ...(input.message_type === undefined ? {} : { messageType: input.message_type }),
      });
      return {
        ...shown(found, input, maxResponseBytes),
        ...(found.total === undefined ? {} : { total_count: found.total }),
      };
    },
  }),

  defineEndpoint({
    method: 'GET',
    path: '/messages/:message_id',
    id: 'getMessage',
    tag: 'Messages',
    summary: 'One message, with the beginning of the thread that it is in (itself, if it is in none).',
    permission: 'read',
    input: z.strictObject({ message_id: messageId, limit: limit(200, 50) }),
    sample: { message_id: 42 },
    output: { schema: z.object({ message: messageShape, thread: z.object(page) }) },
    errors: ['MESSAGE_NOT_FOUND'],
    async handler({ services, maxResponseBytes }, ctx, { message_id, limit: most }) {
      const found = await services.messages.thread(ctx, message_id, { limit: most, after: 0 });
      const half = { maxTokens: Infinity, maxBytes: maxResponseBytes / 2 };
      const [message] = fit([toMessage(found.message)], half, 'first', shortenMessage).items;
      if (message === undefined) throw new Error('a message does not fit, however short');
      return { message, thread: shown(found, { after_id: 0, limit: most }, half.maxBytes) };
    },
  }),

  defineEndpoint({
    method: 'GET',
    path: '/messages/:message_id/thread',
    id: 'listThread',
    tag: 'Messages',
    summary:
      'Messages of the thread that a message is in: the newest, or those next to `after_id` or `before_id`.',
    permission: 'read',
    input: z.strictObject({ message_id: messageId, limit: limit(1000, 50), ...where }),
    sample: { message_id: 42, after_id: 0 },
    output: { schema: z.object(page) },
    errors: ['MESSAGE_NOT_FOUND'],
    async handler({ services, maxResponseBytes }, ctx, input) {
      const asked = { limit: input.limit, ...boundsOf(input) };
      return shown(await services.messages.thread(ctx, input.message_id, asked), input, maxResponseBytes);
    },
  }),
];
