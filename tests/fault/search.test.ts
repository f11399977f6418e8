/** Whatever happens to the index: the hub starts, finds what there is, shows nothing hidden, and mends it. */
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  expectAgreement,
  indexed,
  indexOf,
  MISHAPS,
  nibble,
  scribble,
  statusOf,
} from '../_util/search-index.ts';
import { ADMIN_KEY, startTestHub, temporaryFolder, type TestHub } from '../_util/test-hub.ts';

const MESSAGES = 40;
const PATIENT = { timeout: 20_000 };

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

async function fill(hub: TestHub): Promise<void> {
  const alice = await hub.connect('2026', { agent: 'alice' });
  const { session_id } = (await alice.callTool('create_session', { purpose: 'Fault' })).json;
  for (let i = 0; i < MESSAGES; i++) {
    const visibility = i % 4 === 0 ? 'private' : 'public';
    await alice.callTool('add_message', { session_id, content: `pebble number${i}`, visibility });
  }
  await alice.close();
}

async function found(hub: TestHub, agent: string): Promise<number> {
  const client = await hub.connect('2026', { agent });
  const { json } = await client.callTool('search_context', { query: 'pebble', limit: 100 });
  await client.close();
  return (json['results'] as unknown[]).length;
}

async function degraded(hub: TestHub): Promise<boolean> {
  const client = await hub.connect('2025', { agent: 'alice' });
  const { json } = await client.callTool('search_context', { query: `pebble ${Math.random()}` });
  await client.close();
  return json['degraded'] === true;
}

async function expectAllFound(hub: TestHub): Promise<void> {
  expect(await found(hub, 'alice')).toBe(MESSAGES);
  expect(await found(hub, 'bob')).toBe(MESSAGES - MESSAGES / 4);
}

describe('a search.db that is', () => {
  it.each(Object.entries(MISHAPS))('%s', async (what, happen) => {
    {
      await using hub = await startTestHub({ folder });
      await fill(hub);
      await expectAllFound(hub);
      await indexed(hub.request);
    }
    happen(indexOf(folder));
    await using hub = await startTestHub({ folder });
    await expectAllFound(hub);
    await indexed(hub.request);
    await expectAllFound(hub);
    expectAgreement(folder);
    expect(existsSync(`${indexOf(folder)}.foreign`)).toBe(/another program|no database/.test(what));
  });

  it('damaged in any one of its pages', async () => {
    {
      await using hub = await startTestHub({ folder });
      await fill(hub);
      await expectAllFound(hub);
      await indexed(hub.request);
    }
    for (let page = 1; nibble(indexOf(folder), page); page++) {
      await using hub = await startTestHub({ folder });
      await expectAllFound(hub);
      await indexed(hub.request);
      await expectAllFound(hub);
      expectAgreement(folder);
    }
  });

  it('scribbled over while the hub runs', async () => {
    await using hub = await startTestHub({ folder });
    await fill(hub);
    await expectAllFound(hub);
    const { generation } = await indexed(hub.request);
    const db = new Database(indexOf(folder));
    db.pragma('wal_checkpoint(TRUNCATE)');
    db.close();
    scribble(indexOf(folder));
    await fill(hub);
    await expect
      .poll(
        async () => [await found(hub, 'alice'), (await statusOf(hub.request)).generation !== generation],
        PATIENT,
      )
      .toEqual([2 * MESSAGES, true]);
    await indexed(hub.request);
    expectAgreement(folder);
  });

  it('in the way, as a folder: the newest are found all the same', async () => {
    mkdirSync(indexOf(folder));
    await using hub = await startTestHub({ folder });
    await fill(hub);
    await expectAllFound(hub);
    await expect.poll(async () => (await statusOf(hub.request)).state, PATIENT).toBe('down');
    expect(await found(hub, 'alice')).toBe(MESSAGES);
    expect(await degraded(hub)).toBe(true);
    rmSync(indexOf(folder), { recursive: true });
    await indexed(hub.request);
    expect(await degraded(hub)).toBe(false);
    expectAgreement(folder);
  });
});

