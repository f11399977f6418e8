/** What the caches are worth: agents that do everything side by side, and then the hub's own metrics. */
import { BENCH_KEY, connectAgents, startHubProcess, type BenchAgent } from './load.ts';
import { random as seeded, type Random } from './random.ts';
import type { Report } from './report.ts';

const AGENTS = 20;
const SESSIONS = 10;
const FIRST_MESSAGES = 200;
const CALLS = 8_000;
const WARM_UP = 1_000;
const TOPICS = ['budget', 'retry', 'parser', 'deploy', 'schema', 'timeout', 'cache', 'index'] as const;
/** Of the calls, about the session of somebody else. */
const ELSEWHERE = 0.2;
/** Of the messages, to somebody. */
const ADDRESSED = 0.1;
const AT_LEAST = 0.7;
const BENCH = `Caches, ${AGENTS} agents that do everything in ${SESSIONS} sessions`;

type Call = readonly [tool: string, args: object];

/** Of a hundred calls; each agent has one session that it works in, and looks into the others. */
const MIX: readonly (readonly [share: number, (random: Random, session: string) => Call])[] = [
  [20, (random, session_id) => ['add_message', { session_id, content: messageOf(random) }]],
  [30, (_random, session_id) => ['get_messages', { session_id, limit: 20 }]],
  [15, (_random, session_id) => ['get_session', { session_id }]],
  [10, (random) => ['search_context', { query: random.pick(TOPICS) }]],
  [10, () => ['list_sessions', { limit: 20 }]],
  [15, (_random, session_id) => ['wait_for_messages', { session_id, timeout_seconds: 0 }]],
];

export async function benchCaches(report: Report): Promise<void> {
  await using hub = await startHubProcess();
  await using agents = await connectAgents(hub.url, '2026', AGENTS);
  const random = seeded(1);
  const sessions: string[] = [];
  for (let i = 0; i < SESSIONS; i++) {
    const { session_id } = await agents.list[0].call('create_session', { purpose: `Part ${i}` });
    sessions.push(String(session_id));
  }
  const sessionOf = (i: number): string => sessions[i % SESSIONS] ?? '';
  for (let i = 0; i < FIRST_MESSAGES; i++)
    await agents.list[0].call('add_message', { session_id: sessionOf(i), content: messageOf(random) });

  await load(agents.list, random, sessionOf, WARM_UP);
  const before = await lookups(hub.url);
  await load(agents.list, random, sessionOf, CALLS);
  const all = { hits: 0, misses: 0 };
  for (const [cache, { hits, misses }] of await lookups(hub.url)) {
    const known = before.get(cache) ?? { hits: 0, misses: 0 };
    const [found, missed] = [hits - known.hits, misses - known.misses];
    if (found + missed === 0) continue;
    all.hits += found;
    all.misses += missed;
    report.add({ bench: BENCH, figure: `${cache}: found`, value: found / (found + missed), unit: '' });
    report.add({
      bench: BENCH,
      figure: `${cache}: asked, of a call`,
      value: (found + missed) / CALLS,
      unit: '',
    });
  }
  const value = all.hits / (all.hits + all.misses);
  report.add({ bench: BENCH, figure: 'all: found', value, unit: '', atLeast: AT_LEAST });
}

async function load(
  agents: readonly BenchAgent[],
  random: Random,
  sessionOf: (agent: number) => string,
  calls: number,
): Promise<void> {
  let left = calls;
  await Promise.all(
    agents.map(async (agent, i) => {
      while (left-- > 0) {
        const session = sessionOf(random.next() < ELSEWHERE ? random.below(SESSIONS) : i);
        await agent.call(...callOf(random, session));
      }
    }),
  );
}

function callOf(random: Random, session: string): Call {
  let at = random.below(100);
  for (const [share, make] of MIX) {
    at -= share;
    if (at < 0) return make(random, session);
  }
  throw new Error('the shares are not a hundred');
}

function messageOf(random: Random): string {
  const to = random.next() < ADDRESSED ? `@bench-2026-${random.below(AGENTS)} ` : '';
  return `${to}What was found about ${random.pick(TOPICS)} and ${random.pick(TOPICS)}, in a line or two.`;
}

/** As Prometheus would read them. */
async function lookups(url: string): Promise<Map<string, { hits: number; misses: number }>> {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${BENCH_KEY}-admin` } });
  const caches = new Map<string, { hits: number; misses: number }>();
  const lines = (await response.text()).matchAll(/^hub_cache_(hits|misses)_total\{cache="(\w+)"\} (\d+)$/gm);
  for (const [, what, cache = '', count] of lines) {
    const figures = caches.get(cache) ?? { hits: 0, misses: 0 };
    caches.set(cache, { ...figures, [what ?? '']: Number(count) });
  }
  return caches;
}
