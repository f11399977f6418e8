import { z } from 'zod';
import { decodeCursor, encodeCursor } from '../../features/cursor.ts';
import { MAX_RESOURCE_LENGTH } from '../../features/leases/resource.ts';
import { fit } from '../budget.ts';
import { leaseShape, shortenLease, toLease } from '../shapes.ts';
import { defineTool } from '../tool.ts';
import { cursor, maxTokens, sessionId } from './fields.ts';

const KIND = 'leases';
const PAGE = 200;

export const listLeases = defineTool({
  name: 'list_leases',
  title: 'List leases',
  description: 'Who holds what now, oldest grant first. resource: only leases that meet it.',
  permission: 'read',
  rate: 'leases',
  core: false,
  hints: { readOnly: true, idempotent: true, destructive: false },
  input: z.strictObject({
    session_id: sessionId.optional(),
    resource: z.string().min(1).max(MAX_RESOURCE_LENGTH).optional(),
    cursor: cursor.optional(),
    max_tokens: maxTokens,
  }),
  output: z.object({
    leases: z.array(leaseShape),
    truncated: z.boolean(),
    next_cursor: z.string().optional(),
  }),
  async handler({ services, epoch, maxResponseBytes }, ctx, input) {
    const { session_id: session, resource } = input;
    const after =
      input.cursor === undefined ? undefined : decodeCursor(epoch, KIND, z.number(), input.cursor);
    const page = await services.leases.list(ctx, {
      limit: PAGE,
      ...(session === undefined ? {} : { sessionId: session }),
      ...(resource === undefined ? {} : { resource }),
      ...(after === undefined ? {} : { after }),
    });
    const budget = { maxTokens: input.max_tokens, maxBytes: maxResponseBytes };
    const { items, truncated } = fit(page.leases.map(toLease), budget, 'first', shortenLease);
    const cut = items.length < page.leases.length;
    const next = cut ? (items.at(-1)?.fencing_token ?? null) : page.next;
    return {
      leases: [...items],
      truncated,
      ...(next === null ? {} : { next_cursor: encodeCursor(epoch, KIND, next) }),
    };
  },
});
