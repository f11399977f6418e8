/**
 * The power is cut while sixteen clients write: on a file system that is shut down below the hub, and on a disk made of
 * what the hub has written and synced. `RUNS` is how often, `SEED` repeats a sequence. Nothing acknowledged may be lost.
 */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { compile, noShim, readJournal } from '../_util/disk-shim.ts';
import { reportSkipped } from '../_util/fault-report.ts';
import { CHECKPOINT_OFTEN, databaseOf } from '../_util/hub-process.ts';
import { stopAll } from '../_util/stop-all.ts';
import { loopDisk, noLoopDisk } from '../_util/loop-disk.ts';
import { afterPowerCut, FATES } from '../_util/power-cut.ts';
import { numbers } from '../_util/random.ts';
import { underLoad, WRITERS } from '../_util/under-load.ts';

const RUNS = Number(process.env['RUNS'] ?? 4);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
/** Under load at most so long. */
const LONGEST_MS = 500;
const PER_CUT_MS = 8000;
const REBUILT = 'power cut (synced writes)';
const EXT4 = 'power cut (ext4)';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'schub-power-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

if (noShim !== undefined) reportSkipped(REBUILT, noShim);
it.skipIf(noShim)(
  `keeps what it has acknowledged when only what was synced is left${noShim ? `: ${noShim}` : ''} (SEED=${SEED})`,
  async () => {
    const random = numbers(SEED);
    const share = join(folder, 'share');
    mkdirSync(share);
    const journal = join(folder, 'journal');
    const env = { LD_PRELOAD: compile('disk', folder), DISK_JOURNAL: journal };
    const before = ['', '-wal'].map((suffix) => ({ suffix, copy: join(folder, `before${suffix}`) }));

    /** To be called while no hub runs. */
    const remember = (): void => {
      rmSync(journal, { force: true });
      for (const { suffix, copy } of before) {
        rmSync(copy, { force: true });
        if (existsSync(databaseOf(share) + suffix)) copyFileSync(databaseOf(share) + suffix, copy);
      }
    };
    const cutPower = (fate: (typeof FATES)[number]): void => {
      const notes = readJournal(journal);
      for (const { suffix, copy } of before) {
        const base = existsSync(copy) ? readFileSync(copy) : Buffer.alloc(0);
        writeFileSync(databaseOf(share) + suffix, afterPowerCut(base, notes.get(suffix) ?? [], fate, random));
      }
      rmSync(`${databaseOf(share)}-shm`, { force: true });
      // What it says may be gone as well, or be ahead.
      if (random() < 0.3) rmSync(join(share, 'shared-context-hub', 'search.db'), { force: true });
    };

    await underLoad({ fault: REBUILT, seed: SEED, share }, async (scene) => {
      expect(await scene.hub().stop()).toBe(0);
      for (let run = 0; run < RUNS; run++) {
        remember();
        const often = run % 2 === 0 ? { preload: CHECKPOINT_OFTEN } : {};
        await scene.start({ env, ...often }).ready;
        await scene.ledger.more(WRITERS);
        await scene.kill(random() * LONGEST_MS);
        cutPower(FATES[run % FATES.length] ?? 'dropped');
        const cut = performance.now();
        remember();
        scene.start({ env });
        await scene.recovered(cut);
        // The next cut begins with what this hub has on disk when it is gone.
        await scene.kill();
        cutPower('dropped');
      }
      scene.start();
    });
  },
  60_000 + RUNS * PER_CUT_MS,
);

if (noLoopDisk !== undefined) reportSkipped(EXT4, noLoopDisk);
it.skipIf(noLoopDisk)(
  `keeps what it has acknowledged on a file system that is cut off${noLoopDisk ? `: ${noLoopDisk}` : ''} (SEED=${SEED})`,
  async () => {
    const random = numbers(SEED + 1);
    const disk = loopDisk(folder);
    try {
      await underLoad({ fault: EXT4, seed: SEED, share: disk.folder }, async (scene) => {
        await scene.ledger.more(WRITERS);
        execFileSync('sync', ['-f', disk.folder]);
        for (let run = 0; run < RUNS; run++) {
          await scene.ledger.more(WRITERS);
          await delay(random() * LONGEST_MS);
          // A machine without power says nothing: what is answered while the file system goes down would not be heard.
          await stopAll(scene.hub().pid);
          disk.cutPower();
          await scene.kill();
          disk.powerUp();
          const cut = performance.now();
          scene.start(run % 2 === 0 ? { preload: CHECKPOINT_OFTEN } : {});
          await scene.recovered(cut);
        }
      });
    } finally {
      disk.remove();
    }
  },
  60_000 + RUNS * PER_CUT_MS,
);
