/** `/api/v1/sessions`: what agents work on. */
import { z } from 'zod';
import { decodeCursor, encodeCursor } from '../../features/cursor.ts';
import { fit } from '../../mcp/budget.ts';
import { sessionShape, shortenSession, toSession } from '../../mcp/shapes.ts';
import { cursor, limit, query, sender, sessionId } from '../../mcp/tools/fields.ts';
import { defineEndpoint } from './endpoint.ts';

const KIND = 'api/sessions';

export const sessionEndpoints = [
  defineEndpoint({
    method: 'GET',
    path: '/sessions',
    id: 'listSessions',
    tag: 'Sessions',
    summary: 'Sessions, latest activity first; `query` finds text in their purpose, typing errors forgiven.',
    permission: 'read',
    input: z.strictObject({
      query: query.optional(),
      is_active: z.boolean().optional(),
      created_by: sender.optional(),
      limit: limit(100, 20),
      cursor: cursor.optional(),
    }),
    sample: { is_active: true },
    output: {
      schema: z.object({
        sessions: z.array(sessionShape),
        truncated: z.boolean(),
        next_cursor: z.string().optional(),
      }),
    },
    errors: ['INVALID_CURSOR'],
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
      const budget = { maxTokens: Infinity, maxBytes: maxResponseBytes };
      const { items, truncated } = fit(page.sessions.map(toSession), budget, 'first', shortenSession);
      const next = truncated ? (page.sessions[items.length - 1]?.lastSeq ?? null) : page.next;
      return {
        sessions: [...items],
        truncated,
        ...(next === null ? {} : { next_cursor: encodeCursor(epoch, KIND, next) }),
      };
    },
  }),

  defineEndpoint({
    method: 'GET',
    path: '/sessions/:session_id',
    id: 'getSession',
    tag: 'Sessions',
    summary: 'One session, as far as the caller sees it.',
    permission: 'read',
    etag: true,
    input: z.strictObject({ session_id: sessionId }),
    sample: { session_id: 'session_5f3c9a1b2d4e6f70' },
    output: { schema: z.object({ session: sessionShape }) },
    errors: ['SESSION_NOT_FOUND'],
    async handler({ services }, ctx, { session_id }) {
      return { session: toSession(await services.sessions.get(ctx, session_id)) };
    },
  }),
];
