/**
 * kill -9 of whoever writes a backup, the command or the hub, while sixteen clients write. `RUNS` is how often, `SEED` repeats
 * the moments. What has the name of a backup is whole, and nothing is lost of what it is made of.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { numbers } from '../_util/random.ts';
import { underLoad, WRITERS } from '../_util/under-load.ts';
import { runSchub } from '../http/run-schub.ts';

const RUNS = Number(process.env['RUNS'] ?? 6);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const LONGEST_MS = 250;
const PAUSE_MS = 2;
const PER_RUN_MS = 6000;

it(
  `leaves no half backup in ${RUNS} kills (SEED=${SEED})`,
  async () => {
    const random = numbers(SEED);
    let begun = 0;
    await underLoad({ fault: 'kill -9 during a backup', seed: SEED }, async (scene) => {
      for (let run = 0; run < RUNS; run++) {
        const folder = join(scene.share, `backups-${run}`);
        mkdirSync(folder);
        const target = join(folder, 'backup.db');
        const ofHub = run % 2 === 1;
        const env = { BACKUP_INTERVAL_HOURS: '1', BACKUP_DIR: folder };
        if (ofHub) {
          // A hub makes one as it starts, if there is none.
          await scene.kill();
          scene.start({ env });
        }
        const command = ofHub ? undefined : runSchub({ args: ['backup', target], share: scene.share });
        const writing = (): boolean => readdirSync(folder).length > 0;
        const since = performance.now();
        while (!writing() && performance.now() - since < 10_000) await delay(PAUSE_MS);
        if (writing()) begun++;
        await delay(random() * LONGEST_MS);
        const killed = performance.now();
        if (command === undefined) {
          await scene.kill();
          scene.start();
          await scene.recovered(killed);
        } else {
          command.child.kill('SIGKILL');
          await command.ended;
          await scene.ledger.more(WRITERS);
          scene.survived(performance.now() - killed);
        }
        for (const name of readdirSync(folder).filter((file) => file.endsWith('.db'))) {
          const db = new Database(join(folder, name), { readonly: true });
          expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
          expect(db.prepare('SELECT count(*) FROM sessions').pluck().get()).toBe(1);
          db.close();
        }
        // What was left of it is in nobody's way.
        if (!existsSync(target)) {
          const again = runSchub({ args: ['backup', target], share: scene.share });
          expect(await again.ended, again.stderr()).toBe(0);
        }
        expect(readdirSync(folder).filter((name) => name === 'backup.db.tmp')).toEqual([]);
        rmSync(folder, { recursive: true });
      }
    });
    expect(begun).toBe(RUNS);
  },
  60_000 + RUNS * PER_RUN_MS,
);
