/** Leases: who holds which resources, until when. A lease that is over has no row. */

export const LEASE_MODES = ['exclusive', 'shared'] as const;
export type LeaseMode = (typeof LEASE_MODES)[number];

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
}

export interface LeaseWrites {
  /** Answers its fencing token. */
  insert(lease: Omit<LeaseRow, 'fencingToken' | 'holder'>): Promise<number>;
  /** Answers whether it was there. */
  renew(leaseId: string, expiresAt: number): Promise<boolean>;
  /** Answers what it was; undefined: it was not there. */
  delete(leaseId: string): Promise<LeaseRow | undefined>;
}
