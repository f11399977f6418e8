/**
 * kill -9 while sixteen clients write: at random moments, and at chosen steps. `RUNS` is how often, `SEED` repeats a
 * sequence of moments. Nothing acknowledged may be lost, nothing may be there twice, and a reader that follows its cursor
 * must see all.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import {
  CHECKPOINT_OFTEN,
  databaseOf,
  killAt,
  startHub,
  STEPS,
  type HubProcess,
  type HubProcessOptions,
} from '../_util/hub-process.ts';
import { numbers } from '../_util/numbers.ts';
import { startLedger, type Ledger } from '../_util/ledger.ts';

const RUNS = Number(process.env['RUNS'] ?? 30);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const WRITERS = 16;
/** Under load at most so long; a start takes about as long. */
const LONGEST_MS = 500;
/** One kill in so many hits a hub that is starting. */
const STARTING = 6;
const PER_KILL_MS = 6000;
const PER_STEP = Math.ceil(RUNS / 15);

interface Scene {
  readonly ledger: Ledger;
  kill(afterMs?: number): Promise<void>;
  /** Starts the next hub on the same data. */
  start(options?: HubProcessOptions): HubProcess;
  /** Waits for the hub that was started after a kill at `since`, and looks at its file. */
  recovered(since: number): Promise<void>;
}

/** Plays `play` with a ledger beside it, then checks what the ledger says and prints it. */
async function underLoad(what: string, play: (scene: Scene) => Promise<void>): Promise<void> {
  const share = mkdtempSync(join(tmpdir(), 'schub-kill-'));
  const recovery: number[] = [];
  let corrupt = 0;
  let hub = startHub(share);
  await hub.ready;
  const { epoch } = look(share);
  const ledger = await startLedger({ writers: WRITERS, url: () => hub.ready.catch(() => '') });
  const scene: Scene = {
    ledger,
    async kill(afterMs = 0) {
      await delay(afterMs);
      await hub.kill();
    },
    start(options) {
      hub = startHub(share, options);
      return hub;
    },
    async recovered(since) {
      await hub.ready;
      recovery.push(performance.now() - since);
      if (look(share).integrity !== 'ok') corrupt++;
    },
  };
  await play(scene);
  await ledger.stop();
  const report = await ledger.check(await hub.ready);
  expect(await hub.stop()).toBe(0);
  const after = look(share);
  if (after.integrity !== 'ok' || after.orphans > 0) corrupt++;
  const { acknowledged, lost, doubled } = report;
  const counts = `runs ${recovery.length}, acknowledged ${acknowledged}, lost ${lost}, doubled ${doubled}, corrupt ${corrupt}`;
  const times = `recovery p50 ${quantile(recovery, 0.5)} p99 ${quantile(recovery, 0.99)} ms`;
  process.stdout.write(`kill -9 ${what}: ${counts}, ${times} (SEED=${SEED})\n`);
  expect({ ...report, corrupt, epoch: after.epoch }).toEqual({
    ...{ acknowledged, lost: 0, doubled: 0, strange: 0, missed: 0, counted: acknowledged },
    ...{ corrupt: 0, epoch },
  });
  expect(acknowledged).toBeGreaterThanOrEqual(recovery.length * WRITERS);
  rmSync(share, { recursive: true });
}

function look(share: string): { epoch: unknown; integrity: unknown; orphans: number } {
  const db = new Database(databaseOf(share), { readonly: true });
  const integrity = db.pragma('integrity_check', { simple: true });
  const orphans = (db.pragma('foreign_key_check') as unknown[]).length;
  const epoch = db.prepare('SELECT epoch FROM hub').pluck().get();
  db.close();
  return { epoch, integrity, orphans };
}

function quantile(values: readonly number[], q: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0).toFixed(0);
}

it(
  `loses nothing and doubles nothing in ${RUNS} kills at random (SEED=${SEED})`,
  async () => {
    const random = numbers(SEED);
    await underLoad('at random', async (scene) => {
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
    await underLoad('at steps', async (scene) => {
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
