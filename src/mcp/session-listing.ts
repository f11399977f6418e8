/** A page of sessions, as tool and JSON API ask for it and answer it. */
import { z } from 'zod';
import type { Ctx } from '../context.ts';
import { decodeCursor, encodeCursor } from '../features/cursor.ts';
import { fit, type Budget } from './budget.ts';
import { sessionShape, shortenSession, toSession } from './shapes.ts';
import type { ToolHub } from './tool.ts';
import { cursor, limit, query, sender } from './tools/fields.ts';

const KIND = 'sessions';

export const sessionFilters = {
  query: query.optional(),
  is_active: z.boolean().optional(),
  created_by: sender.optional(),
  limit: limit(100, 20),
  cursor: cursor.optional(),
};

export const sessionPageShape = z.object({
  sessions: z.array(sessionShape),
  truncated: z.boolean(),
  next_cursor: z.string().optional(),
});

/** Latest activity first. @throws HubError PERMISSION_DENIED, INVALID_CURSOR */
export async function sessionPage(
  { services, epoch }: Pick<ToolHub, 'services' | 'epoch'>,
  ctx: Ctx,
  input: z.output<z.ZodObject<typeof sessionFilters>>,
  budget: Budget,
): Promise<z.input<typeof sessionPageShape>> {
  const before = input.cursor === undefined ? undefined : decodeCursor(epoch, KIND, z.number(), input.cursor);
  const page = await services.sessions.list(ctx, {
    limit: input.limit,
    ...(before === undefined ? {} : { before }),
    ...(input.query === undefined ? {} : { query: input.query }),
    ...(input.is_active === undefined ? {} : { isActive: input.is_active }),
    ...(input.created_by === undefined ? {} : { createdBy: input.created_by }),
  });
  const { items, truncated } = fit(page.sessions.map(toSession), budget, 'first', shortenSession);
  const next = truncated ? (page.sessions[items.length - 1]?.lastSeq ?? null) : page.next;
  return {
    sessions: [...items],
    truncated,
    ...(next === null ? {} : { next_cursor: encodeCursor(epoch, KIND, next) }),
  };
}
