/** Handles of agents that act over a connection of another. */
import { and, drizzle, eq, isNull, sql } from '../drizzle.ts';
import type { Reads, Writes } from '../../port.ts';
import type { Connection } from '../connection.ts';
import { handles } from '../schema.ts';
import type { SyncNoun } from '../sync.ts';

export function handleReads({ sqlite }: Connection): SyncNoun<Reads['handles']> {
  const byHash = drizzle(sqlite)
    .select()
    .from(handles)
    .where(eq(handles.hash, sql.placeholder('hash')))
    .prepare();
  return {
    byHash(hash) {
      const found = byHash.get({ hash });
      if (found === undefined) return undefined;
      const { hash: _, ...row } = found;
      return row;
    },
  };
}

export function handleWrites({ sqlite }: Connection): SyncNoun<Writes['handles']> {
  const orm = drizzle(sqlite);
  const deleteExpired = sqlite.prepare<[number, number]>(
    `DELETE FROM handles WHERE hash IN
       (SELECT hash FROM handles WHERE expires_at < ? ORDER BY expires_at LIMIT ?)`,
  );
  return {
    insert({ permissions, ...handle }) {
      orm
        .insert(handles)
        .values({ ...handle, permissions: [...permissions] })
        .run();
    },
    extend(hash, expiresAt) {
      const untouched = and(eq(handles.hash, hash), isNull(handles.replacedAt), isNull(handles.revokedAt));
      orm.update(handles).set({ expiresAt }).where(untouched).run();
    },
    replace(hash, now, expiresAt) {
      orm.update(handles).set({ replacedAt: now, expiresAt }).where(eq(handles.hash, hash)).run();
    },
    revoke(hash, now) {
      orm.update(handles).set({ revokedAt: now }).where(eq(handles.hash, hash)).run();
    },
    deleteExpired: (time, limit) => deleteExpired.run(time, limit).changes,
  };
}
