/** Contract of the audit log: pages of every filter, bounded work, and what retention removes. */
import { describe, expect, it } from 'vitest';
import type { AuditPage, AuditRow, NewAuditRow, Store } from '../../../src/store/port.ts';
import { T0, unique, useStore, type StoreEngine } from '../engine.ts';

const rowOf = (over: Partial<NewAuditRow> = {}): NewAuditRow => ({
  ...{ at: T0, workspace: 'default', actor: 'alice', keyId: 'key_1', eventType: 'auth.login' },
  ...{ action: 'POST /mcp', resource: null, sessionId: null, result: 'ok', requestId: 'r', details: {} },
  ...over,
});

async function append(store: Store, ...rows: readonly Partial<NewAuditRow>[]): Promise<void> {
  await store.write(async (tx) => {
    for (const row of rows) await tx.audit.append(rowOf(row));
  });
}

/** All pages, and how many there were. */
async function follow(store: Store, args: AuditPage): Promise<{ rows: readonly AuditRow[]; pages: number }> {
  const rows: AuditRow[] = [];
  let before = args.before;
  for (let pages = 1; ; pages++) {
    const page = await store.read.audit.page({ ...args, ...(before === undefined ? {} : { before }) });
    expect(page.rows.length).toBeLessThanOrEqual(args.limit);
    rows.push(...page.rows);
    if (page.next === null) return { rows, pages };
    before = page.next;
  }
}

const requests = (rows: readonly AuditRow[]): string[] => rows.map(({ requestId }) => requestId);

export function auditLog(engine: StoreEngine): void {
  describe('the audit log', () => {
    const at = useStore(engine);

    it('gives rows back as they were, newest first', async () => {
      const workspace = unique('workspace');
      const full = rowOf({
        ...{ workspace, at: T0 + 5, resource: 'message:17', sessionId: 'session_1', result: 'refused' },
        ...{ details: { count: 2, deep: { a: [1] } } },
      });
      await append(at.store, full, { workspace, actor: null, keyId: null });
      const { rows, next } = await at.store.read.audit.page({ workspaces: [workspace], limit: 10 });
      expect(next).toBeNull();
      expect(rows.map(({ id: _, ...row }) => row)).toEqual([
        full,
        rowOf({ workspace, actor: null, keyId: null }),
      ]);
    });

    it('ends where what may be seen ends, however much there is of others', async () => {
      const [here, other, actor] = [unique('workspace'), unique('workspace'), unique('actor')];
      const of = { actor, sessionId: actor, eventType: actor };
      await append(at.store, { ...of, workspace: here });
      await append(
        at.store,
        ...Array.from({ length: 5001 }, () => ({ ...of, workspace: other, at: T0 + 1 })),
      );
      for (const filter of [{ actor }, { sessionId: actor }, { eventType: actor }])
        for (const limit of [1, 10]) {
          const { rows, next } = await at.store.read.audit.page({ workspaces: [here], limit, ...filter });
          expect([rows.length, next]).toEqual([1, null]);
        }
    });

    it('is filtered by each field and by all of them, in pages of any size', async () => {
      const [here, other] = [unique('workspace'), unique('workspace')];
      const rows = Array.from({ length: 60 }, (_, i) => ({
        ...{ at: T0 + Math.floor(i / 4), workspace: [here, other, null][i % 3] ?? null },
        ...{ actor: ['Ann', 'ben'][i % 2] ?? null, eventType: ['auth.login', 'import'][(i >> 1) % 2] ?? '' },
        ...{ sessionId: i % 5 === 0 ? here : null, requestId: `${here} ${i}` },
      }));
      await append(at.store, ...rows);
      const expected = (keep: (row: (typeof rows)[number]) => boolean): string[] =>
        rows
          .filter(keep)
          .map((row) => row.requestId)
          .reverse();
      const cases: [Omit<AuditPage, 'limit'>, (row: (typeof rows)[number]) => boolean][] = [
        [{ workspaces: [here] }, (row) => row.workspace === here],
        [{ workspaces: [here, other] }, (row) => row.workspace !== null],
        [{ workspaces: [here], actor: 'aNN' }, (row) => row.workspace === here && row.actor === 'Ann'],
        [
          { workspaces: [here], eventType: 'import' },
          (row) => row.workspace === here && row.eventType === 'import',
        ],
        [{ workspaces: 'all', sessionId: here }, (row) => row.sessionId === here],
        [
          { workspaces: [here], sessionId: here, actor: 'ben', eventType: 'auth.login' },
          (row) =>
            row.workspace === here &&
            row.sessionId === here &&
            row.actor === 'ben' &&
            row.eventType === 'auth.login',
        ],
        [
          { workspaces: [here, other], since: T0 + 3, until: T0 + 7 },
          (row) => row.workspace !== null && row.at >= T0 + 3 && row.at <= T0 + 7,
        ],
        [
          { workspaces: 'all', sessionId: here, since: T0 + 3, until: T0 + 7 },
          (row) => row.sessionId === here && row.at >= T0 + 3 && row.at <= T0 + 7,
        ],
      ];
      for (const [args, keep] of cases) {
        expect(expected(keep).length, JSON.stringify(args)).toBeGreaterThan(0);
        for (const limit of [1, 3, 100]) {
          const found = await follow(at.store, { ...args, limit });
          expect(requests(found.rows), `${limit} ${JSON.stringify(args)}`).toEqual(expected(keep));
        }
      }
      const strangers = await follow(at.store, { workspaces: [here, null], limit: 100 });
      expect(requests(strangers.rows).filter((id) => id.startsWith(here))).toEqual(
        expected((row) => row.workspace !== other),
      );
    });

    it('says where to go on after looking at many rows that do not match', async () => {
      const workspace = unique('workspace');
      const old = { workspace, sessionId: workspace, actor: 'rare', requestId: 'old', at: T0 + 100 };
      await append(at.store, old);
      const many = Array.from({ length: 12_000 }, () => ({
        workspace,
        at: T0 + 200,
        actor: 'rare',
        eventType: 'import',
      }));
      await append(at.store, ...many);
      const found = await follow(at.store, {
        ...{ workspaces: [workspace], actor: 'rare', eventType: 'auth.login', limit: 10 },
      });
      expect(requests(found.rows)).toEqual(['old']);
      expect(found.pages).toBeGreaterThan(2);
      expect(found.pages).toBeLessThan(5);
      const direct = await follow(at.store, { workspaces: [workspace], sessionId: workspace, limit: 10 });
      expect(direct.pages).toBe(1);
    });

    it('loses only what is older than it is kept, a bounded number at once', async () => {
      const workspace = unique('workspace');
      const old = Array.from({ length: 5 }, (_, i) => ({ workspace, at: 1000 + i, requestId: `old ${i}` }));
      await append(at.store, ...old, { workspace, at: 2000, requestId: 'kept' });
      const remove = () => at.store.write((tx) => tx.audit.deleteBefore(2000, 3));
      expect([await remove(), await remove(), await remove()]).toEqual([3, 2, 0]);
      const { rows } = await at.store.read.audit.page({ workspaces: [workspace], limit: 10 });
      expect(requests(rows)).toEqual(['kept']);
    });

    it('knows no way to change a row', async () => {
      const calls = await at.store.write((tx) =>
        Promise.resolve(Object.getOwnPropertyNames(Object.getPrototypeOf(tx.audit))),
      );
      expect(calls.filter((name) => name !== 'constructor').sort()).toEqual([
        'append',
        'deleteBefore',
        'page',
      ]);
    });
  });
}
