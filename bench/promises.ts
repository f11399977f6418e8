/** What stacks of this kind promise, at 20 agents that all work at once. */
import { connectAgents, startHubProcess } from './load.ts';
import { median, type Report } from './report.ts';
import { round, type Round } from './round.ts';

const AGENTS = 20;
const ROUNDS = 5;
const CALLS_PER_ROUND = 1000;
const CONTENT = 'Decision: the retry budget stays at three; see the thread above. '.repeat(4);

export async function benchPromises(report: Report): Promise<void> {
  await using hub = await startHubProcess();
  for (const era of ['2025', '2026'] as const) {
    await using agents = await connectAgents(hub.url, era, AGENTS);
    const { session_id } = await agents.list[0].call('create_session', { purpose: 'promises' });
    const promises: readonly (readonly [string, string, () => object, number])[] = [
      ['session creation', 'create_session', () => ({ purpose: 'A session among many' }), 10],
      ['message', 'add_message', () => ({ session_id, content: CONTENT }), 20],
      ['query: newest 20 messages', 'get_messages', () => ({ session_id, limit: 20 }), 30],
      ['query: by sender', 'search_by_sender', () => ({ session_id, sender: 'bench-2025-3' }), 30],
    ];
    const rounds = promises.map((): Round[] => []);
    for (let i = 0; i <= ROUNDS; i++) {
      for (const [p, [, tool, argsOf]] of promises.entries()) {
        const one = await round(agents.list, tool, argsOf, CALLS_PER_ROUND);
        // The first round warms up.
        if (i > 0) rounds[p]?.push(one);
      }
    }
    const bench = `Promises, MCP ${era}, ${AGENTS} agents at once`;
    for (const [p, [what, , , atMost]] of promises.entries()) {
      const of = (field: keyof Round) => median((rounds[p] ?? []).map((one) => one[field]));
      report.add({ bench, figure: `${what}, p50`, value: of('p50'), unit: 'ms', atMost });
      report.add({ bench, figure: `${what}, p99`, value: of('p99'), unit: 'ms' });
    }
  }
}
