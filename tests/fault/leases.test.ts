/**
 * Fifty agents fight for twenty paths that meet, while the hub is killed, stopped for a while, and started again. `RUNS` is
 * how often, `SEED` repeats what is asked for and when. Judged is what was acknowledged: nobody holds what
 * another one surely holds, and fencing tokens only rise.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { overlap } from '../../src/features/leases/overlap.ts';
import { parseResource } from '../../src/features/leases/resource.ts';
import { reportFault } from '../_util/fault-report.ts';
import { startHub } from '../_util/hub-process.ts';
import { callTool, mustCall } from '../_util/ledger-client.ts';
import { numbers } from '../_util/random.ts';

const RUNS = Number(process.env['RUNS'] ?? 3);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const AGENTS = 50;
const TTL_SECONDS = 10;
/** In the long run a stop is longer than any lease. */
const STOP_MS = RUNS >= 20 ? 12_000 : 500;
/** Leases that are granted between two blows, and at most so much longer. */
const GRANTS_PER_RUN = 60;
const LONGEST_MS = 500;
const PER_RUN_MS = 20_000;
const LONGEST_HOLD_MS = 40;

const PATHS = [
  ...['src', 'src/**', 'src/a', 'src/a/*.ts', 'src/a/one.ts', 'src/a/two.ts', 'src/b', 'src/b/**/*.ts'],
  ...['src/b/deep/x.ts', 'src/*/one.ts', 'docs', 'docs/**', 'docs/guide.md', 'docs/*.md', '**/*.md'],
  ...['tests', 'tests/a.test.ts', 'tests/*.test.ts', '{src,tests}/a/**', 'deploy'],
];

interface Lease {
  readonly lease_id: string;
  readonly fencing_token: number;
}

/** A lease as its holder knows of it: surely held from `from` to `to`. */
interface Hold {
  readonly agent: string;
  readonly paths: readonly string[];
  readonly shared: boolean;
  readonly from: number;
  to: number;
}

const meetings = new Map<string, boolean>();
function meet(a: string, b: string): boolean {
  const pair = [a, b].sort().join('\n');
  const known = meetings.get(pair) ?? overlap(parseResource(a), parseResource(b));
  meetings.set(pair, known);
  return known;
}

/** Pairs that were held at the same time and must not have been. */
function collisions(holds: readonly Hold[]): string[] {
  const found: string[] = [];
  let open: Hold[] = [];
  for (const hold of holds.toSorted((a, b) => a.from - b.from)) {
    open = open.filter(({ to }) => to > hold.from);
    for (const other of open) {
      if (other.agent === hold.agent || (other.shared && hold.shared)) continue;
      if (hold.paths.some((a) => other.paths.some((b) => meet(a, b))))
        found.push(`${JSON.stringify(other)} and ${JSON.stringify(hold)}`);
    }
    open.push(hold);
  }
  return found;
}

it(
  `never gives to two what meets, whatever is done to the hub (SEED=${SEED})`,
  async () => {
    const share = mkdtempSync(join(tmpdir(), 'schub-leases-'));
    const random = numbers(SEED);
    const some = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
    const holds: Hold[] = [];
    const complaints: string[] = [];
    const counts = { granted: 0, refused: 0, unknown: 0, lost: 0, kills: 0, stops: 0 };
    let highest = 0;
    let hub = startHub(share);
    let over = false;
    const url = (): Promise<string> => hub.ready.catch(() => '');

    async function releaseAll(agent: string): Promise<void> {
      for (;;) {
        const answer = await callTool(await url(), agent, 'release_lease', { all: true });
        if (answer.is === 'success') return;
        await delay(50);
      }
    }

    async function fight(agent: string): Promise<void> {
      while (!over) {
        const paths = random() < 0.3 ? [some(PATHS), some(PATHS)] : [some(PATHS)];
        const shared = random() < 0.25;
        const wait_seconds = random() < 0.7 ? 5 : 0;
        const mode = shared ? 'shared' : 'exclusive';
        const asked = performance.now();
        const before = highest;
        const answer = await callTool(await url(), agent, 'acquire_lease', {
          ...{ resources: paths, mode, wait_seconds, ttl_seconds: TTL_SECONDS },
        });
        if (answer.is !== 'success') {
          counts.unknown++;
          await delay(20);
          await releaseAll(agent);
          continue;
        }
        if (answer.value['granted'] !== true) {
          counts.refused++;
          const { length } = answer.value['conflicts'] as unknown[];
          if (length === 0) complaints.push(`${agent} was refused without a conflict`);
          await delay(random() * LONGEST_HOLD_MS);
          continue;
        }
        const { lease_id, fencing_token: token } = answer.value['lease'] as Lease;
        counts.granted++;
        if (token <= before) complaints.push(`token ${token} of ${agent} came after ${before}`);
        highest = Math.max(highest, token);
        // It was granted after it was asked for, and so for at least as long.
        const surely = asked + TTL_SECONDS * 1000;
        const hold: Hold = { agent, paths, shared, from: performance.now(), to: surely };
        holds.push(hold);
        await delay(random() * LONGEST_HOLD_MS);
        hold.to = Math.min(performance.now(), surely);
        const released = await callTool(await url(), agent, 'release_lease', { lease_id });
        if (released.is === 'refusal' && released.code === 'LEASE_NOT_FOUND') counts.lost++;
        if (released.is === 'unknown') await releaseAll(agent);
      }
    }

    const agents = Array.from({ length: AGENTS }, (_, i) => `fighter-${i}`);
    const fights = agents.map(fight);
    for (let turn = 0; turn < RUNS; turn++) {
      const granted = counts.granted + GRANTS_PER_RUN;
      while (counts.granted < granted) await delay(5);
      await delay(random() * LONGEST_MS);
      if (turn % 2 === 1) {
        counts.stops++;
        process.kill(hub.pid, 'SIGSTOP');
        await delay(STOP_MS);
        process.kill(hub.pid, 'SIGCONT');
        continue;
      }
      counts.kills++;
      await hub.kill();
      hub = startHub(share);
    }
    over = true;
    await Promise.all(fights);
    await Promise.all(agents.map(releaseAll));
    const left = await mustCall(await hub.ready, 'judge', 'list_leases', {});
    const all = await mustCall(await hub.ready, 'judge', 'acquire_lease', { resources: ['**'] });
    expect(await hub.stop()).toBe(0);
    const collided = collisions(holds);
    reportFault(
      'leases under fire',
      {
        ...{ runs: RUNS, acknowledged: counts.granted, lost: 0, recoveryMs: [] },
        ...{ doubled: collided.length, corrupt: complaints.length },
      },
      `${JSON.stringify(counts)}, SEED=${SEED}`,
    );
    expect(complaints).toEqual([]);
    expect(collided).toEqual([]);
    expect(left['leases']).toEqual([]);
    expect(all['granted']).toBe(true);
    expect((all['lease'] as Lease).fencing_token).toBeGreaterThan(highest);
    rmSync(share, { recursive: true });
  },
  60_000 + RUNS * PER_RUN_MS,
);