it('lets go of changes once they are in the index, and makes one anew that lacks them', async () => {
  const hubFile = join(folder, 'hub.db');
  const aside = join(folder, 'aside.db');
  {
    await using hub = await startTestHub({ folder });
    await fill(hub);
    await indexed(hub.request);
  }
  copyFileSync(indexOf(folder), aside);
  const db = new Database(hubFile);
  db.exec(`
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
      INSERT INTO message_changes (seq, message_id)
      SELECT last_seq + i, (SELECT min(id) FROM messages) FROM n CROSS JOIN hub;
    UPDATE hub SET last_seq = last_seq + 1500`);
  const kept = (): unknown => db.prepare('SELECT count(*) FROM message_changes').pluck().get();
  expect(kept()).toBe(1500);
  let generation: unknown;
  {
    await using hub = await startTestHub({ folder, housekeepingEveryMs: 20 });
    await expectAllFound(hub);
    await expect.poll(kept, PATIENT).toBe(1000);
    ({ generation } = await indexed(hub.request));
    expectAgreement(folder);
  }
  for (const suffix of ['-wal', '-shm']) rmSync(indexOf(folder) + suffix, { force: true });
  copyFileSync(aside, indexOf(folder));
  await using hub = await startTestHub({ folder });
  await expectAllFound(hub);
  expect((await indexed(hub.request)).generation).not.toBe(generation);
  expectAgreement(folder);
  db.close();
});

it('is made anew on demand, by admins only, while searches go on', async () => {
  await using hub = await startTestHub({ folder });
  await fill(hub);
  await expectAllFound(hub);
  const { generation } = await indexed(hub.request);
  const reindex = async (headers: Record<string, string>) =>
    (await hub.request('/api/v1/search/reindex', { method: 'POST', headers })).status;
  expect(await reindex({})).toBe(401);
  const key = await hub.makeKey('plain');
  expect(await reindex({ authorization: `Bearer ${key}` })).toBe(403);
  expect(await reindex({ authorization: `Bearer ${ADMIN_KEY}` })).toBe(202);
  await expect
    .poll(async () => {
      await expectAllFound(hub);
      return (await statusOf(hub.request)).generation;
    }, PATIENT)
    .not.toBe(generation);
  await indexed(hub.request);
  expectAgreement(folder);
});

describe('search threads that die', () => {
  /** Ends each search thread as it is asked something. */
  function killThreads(times: number) {
    const real = Worker.prototype.postMessage;
    let left = times;
    return vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (
      this: Worker,
      message: unknown,
    ) {
      if (typeof message === 'object' && message !== null && 'messages' in message && left-- > 0)
        void this.terminate();
      else Reflect.apply(real, this, [message]);
    });
  }

  it('once: the search is done by the next', async () => {
    await using hub = await startTestHub({ folder });
    await fill(hub);
    killThreads(1);
    await expectAllFound(hub);
    expect(await degraded(hub)).toBe(false);
  });

  it('always: the newest are searched all the same, until they live again', async () => {
    await using hub = await startTestHub({ folder });
    await fill(hub);
    const killed = killThreads(Infinity);
    for (let i = 0; i < 3; i++) {
      await expectAllFound(hub);
      expect(await degraded(hub)).toBe(true);
    }
    // Without a pause between their starts it would be two threads for each of the nine searches.
    const asked = killed.mock.calls.filter(([message]) => Object.hasOwn(Object(message), 'messages'));
    expect(asked.length).toBeLessThan(18);
    vi.restoreAllMocks();
    await expect.poll(() => degraded(hub), PATIENT).toBe(false);
    await expectAllFound(hub);
  });
});

it('refuses searches that are too many, in words, and does the others', async () => {
  await using hub = await startTestHub({ folder });
  await fill(hub);
  const alice = await hub.connect('2026', { agent: 'alice' });
  const answers = await Promise.all(
    Array.from({ length: 400 }, (_, i) => alice.callTool('search_context', { query: `pebble ${i}` })),
  );
  await alice.close();
  const refused = answers.filter(({ isError }) => isError);
  expect(refused.length).toBeGreaterThan(0);
  for (const { json } of refused) expect(json).toMatchObject({ code: 'OVERLOADED', retry_after: 1 });
  expect(answers.length - refused.length).toBeGreaterThanOrEqual(200);
});

it('goes on indexing when its thread dies', async () => {
  await using hub = await startTestHub({ folder });
  await indexed(hub.request);
  const real = Worker.prototype.postMessage;
  let left = 2;
  vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker, message: unknown) {
    if (message === 'look' && left-- > 0) void this.terminate();
    else Reflect.apply(real, this, [message]);
  });
  await fill(hub);
  await expectAllFound(hub);
  await expect.poll(() => left, PATIENT).toBeLessThan(1);
  await fill(hub);
  await indexed(hub.request);
  expect(await degraded(hub)).toBe(false);
  expectAgreement(folder);
});
