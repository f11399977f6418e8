/** `/api/v1/sessions`: what agents work on. */
import { z } from 'zod';
import { sessionFilters, sessionPage, sessionPageShape } from '../../mcp/session-listing.ts';
import { sessionShape, toSession } from '../../mcp/shapes.ts';
import { sessionId } from '../../mcp/tools/fields.ts';
import { defineEndpoint } from './endpoint.ts';

export const sessionEndpoints = [
  defineEndpoint({
    method: 'GET',
    path: '/sessions',
    id: 'listSessions',
    tag: 'Sessions',
    summary: 'Sessions, latest activity first; `query` finds text in their purpose, typing errors forgiven.',
    permission: 'read',
    input: z.strictObject(sessionFilters),
    sample: { is_active: true },
    output: { schema: sessionPageShape },
    errors: ['INVALID_CURSOR'],
    handler: (deps, ctx, input) =>
      sessionPage(deps, ctx, input, { maxTokens: Infinity, maxBytes: deps.maxResponseBytes }),
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
