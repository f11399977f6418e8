/**
 * kill -9 while sixteen clients write: at random moments, and at chosen steps. `RUNS` is how often, `SEED` repeats a
 * sequence of moments. Nothing acknowledged may be lost, nothing may be there twice, and a reader that follows its cursor
 * must see all.
 */
import { expect, it } from 'vitest';
import { CHECKPOINT_OFTEN, killAt, STEPS } from '../_util/hub-process.ts';
import { numbers } from '../_util/random.ts';
import { underLoad, WRITERS } from '../_util/under-load.ts';

const RUNS = Number(process.env['RUNS'] ?? 30);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
/** Under load at most so long; a start takes about as long. */
const LONGEST_MS = 500;
/** One kill in so many hits a hub that is starting. */
const STARTING = 6;
const PER_KILL_MS = 6000;
const PER_STEP = Math.ceil(RUNS / 15);

it(
  `loses nothing and doubles nothing in ${RUNS} kills at random (SEED=${SEED})`,
  async () => {
    const random = numbers(SEED);
    await underLoad({ fault: 'kill -9 at random', seed: SEED }, async (scene) => {
      for (let run = 0; run < RUNS; run++) {
        await scene.ledger.more(WRITERS);
        await scene.kill(random() * LONGEST_MS);
        if (run % STARTING === STARTING - 1) {
          scene.start();
          await scene.kill(random() * LONGEST_MS * 1.5);
        }
        const killed = performance.now();
        scene.start(run % 2 === 0 ? { preload: CHECKPOINT_OFTEN } : {});
        await scene.recovered(killed);
      }
    });
  },
  60_000 + RUNS * PER_KILL_MS,
);

it(
  'loses nothing and doubles nothing when killed around commits and checkpoints',
  async () => {
    const random = numbers(SEED + 1);
    await underLoad({ fault: 'kill -9 at steps', seed: SEED + 1 }, async (scene) => {
      for (const step of STEPS) {
        for (let run = 0; run < PER_STEP; run++) {
          await scene.ledger.more(WRITERS);
          await scene.kill();
          // A start takes some commits of its own.
          const doomed = scene.start({ preload: killAt(step, 5 + Math.floor(random() * 30)) });
          await doomed.ready;
          expect(await doomed.ended).toBe(null);
          const killed = performance.now();
          scene.start();
          await scene.recovered(killed);
        }
      }
    });
  },
  60_000 + STEPS.length * PER_STEP * PER_KILL_MS,
);
