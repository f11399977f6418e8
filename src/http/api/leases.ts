/** `/api/v1/leases`: who holds what; the holder gives it back, an operator takes it away. */
import { z } from 'zod';
import { decodeCursor, encodeCursor } from '../../features/cursor.ts';
import { MAX_RESOURCE_LENGTH } from '../../features/leases/resource.ts';
import { fit } from '../../mcp/budget.ts';
import { leaseShape, shortenLease, toLease } from '../../mcp/shapes.ts';
import { cursor, limit, sessionId } from '../../mcp/tools/fields.ts';
import { defineEndpoint } from './endpoint.ts';

const KIND = 'api/leases';

export const leaseEndpoints = [
  defineEndpoint({
    method: 'GET',
    path: '/leases',
    id: 'listLeases',
    tag: 'Leases',
    summary: 'Who holds what now, oldest grant first; `resource`: only leases that meet it.',
    permission: 'read',
    input: z.strictObject({
      session_id: sessionId.optional(),
      resource: z.string().min(1).max(MAX_RESOURCE_LENGTH).optional(),
      limit: limit(500, 100),
      cursor: cursor.optional(),
    }),
    sample: { resource: 'src/parser/**' },
    output: { schema: z.object({ leases: z.array(leaseShape), next_cursor: z.string().optional() }) },
    errors: ['SESSION_NOT_FOUND', 'INVALID_CURSOR'],
    async handler({ services, epoch, maxResponseBytes }, ctx, input) {
      const { session_id: session, resource } = input;
      const after =
        input.cursor === undefined ? undefined : decodeCursor(epoch, KIND, z.number(), input.cursor);
      const page = await services.leases.list(ctx, {
        limit: input.limit,
        ...(session === undefined ? {} : { sessionId: session }),
        ...(resource === undefined ? {} : { resource }),
        ...(after === undefined ? {} : { after }),
      });
      const budget = { maxTokens: Infinity, maxBytes: maxResponseBytes };
      const { items } = fit(page.leases.map(toLease), budget, 'first', shortenLease);
      const cut = items.length < page.leases.length;
      const next = cut ? (items.at(-1)?.fencing_token ?? null) : page.next;
      return {
        leases: [...items],
        ...(next === null ? {} : { next_cursor: encodeCursor(epoch, KIND, next) }),
      };
    },
  }),

  defineEndpoint({
    method: 'DELETE',
    path: '/leases/:lease_id',
    id: 'releaseLease',
    tag: 'Leases',
    summary: "Gives a lease back: one's own, or any with admin.",
    permission: 'write',
    input: z.strictObject({ lease_id: z.string().min(1).max(100) }),
    sample: { lease_id: 'lease_0e5a7c31' },
    output: { schema: z.object({ released: z.number() }) },
    errors: ['LEASE_NOT_FOUND'],
    handler: ({ services }, ctx, { lease_id }) => services.leases.release(ctx, { leaseId: lease_id }),
  }),
];
