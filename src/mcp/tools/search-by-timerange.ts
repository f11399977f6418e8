import { z } from 'zod';
import { invalid } from '../../errors.ts';
import { fit } from '../budget.ts';
import { idsInFull, messageShape, shortenMessage, toMessage } from '../shapes.ts';
import { defineTool } from '../tool.ts';
import { limit, maxTokens, sessionId, time } from './fields.ts';

export const searchByTimerange = defineTool({
  name: 'search_by_timerange',
  title: 'Search by time range',
  description: 'Messages between two times, both included, oldest first.',
  permission: 'read',
  rate: 'search',
  core: false,
  hints: { readOnly: true, idempotent: true, destructive: false },
  input: z.strictObject({
    session_id: sessionId.describe('none: all sessions').optional(),
    start_time: time,
    end_time: time,
    after_id: z
      .int()
      .min(0)
      .describe('of the messages at start_time only those with a greater id')
      .optional(),
    limit: limit(1000, 50),
    max_tokens: maxTokens,
  }),
  output: z.object({
    messages: z.array(messageShape),
    count: z.number(),
    truncated: z.boolean(),
    continue_with: z.object({ start_time: z.string(), after_id: z.number() }).optional(),
  }),
  shows: ({ messages }) => idsInFull(messages),
  async handler({ services, maxResponseBytes }, ctx, input) {
    const start = Date.parse(input.start_time);
    const end = Date.parse(input.end_time);
    if (end < start)
      throw invalid('end_time', input.end_time, `a time not before start_time ${input.start_time}`);
    const found = await services.messages.byTime(ctx, {
      ...{ start, end, limit: input.limit },
      ...(input.after_id === undefined ? {} : { after: input.after_id }),
      ...(input.session_id === undefined ? {} : { sessionId: input.session_id }),
    });
    const budget = { maxTokens: input.max_tokens, maxBytes: maxResponseBytes };
    const { items, truncated } = fit(found.messages.map(toMessage), budget, 'first', shortenMessage);
    const last = items.at(-1);
    const cut = found.more && found.messages.length < input.limit;
    const more = found.more || items.length < found.messages.length;
    return {
      messages: [...items],
      count: items.length,
      truncated: truncated || cut,
      ...(more && last ? { continue_with: { start_time: last.timestamp, after_id: last.id } } : {}),
    };
  },
});
