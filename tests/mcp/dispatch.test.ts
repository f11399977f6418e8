/** Where a surface does what it should not. */
import type { ServerContext } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { HubError } from '../../src/errors.ts';
import { ClientLink2026 } from '../../src/mcp/engines/client-link.ts';
import { createDispatch } from '../../src/mcp/engines/dispatch.ts';
import { RpcError } from '../../src/mcp/engines/rpc.ts';
import type { McpSurface } from '../../src/mcp/surface.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { createFixtureSurface } from '../_util/fixture-surface.ts';
import { KEYS, principalOf } from '../_util/mcp-fixture.ts';

const log = createLogger({ level: 'silent', format: 'json' });
const call = {
  era: '2025',
  principal: principalOf(KEYS.alice),
  toolSet: 'all',
  requestId: 'r1',
  log,
  onEnd: () => undefined,
} as const;
const surface = createFixtureSurface({ running: new Map(), aborted: [] });
const { signal } = new AbortController();
const client = new ClientLink2026({} as ServerContext);
const dispatch = (changes: Partial<McpSurface>, method: string, params: object) =>
  createDispatch({ ...surface, ...changes }, () => 0)(call, { method, params }, signal, client);

describe('dispatch', () => {
  it.each([
    [new Error('/secret'), 'INTERNAL_ERROR'],
    [new HubError('STORE_UNAVAILABLE', 'The store is down.'), 'STORE_UNAVAILABLE'],
    ['thrown text', 'INTERNAL_ERROR'],
  ])('makes the tool error of %s', async (thrown, code) => {
    const callTool = (): never => {
      throw thrown;
    };
    const result = await dispatch({ callTool }, 'tools/call', { name: 'x' });
    const { content, ...rest } = result as { content: { text: string }[] };
    expect(rest).toEqual({ isError: true });
    expect(JSON.parse(content[0]?.text ?? '')).toMatchObject({
      code,
      request_id: 'r1',
      timestamp: '1970-01-01T00:00:00.000Z',
    });
    expect(content[0]?.text).not.toContain('secret');
  });

  it.each([
    ['STORE_UNAVAILABLE', -32603],
    ['RATE_LIMITED', -32603],
    ['INTERNAL_ERROR', -32603],
    ['PERMISSION_DENIED', -32600],
    ['INVALID_INPUT', -32602],
    ['CONTENT_TOO_LARGE', -32602],
    ['SESSION_CLOSED', -32602],
    ['AGENT_NOT_FOUND', -32602],
  ] as const)('gives %s of a prompt the code %i', async (code, expected) => {
    const getPrompt = (): Promise<never> => Promise.reject(new HubError(code, 'No.'));
    const failed = dispatch({ getPrompt }, 'prompts/get', { name: 'catch-up' });
    await expect(failed).rejects.toBeInstanceOf(RpcError);
    await expect(failed).rejects.toMatchObject({ code: expected, message: 'No.', data: { code } });
  });

  it('hands arguments to a tool as they came', async () => {
    const seen: unknown[] = [];
    const callTool: McpSurface['callTool'] = (_ctx, _name, args) => {
      seen.push(args);
      return Promise.resolve({ content: [{ type: 'text', text: '{}' }] });
    };
    for (const params of [
      {},
      { arguments: { a: { __proto__: 1 } } },
      { arguments: [1] },
      { arguments: 'text' },
    ]) {
      await dispatch({ callTool }, 'tools/call', { name: 'x', ...params });
    }
    expect(seen).toEqual([{}, { a: { __proto__: 1 } }, [1], 'text']);
  });
});
