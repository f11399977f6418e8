/** Reads of the store at 1,000,000 messages, and what the reader threads are good for. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Permission } from '../src/context.ts';
import { sightOf } from '../src/features/messages/visibility.ts';
import type { Sight } from '../src/store/port.ts';
import type { SqliteStore } from '../src/store/sqlite/store.ts';
import { WORKSPACE, makeMillion, openBenchStore, type Million } from './million.ts';
import { median, quantile, type Report } from './report.ts';

const ROUNDS = 5;
const READS_PER_ROUND = 1000;
const PAGE = 50;
const PAGE_MS_AT_MOST = 0.5;
const POOL_MS = 1000;
const LONG_CALLERS = 4;

const sight = (agentId: string, agentType: string, ...permissions: Permission[]): Sight =>
  sightOf({
    ...{ keyId: 'key', keyName: 'key', workspace: WORKSPACE, agentId, agentType },
    permissions: new Set<Permission>(['read', ...permissions]),
  });
const AGENT = sight('agent-5', 'type-1');
const STRANGER = sight('agent-39', 'type-3');
const ADMIN = sight('root', 'human', 'admin');

export async function benchReads(report: Report): Promise<void> {
  await using million = await makeMillion();
  const store = await openBenchStore(million.path, 4);
  try {
    await benchPages(store, million, report);
  } finally {
    await store.close();
  }
  for (const maxConnections of [1, 4]) await benchPool(million, maxConnections, report);
}

async function benchPages(store: SqliteStore, { ordinary, busy, secret }: Million, report: Report) {
  const bench = 'Store, 1,000,000 messages';
  const any = (i: number): number => ordinary[(i * 7919) % ordinary.length]?.pk ?? 0;
  const newest = (sessionPk: number, who: Sight, before?: number) =>
    store.read.messages.page({
      ...{ sessionPk, sight: who, limit: PAGE },
      ...(before === undefined ? {} : { before }),
    });
  const reads: readonly (readonly [string, (i: number) => Promise<unknown>])[] = [
    ['newest 50 of any session, an agent', (i) => newest(any(i), AGENT)],
    ['newest 50 of a session of 100,000, an agent', () => newest(busy.pk, AGENT)],
    ['newest 50 of a session of 100,000, an admin', () => newest(busy.pk, ADMIN)],
    ['newest 50 of a session of 100,000, who may see none of it', () => newest(secret.pk, STRANGER)],
    [
      '50 from the middle of a session of 100,000',
      (i) => newest(busy.pk, AGENT, 300_000 + ((i * 101) % 400_000)),
    ],
    ['newest 20 sessions', () => store.read.sessions.page({ sight: AGENT, limit: 20 })],
    [
      'a session with its counts',
      (i) => store.read.sessions.view(WORKSPACE, `session_${2 + (i % 400)}`, AGENT),
    ],
  ];
  for (const [figure, read] of reads) {
    const p50: number[] = [];
    const p99: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const times: number[] = [];
      for (let i = 0; i < READS_PER_ROUND; i++) {
        const from = performance.now();
        await read(round * READS_PER_ROUND + i);
        times.push(performance.now() - from);
      }
      p50.push(quantile(times, 0.5));
      p99.push(quantile(times, 0.99));
    }
    const promised = figure.includes('50') ? { atMost: PAGE_MS_AT_MOST } : {};
    report.add({ bench, figure: `${figure}, p50`, value: median(p50), unit: 'ms', ...promised });
    report.add({ bench, figure: `${figure}, p99`, value: median(p99), unit: 'ms' });
  }
}

/** Short reads while others ask for what takes long: with one connection all share a thread. */
async function benchPool({ path, busy, ordinary }: Million, maxConnections: number, report: Report) {
  const store = await openBenchStore(path, maxConnections);
  const short: number[] = [];
  const late: number[] = [];
  let long = 0;
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const delay = monitorEventLoopDelay({ resolution: 5 });
      delay.enable();
      const end = performance.now() + POOL_MS;
      const filters = { messageType: 'decision' as const };
      const longCaller = async (): Promise<void> => {
        while (performance.now() < end) {
          await store.read.messages.page({ sessionPk: busy.pk, sight: AGENT, limit: PAGE, filters });
          long++;
          await new Promise((resolve) => setImmediate(resolve));
        }
      };
      const times: number[] = [];
      const shortCaller = async (): Promise<void> => {
        for (let i = 0; performance.now() < end; i++) {
          const from = performance.now();
          await new Promise((resolve) => setImmediate(resolve));
          const sessionPk = ordinary[i % ordinary.length]?.pk ?? 0;
          await store.read.messages.page({ sessionPk, sight: AGENT, limit: PAGE });
          times.push(performance.now() - from);
        }
      };
      await Promise.all([shortCaller(), ...Array.from({ length: LONG_CALLERS }, longCaller)]);
      delay.disable();
      short.push(quantile(times, 0.99));
      late.push(delay.percentile(99) / 1e6);
    }
  } finally {
    await store.close();
  }
  const bench = `Reader threads ${maxConnections === 1 ? 'off' : 'on'}, ${LONG_CALLERS} callers of long reads`;
  report.add({ bench, figure: 'newest 50 meanwhile, p99', value: median(short), unit: 'ms' });
  report.add({ bench, figure: 'event-loop delay p99', value: median(late), unit: 'ms' });
  report.add({ bench, figure: 'long reads', value: (long / ROUNDS / POOL_MS) * 1000, unit: '1/s' });
}
