/** Memory entries. An entry whose time is over is as good as gone; housekeeping removes it. */
import { createLikeness } from '../../../lib/alike.ts';
import { EVENT_KINDS } from '../../port.ts';
import type {
  ChangedMemory,
  MemoryListRow,
  MemoryPage,
  MemoryPlace,
  MemoryPosition,
  MemoryRow,
  MemoryVersion,
  Reads,
  Writes,
} from '../../port.ts';
import type { Connection } from '../connection.ts';
import type { NameMaker, Names } from '../names.ts';
import { jsonObject } from '../rows.ts';
import type { SyncNoun } from '../sync.ts';
import { historyReads, historyWrites } from './memory-history.ts';

/** Entries whose text is looked at for one page of a query; the page then says where to go on. */
const MAX_LOOKED_AT = 1000;
/** Events of a place that are looked at for what changed there. */
const MAX_EVENTS = 200;
const SET = EVENT_KINDS.indexOf('memory.set');
/** Owner of shared memory, and session of global memory. */
const NONE = 0;

interface RawEntry {
  readonly pk: number;
  readonly owner_id: number;
  readonly session_pk: number;
  readonly session_id: string | null;
  readonly key: string;
  readonly value: string;
  readonly value_size: number;
  readonly version: number;
  readonly metadata: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly updated_by: string;
  readonly expires_at: number | null;
}

const ENTRY = `
  e.id AS pk, e.owner_id, e.session_id AS session_pk, s.session_id, e.key, e.value_size, e.version, e.metadata,
  e.created_at, e.updated_at, e.updated_by, e.expires_at`;
const FROM = 'FROM memory_entries e LEFT JOIN sessions s ON s.id = e.session_id';
const LIVE = '(e.expires_at IS NULL OR e.expires_at > :now)';

function toListRow(raw: Omit<RawEntry, 'value'>): MemoryListRow {
  return {
    pk: raw.pk,
    scope: raw.owner_id === NONE ? 'shared' : 'agent',
    sessionId: raw.session_id,
    key: raw.key,
    valueSize: raw.value_size,
    version: raw.version,
    metadata: jsonObject(raw.metadata),
    createdAt: raw.created_at,
    updatedAt: raw.updated_at,
    updatedBy: raw.updated_by,
    expiresAt: raw.expires_at,
    position: { agentPk: raw.owner_id, sessionPk: raw.session_pk, key: raw.key },
  };
}

function versionOf({ version, valueSize, updatedAt, updatedBy, expiresAt }: MemoryRow): MemoryVersion {
  return { version, valueSize, updatedAt, updatedBy, expiresAt };
}

/** Below every session's pk. */
const BEFORE_ALL = -1;
/** Above every key: none is as long. */
const AFTER_ALL = '\u{10ffff}'.repeat(256);

type Bind = Record<string, number | string>;

