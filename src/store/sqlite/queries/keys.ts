/** Workspaces and API keys. */
import { and, desc, drizzle, eq, sql } from '../drizzle.ts';
import type { KeyRow, Reads, Writes } from '../../port.ts';
import type { Connection } from '../connection.ts';
import type { Names } from '../names.ts';
import { keys, workspaces } from '../schema.ts';
import type { SyncNoun } from '../sync.ts';

/** Before the newest key. */
const FIRST = { createdAt: Number.MAX_SAFE_INTEGER, keyId: '' };

export function workspaceReads(names: Names): SyncNoun<Reads['workspaces']> {
  return { exists: (name) => names.workspace(name) !== undefined };
}

export function workspaceWrites({ sqlite }: Connection): SyncNoun<Writes['workspaces']> {
  const insert = drizzle(sqlite)
    .insert(workspaces)
    .values({ name: sql.placeholder('name'), createdAt: sql.placeholder('now') })
    .onConflictDoNothing()
    .prepare();
  return {
    ensure(name, now) {
      insert.run({ name, now });
    },
  };
}

export function keyReads({ sqlite }: Connection): SyncNoun<Reads['keys']> {
  const orm = drizzle(sqlite);
  const byHash = orm
    .select()
    .from(keys)
    .where(eq(keys.hash, sql.placeholder('hash')))
    .prepare();
  const byName = orm
    .select()
    .from(keys)
    .where(eq(keys.name, sql.placeholder('name')))
    .prepare();
  const byOldHash = orm
    .select()
    .from(keys)
    .where(eq(keys.oldHash, sql.placeholder('hash')))
    .prepare();
  const byId = orm
    .select()
    .from(keys)
    .where(eq(keys.keyId, sql.placeholder('keyId')))
    .prepare();
  const list = orm
    .select()
    .from(keys)
    .where(
      and(
        sql`coalesce(${sql.placeholder('workspace')}, ${keys.workspace}) = ${keys.workspace}`,
        sql`(${keys.createdAt}, ${keys.keyId}) < (${sql.placeholder('createdAt')}, ${sql.placeholder('keyId')})`,
      ),
    )
    .orderBy(desc(keys.createdAt), desc(keys.keyId))
    .limit(sql.placeholder('limit'))
    .prepare();
  return {
    byHash: (hash) => toKeyRow(byHash.get({ hash })),
    byName: (name) => toKeyRow(byName.get({ name })),
    byOldHash: (hash) => toKeyRow(byOldHash.get({ hash })),
    byId: (keyId) => toKeyRow(byId.get({ keyId })),
    list: ({ workspace = null, after = FIRST, limit }) =>
      list.all({ workspace, ...after, limit }).map((row) => withoutHash(row)),
  };
}

function toKeyRow(row: typeof keys.$inferSelect | undefined): KeyRow | undefined {
  return row && withoutHash(row);
}

function withoutHash({ hash: _, oldHash: __, ...row }: typeof keys.$inferSelect): KeyRow {
  return row;
}

export function keyWrites({ sqlite }: Connection): SyncNoun<Writes['keys']> {
  const orm = drizzle(sqlite);
  return {
    insert({ permissions, agentTypes, agentIds, ...key }) {
      const lists = { agentTypes: agentTypes && [...agentTypes], agentIds: agentIds && [...agentIds] };
      orm
        .insert(keys)
        .values({ ...key, ...lists, permissions: [...permissions] })
        .run();
    },
    renew(keyId, hash, bounds) {
      const renewed = { hash, oldHash: null, oldUntil: null, revokedAt: null, expiresAt: null };
      const bound = bounds && { workspace: bounds.workspace, permissions: [...bounds.permissions] };
      orm
        .update(keys)
        .set({ ...renewed, ...bound })
        .where(eq(keys.keyId, keyId))
        .run();
    },
    rotate(keyId, hash, oldUntil) {
      orm
        .update(keys)
        .set({ hash, oldUntil, oldHash: oldUntil === null ? null : sql`${keys.hash}` })
        .where(eq(keys.keyId, keyId))
        .run();
    },
    revoke(keyId, now) {
      orm.update(keys).set({ revokedAt: now }).where(eq(keys.keyId, keyId)).run();
    },
    touch(keyId, now) {
      orm.update(keys).set({ lastUsedAt: now }).where(eq(keys.keyId, keyId)).run();
    },
  };
}
