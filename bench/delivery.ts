/** How soon agents that wait have a message, and what it costs that they wait. */
import { setTimeout as delay } from 'node:timers/promises';
import { connectAgents, startHubProcess, type BenchAgent, type Era, type HubProcess } from './load.ts';
import { ask } from './loop-delay.ts';
import { median, quantile, type Report } from './report.ts';
import { steadily } from './steadily.ts';

const AGENTS = 100;
const SESSIONS = 10;
const MESSAGES_PER_SECOND = 200;
const SECONDS = 8;
const WARM_UP_SECONDS = 2;
const NOOPS_PER_SECOND = 20;
const P50_MS = 5;
const P99_MS = 30;
/** A machine with other work is slower for every call: so many times what one takes that does nothing. */
const TIMES_NOOP = 4;

const WAITING = 1000;
const ROUNDS = 3;
const AT_ONCE = 50;
const IDLE_MS = 1500;
const IDLE_TIMES = 5;
/** What a hub compiles and collects after its start is soon done. */
const SETTLE_MS = 2000;
const KIB_AT_MOST = { '2026': 40, '2025': 100 } as const satisfies Record<Era, number>;
/** Of one processor, more than a hub takes for itself. */
const CPU_PERCENT_AT_MOST = 1;

export async function benchDelivery(report: Report): Promise<void> {
  for (const era of ['2026', '2025'] as const) await benchSendToSeen(report, era);
  for (const era of ['2026', '2025'] as const) await benchWaiting(report, era);
}

async function benchSendToSeen(report: Report, era: Era): Promise<void> {
  await using hub = await startHubProcess();
  await using senders = await connectAgents(hub.url, era, SESSIONS, 'sender');
  await using readers = await connectAgents(hub.url, era, AGENTS, 'reader');
  await using idlers = await connectAgents(hub.url, era, 1, 'idler');
  const sessions: string[] = [];
  for (const sender of senders.list)
    sessions.push(String((await sender.call('create_session', { purpose: 'Delivery' }))['session_id']));
  const over = new AbortController();
  const acknowledged = new Map<number, number>();
  const seen: { readonly id: number; readonly at: number }[] = [];
  const reading = readers.list.map((reader, i) =>
    follow(reader, sessions[i % SESSIONS] ?? '', over.signal, (id) => {
      seen.push({ id, at: performance.now() });
    }),
  );
  const sessionOf = new Map(senders.list.map((sender, n) => [sender, sessions[n] ?? '']));
  const post = async (sender: BenchAgent): Promise<void> => {
    const session_id = sessionOf.get(sender);
    const { message_id } = await sender.call('add_message', { session_id, content: 'News' });
    acknowledged.set(Number(message_id), performance.now());
  };
  const callNothing = (idler: BenchAgent) => idler.call('noop', { session_id: 's', content: 'c' });
  /** Each sender has one message under way at most: a machine that is too slow is not buried, but gets fewer. */
  const load = (seconds: number) => {
    const work = delay(seconds * 1000);
    return Promise.all([
      steadily(senders.list, MESSAGES_PER_SECOND, post, () => work),
      steadily(idlers.list, NOOPS_PER_SECOND, callNothing, () => work),
    ]);
  };
  await load(WARM_UP_SECONDS);
  acknowledged.clear();
  const { cpuMs: from = NaN } = await ask(hub.child, 'cpu');
  const [{ perSecond }, { times: noops }] = await load(SECONDS);
  const { cpuMs: to = NaN } = await ask(hub.child, 'cpu');
  over.abort();
  // The readers wait for what does not come.
  const sent = new Map(acknowledged);
  for (const sender of senders.list) await post(sender);
  await Promise.all(reading);
  const took = seen.flatMap(({ id, at }) => {
    const from = sent.get(id);
    return from === undefined ? [] : [Math.max(0, at - from)];
  });
  const bench = `Send to seen, ${AGENTS} agents of ${era} waiting in ${SESSIONS} sessions, ${MESSAGES_PER_SECOND} messages/s`;
  report.add({ bench, figure: 'sent', value: perSecond, unit: '1/s' });
  const wanted = sent.size * (AGENTS / SESSIONS);
  report.add({ bench, figure: 'seen, of those sent', value: took.length / wanted, unit: '', atLeast: 1 });
  const cpu = (to - from) / took.length;
  report.add({ bench, figure: 'processor of the hub for each that is seen', value: cpu, unit: 'ms' });
  for (const [name, part, atMost] of [
    ['p50', 0.5, P50_MS],
    ['p99', 0.99, P99_MS],
  ] as const) {
    const noop = quantile(noops, part);
    report.add({ bench, figure: `a call that does nothing, ${name}`, value: noop, unit: 'ms' });
    const value = quantile(took, part);
    report.add({ bench, figure: name, value, unit: 'ms', atMost: Math.max(atMost, TIMES_NOOP * noop) });
  }
}

