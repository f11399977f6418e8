/** Contract of sessions: their rows, and what a caller sees of them. */
import { describe, expect, it } from 'vitest';
import {
  ALL_WORKSPACES,
  type SessionOrder,
  type SessionPosition,
  type SessionView,
  type Sight,
  type Store,
} from '../../../src/store/port.ts';
import {
  newSession,
  newWorkspace,
  post,
  seesPublic,
  sessionOf,
  T0,
  useStore,
  type StoreEngine,
} from '../engine.ts';

const ids = (rows: readonly { sessionId: string }[]): string[] => rows.map((row) => row.sessionId);

/** All pages of a listing, read to the end. */
async function allPages(
  store: Store,
  sight: Sight,
  limit: number,
  filter: { isActive?: boolean; createdBy?: string; query?: string; order?: SessionOrder } = {},
): Promise<SessionView[]> {
  const found: SessionView[] = [];
  let before: SessionPosition | null | undefined;
  while (before !== null) {
    const page: Awaited<ReturnType<Store['read']['sessions']['page']>> = await store.read.sessions.page({
      ...{ sight, limit, ...filter },
      ...(before === undefined ? {} : { before }),
    });
    expect(page.sessions.length).toBeLessThanOrEqual(limit);
    found.push(...page.sessions);
    before = page.next;
  }
  return found;
}

