import { z } from 'zod';
import { decodeCursor, encodeCursor } from '../../features/cursor.ts';
import { fit } from '../budget.ts';
import { sessionShape, shortenSession, toSession } from '../shapes.ts';
import { defineTool } from '../tool.ts';
import { cursor, limit, maxTokens, query, sender } from './fields.ts';

const KIND = 'sessions';

export const listSessions = defineTool({
  name: 'list_sessions',
  title: 'List sessions',
  description: 'Sessions, latest activity first. query finds text in their purpose, typing errors forgiven.',
  permission: 'read',
  rate: 'reads',
  core: true,
  hints: { readOnly: true, idempotent: true, destructive: false },
  input: z.strictObject({
    query: query.optional(),
    is_active: z.boolean().optional(),
    created_by: sender.optional(),
    limit: limit(100, 20),
    cursor: cursor.optional(),
    max_tokens: maxTokens,
  }),
  output: z.object({
    sessions: z.array(sessionShape),
    truncated: z.boolean(),
    next_cursor: z.string().optional(),
  }),
  async handler({ services, epoch, maxResponseBytes }, ctx, input) {
    const before =
      input.cursor === undefined ? undefined : decodeCursor(epoch, KIND, z.number(), input.cursor);
    const page = await services.sessions.list(ctx, {
      limit: input.limit,
      ...(before === undefined ? {} : { before }),
      ...(input.query === undefined ? {} : { query: input.query }),
      ...(input.is_active === undefined ? {} : { isActive: input.is_active }),
      ...(input.created_by === undefined ? {} : { createdBy: input.created_by }),
    });
    const budget = { maxTokens: input.max_tokens, maxBytes: maxResponseBytes };
    const { items, truncated } = fit(page.sessions.map(toSession), budget, 'first', shortenSession);
    const next = truncated ? (page.sessions[items.length - 1]?.lastSeq ?? null) : page.next;
    return {
      sessions: [...items],
      truncated,
      ...(next === null ? {} : { next_cursor: encodeCursor(epoch, KIND, next) }),
    };
  },
});