export function memoryReads(connection: Connection, names: Names): SyncNoun<Reads['memory']> {
  const { sqlite } = connection;
  const earlier = historyReads(connection);
  const find = sqlite.prepare<[Bind], RawEntry>(`
    SELECT ${ENTRY}, e.value ${FROM}
    WHERE e.workspace_id = :workspace AND e.owner_id = :owner AND e.session_id = :session AND e.key = :key AND ${LIVE}`);
  const byPks = sqlite.prepare<[Bind], Omit<RawEntry, 'value'>>(`
    SELECT ${ENTRY} FROM json_each(:pks) j CROSS JOIN memory_entries e ON e.id = j.value
    LEFT JOIN sessions s ON s.id = e.session_id
    WHERE e.workspace_id = :workspace AND e.owner_id IN (SELECT value FROM json_each(:owners)) AND ${LIVE}`);
  const count = sqlite
    .prepare<[number, number], number>(
      'SELECT count(*) FROM memory_entries WHERE workspace_id = ? AND owner_id = ?',
    )
    .pluck();
  const changed = sqlite.prepare<[Bind], RawEntry & { readonly seq: number }>(`
    SELECT ${ENTRY}, substr(e.value, 1, :chars) AS value, v.seq FROM (
      SELECT seq, kind, session_id, data FROM events INDEXED BY events_by_session
      WHERE audience_id = :audience AND session_id = :session ORDER BY seq DESC LIMIT ${MAX_EVENTS}) v
    CROSS JOIN memory_entries e ON e.workspace_id = :workspace AND e.owner_id = :owner
      AND e.session_id = v.session_id AND e.key = v.data ->> '$.key'
    LEFT JOIN sessions s ON s.id = e.session_id
    WHERE v.kind = ${SET} AND ${LIVE}`);
  const listed = `
    SELECT ${ENTRY}, CASE WHEN :query = '' THEN '' ELSE e.value END AS value ${FROM}
    WHERE e.workspace_id = :workspace AND e.owner_id = :owner AND ${LIVE}
      AND e.key >= :prefix AND e.key < :prefixEnd`;
  const inSession = sqlite.prepare<[Bind], RawEntry>(`${listed}
      AND e.session_id = :session AND e.key > :afterKey ORDER BY e.key LIMIT :limit`);
  const everywhere = sqlite.prepare<[Bind], RawEntry>(`${listed}
      AND (e.session_id, e.key) > (:afterSession, :afterKey) ORDER BY e.session_id, e.key LIMIT :limit`);
  const full = sqlite.prepare<[Bind], RawEntry>(`
    SELECT ${ENTRY}, e.value ${FROM}
    WHERE e.workspace_id = :workspace AND e.owner_id = :owner AND ${LIVE}
      AND (e.session_id, e.key) > (:afterSession, :afterKey) ORDER BY e.session_id, e.key LIMIT :limit`);

  function get(place: MemoryPlace, key: string, now: number): MemoryRow | undefined {
    const workspace = names.workspace(place.workspace);
    if (workspace === undefined) return undefined;
    const raw = find.get({ ...whereIs(place, workspace), key, now });
    return raw && { ...toListRow(raw), value: raw.value };
  }

  return {
    get,

    history(place, key, { before = Infinity, limit, now }) {
      const entry = get(place, key, now);
      if (entry === undefined) return undefined;
      const present = entry.version < before && limit > 0 ? [versionOf(entry)] : [];
      const below = Math.min(before, entry.version);
      const versions = earlier.versions(entry.pk, below, limit - present.length, now);
      return { entry, versions: [...present, ...versions] };
    },

    valueOf(place, key, version, now) {
      const entry = get(place, key, now);
      if (entry === undefined || entry.version === version) return entry?.value;
      return earlier.value(entry.pk, version, now);
    },

    entries({ workspace, owner, after, limit, maxBytes, now }) {
      const workspaceId = names.workspace(workspace);
      if (workspaceId === undefined) return [];
      const from = { afterSession: after?.sessionPk ?? BEFORE_ALL, afterKey: after?.key ?? '' };
      const found: MemoryRow[] = [];
      let bytes = 0;
      for (const raw of full.iterate({ workspace: workspaceId, owner: owner ?? NONE, ...from, limit, now })) {
        bytes += raw.value_size;
        if (bytes > maxBytes && found.length > 0) break;
        found.push({ ...toListRow(raw), value: raw.value });
      }
      return found;
    },

    some(pks, { workspace, owners, now }) {
      const workspaceId = names.workspace(workspace);
      if (workspaceId === undefined) return [];
      const owned = JSON.stringify(owners.map((owner) => owner ?? NONE));
      return byPks
        .all({ pks: JSON.stringify(pks), workspace: workspaceId, owners: owned, now })
        .map(toListRow);
    },

    count(workspace, agentPk) {
      const workspaceId = names.workspace(workspace);
      return workspaceId === undefined ? 0 : (count.get(workspaceId, agentPk ?? NONE) ?? 0);
    },

    changed({ workspace, agentPk, audience, sessions, now, chars }) {
      const workspaceId = names.workspace(workspace);
      const [audienceId] = names.audiences({ workspace, audiences: [audience] });
      if (workspaceId === undefined || audienceId === undefined) return [];
      const bind = { workspace: workspaceId, audience: audienceId, owner: agentPk ?? NONE, now, chars };
      const last = new Map<number, ChangedMemory>();
      for (const raw of sessions
        .flatMap((session) => changed.all({ ...bind, session: session ?? NONE }))
        .sort((a, b) => b.seq - a.seq)) {
        if (!last.has(raw.pk)) last.set(raw.pk, { entry: toListRow(raw), seq: raw.seq, value: raw.value });
      }
      return [...last.values()];
    },

    page(args) {
      const workspace = names.workspace(args.workspace);
      if (workspace === undefined) return { entries: [], next: null };
      const { query } = args;
      if (query === undefined) return pageOf(args, workspace, () => true);
      const text = query.toLowerCase();
      const holds = (raw: RawEntry): boolean => contains(raw, text);
      const { after: _after, ...first } = args;
      // As written if there is any, whichever page is asked for.
      if (pageOf({ ...first, limit: 1 }, workspace, holds).entries.length > 0)
        return pageOf(args, workspace, holds);
      const isAlike = createLikeness(query);
      return pageOf(args, workspace, ({ key }) => isAlike(key));
    },
  };

  function pageOf(args: MemoryPage, workspace: number, passes: (raw: RawEntry) => boolean) {
    const entries: MemoryListRow[] = [];
    let last: MemoryPosition | null = null;
    let looked = 0;
    for (const raw of walk(args, workspace)) {
      if (entries.length === args.limit || ++looked > MAX_LOOKED_AT) return { entries, next: last };
      const entry = toListRow(raw);
      last = entry.position;
      if (passes(raw)) entries.push(entry);
    }
    return { entries, next: null };
  }

  /** Entries in the page's order from its position on, read in chunks. */
  function* walk(args: MemoryPage, workspace: number): Generator<RawEntry> {
    const limit = args.limit + 1;
    const start = args.after;
    const owners = args.owners.map((owner) => owner ?? NONE);
    const from = start === undefined ? 0 : owners.indexOf(start.agentPk);
    if (from < 0) return;
    for (const owner of owners.slice(from)) {
      let after = owner === start?.agentPk ? start : undefined;
      for (;;) {
        const chunk = chunkOf(args, workspace, owner, limit, after);
        yield* chunk;
        const end = chunk.at(-1);
        if (end === undefined || chunk.length < limit) break;
        after = { agentPk: owner, sessionPk: end.session_pk, key: end.key };
      }
    }
  }

  function chunkOf(
    args: MemoryPage,
    workspace: number,
    owner: number,
    limit: number,
    after?: MemoryPosition,
  ) {
    const prefix = args.prefix ?? '';
    const bind = {
      workspace,
      owner,
      limit,
      prefix,
      prefixEnd: `${prefix}${AFTER_ALL}`,
      query: args.query ?? '',
      now: args.now,
      afterKey: after?.key ?? '',
    };
    if (args.session === 'all')
      return everywhere.all({ ...bind, afterSession: after?.sessionPk ?? BEFORE_ALL });
    return inSession.all({ ...bind, session: args.session ?? NONE });
  }
}

