/** Memory: an agent's own or shared, for the workspace or for one session, with versions to compare and set by. */
import type { Ctx } from '../../context.ts';
import { invalid } from '../../errors.ts';
import type {
  JsonObject,
  MemoryListRow,
  MemoryPlace,
  MemoryPosition,
  MemoryRow,
  MemoryVersion,
  Reads,
  Store,
  Tx,
} from '../../store/port.ts';
import { claimIdIn } from '../agents/claim.ts';
import { actionOf, actorOf, type Auditor } from '../audit/auditor.ts';
import { noteDeed } from '../audit/deeds.ts';
import type { Gates } from '../before.ts';
import { demandMetadataFits, quotaExceeded, tooLarge, type Limits } from '../limits.ts';
import { agentNotFound } from '../messages/insert.ts';
import { demand } from '../permissions.ts';
import { agentAudience, sightOfPublic } from '../messages/visibility.ts';
import { homeWorkspace, requireSession } from '../sessions/service.ts';
import { answered, writeOnce } from '../write-once.ts';
import { demandVersion, keyExists, memoryNotFound } from './errors.ts';

export type MemoryScope = 'agent' | 'shared';

export interface MemoryDeps {
  readonly auditor: Auditor;
  readonly store: Store;
  readonly limits: Limits;
  readonly now: () => number;
  readonly gates?: Gates;
}

export interface MemoryAddress {
  readonly key: string;
  readonly scope: MemoryScope;
  readonly sessionId?: string;
}

export interface MemoryWrite extends MemoryAddress {
  /** Any JSON value. */
  readonly value: unknown;
  readonly metadata: JsonObject;
  readonly expiresInSeconds?: number;
  readonly overwrite: boolean;
  /** The version that is there now; 0: nothing is there. */
  readonly ifVersion?: number;
}

export interface MemoryFilter {
  /** Whose entries besides shared ones; absent: the caller's. Another agent's are for admins. */
  readonly agentId?: string;
  /** A session, `all` for global entries and those of sessions, absent for global ones. */
  readonly sessionId?: string;
  readonly scope?: MemoryScope;
  readonly prefix?: string;
  readonly query?: string;
  readonly limit: number;
  readonly after?: MemoryPosition;
}

export interface MemoryService {
  set(ctx: Ctx, write: MemoryWrite): Promise<MemoryListRow>;
  get(ctx: Ctx, address: MemoryAddress): Promise<MemoryRow>;
  /** What it is and was, newest first, as far as that is kept. @throws HubError MEMORY_NOT_FOUND */
  history(ctx: Ctx, address: MemoryAddress & HistoryPage): Promise<MemoryHistory>;
  /** The value in one of these versions, as JSON text. @throws HubError MEMORY_NOT_FOUND */
  valueOf(ctx: Ctx, address: MemoryAddress & { readonly version: number }): Promise<string>;
  list(
    ctx: Ctx,
    filter: MemoryFilter,
  ): Promise<{ readonly entries: readonly MemoryListRow[]; readonly next: MemoryPosition | null }>;
  delete(
    ctx: Ctx,
    address: MemoryAddress & { readonly ifVersion?: number },
  ): Promise<{ readonly deleted: true }>;
}

export interface HistoryPage {
  readonly limit: number;
  /** Only versions below this one. */
  readonly before?: number;
}

export interface MemoryHistory {
  readonly entry: MemoryListRow;
  readonly versions: readonly MemoryVersion[];
  /** Whether there are older ones. */
  readonly more: boolean;
}

const EXPIRED_PER_SWEEP = 500;

