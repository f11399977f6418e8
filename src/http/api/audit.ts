/** `/api/v1/audit`: who did what, for operators. */
import { z } from 'zod';
import type { Ctx } from '../../context.ts';
import { auditFilters, listAudit, type AuditListing } from '../../mcp/audit-listing.ts';
import { auditEntryShape } from '../../mcp/shapes.ts';
import { limit } from '../../mcp/tools/fields.ts';
import type { ApiDeps } from './context.ts';
import { defineEndpoint } from './endpoint.ts';

export const auditInput = z.strictObject({ ...auditFilters, limit: limit(200, 50) });

/** @throws HubError PERMISSION_DENIED, INVALID_CURSOR */
export function auditPage(
  deps: Pick<ApiDeps, 'services' | 'epoch' | 'maxResponseBytes'>,
  ctx: Ctx,
  input: z.output<typeof auditInput>,
): Promise<AuditListing> {
  return listAudit(deps, ctx, input, { maxTokens: Infinity, maxBytes: deps.maxResponseBytes });
}

export const auditEndpoints = [
  defineEndpoint({
    method: 'GET',
    path: '/audit',
    id: 'listAudit',
    tag: 'Audit',
    summary: 'Who did what, newest first.',
    permission: 'admin',
    input: auditInput,
    sample: { event_type: 'key.created' },
    output: {
      schema: z.object({
        entries: z.array(auditEntryShape),
        truncated: z.boolean(),
        next_cursor: z.string().optional(),
      }),
    },
    errors: ['INVALID_CURSOR'],
    handler: auditPage,
  }),
];
