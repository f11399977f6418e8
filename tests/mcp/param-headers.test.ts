/** Revision 2026-07-28: arguments that a tool wants as headers too. */
import { expect, it } from 'vitest';
import { createMcpFixture } from '../_util/mcp-fixture.ts';
import { rawRequest } from '../_util/raw-mcp.ts';
import { enrich } from './rich.ts';

const base64 = (text: string): string => `=?base64?${Buffer.from(text).toString('base64')}?=`;

async function call(args: object, headers: Readonly<Record<string, string>>) {
  await using fixture = createMcpFixture({ extend: enrich });
  const params = { name: 'marked', arguments: args };
  const response = await fixture.app.fetch(
    rawRequest('2026', { method: 'tools/call', params, headers, id: 4 }),
  );
  return { status: response.status, body: await response.json() };
}

it.each([
  [{ region: 'eu' }, { 'mcp-param-region': 'eu' }],
  [{ region: 'eu' }, { 'mcp-param-region': base64('eu') }],
  [{ region: 'Zürich' }, { 'mcp-param-region': base64('Zürich') }],
  [{ region: '=?base64?eu' }, { 'mcp-param-region': '=?base64?eu' }],
  [{ deep: { size: 42 } }, { 'mcp-param-size': '42' }],
  [{ deep: { size: 42 } }, { 'mcp-param-size': '42.0' }],
  // Without a value in the body a header means nothing.
  [{}, { 'mcp-param-region': 'eu' }],
  [{ region: null }, {}],
  [{ other: 1 }, {}],
])('%j agrees with %j', async (args, headers: Record<string, string>) => {
  expect((await call(args, headers)).status).toBe(200);
});

it.each([
  [{ region: 'eu' }, {}],
  [{ region: 'eu' }, { 'mcp-param-region': 'us' }],
  [{ region: 'eu' }, { 'mcp-param-region': '=?base64?ZXU?=' }],
  [{ region: 'eu' }, { 'mcp-param-region': '=?base64?Z!U=?=' }],
  [{ region: 'eu' }, { 'mcp-param-region': '=?base64?/w==?=' }],
  [{ deep: { size: 42 } }, { 'mcp-param-size': '43' }],
  [{ deep: { size: 42 } }, { 'mcp-param-size': 'many' }],
])('%j contradicts %j', async (args, headers: Record<string, string>) => {
  const { status, body } = await call(args, headers);
  expect(status).toBe(400);
  expect(body).toMatchObject({ id: 4, error: { code: -32020 } });
});
