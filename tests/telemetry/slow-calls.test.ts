/** Lines of the log about calls that took long: what they waited for, and nothing of what they were about. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../src/mcp/tool.ts';
import { TOOLS } from '../../src/mcp/tools/index.ts';
import { collectLog } from '../http/harness.ts';
import { expectSuccess, openDoor, type Door } from '../_util/scenario-doors.ts';
import { AGENT_KEY, startTestHub, type TestHub, type TestHubOptions } from '../_util/test-hub.ts';

let hub: TestHub | undefined;
afterEach(() => hub?.[Symbol.asyncDispose]());

async function start(options: TestHubOptions): Promise<void> {
  hub = await startTestHub(options);
}
const alice = (): Promise<Door> => openDoor(hub!, '2026', { key: AGENT_KEY, agent: 'alice', type: 'coder' });

const lazy = defineTool({
  ...{
    name: 'lazy',
    title: 'Lazy',
    description: 'Takes its time.',
    permission: 'read',
    rate: 'reads',
    core: false,
  },
  hints: { readOnly: true, idempotent: true, destructive: false },
  input: z.strictObject({ ms: z.int() }),
  output: z.object({}),
  handler: async (_hub, _ctx, { ms }) => {
    await delay(ms);
    return {};
  },
});
describe('slow calls', () => {
  it('are told of with what they waited for, and how their slowest query was run', async () => {
    const { log, lines, text } = collectLog();
    await start({ log, env: { SLOW_CALL_MS: '0' } });
    const door = await alice();
    const { session_id } = expectSuccess(await door.call('create_session', { purpose: 'canary1' }));
    await door.call('add_message', { session_id, content: 'canary2', metadata: { a: 'canary3' } });
    // On the thread that serves, on a reader thread, and on a search thread.
    await door.call('get_messages', { session_id, limit: 50 });
    await door.call('get_messages', { session_id, sender: 'alice' });
    await door.call('search_context', { query: 'canary2' });
    const slow = () => lines().filter(({ msg }) => msg === 'slow call');
    await expect.poll(() => slow().length).toBe(5);
    expect(lines().filter(({ msg }) => msg === 'call')).toEqual([]);
    for (const line of slow()) {
      expect(line).toMatchObject({ level: 40, outcome: 'ok', agent_id: 'alice' });
      expect(line['statement_ms'], JSON.stringify(line)).toBeTypeOf('number');
      expect(line['rows']).toBeTypeOf('number');
      expect(line['plan'], JSON.stringify(line)).toBeInstanceOf(Array);
    }
    const planOf = (name: string) => String(slow().find(({ tool }) => tool === name)?.['plan']);
    for (const tool of ['get_messages', 'search_context']) expect(planOf(tool)).toMatch(/SEARCH|SCAN/);
    expect(slow().find(({ tool }) => tool === 'add_message')?.['queue_ms']).toBeTypeOf('number');
    expect(text()).not.toContain('canary');
  });

  it('are those that took as long as SLOW_CALL_MS, and did not wait on purpose', async () => {
    const { log, lines } = collectLog();
    await start({ log, tools: [...TOOLS, lazy], env: { SLOW_CALL_MS: '100' } });
    const door = await alice();
    const { session_id } = expectSuccess(await door.call('create_session', { purpose: 'here' }));
    await door.call('wait_for_messages', { session_id, timeout_seconds: 1 });
    // Said after it, if it is said at all.
    expectSuccess(await door.call('lazy', { ms: 150 }));
    const slow = () => lines().filter(({ msg }) => msg === 'slow call');
    await expect.poll(() => slow().map(({ tool }) => tool)).toContain('lazy');
    expect(slow().map(({ tool }) => tool)).not.toContain('wait_for_messages');
  });
});