/** `text` in lower case, as it reads or as it stands in JSON. */
function contains(raw: RawEntry, text: string): boolean {
  const value = raw.value.toLowerCase();
  return (
    raw.key.toLowerCase().includes(text) ||
    value.includes(text) ||
    value.includes(JSON.stringify(text).slice(1, -1))
  );
}

function whereIs(place: MemoryPlace, workspace: number): Bind {
  return { workspace, owner: place.agentPk ?? NONE, session: place.sessionPk ?? NONE };
}

export function memoryWrites(connection: Connection, names: NameMaker): SyncNoun<Writes['memory']> {
  const { sqlite } = connection;
  const history = historyWrites(connection);
  const put = sqlite.prepare<[Record<string, number | string | null>]>(`
    INSERT INTO memory_entries (workspace_id, owner_id, session_id, key, value, value_size, version, metadata, created_at,
      updated_at, updated_by, expires_at)
    VALUES (:workspace, :owner, :session, :key, :value, :valueSize, :version, :metadata, :createdAt, :updatedAt,
      :updatedBy, :expiresAt)
    ON CONFLICT DO UPDATE SET value = excluded.value, value_size = excluded.value_size, version = excluded.version,
      metadata = excluded.metadata, created_at = excluded.created_at, updated_at = excluded.updated_at,
      updated_by = excluded.updated_by, expires_at = excluded.expires_at`);
  const AT_PLACE = 'workspace_id = :workspace AND owner_id = :owner AND session_id = :session AND key = :key';
  const find = sqlite.prepare<[Bind], number>(`SELECT id FROM memory_entries WHERE ${AT_PLACE}`).pluck();
  const remove = sqlite.prepare<[Bind]>(`DELETE FROM memory_entries WHERE ${AT_PLACE}`);
  const removeExpired = sqlite.prepare<[number, number]>(
    `DELETE FROM memory_entries WHERE id IN
       (SELECT id FROM memory_entries WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
  );
  return {
    put(
      place,
      { key, value, valueSize, version, metadata, createdAt, updatedAt, updatedBy, expiresAt },
      keep,
    ) {
      const where = whereIs(place, names.workspace(place.workspace));
      const there = find.get({ ...where, key });
      if (there !== undefined && keep !== undefined) history.keep(there, updatedAt, keep);
      else if (there !== undefined) remove.run({ ...where, key });
      put.run({
        ...where,
        ...{ key, value, valueSize, version, createdAt, updatedAt, updatedBy, expiresAt },
        metadata: JSON.stringify(metadata),
      });
    },
    delete: (place, key) =>
      remove.run({ ...whereIs(place, names.workspace(place.workspace)), key }).changes > 0,
    deleteExpired(now, limit) {
      // First, so that what goes with an entry is not more than a write should remove.
      const versions = history.deleteOfExpired(now, limit);
      return versions + removeExpired.run(now, limit - versions).changes;
    },
    deleteVersions: (before, limit) => history.deleteVersions(before, limit),
  };
}
