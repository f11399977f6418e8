/**
 * What it costs to be watched: hubs that differ in that alone, side by side in one run. They are asked in turns, a few calls
 * each, so that what the machine does meanwhile it does to all; each turn is compared with that of the hub without, and the
 * medians count. A second hub without shows what is left of the noise.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connectAgents, startHubProcess, type Agents, type HubProcess } from './load.ts';
import { ask } from './loop-delay.ts';
import { median, type Report } from './report.ts';
import { round } from './round.ts';

const ROUNDS = 40;
/** Code is compiled as it gets hot, on the same processors. */
const WARM_UP = 20;
const CALLS_PER_TURN = 240;
const AGENTS = 20;

const OFF = { ENABLE_PERFORMANCE_MONITORING: 'false' };
const LOG = { LOG_LEVEL: 'info', LOG_REQUESTS: 'true', LOG_FILE: 'hub.log' };

interface Side {
  readonly name: string;
  /** Of the calls of real tools that the hub answers a second without. */
  readonly atLeast?: number;
  readonly env: Readonly<Record<string, string>>;
}

interface Load {
  readonly name: string;
  readonly promised: boolean;
  /** As many of each. */
  readonly calls: (session_id: string) => readonly (readonly [tool: string, args: object])[];
}

const content = 'What was found, in a line. '.repeat(10);
const LOADS: readonly Load[] = [
  {
    ...{ name: 'writes, reads and searches', promised: true },
    calls: (session_id) => [
      ['add_message', { session_id, content }],
      ['get_messages', { session_id, limit: 20 }],
      ['search_context', { query: 'found' }],
    ],
  },
  // The least that a call can be: what is measured besides is the most of it.
  { name: 'noop', promised: false, calls: (session_id) => [['noop', { session_id, content }]] },
];

interface Turn {
  readonly cpu: number;
  readonly seconds: number;
}

interface Runner {
  readonly take: () => Promise<Turn>;
  /** One of each round. */
  readonly turns: Turn[];
}

export async function benchTelemetry(report: Report): Promise<void> {
  await using collector = await startCollector();
  const sides: readonly Side[] = [
    { name: 'nothing, once more', env: OFF },
    { name: 'metrics', atLeast: 0.95, env: {} },
    { name: 'metrics and log', atLeast: 0.95, env: LOG },
    { name: 'tracing', atLeast: 0.85, env: { ...OFF, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } },
    {
      name: 'tracing, a tenth of the calls',
      env: {
        ...{ ...OFF, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
        ...{ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.1' },
      },
    },
  ];
  for (const load of LOADS) await compare(load, sides, report);
  if ((await collector.bytes()) === 0) throw new Error('nothing was traced');
}

async function compare(load: Load, sides: readonly Side[], report: Report): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const start = async ({ env }: Pick<Side, 'env'>): Promise<Runner> => {
    const hub = stack.use(await startHubProcess({ env }));
    const agents = stack.use(await connectAgents(hub.url, '2026', AGENTS));
    return { take: await prepare(hub, agents, load), turns: [] };
  };
  const without = await start({ env: OFF });
  const all = [without];
  for (const side of sides) all.push(await start(side));
  for (let i = 0; i < WARM_UP + ROUNDS; i++) {
    // Each is the first as often as the others.
    const first = i % all.length;
    const order = [...all.slice(first), ...all.slice(0, first)];
    for (const { take, turns } of i % 2 === 0 ? order : order.reverse()) turns.push(await take());
  }
  for (const [n, { name, atLeast }] of sides.entries()) {
    const turns = all[n + 1]?.turns ?? [];
    const ratio = (figure: keyof Turn): number =>
      median(turns.map((turn, i) => turn[figure] / (without.turns[i]?.[figure] ?? NaN)).slice(WARM_UP));
    const bench = `Watched: ${load.name}, ${AGENTS} agents, ${name}`;
    const promise = load.promised && atLeast !== undefined ? { atLeast } : {};
    const calls = { value: 1 / ratio('seconds'), unit: '', ...promise };
    report.add({ bench, figure: 'calls a second, with / without', ...calls });
    report.add({ bench, figure: 'processor time of a call, with / without', value: ratio('cpu'), unit: '' });
  }
}

async function prepare({ child }: HubProcess, { list }: Agents, load: Load): Promise<() => Promise<Turn>> {
  const { session_id } = await list[0].call('create_session', { purpose: 'bench' });
  // A connection that asks for nothing is soon cut.
  await Promise.all(list.map((agent) => agent.listTools()));
  const calls = load.calls(String(session_id));
  const cpuOf = async (): Promise<number> => (await ask(child, 'cpu')).cpuMs ?? NaN;
  return async () => {
    const before = await cpuOf();
    let seconds = 0;
    for (const [tool, args] of calls) {
      const { callsPerSecond } = await round(list, tool, () => args, CALLS_PER_TURN / calls.length);
      seconds += CALLS_PER_TURN / calls.length / callsPerSecond;
    }
    return { cpu: (await cpuOf()) - before, seconds };
  };
}

async function startCollector() {
  const child = fork(new URL('./collector.ts', import.meta.url), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [{ url }] = (await once(child, 'message')) as [{ url: string }];
  return {
    url,
    async bytes(): Promise<number> {
      child.send('bytes');
      const [answer] = (await once(child, 'message')) as [{ bytes: number }];
      return answer.bytes;
    },
    async [Symbol.asyncDispose]() {
      child.disconnect();
      await once(child, 'exit');
    },
  };
}
