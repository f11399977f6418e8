/** A call of a tool whose caller has gone. */
import { expect, it } from 'vitest';
import { z } from 'zod';
import { callTool, prepareTool } from '../../src/mcp/call-tool.ts';
import type { Tool, ToolHub } from '../../src/mcp/tool.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { KEYS, principalOf } from '../_util/mcp-fixture.ts';

it('does not run for a request that was aborted before', async () => {
  let runs = 0;
  const tool: Tool = {
    name: 'count',
    title: 'Count',
    description: 'Counts its runs.',
    permission: 'write',
    rate: 'messages',
    core: false,
    hints: { readOnly: false, destructive: false, idempotent: false },
    input: z.object({}),
    output: z.object({ runs: z.number() }),
    handler: () => Promise.resolve({ runs: ++runs }),
  };
  const call = async (signal: AbortSignal) => {
    const log = createLogger({ level: 'silent', format: 'json' });
    const ctx = { principal: principalOf(KEYS.alice), requestId: 'r1', signal, log };
    const hub = {
      maxResponseBytes: 1000,
      calls: {
        ...{ count: () => undefined, longestWait: () => null, logged: false, tracing: undefined },
        ...{ slowMs: Infinity, slowest: () => Promise.resolve(undefined) },
      },
      services: {
        rates: { spend: () => Promise.resolve() },
        presence: { calls: () => ({ [Symbol.dispose]: () => undefined }) },
        delivery: { inbox: () => Promise.resolve(undefined) },
      },
    } as unknown as ToolHub;
    return callTool(prepareTool(tool), hub, ctx, {}, { timeoutMs: 1000, now: () => 0 });
  };
  expect(await call(AbortSignal.abort())).toMatchObject({ isError: true });
  expect(runs).toBe(0);
  expect(await call(new AbortController().signal)).toMatchObject({ structuredContent: { runs: 1 } });
});
