/** What memory entries were before. Rows belong to their entry, and the database removes them with it. */
import type { MemoryHistoryBounds, MemoryVersion } from '../../port.ts';
import type { Connection } from '../connection.ts';

interface RawVersion {
  readonly version: number;
  readonly value_size: number;
  readonly updated_at: number;
  readonly updated_by: string;
  readonly expires_at: number | null;
}

/** Earlier versions that are not expired. `entry`: the pk of an entry that the caller of these may see. */
export function historyReads({ sqlite }: Connection) {
  const LIVE = '(expires_at IS NULL OR expires_at > :now)';
  const versions = sqlite.prepare<[Record<'entry' | 'before' | 'limit' | 'now', number>], RawVersion>(`
    SELECT version, value_size, updated_at, updated_by, expires_at FROM memory_versions
    WHERE entry_id = :entry AND version < :before AND ${LIVE} ORDER BY version DESC LIMIT :limit`);
  const value = sqlite
    .prepare<[Record<'entry' | 'version' | 'now', number>], string>(
      `SELECT value FROM memory_versions WHERE entry_id = :entry AND version = :version AND ${LIVE}`,
    )
    .pluck();
  return {
    /** Newest first. */
    versions: (entry: number, before: number, limit: number, now: number): readonly MemoryVersion[] =>
      versions.all({ entry, before, limit, now }).map((raw) => ({
        version: raw.version,
        valueSize: raw.value_size,
        updatedAt: raw.updated_at,
        updatedBy: raw.updated_by,
        expiresAt: raw.expires_at,
      })),
    value: (entry: number, version: number, now: number): string | undefined =>
      value.get({ entry, version, now }),
  };
}

export function historyWrites({ sqlite }: Connection) {
  const keep = sqlite.prepare<[Record<'entry' | 'at', number>]>(`
    INSERT INTO memory_versions (entry_id, version, value_size, updated_at, updated_by, expires_at, replaced_at, value)
    SELECT id, version, value_size, updated_at, updated_by, expires_at, :at, value FROM memory_entries WHERE id = :entry`);
  const trim = sqlite.prepare<[Record<'entry' | 'versions' | 'bytes', number>]>(`
    DELETE FROM memory_versions WHERE entry_id = :entry AND version <= (
      SELECT max(version) FROM (
        SELECT version, row_number() OVER newer AS place, sum(value_size) OVER newer AS bytes
        FROM memory_versions WHERE entry_id = :entry WINDOW newer AS (ORDER BY version DESC))
      WHERE place > :versions OR bytes > :bytes)`);
  const removeOfExpired = sqlite.prepare<[Record<'now' | 'limit', number>]>(`
    DELETE FROM memory_versions WHERE id IN (
      SELECT v.id FROM (SELECT id FROM memory_entries WHERE expires_at <= :now ORDER BY expires_at LIMIT :limit) e
      CROSS JOIN memory_versions v ON v.entry_id = e.id LIMIT :limit)`);
  const removeExpired = sqlite.prepare<[number, number]>(
    `DELETE FROM memory_versions WHERE id IN
       (SELECT id FROM memory_versions WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
  );
  const removeReplaced = sqlite.prepare<[number, number]>(
    `DELETE FROM memory_versions WHERE id IN
       (SELECT id FROM memory_versions WHERE replaced_at < ? ORDER BY replaced_at LIMIT ?)`,
  );
  return {
    /** Keeps an entry as it is, to be called before it is replaced, and as much of what it was before as fits. */
    keep(entry: number, at: number, bounds: MemoryHistoryBounds): void {
      if (bounds.versions > 0) keep.run({ entry, at });
      trim.run({ entry, ...bounds });
    },
    /** Of the first `limit` entries that expire, at most `limit` rows. */
    deleteOfExpired: (now: number, limit: number): number => removeOfExpired.run({ now, limit }).changes,
    deleteVersions({ now, replaced }: { now: number; replaced: number | null }, limit: number): number {
      const expired = removeExpired.run(now, limit).changes;
      return expired + (replaced === null ? 0 : removeReplaced.run(replaced, limit - expired).changes);
    },
  };
}
