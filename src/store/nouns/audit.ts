/** The audit log, as part of the port. */

/** Something that somebody did or was refused. */
export interface NewAuditRow {
  readonly at: number;
  /** Null: nobody that the hub knows. */
  readonly workspace: string | null;
  readonly actor: string | null;
  readonly keyId: string | null;
  readonly eventType: string;
  readonly action: string;
  readonly resource: string | null;
  readonly sessionId: string | null;
  readonly result: 'ok' | 'refused';
  readonly requestId: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface AuditRow extends NewAuditRow {
  readonly id: number;
}

/** Where a listing of the audit log goes on: with what is older than this row. */
export interface AuditPosition {
  readonly at: number;
  readonly id: number;
}

export interface AuditPage {
  /** Whose rows: of these workspaces (null: of nobody that the hub knows), or of all. */
  readonly workspaces: readonly (string | null)[] | 'all';
  /** Compared without case. */
  readonly actor?: string;
  readonly eventType?: string;
  readonly sessionId?: string;
  /** Both inclusive. */
  readonly since?: number;
  readonly until?: number;
  readonly before?: AuditPosition;
  readonly limit: number;
}

export interface AuditReads {
  /** Newest first. A page may hold less than its limit, or nothing, and still say where the listing goes on. */
  page(args: AuditPage): Promise<{ readonly rows: readonly AuditRow[]; readonly next: AuditPosition | null }>;
}

export interface AuditWrites {
  append(row: NewAuditRow): Promise<void>;
  /** Removes at most `limit` rows, the oldest of those from before `time`; answers how many. */
  deleteBefore(time: number, limit: number): Promise<number>;
}
