/** What group commit promises beyond the port: when an answer comes, and what work that breaks the rules can do. */
import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SessionRow, Tx } from '../../src/store/port.ts';
import { messageOf, newFolder, newSession, newWorkspace, openSqlite, post, seesPublic } from './engine.ts';
import { watchConnections } from './spy.ts';

const folder = newFolder();
const watched = watchConnections();
let store: Awaited<ReturnType<typeof openSqlite>>;
let second: Database.Database;
let session: SessionRow;
beforeAll(async () => {
  store = await openSqlite(folder);
  second = new Database(join(folder, 'hub.db'), { readonly: true });
  session = await newSession(store, await newWorkspace(store));
});
afterAll(async () => {
  second.close();
  await store.close();
  watched.stop();
  rmSync(folder, { recursive: true });
});

const stored = (content: string): unknown =>
  second.prepare('SELECT count(*) FROM messages WHERE content = ?').pluck().get(content);

describe('an answer', () => {
  it('comes when another connection can read what was written', async () => {
    const late: number[] = [];
    const isThere = second.prepare('SELECT 1 FROM messages WHERE id = ?').pluck();
    await Promise.all(
      Array.from({ length: 700 }, async () => {
        const id = await post(store, session);
        if (isThere.get(id) === undefined) late.push(id);
      }),
    );
    expect(late).toEqual([]);
  });

  it('of a failure comes when what was around it is on disk or gone', async () => {
    const good = post(store, session, { content: 'good neighbour' });
    const bad = store.write(async (tx) => {
      await tx.messages.insert(messageOf(session, { content: 'half' }));
      throw new Error('no');
    });
    await expect(bad).rejects.toThrow('no');
    expect(stored('half')).toBe(0);
    expect(stored('good neighbour')).toBe(1);
    await good;
  });
});

describe('a batch', () => {
  it('is one transaction', async () => {
    const wal = () =>
      Number((watched.writer().pragma('wal_checkpoint(PASSIVE)') as { log: number }[])[0]?.log);
    watched.writer().pragma('wal_checkpoint(TRUNCATE)');
    await Promise.all(Array.from({ length: 200 }, () => post(store, session, { content: 'together' })));
    const together = wal();
    watched.writer().pragma('wal_checkpoint(TRUNCATE)');
    for (let i = 0; i < 200; i++) await post(store, session, { content: 'alone' });
    expect(wal()).toBeGreaterThan(together * 10);
  });

  it('runs again with savepoints only if a write failed after it changed something', async () => {
    let runs = 0;
    const counting = store.write((tx) => {
      runs++;
      return tx.messages.insert(messageOf(session));
    });
    const looked = store.write(async (tx) => {
      await tx.messages.countAll(session.pk);
      throw new Error('full');
    });
    await expect(looked).rejects.toThrow('full');
    await counting;
    expect(runs).toBe(1);
  });

  it('leaves writes for the next one when there are too many', async () => {
    const all = await Promise.all(Array.from({ length: 1300 }, () => post(store, session)));
    expect(new Set(all).size).toBe(1300);
  });

  it('refuses more than can wait', async () => {
    const all = await Promise.allSettled(
      Array.from({ length: 20_100 }, () => store.write((tx) => tx.workspaces.exists('none'))),
    );
    const refused = all.filter((one) => one.status === 'rejected');
    expect(refused).toHaveLength(100);
    expect(refused[0]?.reason).toMatchObject({ code: 'OVERLOADED', details: { retryAfter: 1 } });
  });
});

describe('work that waits for something else', () => {
  const waiting = (content: string, leak: { later?: Promise<unknown>; tx?: Tx }) =>
    store.write(async (tx) => {
      leak.tx = tx;
      await tx.messages.insert(messageOf(session, { content: `${content} before` }));
      const waited = delay(30);
      leak.later = waited.then(() => tx.messages.insert(messageOf(session, { content: `${content} after` })));
      await leak.later;
    });

  it('fails alone, and can do nothing when it wakes up', async () => {
    const leak: { later?: Promise<unknown> } = {};
    const before = post(store, session, { content: 'before the sleeper' });
    const sleeper = waiting('sleeper', leak);
    const after = Array.from({ length: 5 }, (_, i) =>
      post(store, session, { content: `after the sleeper ${i}` }),
    );
    await expect(sleeper).rejects.toThrow('waited for something else than the store');
    await Promise.all([before, ...after]);
    // While others write, as at any busy moment.
    const busy = Array.from({ length: 50 }, () => delay(10).then(() => post(store, session)));
    await expect(leak.later).rejects.toThrow('after its end');
    await Promise.all(busy);
    expect([stored('sleeper before'), stored('sleeper after')]).toEqual([0, 0]);
    expect(stored('before the sleeper')).toBe(1);
    expect(stored('after the sleeper 4')).toBe(1);
  });

  it('fails even if everybody does it', async () => {
    const leaks = [{}, {}, {}];
    const sleepers = await Promise.allSettled(leaks.map((leak, i) => waiting(`crowd ${i}`, leak)));
    expect(sleepers.map((one) => one.status)).toEqual(['rejected', 'rejected', 'rejected']);
    await post(store, session, { content: 'after the crowd' });
    expect([stored('crowd 0 before'), stored('crowd 2 before'), stored('after the crowd')]).toEqual([
      0, 0, 1,
    ]);
  });

  it('cannot use its transaction after it has ended well', async () => {
    const leak: { tx?: Tx } = {};
    await store.write(async (tx) => {
      leak.tx = tx;
      await tx.messages.insert(messageOf(session));
    });
    await expect(leak.tx?.messages.insert(messageOf(session, { content: 'too late' }))).rejects.toThrow(
      'after its end',
    );
    await expect(leak.tx?.messages.countAll(session.pk)).rejects.toThrow('after its end');
    expect(stored('too late')).toBe(0);
  });
});

describe('names', () => {
  it('are forgotten with the write that made them', async () => {
    const over = (name: string) => ({
      sender: name,
      senderType: name,
      audiences: ['public', `agent:${name}`],
    });
    const failing = store.write(async (tx) => {
      await tx.messages.insert(messageOf(session, over('ghost')));
      throw new Error('no');
    });
    const neighbour = post(store, session, over('living'));
    await expect(failing).rejects.toThrow('no');
    const sight = (name: string) => ({ workspace: session.workspace, audiences: [`agent:${name}`] });
    expect(await store.read.messages.get(await neighbour, sight('living'))).toMatchObject({
      sender: 'living',
    });
    expect(await store.read.messages.count(session.pk, sight('ghost'))).toBe(0);
    const back = await post(store, session, over('ghost'));
    expect(await store.read.messages.get(back, sight('ghost'))).toMatchObject({
      sender: 'ghost',
      senderType: 'ghost',
    });
    expect(await store.read.messages.count(session.pk, sight('ghost'))).toBe(1);
    expect(await store.read.messages.count(session.pk, sight('living'))).toBe(1);
    expect(second.pragma('foreign_key_check')).toEqual([]);
  });

  it('are right when there are more than are kept at hand', async () => {
    const agents = Array.from({ length: 50_500 }, (_, i) => `agent:n${i}`);
    await post(store, session, { audiences: agents });
    await post(store, session, { audiences: agents.slice(0, 100) });
    const count = (agent: number) =>
      store.read.messages.count(session.pk, { workspace: session.workspace, audiences: [`agent:n${agent}`] });
    const counts = [await count(0), await count(99), await count(100), await count(50_499)];
    expect(counts).toEqual([2, 2, 1, 1]);
    expect(await store.read.messages.count(session.pk, seesPublic('nowhere'))).toBe(0);
  });
});
