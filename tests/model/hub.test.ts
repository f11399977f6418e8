/**
 * Random doings of several agents, against a real hub and a small model of what it promises: every answer is compared. `RUNS`
 * says how often, `SEED` (and `PATH_OF`, as it is printed) repeats a run. A difference is shrunk to the fewest steps.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, it } from 'vitest';
import { createTestClock, STANDING } from '../_util/test-clock.ts';
import { startTestHub, type TestHub } from '../_util/test-hub.ts';
import { ACTORS, type ActorName } from './_util/actors.ts';
import * as leases from './_util/play-leases.ts';
import * as memory from './_util/play-memory.ts';
import * as messages from './_util/play-messages.ts';
import { Stage } from './_util/stage.ts';
import { step, type Step, type StepOf } from './_util/steps.ts';

const RUNS = Number(process.env['RUNS'] ?? 20);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const PATH_OF = process.env['PATH_OF'];
const STEPS = 100;
const PER_RUN_MS = 10_000;

const clock = createTestClock(STANDING);
const began = Date.now();
const now = (): number => began + clock.now();

type Play<S extends Step> = (stage: Stage, step: S) => Promise<void>;
const PLAYS: { readonly [D in Step['does']]: Play<StepOf<D>> } = {
  ...{ create: messages.create, update: messages.update, post: messages.post, change: messages.change },
  ...{ page: messages.page, look: messages.look, wait: messages.wait },
  ...{ remember: memory.remember, recall: memory.recall, forget: memory.forget, entries: memory.entries },
  ...{ acquire: leases.acquire, renew: leases.renew, release: leases.release, leases: leases.leases },
  async pass(stage, one) {
    await leases.pass(stage, one);
    for (const by of ['ann', 'cyd', 'ops'] as const) await lookAround(stage, by);
  },
};

/** At what there is beside messages. */
async function lookAround(stage: Stage, by: ActorName): Promise<void> {
  await leases.leases(stage, { does: 'leases', by });
  await memory.entries(stage, { does: 'entries', by, scope: undefined, session: 'all', prefix: '' });
}

let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub({ clock, now });
});
afterAll(() => hub[Symbol.asyncDispose]());

async function run(steps: readonly Step[]): Promise<void> {
  const stage = await Stage.open(hub, clock, now);
  try {
    for (const by of ['ann', 'zed'] as const)
      await messages.create(stage, { does: 'create', by, key: undefined });
    for (const one of steps) await (PLAYS[one.does] as Play<Step>)(stage, one);
    await stage.repeatAll();
    // From a place in the midst, which is another's as often as not: much lies behind it unread, and much is new.
    const midst = Math.floor(stage.messages.cursors.length / 2);
    for (const [nth, by] of ACTORS.entries()) {
      await messages.follow(stage, by, midst + nth);
      await messages.follow(stage, by);
      await lookAround(stage, by);
    }
    await leases.giveAllBack(stage);
  } finally {
    await stage.leave();
  }
}

it(
  `answers as the model does in ${RUNS} runs (SEED=${SEED})`,
  async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: STEPS, size: 'max' }), run), {
      // By itself it tries short runs first, and few runs are mostly short then.
      ...{ numRuns: RUNS, seed: SEED, unbiased: true },
      ...(PATH_OF === undefined ? {} : { path: PATH_OF }),
    });
  },
  60_000 + RUNS * PER_RUN_MS,
);
