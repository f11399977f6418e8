/** Workspaces and API keys. */
import { desc, eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import type { KeyRow, Reads, Writes } from '../../port.ts';
import type { Connection } from '../connection.ts';
import type { Names } from '../names.ts';
import { keys, workspaces } from '../schema.ts';
import type { SyncNoun } from '../sync.ts';

const MAX_LISTED = 1000;

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
  const byId = orm
    .select()
    .from(keys)
    .where(eq(keys.keyId, sql.placeholder('keyId')))
    .prepare();
  const list = orm.select().from(keys).orderBy(desc(keys.createdAt)).limit(MAX_LISTED).prepare();
  return {
    byHash: (hash) => toKeyRow(byHash.get({ hash })),
    byName: (name) => toKeyRow(byName.get({ name })),
    byId: (keyId) => toKeyRow(byId.get({ keyId })),
    list: () => list.all().map((row) => withoutHash(row)),
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
    renew(keyId, hash) {
      orm.update(keys).set({ hash, revokedAt: null, expiresAt: null }).where(eq(keys.keyId, keyId)).run();
    },
    revoke(keyId, now) {
      orm.update(keys).set({ revokedAt: now }).where(eq(keys.keyId, keyId)).run();
    },
    touch(keyId, now) {
      orm.update(keys).set({ lastUsedAt: now }).where(eq(keys.keyId, keyId)).run();
    },
  };
}
