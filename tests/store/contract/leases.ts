/** Contract of leases. */
import { describe, expect, it } from 'vitest';
import type { LeaseRow } from '../../../src/store/port.ts';
import { keyOf, newWorkspace, T0, unique, useStore, type StoreEngine } from '../engine.ts';

export function leases(engine: StoreEngine): void {
  describe('leases', () => {
    const at = useStore(engine);

    async function grant(over: Partial<LeaseRow> = {}): Promise<LeaseRow> {
      const workspace = await newWorkspace(at.store);
      const key = keyOf();
      const seen = { firstSeenAt: T0, lastSeenAt: T0, client: null, releasedAt: null };
      return at.store.write(async (tx) => {
        await tx.keys.insert(key);
        const agent = { agentId: 'Alice', agentType: 'coder', keyId: key.keyId };
        const { pk } = await tx.agents.insert(workspace, { ...agent, ...seen });
        const lease = {
          ...{ leaseId: unique('lease'), workspace, holderPk: pk, mode: 'shared' as const },
          ...{ resources: ['src/**', 'deploy'], reason: null, sessionId: null },
          ...{ grantedAt: T0, expiresAt: T0 + 1000 },
          ...over,
        };
        return { ...lease, holder: 'Alice', fencingToken: await tx.leases.insert(lease) };
      });
    }

    const all = () => at.store.read.leases.page({ after: '', limit: 100 });

    it('are kept as they are granted, at rising positions', async () => {
      const first = await grant();
      const label = { mode: 'exclusive' as const, reason: 'why', sessionId: 'session_1' };
      const second = await grant(label);
      expect(second.fencingToken).toBeGreaterThan(first.fencingToken);
      expect(await all()).toEqual(expect.arrayContaining([first, second]));
    });

    it('are read in pages', async () => {
      const granted = [await grant(), await grant(), await grant()].map((lease) => lease.leaseId);
      const ids: string[] = [];
      for (let after = ''; ;) {
        const page = await at.store.read.leases.page({ after, limit: 2 });
        ids.push(...page.map((lease) => lease.leaseId));
        if (page.length < 2) break;
        after = page.at(-1)?.leaseId ?? '';
      }
      expect(ids).toEqual((await all()).map((lease) => lease.leaseId));
      expect(ids).toEqual(expect.arrayContaining(granted));
    });

    it('are renewed and ended, if they are there', async () => {
      const lease = await grant();
      const { leaseId } = lease;
      expect(
        await at.store.write((tx) => tx.leases.renew(leaseId, { expiresAt: T0 + 5000, reason: 'more' })),
      ).toBe(true);
      const renewed = { ...lease, expiresAt: T0 + 5000, reason: 'more' };
      expect(await all()).toContainEqual(renewed);
      const how = { reason: 'forced', by: 'ops', at: T0 + 2000 } as const;
      const end = () => at.store.write((tx) => tx.leases.end(leaseId, how));
      expect(await at.store.read.leases.ended(leaseId)).toBeUndefined();
      expect(await end()).toEqual(renewed);
      expect((await all()).map((left) => left.leaseId)).not.toContain(leaseId);
      expect(await end()).toBeUndefined();
      const renew = { expiresAt: T0, reason: null };
      expect(await at.store.write((tx) => tx.leases.renew(leaseId, renew))).toBe(false);
      const { workspace, holder, fencingToken } = lease;
      const ended = { leaseId, workspace, holder, fencingToken, reason: 'forced', by: 'ops' };
      expect(await at.store.read.leases.ended(leaseId)).toEqual(ended);
      const forget = (time: number) => at.store.write((tx) => tx.leases.forgetEnded(time, 10));
      expect(await forget(T0 + 2000)).toBe(0);
      expect(await at.store.read.leases.ended(leaseId)).toEqual(ended);
      expect(await forget(T0 + 2001)).toBe(1);
      expect(await at.store.read.leases.ended(leaseId)).toBeUndefined();
    });
  });
}
