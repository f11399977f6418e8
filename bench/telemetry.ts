/** What metrics and log cost: hubs with and without them side by side, asked in turns, so that both meet the same machine. */
import { connectAgents, startHubProcess, type Agents, type HubProcess } from './load.ts';
import { ask } from './loop-delay.ts';
import { median, type Report } from './report.ts';
import { round } from './round.ts';

const ROUNDS = 12;
const CALLS_PER_ROUND = 1500;
const AGENTS = 20;
const MOST = 1.05;
const OFF = { ENABLE_PERFORMANCE_MONITORING: 'false' };
const LOG = { LOG_LEVEL: 'info', LOG_REQUESTS: 'true', LOG_FILE: 'hub.log' };

interface Side {
  readonly hub: HubProcess;
  readonly agents: Agents;
  readonly argsOf: () => object;
}

export async function benchTelemetry(report: Report): Promise<void> {
  for (const tool of ['noop', 'add_message']) {
    await compare(tool, 'metrics', {}, report);
    await compare(tool, 'metrics and log', LOG, report);
  }
}

async function compare(tool: string, what: string, env: Readonly<Record<string, string>>, report: Report) {
  await using without = await startHubProcess({ env: OFF });
  await using withIt = await startHubProcess({ env });
  await using agentsWithout = await connectAgents(without.url, '2026', AGENTS);
  await using agentsWith = await connectAgents(withIt.url, '2026', AGENTS);
  const off = await prepare(without, agentsWithout);
  const on = await prepare(withIt, agentsWith);
  const ratios = { cpu: [] as number[], calls: [] as number[] };
  for (let i = -2; i < ROUNDS; i++) {
    // Each is the first as often as the second.
    const first = await measure(i % 2 === 0 ? off : on, tool);
    const second = await measure(i % 2 === 0 ? on : off, tool);
    const [a, b] = i % 2 === 0 ? [first, second] : [second, first];
    if (i < 0) continue;
    ratios.cpu.push(b.cpu / a.cpu);
    ratios.calls.push(b.seconds / a.seconds);
  }
  const bench = `${tool}, ${AGENTS} agents, ${what}`;
  const cpu = { value: median(ratios.cpu), unit: '', atMost: MOST };
  report.add({ bench, figure: 'processor time of a call, with / without', ...cpu });
  report.add({ bench, figure: 'time of a call, with / without', value: median(ratios.calls), unit: '' });
}

async function prepare(hub: HubProcess, agents: Agents): Promise<Side> {
  const { session_id } = await agents.list[0].call('create_session', { purpose: 'bench' });
  return { hub, agents, argsOf: () => ({ session_id, content: 'What was found, in a line. '.repeat(10) }) };
}

async function measure({ hub, agents, argsOf }: Side, tool: string) {
  const before = (await ask(hub.child, 'cpu')).cpuMs ?? NaN;
  const { callsPerSecond } = await round(agents.list, tool, argsOf, CALLS_PER_ROUND);
  return {
    cpu: ((await ask(hub.child, 'cpu')).cpuMs ?? NaN) - before,
    seconds: CALLS_PER_ROUND / callsPerSecond,
  };
}
