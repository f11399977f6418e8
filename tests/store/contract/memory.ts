/** Contract of memory, idempotency and imports. */
import { describe, expect, it } from 'vitest';
import type {
  MemoryHistoryBounds,
  MemoryListRow,
  MemoryPage,
  MemoryPlace,
  MemoryPosition,
} from '../../../src/store/port.ts';
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

    describe('its history', () => {
      const KEEP = { versions: 3, bytes: 1000 };
      const write = (
        place: MemoryPlace,
        version: number,
        over: { value?: string; updatedBy?: string; expiresAt?: number; key?: string } = {},
        keep: MemoryHistoryBounds | undefined = KEEP,
      ) => {
        const value = over.value ?? `"value ${version}"`;
        const entry = { ...entryOf('k', value), ...over, version, updatedAt: T0 + version };
        return at.store.write((tx) => tx.memory.put(place, entry, version === 1 ? undefined : keep));
      };
      const numbers = async (
        place: MemoryPlace,
        page: { before?: number; limit?: number; now?: number } = {},
      ) => {
        const found = await at.store.read.memory.history(place, 'k', { limit: 10, now: T0, ...page });
        return found?.versions.map(({ version }) => version);
      };
      const valueOf = (place: MemoryPlace, version: number, now = T0) =>
        at.store.read.memory.valueOf(place, 'k', version, now);

      it('says what it was, when and by whom, to whom it is, from the newest on', async () => {
        const { own, shared, inSession } = await places();
        await write(own, 1, { updatedBy: 'ann', value: '{"a":1,  "b":"\\u0041"}' });
        await write(own, 2, { updatedBy: 'ben' });
        await write(own, 3);
        const found = await at.store.read.memory.history(own, 'k', { limit: 10, now: T0 });
        expect(found?.entry).toMatchObject({ key: 'k', version: 3, value: '"value 3"' });
        expect(found?.versions).toEqual([
          { version: 3, valueSize: 9, updatedAt: T0 + 3, updatedBy: 'alice', expiresAt: null },
          { version: 2, valueSize: 9, updatedAt: T0 + 2, updatedBy: 'ben', expiresAt: null },
          { version: 1, valueSize: 22, updatedAt: T0 + 1, updatedBy: 'ann', expiresAt: null },
        ]);
        expect(await valueOf(own, 1)).toBe('{"a":1,  "b":"\\u0041"}');
        expect(await valueOf(own, 3)).toBe('"value 3"');
        expect(await valueOf(own, 4)).toBeUndefined();
        for (const place of [shared, inSession, { ...own, workspace: 'none' }]) {
          expect(await numbers(place)).toBeUndefined();
          expect(await valueOf(place, 1)).toBeUndefined();
        }
        expect(await numbers(own, { limit: 2 })).toEqual([3, 2]);
        expect(await numbers(own, { before: 3, limit: 1 })).toEqual([2]);
        expect(await numbers(own, { before: 2 })).toEqual([1]);
        expect(await numbers(own, { before: 1 })).toEqual([]);
      });

      it('is kept within a number of versions and bytes, the oldest going first', async () => {
        const { own, shared, inSession } = await places();
        for (let version = 1; version <= 6; version++) await write(own, version);
        expect(await numbers(own)).toEqual([6, 5, 4, 3]);
        // The newest of those that do not fit, and with it all that are older.
        await write(shared, 1);
        await write(shared, 2, { value: JSON.stringify('x'.repeat(90)) });
        for (const version of [3, 4]) await write(shared, version, {}, { versions: 9, bytes: 100 });
        expect(await numbers(shared)).toEqual([4, 3]);
        await write(shared, 5, {}, { versions: 9, bytes: 18 });
        expect(await numbers(shared)).toEqual([5, 4, 3]);
        await write(shared, 6, {}, { versions: 0, bytes: 1000 });
        expect(await numbers(shared)).toEqual([6]);
        await write(inSession, 1);
        await write(inSession, 2, {}, { versions: 9, bytes: 8 });
        expect(await numbers(inSession)).toEqual([2]);
      });

      it('goes with the entry, however that goes', async () => {
        const { own, shared, inSession } = await places();
        for (const place of [own, shared, inSession]) {
          await write(place, 1);
          await write(place, 2);
        }
        await at.store.write((tx) => tx.memory.delete(own, 'k'));
        await write(own, 1);
        expect(await numbers(own)).toEqual([1]);
        expect(await valueOf(own, 2)).toBeUndefined();
        // What is begun anew, as nothing was there any more, has none either.
        await write(shared, 1, { value: '"anew"' });
        expect(await numbers(shared)).toEqual([1]);
        await write(shared, 2);
        expect([await numbers(shared), await valueOf(shared, 1)]).toEqual([[2, 1], '"anew"']);
        expect(await numbers(inSession)).toEqual([2, 1]);
      });

      it('does not outlast the time that a version had, nor the one that all have', async () => {
        const { own, shared } = await places();
        await at.store.write((tx) => tx.memory.deleteVersions({ now: T0, replaced: T0 + 100 }, 1000));
        await write(own, 1, { expiresAt: T0 + 10 });
        await write(own, 2);
        await write(own, 3);
        expect(await numbers(own, { now: T0 + 9 })).toEqual([3, 2, 1]);
        expect(await numbers(own, { now: T0 + 10 })).toEqual([3, 2]);
        expect(await valueOf(own, 1, T0 + 9)).toBe('"value 1"');
        expect(await valueOf(own, 1, T0 + 10)).toBeUndefined();
        await write(shared, 1);
        await write(shared, 2, { expiresAt: T0 + 20 });
        expect(await numbers(shared, { now: T0 + 20 })).toBeUndefined();
        expect(await valueOf(shared, 1, T0 + 20)).toBeUndefined();
        const sweep = (now: number, replaced: number | null, limit: number) =>
          at.store.write((tx) => tx.memory.deleteVersions({ now, replaced }, limit));
        expect(await sweep(T0 + 10, null, 10)).toBe(1);
        // Replaced at 2 (shared) and 3 (own).
        expect(await sweep(T0 + 10, T0 + 2, 10)).toBe(0);
        expect(await sweep(T0 + 10, T0 + 4, 1)).toBe(1);
        expect(await numbers(own)).toEqual([3, 2]);
        expect(await sweep(T0 + 10, T0 + 4, 10)).toBe(1);
        expect(await numbers(own)).toEqual([3]);
      });

      it('of what expires is removed before it, a bounded number of rows at a time', async () => {
        const { own } = await places();
        await at.store.write((tx) => tx.memory.deleteExpired(T0 + 5, 1000));
        const expiring = ['a', 'b'].map((key) => ({ key, expiresAt: T0 + 5 }));
        for (const over of expiring) for (const version of [1, 2, 3]) await write(own, version, over);
        const sweep = () => at.store.write((tx) => tx.memory.deleteExpired(T0 + 5, 3));
        const removed: number[] = [];
        for (let rows = await sweep(); rows > 0; rows = await sweep()) removed.push(rows);
        expect(removed.slice(0, -1).every((rows) => rows === 3)).toBe(true);
        expect(removed.reduce((sum, rows) => sum + rows, 0)).toBe(6);
      });
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
