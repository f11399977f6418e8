/** `add_message` beside a tool that does nothing, in both eras: what storing costs on top of answering. */
import { connectAgents, startHubProcess, type Era, type HubProcess } from './load.ts';
import { delaysDuring, startIdleProcess, type IdleProcess } from './loop-delay.ts';
import { median, type Report } from './report.ts';
import { round, type Round } from './round.ts';

const ROUNDS = 5;
const CALLS_PER_ROUND = 2000;
const CONTENT = 'The parser fails on nested quotes; I take it from here. '.repeat(5);
/** Calls of `add_message` beside those of `noop`, with 20 agents. */
const CALLS_AT_LEAST = { '2025': 0.75, '2026': 0.6 } as const;
const MANY_P99_AT_MOST = 3;
const LOOP_DELAY_AT_MOST_MS = 20;

export async function benchAddMessage(report: Report): Promise<void> {
  await using hub = await startHubProcess();
  await using idle = startIdleProcess();
  for (const era of ['2025', '2026'] as const) {
    await benchEra(hub, idle, era, 20, report);
    await benchEra(hub, idle, era, 50, report);
  }
}

async function benchEra(hub: HubProcess, idle: IdleProcess, era: Era, count: number, report: Report) {
  await using agents = await connectAgents(hub.url, era, count);
  const { session_id } = await agents.list[0].call('create_session', { purpose: `bench ${era}` });
  const argsOf = () => ({ session_id, content: CONTENT });
  const run = (tool: string) => round(agents.list, tool, argsOf, CALLS_PER_ROUND);
  for (const tool of ['noop', 'add_message']) await run(tool);
  const noop: Round[] = [];
  const added: Round[] = [];
  const delays: { hub: number; idle: number }[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    noop.push(await run('noop'));
    delays.push(
      await delaysDuring(hub.child, idle.child, async () => void added.push(await run('add_message'))),
    );
  }

  const bench = `MCP ${era}, ${count} agents`;
  const of = (rounds: readonly Round[], field: keyof Round) => median(rounds.map((one) => one[field]));
  for (const [tool, rounds] of Object.entries({ noop, add_message: added })) {
    report.add({ bench, figure: `${tool} calls`, value: of(rounds, 'callsPerSecond'), unit: '1/s' });
    report.add({ bench, figure: `${tool} p50`, value: of(rounds, 'p50'), unit: 'ms' });
    report.add({ bench, figure: `${tool} p99`, value: of(rounds, 'p99'), unit: 'ms' });
  }
  const calls = of(added, 'callsPerSecond') / of(noop, 'callsPerSecond');
  const atLeast = count === 20 ? { atLeast: CALLS_AT_LEAST[era] } : {};
  report.add({ bench, figure: 'add_message / noop, calls', value: calls, unit: '', ...atLeast });
  const p99 = of(added, 'p99') / of(noop, 'p99');
  const atMost = count === 50 ? { atMost: MANY_P99_AT_MOST } : {};
  report.add({ bench, figure: 'add_message / noop, p99', value: p99, unit: '', ...atMost });
  const ofHub = median(delays.map((delay) => delay.hub));
  const ofIdle = median(delays.map((delay) => delay.idle));
  report.add({ bench, figure: 'event-loop delay p99, hub', value: ofHub, unit: 'ms' });
  report.add({ bench, figure: 'event-loop delay p99, idle process', value: ofIdle, unit: 'ms' });
  const more = { value: ofHub - ofIdle, unit: 'ms', atMost: LOOP_DELAY_AT_MOST_MS };
  report.add({ bench, figure: 'event-loop delay p99, hub − idle process', ...more });
}
