/** Revision 2026-07-28: calls that no server of the SDK is made for are answered as if there were one. */
import { expect, it } from 'vitest';
import { createMcpFixture } from '../_util/mcp-fixture.ts';
import { rawRequest } from '../_util/raw-mcp.ts';
import { enrich } from './rich.ts';

async function answers(
  params: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>> = {},
) {
  await using fixture = createMcpFixture();
  await using asking = createMcpFixture({ extend: (surface) => ({ ...enrich(surface), asks: true }) });
  const [plain, served] = await Promise.all(
    [fixture, asking].map(async ({ app }) => {
      const response = await app.fetch(
        rawRequest('2026', { method: 'tools/call', params, headers, id: 'x' }),
      );
      const body = (await response.text()).replace(/[0-9a-f-]{36}|\d{4}-\d\d-\d\dT[\d:.]+Z/g, '');
      return {
        status: response.status,
        type: response.headers.get('content-type'),
        body: JSON.parse(body) as unknown,
      };
    }),
  );
  return { plain, served };
}

it.each([
  ['a success', { name: 'whoami', arguments: {} }, {}],
  ['a call without arguments', { name: 'whoami' }, {}],
  ['a tool that fails', { name: 'fail', arguments: {} }, {}],
  ['an unknown tool', { name: 'unknown', arguments: {} }, {}],
  ['arguments that are no object', { name: 'whoami', arguments: 'x' }, {}],
  ['no name', { arguments: {} }, {}],
  ['another name in the headers', { name: 'whoami' }, { 'mcp-name': 'fail' }],
  ['another method in the headers', { name: 'whoami' }, { 'mcp-method': 'tools/list' }],
  ['another type', { name: 'whoami' }, { 'content-type': 'text/plain' }],
])('%s', async (_what, params, headers: Record<string, string>) => {
  const { plain, served } = await answers(params, headers);
  expect(plain).toEqual(served);
});
