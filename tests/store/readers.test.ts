/** Reader threads: what runs on them, and what becomes of a call whose thread dies. */
import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createReaderPool, type ReaderPool } from '../../src/store/sqlite/readers.ts';
import type { SqliteStore } from '../../src/store/sqlite/store.ts';
import type { SessionRow } from '../../src/store/port.ts';
import {
  messageOf,
  newFolder,
  newSession,
  newWorkspace,
  openSqlite,
  post,
  seesPublic,
  silent,
} from './engine.ts';

const MESSAGES = 300;
const folder = newFolder();
const path = join(folder, 'hub.db');
let store: SqliteStore;
let session: SessionRow;
beforeAll(async () => {
  store = await openSqlite(folder);
  session = await newSession(store, await newWorkspace(store));
  await store.write(async (tx) => {
    for (let i = 0; i < MESSAGES; i++) await tx.messages.insert(messageOf(session, { sender: `s${i % 3}` }));
  });
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** A page that must look at each message for its sender. */
const longQuery = (over: object = {}) => ({
  ...{ sessionPk: session.pk, sight: seesPublic(session.workspace), limit: 100, filters: { sender: 's1' } },
  ...over,
});

async function withPool(max: number, use: (pool: ReaderPool) => Promise<void>, options: object = {}) {
  const pool = createReaderPool({ path, max, log: silent, ...options });
  await use(pool);
  await pool.close();
  expect(pool.size()).toBe(0);
}

interface Page {
  messages: { sender: string }[];
}
const run = (pool: ReaderPool) => pool.run('messages', 'page', [longQuery()]) as Promise<Page>;

describe('reader threads', () => {
  it('answer what this thread would, and only what may take long', async () => {
    expect(store.readers.size()).toBe(0);
    const short = await store.read.messages.page(longQuery({ filters: undefined }));
    expect(short.messages).toHaveLength(100);
    expect(store.readers.size()).toBe(0);
    const long = await store.read.messages.page(longQuery());
    expect(long.messages).toHaveLength(100);
    expect(new Set(long.messages.map((message) => message.sender))).toEqual(new Set(['s1']));
    expect(store.readers.size()).toBe(1);
    expect(long.messages[0]).toEqual(
      await store.read.messages.get(long.messages[0]!.id, seesPublic(session.workspace)),
    );
  });

  it('see what was written before the question', async () => {
    for (let i = 0; i < 20; i++) {
      const sender = `fresh ${i}`;
      const id = await post(store, session, { sender });
      const { messages } = await store.read.messages.page(longQuery({ filters: { sender } }));
      expect(messages.map((message) => message.id)).toEqual([id]);
    }
  });

  it('are no more than allowed, and stop when idle', async () => {
    await withPool(
      3,
      async (pool) => {
        const answers = await Promise.all(Array.from({ length: 30 }, () => run(pool)));
        expect(answers.every((answer) => answer.messages.length === 100)).toBe(true);
        expect(pool.size()).toBeLessThanOrEqual(3);
        await expect.poll(() => pool.size(), { timeout: 5000 }).toBe(0);
        expect((await run(pool)).messages).toHaveLength(100);
      },
      { idleMs: 20 },
    );
  });

  it('refuse more than can wait, and what comes after the end', async () => {
    await withPool(
      1,
      async (pool) => {
        const all = await Promise.allSettled(Array.from({ length: 8 }, () => run(pool)));
        const codes = all.map((one) =>
          one.status === 'rejected' ? (one.reason as { code: string }).code : 'ok',
        );
        expect(codes).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'OVERLOADED', 'OVERLOADED', 'OVERLOADED']);
        const late = Promise.allSettled([run(pool), run(pool), run(pool)]);
        await pool.close();
        // The first was with its thread already, and may have been answered.
        const refused = { reason: { code: 'STORE_UNAVAILABLE' } };
        expect((await late).slice(1)).toMatchObject([refused, refused]);
        await expect(run(pool)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      },
      { maxQueue: 5 },
    );
  });

  it('hand errors on', async () => {
    await withPool(1, async (pool) => {
      await expect(pool.run('messages', 'nonsense', [])).rejects.toThrow('no query messages.nonsense');
      expect((await run(pool)).messages).toHaveLength(100);
    });
  });

  it('find no damage where there is none', async () => {
    expect(await store.readers.findDamage()).toBeUndefined();
  });

  it.each([1, 20])('serve a store of %i connections', async (maxConnections) => {
    const other = newFolder();
    const small = await openSqlite(other, { maxConnections });
    const mine = await newSession(small, await newWorkspace(small));
    await post(small, mine, { sender: 's1' });
    const query = { ...longQuery(), sessionPk: mine.pk, sight: seesPublic(mine.workspace) };
    const pages = await Promise.all(Array.from({ length: 60 }, () => small.read.messages.page(query)));
    expect(pages.every((page) => page.messages.length === 1)).toBe(true);
    expect(small.readers.size()).toBeLessThan(maxConnections);
    await small.close();
    rmSync(other, { recursive: true });
  });
});

describe('a reader thread that dies', () => {
  /** Ends the thread that is given the next call, before it hears of it. */
  function killNext(times: number) {
    const real = Worker.prototype.postMessage;
    let left = times;
    return vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (
      this: Worker,
      message: unknown,
    ) {
      if (left-- > 0) void this.terminate();
      else Reflect.apply(real, this, [message]);
    });
  }

  it('has its call asked once more', async () => {
    await withPool(2, async (pool) => {
      const posted = killNext(1);
      expect((await run(pool)).messages).toHaveLength(100);
      expect(posted).toHaveBeenCalledTimes(2);
    });
  });

  it('twice gives the call up, and the next one is answered', async () => {
    await withPool(1, async (pool) => {
      killNext(2);
      await expect(run(pool)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      expect((await run(pool)).messages).toHaveLength(100);
    });
  });

  it('before it is ready gives up no more than the call it was started for', async () => {
    const pool = createReaderPool({ path: join(folder, 'none.db'), max: 2, log: silent });
    const outcomes = await Promise.allSettled([run(pool), run(pool), run(pool)]);
    expect(outcomes).toMatchObject(
      Array.from({ length: 3 }, () => ({ reason: { code: 'STORE_UNAVAILABLE' } })),
    );
    await pool.close();
  });

  it('with others waiting loses none of them', async () => {
    await withPool(2, async (pool) => {
      const all = Array.from({ length: 12 }, () => run(pool));
      killNext(1);
      all.push(...Array.from({ length: 4 }, () => run(pool)));
      expect((await Promise.all(all)).every((page) => page.messages.length === 100)).toBe(true);
    });
  });

  it('in the middle of a query is replaced, and the query asked again', async () => {
    const other = newFolder();
    const big = await openSqlite(other);
    const mine = await newSession(big, await newWorkspace(big));
    await post(big, mine, { sender: 's1' });
    grow(join(other, 'hub.db'), mine.pk);
    const query = { ...longQuery(), sessionPk: mine.pk, sight: seesPublic(mine.workspace) };
    await big.read.messages.page(query);
    const posted = vi.spyOn(Worker.prototype, 'postMessage');
    const answer = big.read.messages.page(query);
    await delay(5);
    const thread = posted.mock.contexts[0] as Worker;
    await thread.terminate();
    expect((await answer).messages).toHaveLength(1);
    expect(posted.mock.calls.length).toBe(2);
    await big.close();
    rmSync(other, { recursive: true });
  });
});

/** Rows enough for a query of a tenth of a second. */
function grow(file: string, sessionPk: number): void {
  const db = new Database(file);
  db.exec(`
    WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 600000)
    INSERT INTO message_audiences
    SELECT audience_id, ${sessionPk}, i, 0, created_at, visibility, message_type, pinned FROM n, (SELECT * FROM message_audiences LIMIT 1)`);
  db.close();
}
