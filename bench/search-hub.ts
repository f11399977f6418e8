/** Search through its tool, over real sockets, while agents post; and what the index costs those who post. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { indexPathOf } from '../src/search/index-db.ts';
import { connectAgents, startHubProcess, type BenchAgent, type HubProcess } from './load.ts';
import { delaysDuring, startIdleProcess } from './loop-delay.ts';
import { random } from './random.ts';
import { median, quantile, type Report } from './report.ts';
import type { Corpus } from './search-corpus.ts';
import { steadily, type Steady } from './steadily.ts';

export interface Texts {
  /** What is posted, again and again. */
  readonly contents: readonly string[];
  readonly mixed: readonly string[];
  readonly frequent: readonly string[];
}

const POSTERS = 20;
/** While others search. */
const POSTS_PER_SECOND = 400;
const STEADY_PER_SECOND = 2000;
const BODIES = 300;
const PAGE = 10;
const ROUNDS = 5;
const ROUND_MS = 4000;
const LOOK_EVERY_MS = 10;
const MIB = 1024 ** 2;
/** Milliseconds at p50 and p95, by messages. */
const PROMISED: Readonly<Record<number, readonly [p50: number, p95: number]>> = {
  10_000: [6, 20],
  100_000: [8, 25],
  1_000_000: [15, 60],
};
const FREQUENT_AT_MOST_MS = 50;
const LOOP_DELAY_AT_MOST_MS = 20;
const LAG_AT_MOST_MS = 200;
const SLOWER_AT_MOST = 1.5;
const ANONYMOUS_AT_MOST_MIB = 500;

/** The corpus grows by what is posted. */
export async function benchSearchHub(report: Report, corpus: Corpus, texts: Texts): Promise<void> {
  const size = corpus.messages;
  const bench = `search_context, ${size.toLocaleString('en-US')} messages, ${POSTERS} agents post`;
  const [p50, p95] = PROMISED[size] ?? [];
  await using hub = await startHubProcess({ folder: corpus.folder });
  await using idle = startIdleProcess();
  await using searchers = await connectAgents(hub.url, '2025', 1, 'searcher');
  const [searcher] = searchers.list;
  const posting = await startPosting(hub, texts);
  await using posters = posting.agents;
  const search = async (query: string): Promise<void> => {
    const answer = await searcher.call('search_context', { query, limit: PAGE });
    if (answer['degraded'] === true) throw new Error('the index is behind');
  };
  await warm(search, texts);

  const mixed: number[] = [];
  const frequent: number[] = [];
  const bodies: number[] = [];
  let delays = { hub: NaN, idle: NaN };
  await steadily(posters.list, POSTS_PER_SECOND, posting.post, async () => {
    delays = await delaysDuring(hub.child, idle.child, async () => {
      for (const [i, query] of texts.mixed.entries()) {
        mixed.push(await timeOf(() => search(query)));
        if (i % 10 === 0) bodies.push(await timeOf(() => posting.read(searcher, BODIES)));
      }
      for (const query of texts.frequent) frequent.push(await timeOf(() => search(query)));
    });
  });
  const add = (figure: string, value: number, unit: string, atMost?: number): void =>
    report.add({ bench, figure, value, unit, ...(atMost !== undefined && { atMost }) });
  add('p50', median(mixed), 'ms', p50);
  add('p95', quantile(mixed, 0.95), 'ms', p95);
  add(`p50, of get_messages of ${BODIES}`, median(mixed) / median(bodies), '×', 3);
  add(`p95, of get_messages of ${BODIES}`, quantile(mixed, 0.95) / median(bodies), '×', 12);
  add('a frequent word, p95', quantile(frequent, 0.95), 'ms', FREQUENT_AT_MOST_MS);
  add('event-loop delay p99, idle process', delays.idle, 'ms');
  add('event-loop delay p99, hub − idle process', delays.hub - delays.idle, 'ms', LOOP_DELAY_AT_MOST_MS);

  const lags: number[] = [];
  const steady = await steadily(posters.list, STEADY_PER_SECOND, posting.post, async () => {
    for (let i = 0; i < ROUND_MS / LOOK_EVERY_MS; i++) {
      await delay(LOOK_EVERY_MS);
      lags.push(lagOf(corpus));
    }
  });
  add('posted steadily', steady.perSecond, '1/s');
  add('index lag, p50', median(lags), 'ms');
  add('index lag, most', Math.max(...lags), 'ms', LAG_AT_MOST_MS);
  const half = Math.floor(lags.length / 2);
  add('index lag, second half / first half', median(lags.slice(half)) / median(lags.slice(0, half)), '');
  const anonymous = anonymousOf(hub);
  if (anonymous !== undefined) add('anonymous memory', anonymous / MIB, 'MiB', ANONYMOUS_AT_MOST_MIB);
}

