import { z } from 'zod';
import { LEASE_MODES } from '../../store/port.ts';
import { MAX_RESOURCE_LENGTH } from '../../features/leases/resource.ts';
import { invalid } from '../../errors.ts';
import type { LeaseOutcome } from '../../features/leases/types.ts';
import { fit } from '../budget.ts';
import { leaseShape, shortenLease, toLease } from '../shapes.ts';
import { defineTool } from '../tool.ts';
import { reason, sessionId } from './fields.ts';

/** A lease of long paths takes some thousands. */
const CONFLICT_TOKENS = 10_000;

export const acquireLease = defineTool({
  name: 'acquire_lease',
  title: 'Acquire lease',
  description:
    'Reserve resources before you work on them; a path holds what is below it. Refused: granted=false and who is in the way; wait_seconds queues fairly. lease_id renews.',
  permission: 'write',
  rate: 'leases',
  core: true,
  hints: { readOnly: false, idempotent: false, destructive: false },
  waits: true,
  input: z.strictObject({
    resources: z
      .array(z.string().min(1).max(MAX_RESOURCE_LENGTH))
      .min(1)
      .max(50)
      .describe('names, paths or globs')
      .optional(),
    session_id: sessionId.optional(),
    mode: z.enum(LEASE_MODES).meta({ default: 'exclusive' }).optional(),
    ttl_seconds: z.int().min(10).max(86_400).default(900),
    wait_seconds: z.int().min(0).max(55).default(0),
    reason: reason.optional(),
    lease_id: z.string().min(1).max(100).optional(),
  }),
  output: z.object({
    granted: z.boolean(),
    lease: leaseShape.optional(),
    conflicts: z.array(leaseShape),
  }),
  async handler({ services: { leases }, maxResponseBytes }, ctx, input) {
    const { resources, mode, session_id: session, ttl_seconds: ttlSeconds, lease_id: leaseId } = input;
    const label = session === undefined ? {} : { sessionId: session };
    if (leaseId !== undefined) {
      const outcome = await leases.renew(ctx, {
        ...{ leaseId, ttlSeconds, ...label },
        ...(resources === undefined ? {} : { resources }),
        ...(mode === undefined ? {} : { mode }),
        ...(input.reason === undefined ? {} : { reason: input.reason }),
      });
      return shown(outcome, maxResponseBytes);
    }
    if (resources === undefined) throw invalid('resources', undefined, '1 to 50 names, paths or globs');
    const outcome = await leases.acquire(ctx, {
      ...{ resources, ttlSeconds, mode: mode ?? 'exclusive', waitSeconds: input.wait_seconds, ...label },
      ...(input.reason === undefined ? {} : { reason: input.reason }),
    });
    return shown(outcome, maxResponseBytes);
  },
});

/** What is too large for the answer is shown cut: that a lease was granted must be told in any case. */
function shown({ granted, lease, conflicts }: LeaseOutcome, maxBytes: number) {
  const budget = { maxTokens: CONFLICT_TOKENS, maxBytes };
  const inTheWay = fit(conflicts.map(toLease), budget, 'first', shortenLease).items;
  const [own] = lease === undefined ? [] : fit([toLease(lease)], budget, 'first', shortenLease).items;
  return { granted, ...(own === undefined ? {} : { lease: own }), conflicts: [...inTheWay] };
}
