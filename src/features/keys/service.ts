/** API keys: made, listed, rotated, revoked, verified. Only their hashes are stored. */
import { randomUUID } from 'node:crypto';
import { boundedCache } from '../../lib/bounded-cache.ts';
import { PERMISSIONS, type Ctx, type Permission } from '../../context.ts';
import { invalid } from '../../errors.ts';
import { ALL_WORKSPACES, type KeyPosition, type KeyRow, type Store } from '../../store/port.ts';
import { actorOf, type Auditor, type AuditEventType } from '../audit/auditor.ts';
import type { CacheMeters } from '../../lib/cache-meter.ts';
import { createReadCache } from '../../lib/read-cache.ts';
import { demand } from '../permissions.ts';
import { SETTING_OF } from './bootstrap.ts';
import { demandMayManage, managesAll, requireKey } from './manage.ts';
import { hashKey, newKeyText } from './text.ts';

export interface NewKey {
  readonly name: string;
  readonly workspace: string;
  readonly permissions: readonly Permission[];
  readonly agentId?: string;
  readonly agentTypes?: readonly string[];
  readonly agentIds?: readonly string[];
  readonly expiresInSeconds?: number;
}

/** A key with its text, which is told once. */
export interface ToldKey {
  readonly key: string;
  readonly row: KeyRow;
}

export interface VerifiedKey extends KeyRow {
  /** When the text that was shown stops being good by itself; null: never. */
  readonly until: number | null;
}

/** `ended`: revoked or expired. Otherwise a text of the key may have ended, and the key goes on. */
export type KeyListener = (keyId: string, ended: boolean) => void;

export interface KeyService {
  create(ctx: Ctx, key: NewKey): Promise<ToldKey>;
  /** Newest first, revoked ones too. */
  list(
    ctx: Ctx,
    page: { readonly limit: number; readonly after?: KeyPosition },
  ): Promise<{ readonly keys: readonly KeyRow[]; readonly next: KeyPosition | null }>;
  /** One of those, by id or name. @throws HubError INVALID_INPUT */
  get(ctx: Ctx, idOrName: string): Promise<KeyRow>;
  /**
   * Gives a key, named by id or name, another text. The last one stays good for `overlapSeconds` (0: ends at once), the one
   * before it ends. Whatever is bound to the key goes on.
   * @throws HubError INVALID_INPUT for a key of the settings, or one that has ended.
   */
  rotate(ctx: Ctx, idOrName: string, overlapSeconds: number): Promise<ToldKey>;
  /** Ends a key, named by id or name, for good. */
  revoke(ctx: Ctx, idOrName: string): Promise<void>;
  /** The key whose text this is, if it may be used now. */
  verify(text: string): Promise<VerifiedKey | undefined>;
  /** The key whose text has this hash, if it may be used now. */
  verifyHash(hash: string): Promise<VerifiedKey | undefined>;
  /** The key of this id, if it may be used now. */
  live(keyId: string): Promise<VerifiedKey | undefined>;
  /** Told after every change that may take something from the holder of a key. */
  onChange(listener: KeyListener): void;
  /** Tells of the keys that have expired since the last time. */
  sweep(): void;
}

export interface KeyDeps {
  readonly store: Store;
  readonly now: () => number;
  readonly auditor: Auditor;
  readonly caches: CacheMeters;
}

const CACHED_KEYS = 10_000;
const TOUCH_EVERY_MS = 60_000;

/** Whether a key may be used at this time. */
export function isLive(
  { revokedAt, expiresAt }: Pick<KeyRow, 'revokedAt' | 'expiresAt'>,
  at: number,
): boolean {
  return revokedAt === null && (expiresAt === null || expiresAt > at);
}

