import { z } from 'zod';
import { invalid } from '../../errors.ts';
import { fit } from '../budget.ts';
import { messageShape, shortenMessage, toMessage } from '../shapes.ts';
import { defineTool } from '../tool.ts';
import { limit, maxTokens, sessionId, time } from './fields.ts';

export const searchByTimerange = defineTool({
  name: 'search_by_timerange',
  title: 'Search by time range',
  description: 'Messages between two times, both included, oldest first.',
  permission: 'read',
  core: false,
  hints: { readOnly: true, idempotent: true, destructive: false },
  input: z.strictObject({
    session_id: sessionId.describe('none: all sessions').optional(),
    start_time: time,
    end_time: time,
    limit: limit(1000, 50),
    max_tokens: maxTokens,
  }),
  output: z.object({
    messages: z.array(messageShape),
    count: z.number(),
    truncated: z.boolean(),
    continue_with: z.object({ start_time: z.string() }).optional(),
  }),
  async handler({ services, maxResponseBytes }, ctx, input) {
    const start = Date.parse(input.start_time);
    const end = Date.parse(input.end_time);
    if (end < start)
      throw invalid('end_time', input.end_time, `a time not before start_time ${input.start_time}`);
    const rows = await services.messages.byTime(ctx, {
      ...{ start, end, limit: input.limit },
      ...(input.session_id === undefined ? {} : { sessionId: input.session_id }),
    });
    const budget = { maxTokens: input.max_tokens, maxBytes: maxResponseBytes };
    const { items, truncated } = fit(rows.map(toMessage), budget, 'first', shortenMessage);
    const last = items.at(-1);
    const more = truncated || rows.length === input.limit;
    return {
      messages: [...items],
      count: items.length,
      truncated,
      ...(more && last ? { continue_with: { start_time: last.timestamp } } : {}),
    };
  },
});
