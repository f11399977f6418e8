/**
 * The clock of the machine jumps, by hours and days, forwards and backwards, while sixteen clients write. `RUNS` is how often,
 * `SEED` repeats how far. Order is kept, nothing is lost, and a lease runs as long as it was granted for, by no clock's leave.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { jumpingClock } from '../_util/hub-process.ts';
import { mustCall } from '../_util/ledger-client.ts';
import { numbers } from '../_util/random.ts';
import { underLoad, WRITERS } from '../_util/under-load.ts';

const RUNS = Number(process.env['RUNS'] ?? 4);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const FURTHEST_MS = 60 * 24 * 60 * 60 * 1000;
const TTL_SECONDS = 10;
const PAUSE_MS = 5;
const PER_RUN_MS = 4000;

interface Granted {
  readonly granted: boolean;
  readonly lease: { readonly lease_id: string; readonly fencing_token: number };
}

it(
  `keeps order, messages and leases in ${RUNS} jumps of the clock (SEED=${SEED})`,
  async () => {
    const random = numbers(SEED);
    const jumps = Array.from({ length: RUNS }, () => Math.round((random() - 0.5) * 2 * FURTHEST_MS));
    const first = { preload: jumpingClock(jumps) };
    await underLoad({ fault: 'clock jumps', seed: SEED, first }, async (scene) => {
      const url = await scene.hub().ready;
      const acquire = async (agent: string, ttl_seconds: number): Promise<Granted> =>
        (await mustCall(url, agent, 'acquire_lease', {
          ...{ resources: ['src/**'], ttl_seconds, wait_seconds: 0 },
        })) as unknown as Granted;
      const clock = async (): Promise<number> =>
        Date.parse(
          String(
            (await mustCall(url, 'a', 'get_session', { session_id: scene.ledger.sessionId }))['timestamp'],
          ),
        );
      let highest = 0;
      for (let run = 0; run < RUNS; run++) {
        const held = await acquire('holder', 600);
        expect(held.granted).toBe(true);
        expect(held.lease.fencing_token).toBeGreaterThan(highest);
        highest = held.lease.fencing_token;
        const before = await clock();
        process.kill(scene.hub().pid, 'SIGUSR2');
        const jumped = performance.now();
        while (Math.abs((await clock()) - before) < 60_000) await delay(PAUSE_MS);
        expect((await acquire('other', 600)).granted).toBe(false);
        await scene.ledger.more(WRITERS);
        expect((await acquire('other', 600)).granted).toBe(false);
        await mustCall(url, 'holder', 'release_lease', { lease_id: held.lease.lease_id });
        scene.survived(performance.now() - jumped);
      }
      // What was granted for some seconds ends after them, wherever the clock went meanwhile.
      const { lease } = await acquire('holder', TTL_SECONDS);
      expect(lease.fencing_token).toBeGreaterThan(highest);
      await expect.poll(async () => (await acquire('other', 600)).granted, { timeout: 20_000 }).toBe(true);
      await scene.kill();
      scene.start();
    });
  },
  60_000 + RUNS * PER_RUN_MS,
);
