/** Contract of handles, logins and revoked access tokens. */
import { describe, expect, it } from 'vitest';
import type { Grant, HandleRow, Store, TokenFamilyRow } from '../../../src/store/port.ts';
import { keyOf, T0, unique, useStore, type StoreEngine } from '../engine.ts';

async function grantOf(store: Store): Promise<Grant> {
  const key = keyOf();
  await store.write((tx) => tx.keys.insert(key));
  const { keyId, workspace } = key;
  return { keyId, workspace, agentId: 'alice', agentType: 'coder', permissions: ['read', 'write'] };
}

export function tokens(engine: StoreEngine): void {
  describe('handles', () => {
    const at = useStore(engine);

    async function newHandle(over: Partial<HandleRow> = {}) {
      const hash = unique('handle');
      const row: HandleRow = {
        ...(await grantOf(at.store)),
        ...{ createdAt: T0, expiresAt: T0 + 1000, replacedAt: null, revokedAt: null },
        ...over,
      };
      await at.store.write((tx) => tx.handles.insert({ ...row, hash }));
      return { hash, row };
    }

    it('are found by hash, without it', async () => {
      const { hash, row } = await newHandle({ permissions: ['read'] });
      expect(await at.store.read.handles.byHash(hash)).toEqual(row);
      expect(await at.store.read.handles.byHash('another')).toBeUndefined();
    });

    it('are extended until they are replaced or revoked', async () => {
      const { hash, row } = await newHandle();
      const found = () => at.store.read.handles.byHash(hash);
      await at.store.write((tx) => tx.handles.extend(hash, T0 + 5000));
      expect(await found()).toEqual({ ...row, expiresAt: T0 + 5000 });
      await at.store.write((tx) => tx.handles.replace(hash, T0 + 1, T0 + 61));
      await at.store.write((tx) => tx.handles.extend(hash, T0 + 9000));
      expect(await found()).toEqual({ ...row, expiresAt: T0 + 61, replacedAt: T0 + 1 });

      const other = await newHandle();
      await at.store.write((tx) => tx.handles.revoke(other.hash, T0 + 2));
      await at.store.write((tx) => tx.handles.extend(other.hash, T0 + 9000));
      expect(await at.store.read.handles.byHash(other.hash)).toEqual({ ...other.row, revokedAt: T0 + 2 });
    });

    it('are removed when they have expired, a bounded number at a time', async () => {
      const dead = [await newHandle({ expiresAt: 1 }), await newHandle({ expiresAt: 2 })];
      const alive = await newHandle({ expiresAt: 10 });
      const remove = () => at.store.write((tx) => tx.handles.deleteExpired(10, 1));
      expect([await remove(), await remove(), await remove()]).toEqual([1, 1, 0]);
      for (const { hash } of dead) expect(await at.store.read.handles.byHash(hash)).toBeUndefined();
      expect(await at.store.read.handles.byHash(alive.hash)).toEqual(alive.row);
    });
  });

  describe('tokens', () => {
    const at = useStore(engine);

    async function newFamily(over: Partial<TokenFamilyRow> = {}): Promise<TokenFamilyRow> {
      const family: TokenFamilyRow = {
        ...(await grantOf(at.store)),
        ...{ familyId: unique('family'), createdAt: T0, expiresAt: T0 + 1000, revokedAt: null },
        ...over,
      };
      await at.store.write((tx) => tx.tokens.insertFamily(family));
      return family;
    }

    it('to refresh with are found with their family, whose end moves with the newest', async () => {
      const family = await newFamily();
      const hash = unique('refresh');
      const expiresAt = T0 + 7000;
      await at.store.write((tx) =>
        tx.tokens.insertRefresh(hash, { familyId: family.familyId, createdAt: T0, expiresAt }),
      );
      const found = () => at.store.read.tokens.refreshToken(hash);
      expect(await found()).toEqual({ family: { ...family, expiresAt }, expiresAt, usedAt: null });
      await at.store.write(async (tx) => {
        await tx.tokens.useRefresh(hash, T0 + 5);
        await tx.tokens.revokeFamily(family.familyId, T0 + 6);
      });
      const revoked = { ...family, expiresAt, revokedAt: T0 + 6 };
      expect(await found()).toEqual({ family: revoked, expiresAt, usedAt: T0 + 5 });
      expect(await at.store.read.tokens.refreshToken('another')).toBeUndefined();
    });

    it('are revoked one by one, however often, or with their family', async () => {
      const [family, other] = [await newFamily(), await newFamily()];
      const { isRevoked } = at.store.read.tokens;
      expect(await isRevoked('jti', family.familyId)).toBe(false);
      await at.store.write((tx) => tx.tokens.revoke('jti', T0 + 1));
      await at.store.write((tx) => tx.tokens.revoke('jti', T0 + 1));
      expect(await isRevoked('jti', family.familyId)).toBe(true);
      expect(await isRevoked('next', family.familyId)).toBe(false);
      await at.store.write((tx) => tx.tokens.revokeFamily(family.familyId, T0));
      expect(await isRevoked('next', family.familyId)).toBe(true);
      expect(await isRevoked('next', other.familyId)).toBe(false);
      expect(await isRevoked('next', 'no family')).toBe(false);
    });

    it('are removed when they have expired, a family after its tokens', async () => {
      const family = await newFamily({ expiresAt: 5 });
      const at5 = { familyId: family.familyId, createdAt: 1, expiresAt: 5 };
      await at.store.write(async (tx) => {
        for (const hash of ['first', 'second']) await tx.tokens.insertRefresh(hash, at5);
        for (const jti of ['old', 'older']) await tx.tokens.revoke(jti, 5);
        await tx.tokens.revoke('young', 10);
      });
      const remove = (noun: 'Refresh' | 'Families' | 'Revocations', limit = 1) =>
        at.store.write((tx) => tx.tokens[`deleteExpired${noun}`](10, limit));
      expect(await remove('Families')).toBe(0);
      expect([await remove('Refresh'), await remove('Refresh'), await remove('Refresh')]).toEqual([1, 1, 0]);
      expect([await remove('Families'), await remove('Families')]).toEqual([1, 0]);
      expect([await remove('Revocations', 9), await remove('Revocations')]).toEqual([2, 0]);
      expect(await at.store.read.tokens.isRevoked('young', '')).toBe(true);
      expect(await at.store.read.tokens.isRevoked('old', '')).toBe(false);
    });
  });
}
