import { z } from 'zod';
import { auditFilters, listAudit } from '../audit-listing.ts';
import { auditEntryShape } from '../shapes.ts';
import { defineTool } from '../tool.ts';
import { limit, maxTokens } from './fields.ts';

export const getAuditLog = defineTool({
  name: 'get_audit_log',
  title: 'Get audit log',
  description: 'Who did what or was refused, newest first: logins, keys, visibility, deletions, admin reads.',
  permission: 'admin',
  core: false,
  rate: 'reads',
  hints: { readOnly: true, idempotent: true, destructive: false },
  input: z.strictObject({ ...auditFilters, limit: limit(200, 50), max_tokens: maxTokens }),
  output: z.object({
    entries: z.array(auditEntryShape),
    truncated: z.boolean(),
    next_cursor: z.string().optional(),
  }),
  async handler(hub, ctx, input) {
    const budget = { maxTokens: input.max_tokens, maxBytes: hub.maxResponseBytes };
    return listAudit(hub, ctx, input, budget);
  },
});
