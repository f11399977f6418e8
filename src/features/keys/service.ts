/** API keys: made, listed, revoked, verified. Only their hashes are stored. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { PERMISSIONS, type Ctx, type Permission } from '../../context.ts';
import { HubError, StartError, invalid } from '../../errors.ts';
import { createReadCache } from '../../lib/read-cache.ts';
import { ALL_WORKSPACES, type KeyRow, type Store } from '../../store/port.ts';
import { demand } from '../permissions.ts';
import { DEFAULT_WORKSPACE } from '../sessions/service.ts';

export interface NewKey {
  readonly name: string;
  readonly workspace: string;
  readonly permissions: readonly Permission[];
  readonly agentId?: string;
  readonly agentTypes?: readonly string[];
  readonly expiresInSeconds?: number;
}

export interface KeyService {
  /** Makes a key; its text is told here and never again. */
  create(ctx: Ctx, key: NewKey): Promise<{ readonly key: string; readonly row: KeyRow }>;
  list(ctx: Ctx): Promise<readonly KeyRow[]>;
  revoke(ctx: Ctx, keyId: string): Promise<void>;
  /** The key whose text this is, if it may be used now. */
  verify(text: string): Promise<KeyRow | undefined>;
  /** The key of this id, if it may be used now. */
  live(keyId: string): Promise<KeyRow | undefined>;
}

/** Keys that come from the settings: they are rows like any other, found by their names. */
export interface BootstrapKeys {
  readonly agent: string;
  readonly admin: string;
}

export interface KeyDeps {
  readonly store: Store;
  readonly now: () => number;
}

const CACHED_KEYS = 10_000;
const TOUCH_EVERY_MS = 60_000;

export function hashKey(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Whether a key may be used at this time. */
export function isLive({ revokedAt, expiresAt }: KeyRow, at: number): boolean {
  return revokedAt === null && (expiresAt === null || expiresAt > at);
}

export function createKeyService({ store, now }: KeyDeps): KeyService {
  /** By hash; emptied by every change of a key. */
  const known = new LRUCache<string, KeyRow>({ max: CACHED_KEYS });
  /** By id; emptied likewise. */
  const knownById = createReadCache<KeyRow>(CACHED_KEYS);
  const touchedAt = new LRUCache<string, number>({ max: CACHED_KEYS });

  function touch(keyId: string, at: number): void {
    if (at - (touchedAt.get(keyId) ?? 0) < TOUCH_EVERY_MS) return;
    touchedAt.set(keyId, at);
    // Bookkeeping: a full disk must not refuse a reader.
    store.write((tx) => tx.keys.touch(keyId, at)).catch(() => undefined);
  }

  return {
    async create(ctx, input) {
      demand(ctx, 'admin');
      demandMayGrant(ctx, input);
      const at = now();
      const key = `schk_${randomBytes(32).toString('base64url')}`;
      const row: KeyRow = {
        keyId: `key_${randomUUID()}`,
        name: input.name,
        workspace: input.workspace,
        permissions: PERMISSIONS.filter((permission) => input.permissions.includes(permission)),
        agentId: input.agentId ?? null,
        agentTypes: input.agentTypes ?? null,
        agentIds: null,
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
      });
      return { key, row };
    },

    async list(ctx) {
      demand(ctx, 'admin');
      const rows = await store.read.keys.list();
      return rows.filter((row) => mayManage(ctx, row.workspace));
    },

    async revoke(ctx, keyId) {
      demand(ctx, 'admin');
      const row = (await store.read.keys.list()).find((key) => key.keyId === keyId);
      if (row === undefined || !mayManage(ctx, row.workspace)) {
        throw invalid('key_id', keyId, 'the id of a key, as keys list shows it');
      }
      await store.write((tx) => tx.keys.revoke(keyId, now()));
      known.clear();
      knownById.clear();
    },

    async live(keyId) {
      const row = await knownById.get(keyId, () => store.read.keys.byId(keyId));
      const at = now();
      if (row === undefined || !isLive(row, at)) return undefined;
      touch(keyId, at);
      return row;
    },

    async verify(text) {
      const hash = hashKey(text);
      const row = known.get(hash) ?? (await store.read.keys.byHash(hash));
      if (row === undefined) return undefined;
      known.set(hash, row);
      const at = now();
      if (!isLive(row, at)) return undefined;
      touch(row.keyId, at);
      return row;
    },
  };
}

/**
 * Makes the keys of the settings true: a changed one replaces the old under the same id, so its agents stay its own, and
 * is good again if the old one was revoked. The admin's key is of workspace `default` like the agents'.
 * @throws StartError if a setting holds the text of another key.
 */
export async function ensureBootstrapKeys(store: Store, keys: BootstrapKeys, now: number): Promise<void> {
  const wanted = [
    { name: 'agent', setting: 'API_KEY', hash: hashKey(keys.agent), permissions: ['read', 'write'] },
    { name: 'admin', setting: 'ADMIN_API_KEY', hash: hashKey(keys.admin), permissions: [...PERMISSIONS] },
  ];
  await store.write(async (tx) => {
    await tx.workspaces.ensure(DEFAULT_WORKSPACE, now);
    const changed: { readonly key: (typeof wanted)[number]; readonly old: KeyRow | undefined }[] = [];
    for (const key of wanted) {
      const holder = await tx.keys.byHash(key.hash);
      if (holder?.name === key.name) continue;
      if (holder !== undefined && !wanted.some(({ name }) => name === holder.name)) {
        throw new StartError(
          `${key.setting} is the text of the key ${holder.name} already; set another one.`,
        );
      }
      changed.push({ key, old: await tx.keys.byName(key.name) });
    }
    // Two steps, for the case that the two were exchanged: a hash is unique.
    for (const { old } of changed) if (old) await tx.keys.renew(old.keyId, `replaced ${old.keyId}`);
    for (const { key, old } of changed) {
      const { name, hash, permissions } = key;
      if (old) await tx.keys.renew(old.keyId, hash);
      else {
        await tx.keys.insert({
          ...{ keyId: `key_${name}`, name, workspace: DEFAULT_WORKSPACE, permissions, hash, createdAt: now },
          ...{ agentId: null, agentTypes: null, agentIds: null, oldUntil: null },
          ...{ expiresAt: null, lastUsedAt: null, revokedAt: null },
        });
      }
    }
  });
}

/** The operator of the default workspace sets the others up; the operator of another one sees only its own. */
function mayManage(ctx: Ctx, workspace: string): boolean {
  const { workspace: own } = ctx.principal;
  return own === ALL_WORKSPACES || own === DEFAULT_WORKSPACE || own === workspace;
}

function demandMayGrant(ctx: Ctx, { workspace, permissions }: NewKey): void {
  if (workspace === ALL_WORKSPACES && !permissions.includes('admin')) {
    throw invalid(
      'permissions',
      permissions.join(','),
      'admin among them: a key of workspace * is for operators',
    );
  }
  if (mayManage(ctx, workspace)) return;
  const { workspace: own } = ctx.principal;
  throw new HubError(
    'PERMISSION_DENIED',
    `A key of workspace ${own} cannot make keys for workspace ${workspace}.`,
    {
      context: { workspace, own },
      suggestions: [`Make it with an admin key of ${workspace}, or for workspace ${own}.`],
    },
  );
}

function nameTaken(name: string): HubError {
  return invalid('name', name, 'a name that no other key has', {
    suggestions: ['Choose another name; names are kept for the record even when their keys are revoked.'],
  });
}
