/** Leases: who holds which resources, until when; and for a while, what became of those that are over. */

export const LEASE_MODES = ['exclusive', 'shared'] as const;
export type LeaseMode = (typeof LEASE_MODES)[number];

/** Why a lease is over. */
export const LEASE_ENDS = ['released', 'forced', 'expired', 'abandoned', 'agent_lost'] as const;
export type LeaseEnd = (typeof LEASE_ENDS)[number];

/** A lease that is over. */
export interface EndedLease {
  readonly leaseId: string;
  readonly workspace: string;
  /** The id of the agent that held it. */
  readonly holder: string;
  readonly fencingToken: number;
  readonly reason: LeaseEnd;
  /** Who ended it, where an agent did. */
  readonly by: string | null;
}

export interface LeaseRow {
  readonly leaseId: string;
  readonly workspace: string;
  readonly mode: LeaseMode;
  /** Names, paths and globs as they were asked for. */
  readonly resources: readonly string[];
  /** The holding agent's id. */
  readonly holder: string;
  readonly holderPk: number;
  readonly reason: string | null;
  /** A session's id, as a label. */
  readonly sessionId: string | null;
  /** The position of the grant: rises with every grant. */
  readonly fencingToken: number;
  readonly grantedAt: number;
  readonly expiresAt: number;
}

export interface LeaseReads {
  /** By lease id, strictly after `after`. */
  page(args: { readonly after: string; readonly limit: number }): Promise<readonly LeaseRow[]>;
  /** What became of one that is over, as long as it is remembered. */
  ended(leaseId: string): Promise<EndedLease | undefined>;
}

export interface LeaseWrites {
  /** Answers its fencing token. */
  insert(lease: Omit<LeaseRow, 'fencingToken' | 'holder'>): Promise<number>;
  /** Answers whether it was there. */
  renew(leaseId: string, to: Pick<LeaseRow, 'expiresAt' | 'reason'>): Promise<boolean>;
  /** Answers what it was, and remembers what became of it; undefined: it was not there. */
  end(
    leaseId: string,
    how: Pick<EndedLease, 'reason' | 'by'> & { readonly at: number },
  ): Promise<LeaseRow | undefined>;
  /** Forgets up to `limit` that were over before `time`; answers how many. */
  forgetEnded(time: number, limit: number): Promise<number>;
}
