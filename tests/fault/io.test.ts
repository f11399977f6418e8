/**
 * Writes, syncs and truncations of the database fail below SQLite, once or until the disk is mended, in one hub that is never
 * started again. `RUNS` is how many failures of each error, `SEED` repeats what fails. No error may be taken for a success,
 * reads go on, and writes as soon as the disk takes them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { failingDisk, noShim, type DiskCall, type DiskError } from '../_util/disk-shim.ts';
import { reportSkipped } from '../_util/fault-report.ts';
import { CHECKPOINT_OFTEN } from '../_util/hub-process.ts';
import { callTool, mustCall } from '../_util/ledger-client.ts';
import { numbers } from '../_util/random.ts';
import { look, underLoad, WRITERS, type Scene } from '../_util/under-load.ts';

const RUNS = Number(process.env['RUNS'] ?? 10);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const ERRORS: readonly DiskError[] = ['EIO', 'ENOSPC', 'EDQUOT', 'EROFS'];
const CALLS: readonly (readonly DiskCall[])[] = [['write', 'sync', 'truncate'], ['write'], ['sync']];
/** One failure in so many lasts until the disk is mended. */
const LASTING = 5;
/** A commit takes about this many calls. */
const FURTHEST = 24;
const PAUSE_MS = 2;
const PER_RUN_MS = 2000;

if (noShim !== undefined) for (const error of ERRORS) reportSkipped(`failed I/O: ${error}`, noShim);

it.skipIf(noShim).each(ERRORS)(
  `takes no %s for a success, and goes on by itself${noShim ? `: ${noShim}` : ''} (SEED=${SEED})`,
  async (error) => {
    const random = numbers(SEED);
    const folder = mkdtempSync(join(tmpdir(), 'schub-io-'));
    const disk = failingDisk(folder);
    const first = { env: disk.env, preload: CHECKPOINT_OFTEN };
    await underLoad({ fault: `failed I/O: ${error}`, seed: SEED, first }, async (scene) => {
      for (let run = 0; run < RUNS; run++) {
        await scene.ledger.more(1);
        const lasting = run % LASTING === LASTING - 1;
        const calls = CALLS[Math.floor(random() * CALLS.length)] ?? [];
        const before = disk.failed();
        disk.fail({ error, calls, lasting, nth: 1 + Math.floor(random() * FURTHEST) });
        while (disk.failed() === before) await delay(PAUSE_MS);
        if (lasting) await expectUnready(scene);
        const mended = performance.now();
        disk.mend();
        await scene.ledger.more(WRITERS);
        scene.survived(performance.now() - mended);
      }
      const url = await scene.hub().ready;
      expect((await fetch(`${url}/health/ready`)).status).toBe(200);
      expect(look(scene.share).integrity).toBe('ok');
      await scene.kill();
      scene.start();
    });
    disk.close();
    rmSync(folder, { recursive: true });
  },
  60_000 + RUNS * PER_RUN_MS,
);

/** While no write reaches the disk. */
async function expectUnready({ hub, ledger: { sessionId: session_id } }: Scene): Promise<void> {
  const url = await hub().ready;
  const ready = async (): Promise<unknown> => {
    const response = await fetch(`${url}/health/ready`);
    return [response.status, await response.json()];
  };
  await expect
    .poll(ready, { interval: PAUSE_MS })
    .toMatchObject([
      503,
      { reason: expect.stringMatching(/the last write to the database failed \(SQLITE_/) as string },
    ]);
  const write = await callTool(url, 'writer', 'add_message', { session_id, content: 'not to be stored' });
  expect(write).toMatchObject({ is: 'refusal', code: 'STORE_UNAVAILABLE' });
  await mustCall(url, 'reader', 'get_messages', { session_id, limit: 10 });
  expect((await fetch(`${url}/health/ready`)).status).toBe(503);
}
