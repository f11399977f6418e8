/** A lease as the contract shows it: in answers, and in the events that tell of it. */
import type { LeaseMode, LeaseRow } from '../../store/port.ts';

export interface LeaseObject {
  readonly lease_id: string;
  readonly resources: string[];
  readonly mode: LeaseMode;
  readonly holder: string;
  readonly reason: string | null;
  readonly session_id: string | null;
  readonly fencing_token: number;
  readonly granted_at: string;
  readonly expires_at: string;
}

const iso = (ms: number): string => new Date(ms).toISOString();

export function leaseObject(lease: LeaseRow): LeaseObject {
  return {
    lease_id: lease.leaseId,
    resources: [...lease.resources],
    mode: lease.mode,
    holder: lease.holder,
    reason: lease.reason,
    session_id: lease.sessionId,
    fencing_token: lease.fencingToken,
    granted_at: iso(lease.grantedAt),
    expires_at: iso(lease.expiresAt),
  };
}
