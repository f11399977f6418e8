import { z } from 'zod';
import { invalid } from '../../errors.ts';
import { defineTool } from '../tool.ts';

export const releaseLease = defineTool({
  name: 'release_lease',
  title: 'Release lease',
  description: 'Give a lease back, or all of yours.',
  permission: 'write',
  rate: 'leases',
  core: false,
  hints: { readOnly: false, idempotent: true, destructive: true },
  input: z.strictObject({
    lease_id: z.string().min(1).max(100).optional(),
    all: z.boolean().default(false),
  }),
  output: z.object({ released: z.number().describe('how many') }),
  async handler({ services: { leases } }, ctx, { lease_id: leaseId, all }) {
    if ((leaseId !== undefined) === all)
      throw invalid('lease_id', leaseId, 'an id, or all=true instead of it');
    return leases.release(ctx, leaseId === undefined ? {} : { leaseId });
  },
});