export function createMemoryService({ store, limits, now, auditor, gates }: MemoryDeps): MemoryService {
  const gate = gates?.['memory.set'];
  const kept = { versions: limits.maxMemoryVersions, bytes: limits.maxMemoryHistoryBytes };

  return {
    async set(ctx, { key, expiresInSeconds, overwrite, ifVersion, ...given }) {
      demand(ctx, 'write');
      let { value, metadata, ...where } = given;
      if (gate !== undefined) {
        const first = await answered<MemoryListRow>(store, ctx, now());
        if (first !== undefined) return first;
        const { workspace } = await placeOf(store.read, ctx, where);
        const write = { key, value, metadata, scope: where.scope, session_id: where.sessionId ?? null };
        ({ value, metadata, ...where } = { ...given, ...(await gate(ctx, workspace, write)) });
      }
      const text = jsonText(value);
      const valueSize = Buffer.byteLength(text);
      if (valueSize > limits.maxMemoryValueBytes) {
        throw tooLarge('value', valueSize, `at most ${limits.maxMemoryValueBytes} bytes of JSON`);
      }
      demandMetadataFits(metadata, limits);
      const at = now();
      return writeOnce(store, ctx, at, async (tx) => {
        const place = await placeOf(tx, ctx, where);
        if (place.agentPk === null) await claimIdIn(tx, ctx.principal, place.workspace, at);
        const old = await tx.memory.get(place, key, at);
        if (ifVersion !== undefined) demandVersion(key, ifVersion, old);
        if (old !== undefined && !overwrite && ifVersion === undefined) throw keyExists(key, old);
        if (
          old === undefined &&
          (await tx.memory.count(place.workspace, place.agentPk)) >= limits.maxMemoryEntriesPerAgent
        ) {
          await demandRoom(place, at, tx);
        }
        const changed = {
          ...{ key, value: text, valueSize, metadata },
          version: (old?.version ?? 0) + 1,
          createdAt: old?.createdAt ?? at,
          updatedAt: at,
          updatedBy: ctx.principal.agentId,
          expiresAt: expiresInSeconds === undefined ? null : at + expiresInSeconds * 1000,
        };
        // What is over begins anew, and nobody learns what it was.
        await tx.memory.put(place, changed, old === undefined ? undefined : kept);
        const entry = await tx.memory.get(place, key, at);
        if (entry === undefined) throw new Error('a stored memory entry is not there');
        await noteEvent(tx, ctx, 'memory.set', place, entry);
        await noteDeed(auditor, tx, ctx, {
          ...{ type: 'memory.set', resource: `memory:${key}` },
          ...(where.sessionId === undefined ? {} : { sessionId: where.sessionId }),
          details: { scope: where.scope, version: entry.version },
        });
        const { value: _, ...listed } = entry;
        return listed;
      });
    },

    async get(ctx, { key, ...where }) {
      demand(ctx, 'read');
      const entry = await store.read.memory.get(await placeOf(store.read, ctx, where), key, now());
      if (entry === undefined) throw memoryNotFound(key, where);
      return entry;
    },

    async history(ctx, { key, limit, before, ...where }) {
      demand(ctx, 'read');
      const place = await placeOf(store.read, ctx, where);
      // One more tells whether there are others.
      const page = { limit: limit + 1, now: now(), ...(before === undefined ? {} : { before }) };
      const found = await store.read.memory.history(place, key, page);
      if (found === undefined) throw memoryNotFound(key, where);
      const { value: _, ...entry } = found.entry;
      const { versions } = found;
      return { entry, versions: versions.slice(0, limit), more: versions.length > limit };
    },

    async valueOf(ctx, { key, version, ...where }) {
      demand(ctx, 'read');
      const place = await placeOf(store.read, ctx, where);
      const value = await store.read.memory.valueOf(place, key, version, now());
      if (value === undefined) throw memoryNotFound(key, where, version);
      return value;
    },

    async list(ctx, { agentId = ctx.principal.agentId, sessionId, scope, ...filter }) {
      const { principal } = ctx;
      const own = agentId.toLowerCase() === principal.agentId.toLowerCase();
      demand(ctx, own ? 'read' : 'admin');
      const where = own ? principal.workspace : homeWorkspace(principal);
      const agent = await store.read.agents.get(where, agentId);
      if (agent === undefined) throw agentNotFound([agentId]);
      const owners = scope === 'agent' ? [agent.pk] : scope === 'shared' ? [null] : [agent.pk, null];
      const session =
        sessionId === undefined || sessionId === 'all'
          ? undefined
          : await requireSession(store.read, ctx, sessionId);
      const page = await store.read.memory.page({
        ...filter,
        workspace: session?.workspace ?? homeWorkspace(principal),
        owners,
        session: sessionId === 'all' ? 'all' : (session?.pk ?? null),
        now: now(),
      });
      const others = own ? 0 : page.entries.filter((entry) => entry.scope === 'agent').length;
      if (others > 0) {
        const event = {
          action: actionOf(ctx),
          resource: `agent:${agent.agentId}`,
          details: { count: others },
        };
        auditor.note(actorOf(ctx), { type: 'admin.read', ...event });
      }
      return page;
    },

    async delete(ctx, { key, ifVersion, ...where }) {
      demand(ctx, 'write');
      const at = now();
      return writeOnce(store, ctx, at, async (tx) => {
        const place = await placeOf(tx, ctx, where);
        const old = await tx.memory.get(place, key, at);
        if (old === undefined) throw memoryNotFound(key, where);
        if (ifVersion !== undefined) demandVersion(key, ifVersion, old);
        await tx.memory.delete(place, key);
        await noteEvent(tx, ctx, 'memory.deleted', place, old);
        await auditor.write(tx, actorOf(ctx), {
          ...{ type: 'memory.deleted', action: actionOf(ctx), resource: `memory:${key}` },
          ...(where.sessionId === undefined ? {} : { sessionId: where.sessionId }),
          details: { scope: where.scope, version: old.version },
        });
        return { deleted: true as const };
      });
    },
  };

  async function demandRoom(place: MemoryPlace, at: number, tx: Tx): Promise<void> {
    const max = limits.maxMemoryEntriesPerAgent;
    const isFull = async (): Promise<boolean> =>
      (await tx.memory.count(place.workspace, place.agentPk)) >= max;
    let removed = await tx.memory.deleteExpired(at, EXPIRED_PER_SWEEP);
    // What has expired takes no room, however much of it there is.
    while ((await isFull()) && removed === EXPIRED_PER_SWEEP)
      removed = await tx.memory.deleteExpired(at, EXPIRED_PER_SWEEP);
    if (!(await isFull())) return;
    throw quotaExceeded(
      'The number of memory entries',
      max,
      'Remove entries with delete_memory, or give them expires_in.',
    );
  }
}