/** Waits in a session, and goes on from each cursor. */
async function follow(
  reader: BenchAgent,
  session_id: string,
  over: AbortSignal,
  tell: (id: number) => void,
): Promise<void> {
  let cursor = (await reader.call('wait_for_messages', { session_id, timeout_seconds: 0 }))['cursor'];
  while (!over.aborted) {
    const answer = await reader.call('wait_for_messages', { session_id, cursor });
    ({ cursor } = answer);
    for (const { id } of answer['messages'] as { id: number }[]) tell(id);
  }
}

async function benchWaiting(report: Report, era: Era): Promise<void> {
  await using hub = await startHubProcess({ maxOldSpaceMb: 2048 });
  const bench = `Waiting agents of ${era}`;
  const alone = await busy(hub);
  report.add({ bench, figure: 'processor, nobody waits', value: alone, unit: '%' });
  // What is loaded and compiled at the first is no agent's own.
  const warm = await startWaiting(hub, era, 300, 'warm');
  const opened = [warm];
  const before = (await ask(hub.child, 'memory')).rss ?? NaN;
  opened.push(await startWaiting(hub, era, WAITING, 'waiting'));
  await ask(hub.child, 'memory');
  // Now, while none of their waits ends.
  const value = (await busy(hub)) - alone;
  const figure = `processor, ${WAITING} of them, more than that`;
  report.add({ bench, figure, value, unit: '%', atMost: CPU_PERCENT_AT_MOST });
  for (let i = 1; i < ROUNDS; i++) opened.push(await startWaiting(hub, era, WAITING, `waiting-${i}`));
  const after = (await ask(hub.child, 'memory')).rss ?? NaN;
  for (const agents of opened) await agents[Symbol.asyncDispose]();
  // Memory comes in chunks of many agents: over few of them it says little.
  const all = WAITING * ROUNDS;
  const each = (after - before) / all / 1024;
  report.add({ bench, figure: `each of ${all}`, value: each, unit: 'KiB', atMost: KIB_AT_MOST[era] });
}

/** How much of one processor a hub takes that nobody calls, in percent. */
async function busy(hub: HubProcess): Promise<number> {
  await delay(SETTLE_MS);
  const times: number[] = [];
  while (times.length < IDLE_TIMES) {
    const { cpuMs: from = NaN } = await ask(hub.child, 'cpu');
    const started = performance.now();
    await delay(IDLE_MS);
    const elapsed = performance.now() - started;
    const { cpuMs: to = NaN } = await ask(hub.child, 'cpu');
    times.push((100 * (to - from)) / elapsed);
  }
  return median(times);
}

/** Connects agents that all wait. */
async function startWaiting(
  hub: HubProcess,
  era: Era,
  count: number,
  name: string,
): Promise<AsyncDisposable> {
  const all: AsyncDisposable[] = [];
  // A few at a time: the hub closes connections on which nothing comes.
  for (let i = 0; i < count; i += AT_ONCE) {
    const agents = await connectAgents(hub.url, era, AT_ONCE, `${name}-${i}`);
    all.push(agents);
    for (const agent of agents.list) {
      const { cursor } = await agent.call('wait_for_messages', { timeout_seconds: 0 });
      // Ends with its connection.
      agent.call('wait_for_messages', { cursor, timeout_seconds: 55 }).catch(() => undefined);
    }
  }
  await delay(500);
  return {
    async [Symbol.asyncDispose]() {
      for (const agents of all) await agents[Symbol.asyncDispose]();
    },
  };
}
