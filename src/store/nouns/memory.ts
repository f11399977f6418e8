/** Memory: values that agents keep under keys. */
import type { JsonObject } from './common.ts';

export interface MemoryPlace {
  readonly workspace: string;
  /** Owner's pk; null for shared memory. */
  readonly agentPk: number | null;
  /** Session's pk; null for global memory. */
  readonly sessionPk: number | null;
}

/** Where a listing of memory goes on: strictly after this entry. */
export interface MemoryPosition {
  readonly agentPk: number;
  readonly sessionPk: number;
  readonly key: string;
}

export interface MemoryRow {
  readonly pk: number;
  readonly scope: 'agent' | 'shared';
  readonly sessionId: string | null;
  readonly key: string;
  /** JSON text, exactly as stored. */
  readonly value: string;
  readonly valueSize: number;
  readonly version: number;
  readonly metadata: JsonObject;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly updatedBy: string;
  readonly expiresAt: number | null;
  readonly position: MemoryPosition;
}

export type MemoryListRow = Omit<MemoryRow, 'value'>;

export interface MemoryPage {
  readonly workspace: string;
  /** Owners to list, in this order: an agent's pk, null for shared. */
  readonly owners: readonly (number | null)[];
  /** A session's pk, null for global entries, `all` for both. */
  readonly session: number | null | 'all';
  readonly prefix?: string;
  /** Text in key or value (of a session: the purpose), in any case; if it is in none, keys it may be a misspelling of. */
  readonly query?: string;
  readonly after?: MemoryPosition;
  readonly limit: number;
  readonly now: number;
}

/** An entry that was set, and where in the log. */
export interface ChangedMemory {
  readonly entry: MemoryListRow;
  readonly seq: number;
  /** The beginning of its value, as JSON text. */
  readonly value: string;
}

export interface MemoryReads {
  get(place: MemoryPlace, key: string, now: number): Promise<MemoryRow | undefined>;
  /** Those of `pks` that belong to one of the owners, in no order; at most 1,000. */
  some(
    pks: readonly number[],
    place: {
      readonly workspace: string;
      readonly owners: readonly (number | null)[];
      readonly now: number;
    },
  ): Promise<readonly MemoryListRow[]>;
  page(
    args: MemoryPage,
  ): Promise<{ readonly entries: readonly MemoryListRow[]; readonly next: MemoryPosition | null }>;
  /**
   * Entries of one owner (null: shared) with their values, by session and key, strictly after `after`; as many as `maxBytes`
   * of values allow, but one at least.
   */
  entries(args: {
    readonly workspace: string;
    readonly owner: number | null;
    readonly after?: MemoryPosition;
    readonly limit: number;
    readonly maxBytes: number;
    readonly now: number;
  }): Promise<readonly MemoryRow[]>;
  count(workspace: string, agentPk: number | null): Promise<number>;
  /**
   * What the last 200 events of each place tell of one owner's entries that are there now, newest change first; `sessions`:
   * pks, null for global entries.
   */
  changed(args: {
    readonly workspace: string;
    readonly agentPk: number | null;
    /** The audience that learns of its entries. */
    readonly audience: string;
    readonly sessions: readonly (number | null)[];
    readonly now: number;
    /** Characters of a value, at most. */
    readonly chars: number;
  }): Promise<readonly ChangedMemory[]>;
}

export interface MemoryWrites {
  /** Inserts or replaces. */
  put(
    place: MemoryPlace,
    entry: Pick<
      MemoryRow,
      'key' | 'value' | 'valueSize' | 'version' | 'metadata' | 'updatedBy' | 'expiresAt'
    > & {
      readonly createdAt: number;
      readonly updatedAt: number;
    },
  ): Promise<void>;
  delete(place: MemoryPlace, key: string): Promise<boolean>;
  /** Removes at most `limit` entries that expired before `now`; answers how many. */
  deleteExpired(now: number, limit: number): Promise<number>;
}