/** Posting with the index, and in a hub that cannot write one, in turns. */
export async function benchPostingBesideIndex(report: Report, texts: Texts): Promise<void> {
  const bench = `add_message at ${STEADY_PER_SECOND} a second, ${POSTERS} agents`;
  const folder = mkdtempSync(join(tmpdir(), 'schub-bench-'));
  mkdirSync(indexPathOf(join(folder, 'hub.db')));
  await using withIndex = await startHubProcess();
  await using without = await startHubProcess({ folder });
  const rounds = { with: [] as Steady[], without: [] as Steady[] };
  const hubs = { with: await startPosting(withIndex, texts), without: await startPosting(without, texts) };
  for (let i = -1; i < ROUNDS; i++) {
    for (const name of ['with', 'without'] as const) {
      const { agents, post } = hubs[name];
      const steady = await steadily(agents.list, STEADY_PER_SECOND, post, () => delay(ROUND_MS));
      if (i >= 0) rounds[name].push(steady);
    }
  }
  for (const { agents } of Object.values(hubs)) await agents[Symbol.asyncDispose]();
  const p99 = (steady: readonly Steady[]): number => median(steady.map(({ times }) => quantile(times, 0.99)));
  const add = (figure: string, value: number, unit: string, atMost?: number): void =>
    report.add({ bench, figure, value, unit, ...(atMost !== undefined && { atMost }) });
  add('posted, with the index', median(rounds.with.map(({ perSecond }) => perSecond)), '1/s');
  add('posted, without', median(rounds.without.map(({ perSecond }) => perSecond)), '1/s');
  add('p99, with the index', p99(rounds.with), 'ms');
  add('p99, without', p99(rounds.without), 'ms');
  add('p99, with / without', p99(rounds.with) / p99(rounds.without), '', SLOWER_AT_MOST);
  rmSync(folder, { recursive: true, force: true });
}

async function startPosting(hub: HubProcess, { contents }: Texts) {
  const agents = await connectAgents(hub.url, '2025', POSTERS, 'poster');
  const [first] = agents.list;
  const { session_id } = await first.call('create_session', { purpose: 'bench' });
  const rng = random(13);
  const post = (agent: BenchAgent) =>
    agent.call('add_message', { session_id, content: rng.pick(contents).slice(0, 500) });
  for (let i = 0; i < BODIES; i++) await post(first);
  const read = (agent: BenchAgent, limit: number) => agent.call('get_messages', { session_id, limit });
  return { agents, post, read };
}

/** The first searches wait until the index is checked and its words are read. */
async function warm(search: (query: string) => Promise<void>, { mixed }: Texts): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      for (const query of mixed.slice(0, 10)) await search(query);
      return;
    } catch (error) {
      if (tries === 100) throw error;
      await delay(100);
    }
  }
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** How old the oldest message is that is not in the index yet, in milliseconds. */
function lagOf({ sqlite }: Corpus): number {
  const createdAt = sqlite
    .prepare<[], number | null>(
      `SELECT created_at FROM hub.messages WHERE id > (SELECT watermark FROM state) ORDER BY id LIMIT 1`,
    )
    .pluck()
    .get();
  return createdAt == null ? 0 : Math.max(0, Date.now() - createdAt);
}

/** Bytes; where the system tells. */
function anonymousOf({ child }: HubProcess): number | undefined {
  try {
    const kib = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  } catch {
    return undefined;
  }
}
