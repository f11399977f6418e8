/** Logins of operators in a browser. */
import { drizzle, eq, sql } from '../drizzle.ts';
import type { Reads, Writes } from '../../port.ts';
import type { Connection } from '../connection.ts';
import { logins } from '../schema.ts';
import type { SyncNoun } from '../sync.ts';

export function loginReads({ sqlite }: Connection): SyncNoun<Reads['logins']> {
  const byHash = drizzle(sqlite)
    .select({ keyHash: logins.keyHash, createdAt: logins.createdAt, expiresAt: logins.expiresAt })
    .from(logins)
    .where(eq(logins.hash, sql.placeholder('hash')))
    .prepare();
  return { byHash: (hash) => byHash.get({ hash }) };
}

export function loginWrites({ sqlite }: Connection): SyncNoun<Writes['logins']> {
  const orm = drizzle(sqlite);
  const deleteExpired = sqlite.prepare<[number, number]>(
    `DELETE FROM logins WHERE hash IN
       (SELECT hash FROM logins WHERE expires_at < ? ORDER BY expires_at LIMIT ?)`,
  );
  return {
    insert(login) {
      orm.insert(logins).values(login).run();
    },
    extend(hash, expiresAt) {
      orm.update(logins).set({ expiresAt }).where(eq(logins.hash, hash)).run();
    },
    remove(hash) {
      orm.delete(logins).where(eq(logins.hash, hash)).run();
    },
    deleteExpired: (time, limit) => deleteExpired.run(time, limit).changes,
  };
}
