/** What is kept of sessions is what a reader without it finds, whoever asks, whatever was written or failed meanwhile. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCacheMeters } from '../../src/lib/cache-meter.ts';
import { ALL_WORKSPACES, type SessionRow, type Sight, type Store } from '../../src/store/port.ts';
import { openReader, type Connection } from '../../src/store/sqlite/connection.ts';
import { createNames } from '../../src/store/sqlite/names.ts';
import { createReads } from '../../src/store/sqlite/queries/index.ts';
import { newFolder, newSession, newWorkspace, openSqlite, post, T0 } from './engine.ts';

const folder = newFolder();
const caches = createCacheMeters();
let store: Store;
let plain: Connection;

beforeAll(async () => {
  store = await openSqlite(folder, { caches });
  plain = openReader(path.join(folder, 'hub.db'));
});
afterAll(async () => {
  plain.sqlite.close();
  await store.close();
  rmSync(folder, { recursive: true });
});

const AUDIENCES = [['public'], ['public', 'agent:alice'], ['public', 'agent:bob'], ['public', 'admin']];
const LIMITS = [1, 3, 50];

type Step = readonly [what: 'post' | 'hide' | 'show' | 'rename' | 'fail' | 'remove' | 'look', n: number];
const steps = fc.array(
  fc.tuple(
    fc.constantFrom<Step[0]>('post', 'post', 'look', 'hide', 'show', 'rename', 'fail', 'remove'),
    fc.nat(1000),
  ),
  { maxLength: 25 },
);

it('is true to the file for everybody, after every write', async () => {
  const workspaces = [await newWorkspace(store), await newWorkspace(store)];
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const sessions = await Promise.all(workspaces.map((name) => newSession(store, name)));
      const ids: number[] = [];
      await expectSame(sessions, workspaces);
      for (const [what, n] of list) {
        const session = sessions[n % sessions.length];
        if (session === undefined) throw new Error('unreachable');
        await carryOut([what, n], session, ids);
        await expectSame(sessions, workspaces);
      }
    }),
    { numRuns: Number(process.env['RUNS'] ?? 12) },
  );
  const figures = caches.figures();
  expect(figures.get('sessions')?.hits).toBeGreaterThan(100);
  expect(figures.get('newest')?.hits).toBeGreaterThan(100);
});

it('keeps so many bytes and no more', async () => {
  const workspace = await newWorkspace(store);
  const sight = { workspace, audiences: ['public'] };
  for (let n = 0; n < 12; n++) {
    const session = await newSession(store, workspace);
    for (let i = 0; i < 4; i++) await post(store, session, { content: 'x'.repeat(1_000_000) });
    await store.read.messages.page({ sessionPk: session.pk, sight, limit: 50, maxBytes: 8_000_000 });
    await store.read.messages.page({ sessionPk: session.pk, sight, limit: 50, maxBytes: 8_000_000 });
  }
  const newest = caches.figures().get('newest');
  expect(newest?.evictions).toBeGreaterThan(0);
  expect(newest?.bytes).toBeGreaterThan(16 * 1024 ** 2);
  expect(newest?.bytes).toBeLessThanOrEqual(32 * 1024 ** 2);
});

async function carryOut([what, n]: Step, session: SessionRow, ids: number[]): Promise<void> {
  const id = ids[n % Math.max(1, ids.length)];
  const audiences = AUDIENCES[n % AUDIENCES.length]?.slice(-1) ?? [];
  if (what === 'post') {
    const at = T0 + n;
    ids.push(await post(store, session, { content: `message ${n}`, audiences, createdAt: at }));
  } else if (what === 'rename') {
    const change = { purpose: `purpose ${n}`, isActive: n % 2 === 0, updatedAt: T0 + n };
    await store.write((tx) => tx.sessions.update(session.pk, change));
  } else if (what === 'remove') {
    await store.write((tx) => tx.sessions.removeSome(session.pk, (n % 3) + 1));
  } else if (what === 'fail') {
    const failing = store.write(async (tx) => {
      await tx.sessions.update(session.pk, { purpose: 'never', updatedAt: T0 });
      throw new Error('as it should');
    });
    await expect(failing).rejects.toThrow('as it should');
  } else if (id !== undefined && (what === 'hide' || what === 'show')) {
    const visibility = what === 'hide' ? 'private' : 'public';
    const names = what === 'hide' ? ['agent:alice'] : ['public'];
    await store.write((tx) => tx.messages.setVisibility(id, visibility, names)).catch(() => undefined);
  }
}

/** Asks for everything twice: what is kept by the first is what the second answers. */
async function expectSame(sessions: readonly SessionRow[], workspaces: readonly string[]): Promise<void> {
  const names = createNames(plain);
  const truth = createReads(plain, names);
  for (const { sessionId, pk } of sessions)
    for (const workspace of [...workspaces, ALL_WORKSPACES]) {
      const row = truth.sessions.get(workspace, sessionId);
      for (const audiences of AUDIENCES) {
        const sight: Sight = { workspace, audiences };
        const view = truth.sessions.view(workspace, sessionId, sight);
        for (let times = 0; times < 2; times++) {
          expect(await store.read.sessions.get(workspace, sessionId)).toEqual(row);
          expect(await store.read.sessions.view(workspace, sessionId, sight)).toEqual(view);
          for (const limit of LIMITS) {
            const args = { sessionPk: pk, sight, limit };
            expect(await store.read.messages.page(args)).toEqual(truth.messages.page(args));
          }
        }
      }
    }
}
