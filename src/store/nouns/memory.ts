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

/** What an entry is or was, without the value. */
export type MemoryVersion = Pick<
  MemoryRow,
  'version' | 'valueSize' | 'updatedAt' | 'updatedBy' | 'expiresAt'
>;

/** How much of the history of one entry is kept. */
export interface MemoryHistoryBounds {
  /** Earlier versions. */
  readonly versions: number;
  /** Of their values together. */
  readonly bytes: number;
}

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
   * An entry as {@link get} finds it, and its versions that are kept and not expired, newest first, the present one among
   * them; only those below `before`.
   */
  history(
    place: MemoryPlace,
    key: string,
    page: { readonly before?: number; readonly limit: number; readonly now: number },
  ): Promise<{ readonly entry: MemoryRow; readonly versions: readonly MemoryVersion[] } | undefined>;
  /** The value that an entry has or had in one of these versions. */
  valueOf(place: MemoryPlace, key: string, version: number, now: number): Promise<string | undefined>;
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
  /**
   * Inserts or replaces. What it replaces is kept as an earlier version within `keep`; without, it is gone with its own
   * earlier versions.
   */
  put(
    place: MemoryPlace,
    entry: Pick<
      MemoryRow,
      'key' | 'value' | 'valueSize' | 'version' | 'metadata' | 'updatedBy' | 'expiresAt'
    > & {
      readonly createdAt: number;
      readonly updatedAt: number;
    },
    keep?: MemoryHistoryBounds,
  ): Promise<void>;
  /** With its earlier versions. */
  delete(place: MemoryPlace, key: string): Promise<boolean>;
  /** Removes at most `limit` rows of entries that expired before `now`, their earlier versions first; answers how many. */
  deleteExpired(now: number, limit: number): Promise<number>;
  /** Removes at most `limit` earlier versions that expired before `now`, or were replaced before a time; answers how many. */
  deleteVersions(
    before: { readonly now: number; readonly replaced: number | null },
    limit: number,
  ): Promise<number>;
}