export function sessions(engine: StoreEngine): void {
  describe('sessions', () => {
    const at = useStore(engine);

    it('are stored as given, once per id', async () => {
      const here = await newWorkspace(at.store);
      const session = sessionOf(here, {
        purpose: 'Grüße 🙂',
        metadata: { a: [1, { b: null }] },
        isActive: false,
      });
      const first = await at.store.write((tx) => tx.sessions.insert(session));
      expect(first).toEqual({ row: { ...session, pk: first.row.pk }, created: true });
      const again = await at.store.write((tx) => tx.sessions.insert({ ...session, purpose: 'another' }));
      expect(again).toEqual({ row: first.row, created: false });
      expect(await at.store.read.sessions.get(here, session.sessionId)).toEqual(first.row);
    });

    it('are found in their workspace, or in all', async () => {
      const [here, elsewhere] = [await newWorkspace(at.store), await newWorkspace(at.store)];
      const { sessionId } = await newSession(at.store, here);
      expect(await at.store.read.sessions.get(elsewhere, sessionId)).toBeUndefined();
      expect(await at.store.read.sessions.get(ALL_WORKSPACES, sessionId)).toMatchObject({ workspace: here });
      expect(await at.store.read.sessions.get(here, 'no session')).toBeUndefined();
      expect(await at.store.read.sessions.view(elsewhere, sessionId, seesPublic(elsewhere))).toBeUndefined();
    });

    it('change only in what is said', async () => {
      const here = await newWorkspace(at.store);
      const row = await newSession(at.store, here, { metadata: { kept: true } });
      const get = () => at.store.read.sessions.get(here, row.sessionId);
      await at.store.write((tx) => tx.sessions.update(row.pk, { isActive: false, updatedAt: T0 + 1 }));
      expect(await get()).toEqual({ ...row, isActive: false, updatedAt: T0 + 1 });
      await at.store.write((tx) =>
        tx.sessions.update(row.pk, { purpose: 'new', metadata: {}, isActive: true, updatedAt: T0 + 2 }),
      );
      expect(await get()).toEqual({
        ...row,
        purpose: 'new',
        metadata: {},
        isActive: true,
        updatedAt: T0 + 2,
      });
    });

    it('are counted by creator, as far as asked', async () => {
      const [here, elsewhere] = [await newWorkspace(at.store), await newWorkspace(at.store)];
      for (const place of [here, here, here, elsewhere])
        await newSession(at.store, place, { createdBy: 'carl' });
      await newSession(at.store, here, { createdBy: 'dora' });
      const count = (atMost: number) => at.store.write((tx) => tx.sessions.countBy(here, 'carl', atMost));
      expect(await count(100)).toBe(3);
      expect(await count(2)).toBe(2);
    });

    it('show what a caller sees of them', async () => {
      const here = await newWorkspace(at.store);
      const session = await newSession(at.store, here);
      const view = (sight: Sight) => at.store.read.sessions.view(here, session.sessionId, sight);
      const empty = await view(seesPublic(here));
      expect(empty).toMatchObject({ ...session, messageCount: 0, lastMessageAt: null, participants: [] });
      expect(empty?.lastSeq).toBeGreaterThan(0);
      await post(at.store, session, { sender: 'alice', createdAt: T0 + 1 });
      const second = await post(at.store, session, { sender: 'bob', createdAt: T0 + 2 });
      await post(at.store, session, { sender: 'bob', createdAt: T0 + 3, audiences: ['admin', 'agent:bob'] });
      const last = await post(at.store, session, { sender: 'carl', createdAt: T0 + 4, audiences: ['admin'] });
      expect(await view(seesPublic(here))).toMatchObject({
        ...{ messageCount: 2, lastMessageAt: T0 + 2, participants: ['alice', 'bob'], lastSeq: second },
      });
      const bob = { workspace: here, audiences: ['public', 'agent:bob'] };
      expect(await view(bob)).toMatchObject({
        messageCount: 3,
        lastMessageAt: T0 + 3,
        participants: ['bob', 'alice'],
      });
      const admin = { workspace: here, audiences: ['public', 'admin'] };
      expect(await view(admin)).toMatchObject({ messageCount: 4, lastMessageAt: T0 + 4, lastSeq: last });
    });

    it('tell what they are called, in their workspace', async () => {
      const [here, there] = [await newWorkspace(at.store), await newWorkspace(at.store)];
      const mine = await newSession(at.store, here, { purpose: 'mine' });
      const other = await newSession(at.store, there);
      const pks = [mine.pk, other.pk, 999_999];
      const { pk, sessionId, purpose } = mine;
      expect(await at.store.read.sessions.labels(here, pks)).toEqual([{ pk, sessionId, purpose }]);
      expect(await at.store.read.sessions.labels(ALL_WORKSPACES, pks)).toHaveLength(2);
    });

    it('are listed by what the caller last saw in them', async () => {
      const here = await newWorkspace(at.store);
      const [a, b, c] = [
        await newSession(at.store, here),
        await newSession(at.store, here),
        await newSession(at.store, here),
      ];
      await newSession(at.store, await newWorkspace(at.store));
      const bob = { workspace: here, audiences: ['public', 'agent:bob'] };
      expect(ids(await allPages(at.store, bob, 10))).toEqual(ids([c, b, a]));
      await post(at.store, a);
      expect(ids(await allPages(at.store, bob, 10))).toEqual(ids([a, c, b]));
      await post(at.store, b, { audiences: ['admin', 'agent:bob'] });
      expect(ids(await allPages(at.store, bob, 10))).toEqual(ids([b, a, c]));
      expect(ids(await allPages(at.store, seesPublic(here), 10))).toEqual(ids([a, c, b]));
      const everywhere = { workspace: ALL_WORKSPACES, audiences: ['public'] };
      expect(ids(await allPages(at.store, everywhere, 10))).toEqual(expect.arrayContaining(ids([a, b, c])));
    });

    it('are paged without gap or double, and filtered', async () => {
      const here = await newWorkspace(at.store);
      const rows = [];
      for (let i = 0; i < 23; i++) {
        const createdBy = i % 3 === 0 ? 'Anna' : 'ben';
        rows.push(
          await newSession(at.store, here, { createdBy, isActive: i % 2 === 0, purpose: `Plan ${i % 5}` }),
        );
      }
      const sight = { workspace: here, audiences: ['public', 'agent:x', 'type:y'] };
      for (const row of rows)
        if (row.pk % 4 === 0) await post(at.store, row, { audiences: ['admin', 'type:y'] });
      // Two messages, of audiences that are counted together, and others that the caller does not see.
      for (const row of rows.slice(5, 8)) {
        await post(at.store, row);
        await post(at.store, row, { audiences: ['admin', 'agent:x'] });
        for (let i = 0; i < row.pk % 5; i++)
          await post(at.store, row, { audiences: ['admin', 'agent:other'] });
      }
      for (const limit of [1, 4, 23, 100]) {
        const found = ids(await allPages(at.store, sight, limit));
        expect(found).toHaveLength(23);
        expect(new Set(found)).toEqual(new Set(ids(rows)));
        const other = async (order: SessionOrder) => ids(await allPages(at.store, sight, limit, { order }));
        expect(await other('oldest')).toEqual(found.toReversed());
        expect(await other('opened_first')).toEqual(ids(rows));
        expect(await other('opened_last')).toEqual(ids(rows).toReversed());
        const byMessages = await allPages(at.store, sight, limit, { order: 'most_messages' });
        const counts = byMessages.map(({ messageCount, pk }) => [messageCount, pk] as const);
        expect(counts).toEqual(counts.toSorted(([a, x], [b, y]) => b - a || y - x));
        expect(new Set(counts.map(([count]) => count)).size).toBeGreaterThan(2);
        expect(new Set(ids(byMessages))).toEqual(new Set(ids(rows)));
        expect(await other('fewest_messages')).toEqual(ids(byMessages).toReversed());
      }
      const filtered = async (filter: Parameters<typeof allPages>[3]) =>
        new Set(ids(await allPages(at.store, sight, 3, filter)));
      expect(await filtered({ isActive: false })).toEqual(new Set(ids(rows.filter((row) => !row.isActive))));
      expect(await filtered({ createdBy: 'ANNA' })).toEqual(
        new Set(ids(rows.filter((row) => row.createdBy === 'Anna'))),
      );
      expect(await filtered({ createdBy: 'anna', order: 'most_messages' })).toEqual(
        new Set(ids(rows.filter((row) => row.createdBy === 'Anna'))),
      );
      expect(await filtered({ query: 'PLAN 3' })).toEqual(
        new Set(ids(rows.filter((row) => row.purpose === 'Plan 3'))),
      );
      expect(await filtered({ query: 'nothing' })).toEqual(new Set());
      expect(await allPages(at.store, seesPublic('no workspace'), 5)).toEqual([]);
    });

    it('that are more than are looked at together are each listed once, in the order of their opening', async () => {
      const here = await newWorkspace(at.store);
      const rows = await at.store.write(async (tx) => {
        const made = [];
        for (let i = 0; i < 140; i++) made.push((await tx.sessions.insert(sessionOf(here))).row);
        return made;
      });
      for (const [i, row] of rows.entries())
        if (i % 3 === 0) await post(at.store, row, { audiences: ['admin', 'type:y'] });
      for (const audiences of [
        ['public', 'type:y'],
        ['type:y', 'public'],
      ]) {
        for (const limit of [7, 100]) {
          const all = await allPages(at.store, { workspace: here, audiences }, limit, {
            order: 'opened_first',
          });
          expect(ids(all)).toEqual(ids(rows));
        }
      }
    });

    it('are completed by the beginning of their id', async () => {
      const [here, elsewhere] = [await newWorkspace(at.store), await newWorkspace(at.store)];
      for (const sessionId of ['abc-2', 'abc-1', 'abd']) await newSession(at.store, here, { sessionId });
      await newSession(at.store, elsewhere, { sessionId: 'abc-3' });
      const complete = (workspace: string, prefix: string, limit = 10) =>
        at.store.read.sessions.idsByPrefix(workspace, prefix, limit);
      expect(await complete(here, 'abc')).toEqual(['abc-1', 'abc-2']);
      expect(await complete(here, 'ab', 1)).toEqual(['abc-1']);
      expect(await complete(ALL_WORKSPACES, 'abc')).toEqual(['abc-1', 'abc-2', 'abc-3']);
      expect(await complete('no workspace', '')).toEqual([]);
    });
  });
}
