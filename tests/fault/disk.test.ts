/** Writes that cannot reach the disk: nothing is acknowledged, reads go on, and room is used as soon as it is back. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { databaseOf, startHub, type HubProcess } from '../_util/hub-process.ts';
import { callTool, mustCall } from '../_util/ledger-client.ts';

const CONTENT = 'x'.repeat(50_000);
const root = process.getuid?.() === 0 && process.platform === 'linux';
const limits = process.platform === 'linux' && existsSync('/usr/bin/prlimit');

vi.setConfig({ testTimeout: 60_000 });

let share: string;
let hub: HubProcess | undefined;
beforeEach(() => {
  share = mkdtempSync(join(tmpdir(), 'schub-disk-'));
});
afterEach(async () => {
  await hub?.kill();
});

interface Room {
  /** Leaves little; called once the hub runs. */
  shrink(pid: number): void;
  makeRoom(pid: number): void;
}

const ready = async (url: string): Promise<[number, unknown]> => {
  const response = await fetch(`${url}/health/ready`);
  return [response.status, await response.json()];
};

async function fillUp(room: Room): Promise<void> {
  // To the last byte, however long that takes: otherwise it may be told before that there is little left.
  hub = startHub(share, { env: { MIN_FREE_DISK_MB: '0' } });
  const url = await hub.ready;
  const session = String((await mustCall(url, 'a', 'create_session', { purpose: 'to fill' }))['session_id']);
  room.shrink(hub.pid);
  const acknowledged: number[] = [];
  const add = (n: number) => {
    const args = { session_id: session, content: `${n} ${CONTENT}`, idempotency_key: `key ${n}` };
    return callTool(url, 'a', 'add_message', args);
  };
  let n = 0;
  let refused;
  while (refused === undefined && n < 400) {
    const answer = await add(n++);
    if (answer.is === 'success') acknowledged.push(Number(answer.value['message_id']));
    else refused = answer;
  }
  expect(refused).toMatchObject({ is: 'refusal', code: 'STORE_UNAVAILABLE' });
  expect(await ready(url)).toMatchObject([
    503,
    { reason: expect.stringMatching(/SQLITE_(FULL|IOERR)/) as string },
  ]);

  const stored = async () => {
    const ids: number[] = [];
    for (let more = true; more;) {
      const args = { session_id: session, after_id: ids.at(-1) ?? 0, limit: 1000 };
      const page = await mustCall(url, 'a', 'get_messages', args);
      ids.push(...(page['messages'] as { id: number }[]).map((message) => message.id));
      more = page['has_more'] === true;
    }
    return ids;
  };
  expect(await stored()).toEqual(acknowledged);
  // As long as there is no room it is not called ready, whatever is read or swept meanwhile.
  await delay(2500);
  expect((await ready(url))[0]).toBe(503);
  expect(await add(n - 1)).toMatchObject({ is: 'refusal', code: 'STORE_UNAVAILABLE' });

  room.makeRoom(hub.pid);
  await expect.poll(async () => (await ready(url))[0], { timeout: 5000 }).toBe(200);
  for (const again of [n - 1, n]) {
    const answer = await add(again);
    expect(answer).toMatchObject({ is: 'success' });
    if (answer.is === 'success') acknowledged.push(Number(answer.value['message_id']));
  }
  expect(acknowledged).toEqual([...new Set(acknowledged)].sort((a, b) => a - b));
  expect(await stored()).toEqual(acknowledged);
  expect(await hub.stop()).toBe(0);
  // What was refused has not come back, as it might from a log that was written halfway.
  hub = startHub(share);
  expect(
    (await mustCall(await hub.ready, 'a', 'get_session', { session_id: session }))['message_count'],
  ).toBe(acknowledged.length);
  expect(await hub.stop()).toBe(0);
}

describe('a disk', () => {
  it.skipIf(!root)('that is full', async () => {
    const mount = (options: string) =>
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', share], { stdio: 'ignore' });
    mount('size=3m,mode=700');
    try {
      await fillUp({
        shrink: () => undefined,
        makeRoom: () => {
          mount('remount,size=64m');
        },
      });
    } finally {
      await hub?.kill();
      execFileSync('umount', [share]);
      rmSync(share, { recursive: true });
    }
  });

  it.skipIf(!root)('that is nearly full takes no more writes before one fails', async () => {
    const mount = (options: string) =>
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', share], { stdio: 'ignore' });
    mount('size=40m,mode=700');
    try {
      hub = startHub(share, { env: { MIN_FREE_DISK_MB: '25' } });
      const url = await hub.ready;
      const { session_id } = await mustCall(url, 'a', 'create_session', { purpose: 'to fill' });
      const add = () => callTool(url, 'a', 'add_message', { session_id, content: CONTENT });
      // What the disk is filled with need not be the hub's.
      writeFileSync(join(share, 'ballast'), 'x'.repeat(20 * 1024 ** 2));
      await expect.poll(async () => (await add()).is, { timeout: 20_000 }).toBe('refusal');
      expect(await add()).toMatchObject({
        ...{ is: 'refusal', code: 'STORE_UNAVAILABLE' },
        error: { error: expect.stringContaining('less than 25 MB free') as string },
      });
      expect(await ready(url)).toMatchObject([503, { reason: 'the disk has less than 25 MB free' }]);
      await mustCall(url, 'a', 'get_messages', { session_id });
      rmSync(join(share, 'ballast'));
      await expect.poll(async () => (await add()).is, { timeout: 20_000 }).toBe('success');
      expect(hub.log()).not.toContain('SQLITE');
      expect(await hub.stop()).toBe(0);
    } finally {
      await hub?.kill();
      execFileSync('umount', [share]);
      rmSync(share, { recursive: true });
    }
  });

  it.skipIf(!limits)('that fails to write', async () => {
    const limit = (pid: number, bytes: number | 'unlimited') =>
      execFileSync('/usr/bin/prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`]);
    await fillUp({
      shrink(pid) {
        limit(pid, statSync(`${databaseOf(share)}-wal`).size);
      },
      makeRoom(pid) {
        limit(pid, 'unlimited');
      },
    });
    rmSync(share, { recursive: true });
  });
});
