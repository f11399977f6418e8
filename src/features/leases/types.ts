/** What can be asked of leases, and what comes back. */
import type { Ctx } from '../../context.ts';
import type { LeaseMode, LeaseRow } from '../../store/port.ts';

export interface LeaseRequest {
  /** 1 to 50 names, paths or globs; see resource.ts. */
  readonly resources: readonly string[];
  readonly mode: LeaseMode;
  /** From 10 seconds to a day. */
  readonly ttlSeconds: number;
  /** How long to wait in line for what is taken; 0: not at all. */
  readonly waitSeconds: number;
  readonly reason?: string;
  /** A label only. */
  readonly sessionId?: string;
}

export interface LeaseRenewal extends Partial<
  Pick<LeaseRequest, 'resources' | 'mode' | 'sessionId' | 'reason'>
> {
  readonly leaseId: string;
  /** From now on. */
  readonly ttlSeconds: number;
}

export interface LeaseOutcome {
  readonly granted: boolean;
  readonly lease?: LeaseRow;
  /** What is in the way, at most {@link MAX_CONFLICTS}. */
  readonly conflicts: readonly LeaseRow[];
}

export interface LeaseFilter {
  readonly sessionId?: string;
  /** Only leases that meet it. */
  readonly resource?: string;
  /** An agent's id; compared without case. */
  readonly holder?: string;
  /** Fencing token, exclusive. */
  readonly after?: number;
  readonly limit: number;
}

export interface LeaseService {
  /**
   * Asks for resources, in line with all who ask for what meets them. The caller's own leases are not in its way.
   * @throws HubError INVALID_INPUT, SESSION_NOT_FOUND, QUOTA_EXCEEDED, PERMISSION_DENIED, OVERLOADED (`ctx.signal` ended it)
   */
  acquire(ctx: Ctx, request: LeaseRequest): Promise<LeaseOutcome>;
  /** By its holder. @throws HubError LEASE_NOT_FOUND, LEASE_CONFLICT (it is over), PERMISSION_DENIED, INVALID_INPUT */
  renew(ctx: Ctx, renewal: LeaseRenewal): Promise<LeaseOutcome>;
  /**
   * Ends a lease, by its holder or an admin, or where none is named all that the caller holds; answers how many.
   * @throws HubError LEASE_NOT_FOUND, PERMISSION_DENIED
   */
  release(ctx: Ctx, which: { readonly leaseId?: string }): Promise<{ readonly released: number }>;
  /** By fencing token, of the caller's workspace. */
  list(
    ctx: Ctx,
    filter: LeaseFilter,
  ): Promise<{ readonly leases: readonly LeaseRow[]; readonly next: number | null }>;
  /** How many requests wait in line. */
  readonly waiting: number;
  /** Takes up the leases that the store holds. To be called once, before anything else. */
  load(): Promise<void>;
  /** Refuses those who wait. */
  endWaits(): void;
  /** Lets no lease end by itself any more. */
  stop(): void;
}

export const MAX_CONFLICTS = 20;
