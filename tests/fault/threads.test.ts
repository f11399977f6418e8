/**
 * All threads of a hub that reads, indexes and searches under load are killed at once, at random moments. `RUNS` is how often,
 * `SEED` repeats the moments. Every call is answered or refused with leave to try again, and soon all is as before.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { KILL_THREADS } from '../_util/hub-process.ts';
import { callTool } from '../_util/ledger-client.ts';
import { numbers } from '../_util/random.ts';
import { underLoad, WRITERS } from '../_util/under-load.ts';

const RUNS = Number(process.env['RUNS'] ?? 4);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const LONGEST_MS = 300;
const PAUSE_MS = 5;
const PER_RUN_MS = 6000;
const ASKERS = 4;

it(
  `answers, and is whole again, after ${RUNS} deaths of all its threads (SEED=${SEED})`,
  async () => {
    const random = numbers(SEED);
    const first = { preload: KILL_THREADS };
    await underLoad({ fault: 'threads killed', seed: SEED, first }, async (scene) => {
      const url = await scene.hub().ready;
      const strange: string[] = [];
      /** Whether both a search and a long read are answered, and the search from the index. */
      const works = async (agent: string): Promise<boolean> => {
        const search = await callTool(url, agent, 'search_context', { query: `writer ${random()}` });
        const read = await callTool(url, agent, 'search_by_sender', { sender: 'writer-1' });
        for (const answer of [search, read])
          if (answer.is === 'unknown' || (answer.is === 'refusal' && !('retry_after' in answer.error)))
            strange.push(JSON.stringify(answer));
        return search.is === 'success' && search.value['degraded'] !== true && read.is === 'success';
      };
      let over = false;
      const asking = Array.from({ length: ASKERS }, async (_, i) => {
        while (!over) await works(`asker-${i}`);
      });
      for (let run = 0; run < RUNS; run++) {
        await scene.ledger.more(WRITERS);
        while (!(await works('judge'))) await delay(PAUSE_MS);
        await delay(random() * LONGEST_MS);
        const killed = performance.now();
        process.kill(scene.hub().pid, 'SIGUSR2');
        await scene.ledger.more(1);
        while (!(await works('judge'))) await delay(PAUSE_MS);
        scene.survived(performance.now() - killed);
      }
      over = true;
      await Promise.all(asking);
      expect(strange).toEqual([]);
      // A reader, a searcher, and the indexer.
      const ended = [
        ...scene
          .hub()
          .log()
          .matchAll(/^threads ended: (\d+)$/gm),
      ].map(([, count]) => Number(count));
      expect(ended).toHaveLength(RUNS);
      expect(Math.min(...ended)).toBeGreaterThanOrEqual(3);
    });
  },
  60_000 + RUNS * PER_RUN_MS,
);
