/** Contract of memory, idempotency and imports. */
import { describe, expect, it } from 'vitest';
import type { MemoryListRow, MemoryPage, MemoryPlace, MemoryPosition } from '../../../src/store/port.ts';
import { newAgent, newSession, newWorkspace, post, T0, useStore, type StoreEngine } from '../engine.ts';

export function memory(engine: StoreEngine): void {
  describe('memory', () => {
    const at = useStore(engine);

    const entryOf = (key: string, value = '1', expiresAt: number | null = null) => ({
      ...{ key, value, valueSize: value.length, version: 1, metadata: {}, updatedBy: 'alice', expiresAt },
      ...{ createdAt: T0, updatedAt: T0 },
    });
    const put = (place: MemoryPlace, ...args: Parameters<typeof entryOf>) =>
      at.store.write((tx) => tx.memory.put(place, entryOf(...args)));

    async function places() {
      const here = await newWorkspace(at.store);
      const session = await newSession(at.store, here);
      const agent = await newAgent(at.store, here);
      const own: MemoryPlace = { workspace: here, agentPk: agent.pk, sessionPk: null };
      const shared: MemoryPlace = { workspace: here, agentPk: null, sessionPk: null };
      return { here, session, own, shared, inSession: { ...own, sessionPk: session.pk } };
    }

    async function listAll(args: Omit<MemoryPage, 'now' | 'after'>, now = T0): Promise<MemoryListRow[]> {
      const found: MemoryListRow[] = [];
      let after: MemoryPosition | null | undefined;
      do {
        const page = await at.store.read.memory.page({ ...args, now, ...(after ? { after } : {}) });
        expect(page.entries.length).toBeLessThanOrEqual(args.limit);
        found.push(...page.entries);
        after = page.next;
      } while (after !== null);
      return found;
    }

    it('reads the entries of one owner with their values, by session and key', async () => {
      const { here, own, shared, inSession } = await places();
      await put(own, 'b', '"own b"');
      await put(own, 'a', '"own a"');
      await put(own, 'gone', '1', T0 - 1);
      await put(inSession, 'a', '"in session"');
      await put(shared, 'a', '"shared"');
      const read = async (owner: number | null, page: { limit: number; maxBytes: number }) => {
        const found: string[] = [];
        for (let after: MemoryPosition | undefined; ;) {
          const where = { workspace: here, owner, now: T0, ...(after === undefined ? {} : { after }) };
          const entries = await at.store.read.memory.entries({ ...where, ...page });
          const last = entries.at(-1);
          if (last === undefined) return found;
          expect(entries.length).toBeLessThanOrEqual(page.limit);
          if (page.maxBytes < 10) expect(entries).toHaveLength(1);
          found.push(...entries.map(({ value }) => value));
          after = last.position;
        }
      };
      for (const page of [
        { limit: 10, maxBytes: 1000 },
        { limit: 1, maxBytes: 1000 },
        { limit: 10, maxBytes: 9 },
      ]) {
        expect(await read(own.agentPk, page)).toEqual(['"own a"', '"own b"', '"in session"']);
        expect(await read(null, page)).toEqual(['"shared"']);
      }
      // Others look at what expires.
      await at.store.write((tx) => tx.memory.delete(own, 'gone'));
    });

    it('keeps a value exactly, one per place and key', async () => {
      const { own, shared, inSession, session } = await places();
      const value = '{"b":1,  "a":"\\u0041🙂"}';
      await at.store.write((tx) =>
        tx.memory.put(inSession, {
          ...entryOf('k', value),
          version: 7,
          metadata: { x: 1 },
          expiresAt: T0 + 9,
        }),
      );
      await put(shared, 'k', '"shared"');
      expect(await at.store.read.memory.get(inSession, 'k', T0)).toMatchObject({
        ...{
          scope: 'agent',
          sessionId: session.sessionId,
          key: 'k',
          value,
          valueSize: value.length,
          version: 7,
        },
        ...{ metadata: { x: 1 }, createdAt: T0, updatedAt: T0, updatedBy: 'alice', expiresAt: T0 + 9 },
      });
      expect(await at.store.read.memory.get(shared, 'k', T0)).toMatchObject({
        scope: 'shared',
        sessionId: null,
        value: '"shared"',
      });
      expect(await at.store.read.memory.get(own, 'k', T0)).toBeUndefined();
      expect(await at.store.read.memory.get({ ...own, workspace: 'none' }, 'k', T0)).toBeUndefined();
      await put(inSession, 'k', '2');
      expect(await at.store.read.memory.get(inSession, 'k', T0)).toMatchObject({
        value: '2',
        version: 1,
        expiresAt: null,
      });
      expect(await at.store.read.memory.count(own.workspace, own.agentPk)).toBe(1);
      expect(await at.store.read.memory.count(own.workspace, null)).toBe(1);
    });

    it('is deleted once', async () => {
      const { own } = await places();
      await put(own, 'k');
      expect(await at.store.write((tx) => tx.memory.delete(own, 'k'))).toBe(true);
      expect(await at.store.write((tx) => tx.memory.delete(own, 'k'))).toBe(false);
      expect(await at.store.read.memory.get(own, 'k', T0)).toBeUndefined();
    });

    it('is listed by owner, session and key, in pages', async () => {
      const { here, own, shared, inSession, session } = await places();
      for (const key of ['b', 'a', 'a2', 'ä', 'B']) {
        for (const place of [own, shared, inSession]) await put(place, key);
      }
      const both = { workspace: here, owners: [own.agentPk, null] };
      const keys = (rows: readonly MemoryListRow[]) =>
        rows.map((row) => `${row.scope} ${row.sessionId ? 's' : 'g'} ${row.key}`);
      const sorted = ['B', 'a', 'a2', 'b', 'ä'];
      const expected = (prefix: string) => sorted.map((key) => `${prefix} ${key}`);
      for (const limit of [1, 2, 5, 100]) {
        expect(keys(await listAll({ ...both, session: null, limit }))).toEqual([
          ...expected('agent g'),
          ...expected('shared g'),
        ]);
        expect(keys(await listAll({ ...both, session: session.pk, limit }))).toEqual(expected('agent s'));
        expect(keys(await listAll({ ...both, session: 'all', limit }))).toEqual([
          ...[...expected('agent g'), ...expected('agent s')],
          ...expected('shared g'),
        ]);
      }
      expect(keys(await listAll({ ...both, owners: [null], session: 'all', prefix: 'a', limit: 1 }))).toEqual(
        ['shared g a', 'shared g a2'],
      );
      expect(
        keys(await listAll({ ...both, owners: [own.agentPk], session: session.pk, prefix: 'a2', limit: 9 })),
      ).toEqual(['agent s a2']);
      expect(await listAll({ ...both, workspace: 'none', session: 'all', limit: 5 })).toEqual([]);
    });

    it('is given by number to its owners, as long as it lasts', async () => {
      const { here, own, shared } = await places();
      await put(own, 'mine');
      await put(shared, 'ours', '1', T0 + 5);
      const owners = [own.agentPk, null];
      const pks = (await listAll({ workspace: here, owners, session: 'all', limit: 9 })).map(({ pk }) => pk);
      const keys = async (place: { workspace: string; owners: (number | null)[] }, now = T0) =>
        (await at.store.read.memory.some(pks, { ...place, now })).map(({ key }) => key).sort();
      expect(await keys({ workspace: here, owners })).toEqual(['mine', 'ours']);
      expect(await keys({ workspace: here, owners: [null] })).toEqual(['ours']);
      expect(await keys({ workspace: here, owners }, T0 + 5)).toEqual(['mine']);
      expect(await keys({ workspace: await newWorkspace(at.store), owners })).toEqual([]);
      expect(await keys({ workspace: 'none', owners })).toEqual([]);
    });

    it('is searched in key and value, without regard to case', async () => {
      const { here, own, shared } = await places();
      for (let i = 0; i < 30; i++)
        await put(own, `key-${String(i).padStart(2, '0')}`, i % 10 === 0 ? '"Some Value"' : '"x"');
      await put(shared, 'NEEDLE');
      const find = async (query: string, limit: number) =>
        (await listAll({ workspace: here, owners: [own.agentPk, null], session: null, query, limit })).map(
          (row) => row.key,
        );
      for (const limit of [1, 2, 50]) {
        expect(await find('sOME v', limit)).toEqual(['key-00', 'key-10', 'key-20']);
        expect(await find('needle', limit)).toEqual(['NEEDLE']);
        expect(await find('KEY-1', limit)).toHaveLength(10);
        expect(await find('100%', limit)).toEqual([]);
      }
    });

    it('is gone when its time is over, and removed then', async () => {
      const { here, own } = await places();
      await put(own, 'forever');
      for (let i = 1; i <= 5; i++) await put(own, `until-${i}`, '1', T0 + i);
      const keys = async (now: number) =>
        (await listAll({ workspace: here, owners: [own.agentPk], session: null, limit: 2 }, now)).map(
          (row) => row.key,
        );
      expect(await at.store.read.memory.get(own, 'until-2', T0 + 1)).toBeDefined();
      expect(await at.store.read.memory.get(own, 'until-2', T0 + 2)).toBeUndefined();
      expect(await keys(T0 + 3)).toEqual(['forever', 'until-4', 'until-5']);
      const sweep = (limit: number) => at.store.write((tx) => tx.memory.deleteExpired(T0 + 4, limit));
      const removed = [await sweep(3), await sweep(3), await sweep(3)];
      expect(removed).toEqual([3, 1, 0]);
      expect(await keys(T0)).toEqual(['forever', 'until-5']);
      expect(await at.store.read.memory.count(here, own.agentPk)).toBe(2);
    });
  });

  describe('idempotency', () => {
    const at = useStore(engine);

    it('keeps an answer per agent and key, and forgets the old ones', async () => {
      const here = await newWorkspace(at.store);
      const [a, b] = [await newAgent(at.store, here), await newAgent(at.store, here)];
      const row = (createdAt: number, result = '{"n":1}') => ({
        tool: 'add_message',
        argsHash: 'h',
        result,
        createdAt,
      });
      const get = (agentId: string, key: string) =>
        at.store.write((tx) => tx.idempotency.get(here, agentId, key));
      await at.store.write(async (tx) => {
        await tx.idempotency.put(here, a.agentId, 'k', row(T0));
        for (let i = 1; i <= 4; i++) await tx.idempotency.put(here, b.agentId, `k${i}`, row(T0 + i));
      });
      expect(await get(a.agentId.toUpperCase(), 'k')).toMatchObject(row(T0));
      expect(await get(b.agentId, 'k')).toBeUndefined();
      await at.store.write((tx) => tx.idempotency.put(here, a.agentId, 'k', row(T0 + 9, '2')));
      expect(await get(a.agentId, 'k')).toMatchObject(row(T0 + 9, '2'));
      const forget = (limit: number) => at.store.write((tx) => tx.idempotency.deleteBefore(T0 + 4, limit));
      const forgotten = [await forget(2), await forget(2), await forget(2)];
      expect(forgotten).toEqual([2, 1, 0]);
      expect(await get(b.agentId, 'k3')).toBeUndefined();
      expect(await get(b.agentId, 'k4')).toBeDefined();
      expect(await get(a.agentId, 'k')).toBeDefined();
      await expect(get('nobody', 'k')).rejects.toThrow();
    });
  });

  describe('imports', () => {
    const at = useStore(engine);

    it('remember what a line became, per session', async () => {
      const here = await newWorkspace(at.store);
      const [one, two] = [await newSession(at.store, here), await newSession(at.store, here)];
      const id = await post(at.store, one);
      await at.store.write((tx) => tx.imports.remember(one.pk, 'line 1', id));
      expect(await at.store.write((tx) => tx.imports.find(one.pk, 'line 1'))).toBe(id);
      expect(await at.store.write((tx) => tx.imports.find(two.pk, 'line 1'))).toBeUndefined();
      expect(await at.store.write((tx) => tx.imports.find(one.pk, 'line 2'))).toBeUndefined();
      await expect(at.store.write((tx) => tx.imports.remember(one.pk, 'line 1', id))).rejects.toThrow();
    });
  });
}
