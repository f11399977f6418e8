/** A part that dies: operators are told of it, the others go on, and it is there again by itself. */
import { Worker } from 'node:worker_threads';
import { afterEach, expect, it, vi } from 'vitest';
import type { HealthReport } from '../../src/features/health/service.ts';
import { ADMIN_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

const PATIENT = { timeout: 20_000 };

interface Mortal {
  readonly part: string;
  /** Whether a thread is of this part, by what it is given. */
  readonly isGiven: (order: unknown) => boolean;
  readonly tool: string;
  readonly args: (session_id: string, n: number) => Record<string, unknown>;
  readonly meanwhile: 'degraded' | 'failed';
}

const has = (name: string) => (order: unknown) =>
  typeof order === 'object' && order !== null && name in order;

const MORTALS: readonly Mortal[] = [
  {
    ...{ part: 'readers', isGiven: has('noun'), meanwhile: 'degraded' },
    ...{ tool: 'search_by_sender', args: (session_id) => ({ session_id, sender: 'alice' }) },
  },
  {
    ...{ part: 'search_workers', isGiven: has('messages'), meanwhile: 'degraded' },
    ...{ tool: 'search_context', args: (session_id, n) => ({ session_id, query: `pebble ${n}` }) },
  },
  {
    ...{ part: 'index', isGiven: (order) => order === 'look', meanwhile: 'failed' },
    ...{ tool: 'add_message', args: (session_id, n) => ({ session_id, content: `pebble ${n}` }) },
  },
];

afterEach(() => {
  vi.restoreAllMocks();
});

/** Ends each thread of the part as it is given something, until mocks are restored. */
function killAll({ isGiven }: Mortal): void {
  const real = Worker.prototype.postMessage;
  vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker, order: unknown) {
    if (isGiven(order)) void this.terminate();
    else Reflect.apply(real, this, [order]);
  });
}

async function partsOf(hub: TestHub): Promise<Record<string, string>> {
  const headers = { authorization: `Bearer ${ADMIN_KEY}` };
  const { parts } = (await (await hub.request('/api/v1/health', { headers })).json()) as HealthReport;
  return Object.fromEntries(parts.map(({ part, status }) => [part, status]));
}

async function expectOthersGoOn(
  hub: TestHub,
  agent: Awaited<ReturnType<TestHub['connect']>>,
  session_id: string,
): Promise<void> {
  expect((await agent.callTool('add_message', { session_id, content: 'pebble' })).isError).toBe(false);
  expect((await agent.callTool('get_messages', { session_id })).isError).toBe(false);
  expect((await hub.request('/health/ready')).status).toBe(200);
}

it.each(MORTALS)('$part: is told of, takes nothing along, and lives again', async (mortal) => {
  await using hub = await startTestHub();
  const agent = await hub.connect('2026', { agent: 'alice' });
  const opened = await agent.callTool('create_session', { purpose: 'p', first_message: 'pebble' });
  const session_id = String(opened.json['session_id']);
  let n = 0;
  const use = async () => (await agent.callTool(mortal.tool, mortal.args(session_id, n++))).isError;
  expect(await use()).toBe(false);
  const whole = await partsOf(hub);
  expect(new Set(Object.values(whole))).toEqual(new Set(['healthy']));

  killAll(mortal);
  await expect
    .poll(async () => {
      await use();
      return partsOf(hub);
    }, PATIENT)
    .toEqual({ ...whole, [mortal.part]: mortal.meanwhile });
  await expectOthersGoOn(hub, agent, session_id);

  vi.restoreAllMocks();
  await expect
    .poll(async () => {
      const failed = await use();
      return failed ? undefined : partsOf(hub);
    }, PATIENT)
    .toEqual(whole);
  await agent.close();
});