export function createKeyService({ store, now, auditor, caches }: KeyDeps): KeyService {
  /** By hash; emptied by every change of a key. */
  const known = createReadCache<VerifiedKey>({ max: CACHED_KEYS, name: 'keys', caches });
  /** By id; emptied likewise. */
  const knownById = createReadCache<VerifiedKey>({ max: CACHED_KEYS, name: 'keys', caches });
  const touchedAt = boundedCache<string, number>(CACHED_KEYS);
  /** When the keys that have been used expire: only their holders can have something open. */
  const expiries = new Map<string, number>();
  const listeners: KeyListener[] = [];

  function changed(keyId: string, ended: boolean): void {
    known.clear();
    knownById.clear();
    if (ended) expiries.delete(keyId);
    for (const listener of listeners) listener(keyId, ended);
  }

  async function find(hash: string): Promise<VerifiedKey | undefined> {
    const current = await store.read.keys.byHash(hash);
    const row = current ?? (await store.read.keys.byOldHash(hash));
    if (row === undefined) return undefined;
    const ends = [row.expiresAt, current === undefined ? row.oldUntil : null].filter((at) => at !== null);
    return { ...row, until: ends.length === 0 ? null : Math.min(...ends) };
  }

  /** The key, if it may be used now; and now it is. */
  function use(key: VerifiedKey): VerifiedKey | undefined {
    const at = now();
    if (key.revokedAt !== null || (key.until !== null && key.until <= at)) return undefined;
    if (key.expiresAt !== null) expiries.set(key.keyId, key.expiresAt);
    touch(key.keyId, at);
    return key;
  }

  function touch(keyId: string, at: number): void {
    if (at - (touchedAt.get(keyId) ?? 0) < TOUCH_EVERY_MS) return;
    touchedAt.set(keyId, at);
    // Bookkeeping: a full disk must not refuse a reader.
    store.write((tx) => tx.keys.touch(keyId, at)).catch(() => undefined);
  }

  async function verifyHash(hash: string): Promise<VerifiedKey | undefined> {
    const row = await known.get(hash, () => find(hash));
    return row && use(row);
  }

  const event = (type: AuditEventType, action: string, { keyId, name, workspace }: KeyRow, more = {}) => ({
    ...{ type, action, resource: `key:${keyId}` },
    details: { name, workspace, ...more },
  });

  return {
    async create(ctx, input) {
      demand(ctx, 'admin');
      demandMayGrant(ctx, input);
      const at = now();
      const key = newKeyText();
      const row: KeyRow = {
        keyId: `key_${randomUUID()}`,
        name: input.name,
        workspace: input.workspace,
        permissions: PERMISSIONS.filter((permission) => input.permissions.includes(permission)),
        agentId: input.agentId ?? null,
        agentTypes: input.agentTypes ?? null,
        agentIds: input.agentIds ?? null,
        oldUntil: null,
        createdAt: at,
        expiresAt: input.expiresInSeconds === undefined ? null : at + input.expiresInSeconds * 1000,
        lastUsedAt: null,
        revokedAt: null,
      };
      await store.write(async (tx) => {
        if (await tx.keys.byName(input.name)) throw nameTaken(input.name);
        await tx.workspaces.ensure(input.workspace, at);
        await tx.keys.insert({ ...row, hash: hashKey(key) });
        const { permissions } = row;
        await auditor.write(tx, actorOf(ctx), event('key.created', 'keys create', row, { permissions }));
      });
      return { key, row };
    },

    async list(ctx, { limit, after }) {
      demand(ctx, 'admin');
      const rows = await store.read.keys.list({
        limit: limit + 1,
        ...(managesAll(ctx) ? {} : { workspace: ctx.principal.workspace }),
        ...(after === undefined ? {} : { after }),
      });
      const keys = rows.slice(0, limit);
      const last = keys.at(-1);
      const more = rows.length > limit && last !== undefined;
      return { keys, next: more ? { createdAt: last.createdAt, keyId: last.keyId } : null };
    },

    async get(ctx, idOrName) {
      demand(ctx, 'admin');
      return requireKey(store.read, ctx, idOrName);
    },

    async rotate(ctx, idOrName, overlapSeconds) {
      demand(ctx, 'admin');
      const key = newKeyText();
      const row = await store.write(async (tx) => {
        const at = now();
        const old = await requireKey(tx, ctx, idOrName);
        demandMayRotate(old, idOrName, at);
        const oldUntil = overlapSeconds === 0 ? null : at + overlapSeconds * 1000;
        await tx.keys.rotate(old.keyId, hashKey(key), oldUntil);
        const details = { overlap_seconds: overlapSeconds };
        await auditor.write(tx, actorOf(ctx), event('key.rotated', 'keys rotate', old, details));
        return { ...old, oldUntil };
      });
      changed(row.keyId, false);
      return { key, row };
    },

    async revoke(ctx, idOrName) {
      demand(ctx, 'admin');
      const { keyId } = await store.write(async (tx) => {
        const row = await requireKey(tx, ctx, idOrName);
        if (row.revokedAt !== null) return row;
        await tx.keys.revoke(row.keyId, now());
        await auditor.write(tx, actorOf(ctx), event('key.revoked', 'keys revoke', row));
        return row;
      });
      changed(keyId, true);
    },

    verify: (text) => verifyHash(hashKey(text)),
    verifyHash,

    async live(keyId) {
      const row = await knownById.get(keyId, async () => {
        const found = await store.read.keys.byId(keyId);
        return found && { ...found, until: found.expiresAt };
      });
      return row && use(row);
    },

    onChange(listener) {
      listeners.push(listener);
    },

    sweep() {
      const at = now();
      for (const [keyId, expiresAt] of expiries) if (expiresAt <= at) changed(keyId, true);
    },
  };
}

function demandMayGrant(ctx: Ctx, { workspace, permissions, agentId, agentIds }: NewKey): void {
  if (workspace === ALL_WORKSPACES && !permissions.includes('admin')) {
    throw invalid(
      'permissions',
      permissions.join(','),
      'admin among them: a key of workspace * is for operators',
    );
  }
  if (agentId !== undefined && agentIds !== undefined) {
    throw invalid('agent_ids', agentIds.join(','), `nothing beside agent_id, the one agent of the key`);
  }
  demandMayManage(ctx, workspace, 'make keys for');
}

function demandMayRotate({ keyId, name, revokedAt, expiresAt }: KeyRow, shown: string, at: number): void {
  const setting = SETTING_OF.get(keyId);
  if (setting !== undefined) {
    throw invalid('key_id', shown, 'a key that was made with keys create', {
      message: `The text of key ${name} comes from the setting ${setting}; it cannot be rotated.`,
      suggestions: [`Change ${setting} and restart the hub; whatever is bound to the key goes on.`],
    });
  }
  if (isLive({ revokedAt, expiresAt }, at)) return;
  throw invalid('key_id', shown, 'a key that has not ended', {
    message: `Key ${name} ${revokedAt === null ? 'has expired' : 'is revoked'}; it cannot be rotated.`,
    suggestions: ['Make a new key.'],
  });
}

function nameTaken(name: string) {
  return invalid('name', name, 'a name that no other key has', {
    suggestions: ['Choose another name; names are kept for the record even when their keys are revoked.'],
  });
}
