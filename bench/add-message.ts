/** `add_message` beside a tool that does nothing, in both eras: what storing costs on top of answering. */
import { connectAgent, startHubProcess, type BenchAgent, type Era } from './load.ts';
import { median, quantile, type Report } from './report.ts';

const AGENTS = 20;
const ROUNDS = 5;
const CALLS_PER_ROUND = 2000;
const CONTENT = 'The parser fails on nested quotes; I take it from here. '.repeat(5);

interface Round {
  readonly callsPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

export async function benchAddMessage(report: Report): Promise<void> {
  await using hub = await startHubProcess();
  for (const era of ['2025', '2026'] as const) await benchEra(hub.url, era, report);
}

async function benchEra(url: string, era: Era, report: Report): Promise<void> {
  const agents = await Promise.all(
    Array.from({ length: AGENTS }, (_, i) => connectAgent(url, era, `bench-${era}-${i}`)),
  );
  const [first] = agents;
  if (first === undefined) return;
  const { session_id } = await first.call('create_session', { purpose: `bench ${era}` });
  const args = { session_id, content: CONTENT };
  for (const tool of ['noop', 'add_message']) await round(agents, tool, args);
  const rounds: Record<string, Round[]> = { noop: [], add_message: [] };
  for (let i = 0; i < ROUNDS; i++) {
    for (const [tool, results] of Object.entries(rounds)) results.push(await round(agents, tool, args));
  }
  for (const agent of agents) agent.close();
  const bench = `mcp ${era}, ${AGENTS} agents`;
  const of = (tool: string, field: keyof Round) =>
    median((rounds[tool] ?? []).map((result) => result[field]));
  for (const tool of Object.keys(rounds)) {
    report.add({ bench, figure: `${tool} calls`, value: of(tool, 'callsPerSecond'), unit: '1/s' });
    report.add({ bench, figure: `${tool} p50`, value: of(tool, 'p50'), unit: 'ms' });
    report.add({ bench, figure: `${tool} p99`, value: of(tool, 'p99'), unit: 'ms' });
  }
  const ratio = of('add_message', 'callsPerSecond') / of('noop', 'callsPerSecond');
  report.add({ bench, figure: 'add_message / noop', value: ratio, unit: '' });
}

async function round(agents: readonly BenchAgent[], tool: string, args: object): Promise<Round> {
  const times: number[] = [];
  let left = CALLS_PER_ROUND;
  const started = performance.now();
  await Promise.all(
    agents.map(async (agent) => {
      while (left-- > 0) {
        const from = performance.now();
        await agent.call(tool, args);
        times.push(performance.now() - from);
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  return { callsPerSecond: times.length / seconds, p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}
