/** A page of the audit log, as tool and JSON API ask for it and answer it. */
import { z } from 'zod';
import type { Ctx } from '../context.ts';
import { AUDIT_EVENTS } from '../features/audit/auditor.ts';
import type { AuditFilter } from '../features/audit/service.ts';
import { decodeCursor, encodeCursor } from '../features/cursor.ts';
import { fit, type Budget } from './budget.ts';
import { toAuditEntry, type AuditEntry } from './shapes.ts';
import type { ToolHub } from './tool.ts';
import { cursor, sender, sessionId, time } from './tools/fields.ts';

const KIND = 'audit';
const position = z.object({ at: z.number(), id: z.number() });

export const auditFilters = {
  agent_id: sender.describe('who did it').optional(),
  event_type: z.enum(AUDIT_EVENTS).optional(),
  session_id: sessionId.optional(),
  since: time.optional(),
  until: time.optional(),
  cursor: cursor.optional(),
};

type Filters = z.output<z.ZodObject<typeof auditFilters>> & { readonly limit: number };

export interface AuditListing {
  entries: AuditEntry[];
  truncated: boolean;
  next_cursor?: string;
}

/** What the log is filtered by, for the service. */
export function toAuditFilter({
  agent_id: agentId,
  event_type: eventType,
  session_id: sessionId,
  since,
  until,
}: Omit<Filters, 'limit' | 'cursor'>): AuditFilter {
  return {
    ...(agentId === undefined ? {} : { agentId }),
    ...(eventType === undefined ? {} : { eventType }),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(since === undefined ? {} : { since: Date.parse(since) }),
    ...(until === undefined ? {} : { until: Date.parse(until) }),
  };
}

/** @throws HubError PERMISSION_DENIED, INVALID_CURSOR */
export async function listAudit(
  { services, epoch }: Pick<ToolHub, 'services' | 'epoch'>,
  ctx: Ctx,
  input: Filters,
  budget: Budget,
): Promise<AuditListing> {
  const before = input.cursor === undefined ? undefined : decodeCursor(epoch, KIND, position, input.cursor);
  const page = await services.audit.list(ctx, {
    limit: input.limit,
    ...(before === undefined ? {} : { before }),
    ...toAuditFilter(input),
  });
  const shorten = (entry: AuditEntry): AuditEntry => ({ ...entry, details: {} });
  const { items, truncated } = fit(page.rows.map(toAuditEntry), budget, 'first', shorten);
  const last = truncated ? page.rows[items.length - 1] : undefined;
  const next = last === undefined ? page.next : { at: last.at, id: last.id };
  return {
    entries: [...items],
    truncated,
    ...(next === null ? {} : { next_cursor: encodeCursor(epoch, KIND, next) }),
  };
}
