/** What an open MCP session of the 2025 revisions costs that has listed the tools. */
import { connectAgents, startHubProcess } from './load.ts';
import { ask } from './loop-delay.ts';
import { median, type Report } from './report.ts';

const SESSIONS = 1000;
const ROUNDS = 5;
const BYTES_AT_MOST = 80 * 1024;

export async function benchMemory(report: Report): Promise<void> {
  await using hub = await startHubProcess({ maxOldSpaceMb: 2048 });
  // What is loaded and compiled at the first sessions is no session's own.
  await using first = await connectAgents(hub.url, '2025', 200, 'warm');
  await Promise.all(first.list.map((agent) => agent.listTools()));
  const perSession: number[] = [];
  const opened: AsyncDisposable[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const before = (await ask(hub.child, 'memory')).rss ?? NaN;
    const agents = await connectAgents(hub.url, '2025', SESSIONS, `memory-${i}`);
    opened.push(agents);
    for (const agent of agents.list) await agent.listTools();
    const after = (await ask(hub.child, 'memory')).rss ?? NaN;
    perSession.push((after - before) / SESSIONS);
  }
  for (const agents of opened) await agents[Symbol.asyncDispose]();
  const value = median(perSession) / 1024;
  const bench = `Memory, ${SESSIONS} open MCP sessions`;
  report.add({ bench, figure: 'each, tools listed', value, unit: 'KiB', atMost: BYTES_AT_MOST / 1024 });
}