/**
 * Shared entries are everybody's, an agent's are its own; an operator of all workspaces is nobody in any of them. `entry`
 * is where the event's readers find the entry itself, and is not for them.
 */
async function noteEvent(
  tx: Tx,
  { principal: { agentId, workspace: of } }: Ctx,
  kind: 'memory.set' | 'memory.deleted',
  { workspace, agentPk, sessionPk }: MemoryPlace,
  { pk, key, scope, sessionId, version }: MemoryRow,
): Promise<void> {
  await tx.events.append({
    ...{ kind, workspace, sessionPk, messageId: null },
    audiences:
      agentPk === null
        ? sightOfPublic({ workspace }).audiences
        : of === workspace
          ? [agentAudience(agentId)]
          : [],
    data: JSON.stringify({
      ...{ key, scope, session_id: sessionId, version, updated_by: agentId },
      entry: { pk, workspace, owner: agentPk },
    }),
  });
}

/** Where an entry is kept: whose it is, and of which session. */
async function placeOf(
  db: Pick<Reads, 'sessions' | 'agents'>,
  ctx: Ctx,
  { scope, sessionId }: Omit<MemoryAddress, 'key'>,
): Promise<MemoryPlace> {
  const { principal } = ctx;
  const session = sessionId === undefined ? undefined : await requireSession(db, ctx, sessionId);
  const workspace = session?.workspace ?? homeWorkspace(principal);
  if (scope === 'shared') return { workspace, agentPk: null, sessionPk: session?.pk ?? null };
  const agent = await db.agents.get(principal.workspace, principal.agentId);
  if (agent === undefined)
    throw new Error(`agent ${principal.agentId} of ${principal.workspace} is not registered`);
  return { workspace, agentPk: agent.pk, sessionPk: session?.pk ?? null };
}

function jsonText(value: unknown): string {
  const text = JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part !== 'number' || Number.isFinite(part)) return part;
    throw invalid('value', String(part), 'JSON whose numbers are in the range of a double');
  }) as string | undefined;
  if (text === undefined) throw invalid('value', undefined, 'any JSON value');
  return text;
}
