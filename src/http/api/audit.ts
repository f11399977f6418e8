/** `/api/v1/audit`: who did what, for operators. */
import { z } from 'zod';
import { auditFilters, listAudit } from '../../mcp/audit-listing.ts';
import { auditEntryShape } from '../../mcp/shapes.ts';
import { limit } from '../../mcp/tools/fields.ts';
import { defineEndpoint } from './endpoint.ts';

export const auditEndpoints = [
  defineEndpoint({
    method: 'GET',
    path: '/audit',
    id: 'listAudit',
    tag: 'Audit',
    summary: 'Who did what, newest first.',
    permission: 'admin',
    input: z.strictObject({ ...auditFilters, limit: limit(200, 50) }),
    sample: { event_type: 'key.created' },
    output: {
      schema: z.object({
        entries: z.array(auditEntryShape),
        truncated: z.boolean(),
        next_cursor: z.string().optional(),
      }),
    },
    errors: ['INVALID_CURSOR'],
    handler: (deps, ctx, input) =>
      listAudit(deps, ctx, input, { maxTokens: Infinity, maxBytes: deps.maxResponseBytes }),
  }),
];
