/** Contract of workspaces, keys and agents. */
import { describe, expect, it } from 'vitest';
import type { KeyRow } from '../../../src/store/port.ts';
import { keyOf, newAgent, newWorkspace, T0, unique, useStore, type StoreEngine } from '../engine.ts';

export function keysAndAgents(engine: StoreEngine): void {
  describe('workspaces', () => {
    const at = useStore(engine);

    it('exist once they are made, however often', async () => {
      const name = unique('workspace');
      expect(await at.store.read.workspaces.exists(name)).toBe(false);
      await at.store.write((tx) => tx.workspaces.ensure(name, T0));
      await at.store.write((tx) => tx.workspaces.ensure(name, T0 + 1));
      expect(await at.store.read.workspaces.exists(name)).toBe(true);
    });
  });

  describe('keys', () => {
    const at = useStore(engine);

    it('are found by hash and by name, without their hash', async () => {
      const { hash, ...row } = keyOf({
        permissions: ['read'],
        agentId: 'alice',
        agentTypes: ['coder', 'tester'],
        expiresAt: T0 + 1000,
      });
      await at.store.write((tx) => tx.keys.insert({ ...row, hash }));
      expect(await at.store.read.keys.byHash(hash)).toEqual(row);
      expect(await at.store.read.keys.byName(row.name)).toEqual(row);
      expect(await at.store.read.keys.byHash('another')).toBeUndefined();
      expect(await at.store.read.keys.byName('another')).toBeUndefined();
    });

    it('change their hash, and say when they were used and revoked', async () => {
      const { hash, ...row } = keyOf();
      await at.store.write(async (tx) => {
        await tx.keys.insert({ ...row, hash });
        await tx.keys.renew(row.keyId, `new ${hash}`);
        await tx.keys.touch(row.keyId, T0 + 1);
        await tx.keys.revoke(row.keyId, T0 + 2);
      });
      expect(await at.store.read.keys.byHash(hash)).toBeUndefined();
      const changed = { ...row, lastUsedAt: T0 + 1, revokedAt: T0 + 2 };
      expect(await at.store.read.keys.byHash(`new ${hash}`)).toEqual(changed);
    });

    it('have names and hashes of their own', async () => {
      const key = keyOf();
      await at.store.write((tx) => tx.keys.insert(key));
      for (const same of [{ name: key.name }, { hash: key.hash }, { keyId: key.keyId }]) {
        await expect(at.store.write((tx) => tx.keys.insert({ ...keyOf(), ...same }))).rejects.toThrow();
      }
    });

    it('are listed newest first, revoked ones too', async () => {
      const later = T0 + 1_000_000;
      const rows = [
        keyOf({ createdAt: later }),
        keyOf({ createdAt: later + 2 }),
        keyOf({ createdAt: later + 1 }),
      ];
      await at.store.write(async (tx) => {
        for (const row of rows) await tx.keys.insert(row);
        await tx.keys.revoke(rows[1]?.keyId ?? '', later + 3);
      });
      const listed = await at.store.read.keys.list({ limit: 3 });
      expect(listed.map((key) => key.keyId)).toEqual([rows[1]?.keyId, rows[2]?.keyId, rows[0]?.keyId]);
    });

    it('are listed page by page, of one workspace or of all', async () => {
      const [here, elsewhere] = [unique('workspace'), unique('workspace')];
      const later = T0 + 2_000_000;
      const rows = [0, 1, 1, 1, 2].map((offset) => keyOf({ workspace: here, createdAt: later + offset }));
      await at.store.write(async (tx) => {
        for (const row of rows) await tx.keys.insert(row);
        await tx.keys.insert(keyOf({ workspace: elsewhere, createdAt: later + 1 }));
      });
      const ids: string[] = [];
      for (let after: KeyRow | undefined; ;) {
        const page = await at.store.read.keys.list({
          ...{ workspace: here, limit: 2 },
          ...(after === undefined ? {} : { after }),
        });
        ids.push(...page.map((key) => key.keyId));
        after = page.at(-1);
        if (page.length < 2) break;
      }
      expect(ids).toHaveLength(5);
      expect([ids[0], ids[4]]).toEqual([rows[4]?.keyId, rows[0]?.keyId]);
      expect(new Set(ids)).toEqual(new Set(rows.map(({ keyId }) => keyId)));
      expect((await at.store.read.keys.list({ limit: 6 })).map((key) => key.workspace)).toContain(elsewhere);
    });

    it('are found by id, and by the text before the last rotation', async () => {
      const { hash, ...row } = keyOf();
      await at.store.write(async (tx) => {
        await tx.keys.insert({ ...row, hash });
        await tx.keys.rotate(row.keyId, `second ${hash}`, T0 + 5);
      });
      const rotated = { ...row, oldUntil: T0 + 5 };
      expect(await at.store.read.keys.byId(row.keyId)).toEqual(rotated);
      expect(await at.store.read.keys.byHash(`second ${hash}`)).toEqual(rotated);
      expect(await at.store.read.keys.byOldHash(hash)).toEqual(rotated);
      expect(await at.store.read.keys.byHash(hash)).toBeUndefined();
      expect(await at.store.read.keys.byOldHash(`second ${hash}`)).toBeUndefined();

      await at.store.write((tx) => tx.keys.rotate(row.keyId, `third ${hash}`, T0 + 9));
      expect(await at.store.read.keys.byOldHash(hash)).toBeUndefined();
      expect(await at.store.read.keys.byOldHash(`second ${hash}`)).toEqual({ ...row, oldUntil: T0 + 9 });
      await at.store.write((tx) => tx.keys.rotate(row.keyId, `fourth ${hash}`, null));
      expect(await at.store.read.keys.byOldHash(`third ${hash}`)).toBeUndefined();
      expect(await at.store.read.keys.byHash(`fourth ${hash}`)).toEqual(row);
      expect(await at.store.read.keys.byId('another')).toBeUndefined();
    });
  });

  describe('agents', () => {
    const at = useStore(engine);

    it('are found by id without case, in their workspace only', async () => {
      const [here, elsewhere] = [await newWorkspace(at.store), await newWorkspace(at.store)];
      const agent = await newAgent(at.store, here, { agentId: 'Alice', agentType: 'coder', client: 'cli' });
      expect(agent).toMatchObject({ agentId: 'Alice', agentType: 'coder', client: 'cli', firstSeenAt: T0 });
      expect(await at.store.read.agents.get(here, 'aLICE')).toEqual(agent);
      expect(await at.store.read.agents.get(elsewhere, 'Alice')).toBeUndefined();
      expect(await at.store.read.agents.get('no workspace', 'Alice')).toBeUndefined();
    });

    it('keep one spelling of an id per workspace', async () => {
      const [here, elsewhere] = [await newWorkspace(at.store), await newWorkspace(at.store)];
      await newAgent(at.store, here, { agentId: 'Bob' });
      await expect(newAgent(at.store, here, { agentId: 'BOB' })).rejects.toThrow();
      await expect(newAgent(at.store, elsewhere, { agentId: 'BOB' })).resolves.toMatchObject({
        agentId: 'BOB',
      });
    });

    it('tell when they were seen and with which client', async () => {
      const here = await newWorkspace(at.store);
      const agent = await newAgent(at.store, here, { client: 'first' });
      await at.store.write((tx) => tx.agents.touch(agent.pk, T0 + 5, null));
      const touched = { ...agent, lastSeenAt: T0 + 5 };
      expect(await at.store.read.agents.get(here, agent.agentId)).toEqual(touched);
      await at.store.write((tx) => tx.agents.touch(agent.pk, T0 + 6, 'second'));
      const changed = { ...agent, lastSeenAt: T0 + 6, client: 'second' };
      expect(await at.store.read.agents.get(here, agent.agentId)).toEqual(changed);
    });

    it('are released, and given to a key', async () => {
      const here = await newWorkspace(at.store);
      const agent = await newAgent(at.store, here);
      const key = keyOf();
      await at.store.write((tx) => tx.agents.release(agent.pk, T0 + 3));
      expect(await at.store.read.agents.get(here, agent.agentId)).toEqual({ ...agent, releasedAt: T0 + 3 });
      await at.store.write(async (tx) => {
        await tx.keys.insert(key);
        await tx.agents.give(agent.pk, key.keyId);
      });
      const given = { ...agent, keyId: key.keyId, releasedAt: null };
      expect(await at.store.read.agents.get(here, agent.agentId)).toEqual(given);
    });

    it('are listed by id without case, page by page, with the names of their keys', async () => {
      const [here, elsewhere] = [await newWorkspace(at.store), await newWorkspace(at.store)];
      for (const agentId of ['Carl', 'ann', 'BEN']) await newAgent(at.store, here, { agentId });
      await newAgent(at.store, elsewhere, { agentId: 'bob' });
      const { list } = at.store.read.agents;
      const first = await list({ workspace: here, limit: 2 });
      expect(first.map(({ agentId }) => agentId)).toEqual(['ann', 'BEN']);
      expect(`id of ${first[0]?.keyName ?? ''}`).toBe(first[0]?.keyId);
      const rest = await list({ workspace: here, after: 'BEN', limit: 2 });
      expect(rest.map(({ agentId }) => agentId)).toEqual(['Carl']);
      expect(await list({ workspace: 'no workspace', limit: 2 })).toEqual([]);
    });

    it('are completed by the beginning of their id, without case', async () => {
      const [here, elsewhere] = [await newWorkspace(at.store), await newWorkspace(at.store)];
      for (const agentId of ['ann', 'Anna', 'ANTON', 'ben']) await newAgent(at.store, here, { agentId });
      await newAgent(at.store, elsewhere, { agentId: 'anders' });
      const ids = (prefix: string, limit = 10) => at.store.read.agents.idsByPrefix(here, prefix, limit);
      expect(await ids('An')).toEqual(['ann', 'Anna', 'ANTON']);
      expect(await ids('')).toEqual(['ann', 'Anna', 'ANTON', 'ben']);
      expect(await ids('an', 2)).toEqual(['ann', 'Anna']);
      expect(await ids('x')).toEqual([]);
      expect(await at.store.read.agents.idsByPrefix('no workspace', '', 10)).toEqual([]);
    });
  });
}
