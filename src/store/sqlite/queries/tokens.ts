/** Logins with their refresh tokens, and access tokens that were revoked before their time. */
import { drizzle, eq, sql } from '../drizzle.ts';
import type { Reads, Writes } from '../../port.ts';
import type { Connection } from '../connection.ts';
import { refreshTokens, revokedTokens, tokenFamilies } from '../schema.ts';
import type { SyncNoun } from '../sync.ts';

export function tokenReads({ sqlite }: Connection): SyncNoun<Reads['tokens']> {
  const isRevoked = sqlite
    .prepare<[string, string], number>(
      `SELECT EXISTS (SELECT 1 FROM revoked_tokens WHERE jti = ?)
         OR EXISTS (SELECT 1 FROM token_families WHERE family_id = ? AND revoked_at IS NOT NULL)`,
    )
    .pluck();
  const refreshToken = drizzle(sqlite)
    .select({ family: tokenFamilies, expiresAt: refreshTokens.expiresAt, usedAt: refreshTokens.usedAt })
    .from(refreshTokens)
    .innerJoin(tokenFamilies, eq(tokenFamilies.familyId, refreshTokens.familyId))
    .where(eq(refreshTokens.hash, sql.placeholder('hash')))
    .prepare();
  return {
    isRevoked: (jti, familyId) => isRevoked.get(jti, familyId) === 1,
    refreshToken: (hash) => refreshToken.get({ hash }),
  };
}

export function tokenWrites({ sqlite }: Connection): SyncNoun<Writes['tokens']> {
  const orm = drizzle(sqlite);
  const deleteRefresh = sqlite.prepare<[number, number]>(
    `DELETE FROM refresh_tokens WHERE hash IN
       (SELECT hash FROM refresh_tokens WHERE expires_at < ? ORDER BY expires_at LIMIT ?)`,
  );
  const deleteFamilies = sqlite.prepare<[number, number]>(
    `DELETE FROM token_families WHERE family_id IN
       (SELECT family_id FROM token_families f WHERE expires_at < ?
          AND NOT EXISTS (SELECT 1 FROM refresh_tokens r WHERE r.family_id = f.family_id)
        ORDER BY expires_at LIMIT ?)`,
  );
  const deleteRevocations = sqlite.prepare<[number, number]>(
    `DELETE FROM revoked_tokens WHERE jti IN
       (SELECT jti FROM revoked_tokens WHERE expires_at < ? ORDER BY expires_at LIMIT ?)`,
  );
  return {
    insertFamily({ permissions, ...family }) {
      orm
        .insert(tokenFamilies)
        .values({ ...family, permissions: [...permissions] })
        .run();
    },
    insertRefresh(hash, token) {
      orm
        .insert(refreshTokens)
        .values({ hash, ...token })
        .run();
      orm
        .update(tokenFamilies)
        .set({ expiresAt: token.expiresAt })
        .where(eq(tokenFamilies.familyId, token.familyId))
        .run();
    },
    useRefresh(hash, now) {
      orm.update(refreshTokens).set({ usedAt: now }).where(eq(refreshTokens.hash, hash)).run();
    },
    revokeFamily(familyId, now) {
      orm.update(tokenFamilies).set({ revokedAt: now }).where(eq(tokenFamilies.familyId, familyId)).run();
    },
    revoke(jti, expiresAt) {
      orm.insert(revokedTokens).values({ jti, expiresAt }).onConflictDoNothing().run();
    },
    deleteExpiredRefresh: (time, limit) => deleteRefresh.run(time, limit).changes,
    deleteExpiredFamilies: (time, limit) => deleteFamilies.run(time, limit).changes,
    deleteExpiredRevocations: (time, limit) => deleteRevocations.run(time, limit).changes,
  };
}
