/** `schub leases list|release`. */
import { z } from 'zod';
import { leaseShape, type Lease } from '../mcp/shapes.ts';
import type { HubClient } from './client.ts';
import { EXIT, type Output } from './output.ts';

const listSchema = z.object({ leases: z.array(leaseShape), next_cursor: z.string().optional() });
const releasedSchema = z.object({ released: z.number() });

export interface LeasesDeps {
  readonly client: HubClient;
  readonly output: Output;
}

export interface LeaseFilter {
  readonly session?: string;
  /** Only leases that meet it. */
  readonly resource?: string;
}

/** Prints who holds what, oldest grant first. */
export async function listLeases(
  { client, output }: LeasesDeps,
  { session, resource }: LeaseFilter,
): Promise<number> {
  const leases: Lease[] = [];
  let cursor: string | undefined;
  do {
    const query = { session_id: session, resource, cursor };
    const page = await client.read(listSchema, '/api/v1/leases', { query });
    leases.push(...page.leases);
    cursor = page.next_cursor;
  } while (cursor !== undefined);
  output.list({
    name: 'leases',
    items: leases,
    headers: ['LEASE', 'HOLDER', 'MODE', 'EXPIRES', 'TOKEN', 'RESOURCES', 'REASON'],
    row: (lease) => [
      lease.lease_id,
      lease.holder,
      lease.mode,
      lease.expires_at,
      String(lease.fencing_token),
      lease.resources.join(' '),
      lease.reason ?? '-',
    ],
  });
  return EXIT.ok;
}

/** Ends a lease; its holder gets a message. */
export async function releaseLease({ client, output }: LeasesDeps, leaseId: string): Promise<number> {
  const path = `/api/v1/leases/${encodeURIComponent(leaseId)}`;
  const answer = await client.read(releasedSchema, path, { method: 'DELETE' });
  if (output.json) output.document(answer);
  else output.note(`Lease ${leaseId} is released.`);
  return EXIT.ok;
}
