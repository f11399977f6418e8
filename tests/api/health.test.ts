/** How the hub's parts do, and what it does when the disk has little room. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { DiskSpace } from '../../src/features/health/disk.ts';
import type { HealthReport } from '../../src/features/health/service.ts';
import { expectError, expectSuccess, openDoor } from '../_util/scenario-doors.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, temporaryFolder, type TestHub } from '../_util/test-hub.ts';

const MEGABYTE = 1024 ** 2;
const PATIENT = { timeout: 20_000 };
let hub: TestHub | undefined;
afterEach(() => hub?.[Symbol.asyncDispose]());

async function ready(): Promise<[number, HealthReport]> {
  const response = await hub!.request('/health/ready');
  return [response.status, (await response.json()) as HealthReport];
}
async function report(): Promise<HealthReport> {
  const response = await hub!.request('/api/v1/health', {
    headers: { authorization: `Bearer ${ADMIN_KEY}` },
  });
  expect(response.status).toBe(200);
  return (await response.json()) as HealthReport;
}
const partOf = async (name: string) => (await report()).parts.find(({ part }) => part === name);

/** A hub on a disk whose room the test says. */
async function onDisk(space: { now: DiskSpace | Error }, env: Record<string, string> = {}): Promise<TestHub> {
  const spaceOf = () => (space.now instanceof Error ? Promise.reject(space.now) : Promise.resolve(space.now));
  return (hub = await startTestHub({ env, spaceOf, diskLookEveryMs: 5 }));
}

it('sums its parts up, for everybody without reasons', async () => {
  hub = await startTestHub();
  const { status, parts } = await report();
  expect(status).toBe('healthy');
  expect(parts.map(({ part }) => part)).toEqual([
    ...['store', 'readers', 'event_log', 'index', 'search_workers', 'disk', 'memory', 'backups'],
  ]);
  expect(await ready()).toEqual([
    200,
    {
      ...{
        status: 'ready',
        health: 'healthy',
        version: '0.0.0-test',
        uptime_s: expect.any(Number) as number,
      },
      parts: Object.fromEntries(parts.map(({ part }) => [part, 'healthy'])),
    },
  ]);
});

it('takes no writes while the disk has little room, says so, and goes on by itself', async () => {
  const space = { now: { freeBytes: 500 * MEGABYTE, totalBytes: 50_000 * MEGABYTE } };
  await onDisk(space);
  const door = await openDoor(hub!, '2026', { key: AGENT_KEY, agent: 'alice', type: 'coder' });
  const { session_id } = expectSuccess(await door.call('create_session', { purpose: 'p' }));
  // Who comes for the first time needs a write.
  expect((await report()).status).toBe('healthy');

  space.now = { ...space.now, freeBytes: 99 * MEGABYTE };
  await expect.poll(async () => (await ready())[0], PATIENT).toBe(503);
  const reason = 'the disk has less than 100 MB free';
  expect((await ready())[1]).toMatchObject({ status: 'unavailable', reason, health: 'degraded' });
  const refused = expectError(
    await door.call('add_message', { session_id, content: 'c' }),
    'STORE_UNAVAILABLE',
  );
  expect(refused.error).toContain(reason);
  expect(refused.error).toContain('Nothing was stored');
  expect(expectSuccess(await door.call('get_messages', { session_id }))['count']).toBe(0);
  expect(await partOf('disk')).toEqual({ part: 'disk', status: 'degraded', reason });
  expect(await partOf('store')).toEqual({ part: 'store', status: 'degraded', reason });

  space.now = { ...space.now, freeBytes: 100 * MEGABYTE };
  await expect.poll(async () => (await ready())[0], PATIENT).toBe(200);
  expectSuccess(await door.call('add_message', { session_id, content: 'c' }));
  expect((await report()).status).toBe('healthy');
});

it.each([
  ['a tenth of a small disk is enough', {}, 6, 50, 200],
  ['but no less', {}, 4, 50, 503],
  ['unless it was said how much', { MIN_FREE_DISK_MB: '7' }, 6, 50, 503],
  ['on a large one too', { MIN_FREE_DISK_MB: '60000' }, 50_000, 1_000_000, 503],
  ['and 0 is no limit', { MIN_FREE_DISK_MB: '0' }, 0, 50, 200],
])('%s', async (_what, env, free, total, status) => {
  await onDisk({ now: { freeBytes: free * MEGABYTE, totalBytes: total * MEGABYTE } }, env);
  expect((await ready())[0]).toBe(status);
});

it('takes writes where nobody tells how much room there is', async () => {
  await onDisk({ now: new Error('not here') });
  expect((await ready())[0]).toBe(200);
  expect(await partOf('disk')).toMatchObject({
    status: 'healthy',
    reason: expect.stringContaining('not known'),
  });
});

it('asks the system where nobody else is asked', async () => {
  hub = await startTestHub({ env: { MIN_FREE_DISK_MB: '999999999' } });
  expect(await ready()).toMatchObject([503, { reason: 'the disk has less than 999,999,999 MB free' }]);
});

it('is degraded while backups fail', async () => {
  const folder = temporaryFolder();
  const notAFolder = join(folder, 'file');
  writeFileSync(notAFolder, '');
  try {
    hub = await startTestHub({ env: { BACKUP_INTERVAL_HOURS: '1', BACKUP_DIR: notAFolder } });
    await expect.poll(async () => (await partOf('backups'))?.status, PATIENT).toBe('degraded');
    expect((await partOf('backups'))?.reason).toBe('the last attempt failed; there is none yet');
    expect((await report()).status).toBe('degraded');
    expect((await ready())[0]).toBe(200);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('says when the last backup was made', async () => {
  hub = await startTestHub({ env: { BACKUP_INTERVAL_HOURS: '1' } });
  await expect
    .poll(async () => (await partOf('backups'))?.reason, PATIENT)
    .toMatch(/^the last is of 20\d\d-\d\d-\d\dT.*Z$/);
  expect((await partOf('backups'))?.status).toBe('healthy');
});

it('notices an index that cannot be kept up, and stays ready', async () => {
  const folder = temporaryFolder();
  try {
    // A folder in its place can be neither opened nor put aside.
    mkdirSync(join(folder, 'search.db', 'x'), { recursive: true });
    hub = await startTestHub({ folder });
    await expect.poll(async () => (await partOf('index'))?.status, PATIENT).toBe('failed');
    expect((await report()).status).toBe('degraded');
    expect((await ready())[0]).toBe(200);
  } finally {
    await hub?.[Symbol.asyncDispose]();
    hub = undefined;
    rmSync(folder, { recursive: true, force: true });
  }
});
