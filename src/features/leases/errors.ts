/** What goes wrong with leases, in words. */
import { HubError, invalid } from '../../errors.ts';
import type { EndedLease, LeaseEnd, LeaseRow } from '../../store/port.ts';

const ID_SHOWN = 100;
const RELATED = { relatedResources: ['acquire_lease', 'list_leases'] };

export function leaseNotFound(leaseId: string): HubError {
  const shown = leaseId.slice(0, ID_SHOWN);
  return new HubError('LEASE_NOT_FOUND', `There is no lease ${JSON.stringify(shown)}.`, {
    ...RELATED,
    context: { lease_id: shown },
    suggestions: ['Find it with list_leases, or ask for a new one with acquire_lease.'],
  });
}

/** Told to its holder. */
export function leaseLost({
  leaseId,
  fencingToken,
  reason,
  by,
}: Omit<EndedLease, 'workspace' | 'holder'>): HubError {
  const how: Record<LeaseEnd, string> = {
    released: 'was released',
    forced: `was released by ${by ?? 'an operator'}`,
    expired: 'has expired',
    abandoned: 'was given up by its own request',
    agent_lost: 'ended when its agent id changed hands',
  };
  return new HubError('LEASE_CONFLICT', `Lease ${leaseId} ${how[reason]}; it cannot be renewed.`, {
    ...RELATED,
    context: { lease_id: leaseId, fencing_token: fencingToken, ended: reason, by },
    suggestions: ['Stop working on its resources, and ask for them anew with acquire_lease.'],
  });
}

export function notYourLease(
  { leaseId, holder }: Pick<LeaseRow, 'leaseId' | 'holder'>,
  what: string,
): HubError {
  return new HubError('PERMISSION_DENIED', `Lease ${leaseId} is held by ${holder}; ${what}.`, {
    context: { lease_id: leaseId, holder },
    suggestions: [`Ask ${holder} with add_message, or wait for it with acquire_lease and wait_seconds.`],
    relatedResources: ['add_message', 'acquire_lease'],
  });
}

/** A renewal that asks for something else than it has. */
export function notTheSame(field: string, value: unknown, has: unknown): HubError {
  return invalid(field, value, `nothing, or ${JSON.stringify(has)} as the lease has it`, {
    suggestions: [
      'Renew with lease_id and ttl_seconds alone; ask for other things with a new acquire_lease.',
    ],
  });
}

/** Read by nobody but the log: whoever waited has gone. */
export function gaveUp(): HubError {
  return new HubError('OVERLOADED', 'The wait was given up: its caller waits no more.');
}

export function stopping(): HubError {
  return new HubError('STORE_UNAVAILABLE', 'The hub is stopping; the lease was not granted.', {
    retryAfter: 1,
    suggestions: ['Ask again in 1 s.'],
  });
}
