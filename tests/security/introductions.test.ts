/** What a client says of itself is kept: so it is bounded. */
import { expect, it } from 'vitest';
import { openAudit } from '../_util/audit-rows.ts';
import { initialize, rawRequest } from '../_util/raw-mcp.ts';
import { AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

const send = (hub: TestHub, request: Request): Promise<Response> => {
  request.headers.set('host', '127.0.0.1:23456');
  return Promise.resolve(hub.hub.app.fetch(request));
};

const LONG = 'x'.repeat(16_384);

it.each([
  ['clientInfo', { clientInfo: { name: LONG, version: '1' } }],
  ['capabilities', { capabilities: { experimental: { x: { y: LONG } } } }],
])('a session is not opened with a large %s', async (_what, more) => {
  await using hub = await startTestHub();
  const params = {
    ...{ protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } },
    ...more,
  };
  const answer = await send(hub, rawRequest('2025', { method: 'initialize', params, key: AGENT_KEY }));
  expect(answer.status).toBe(413);
  expect(await answer.json()).toMatchObject({ code: 'CONTENT_TOO_LARGE' });
  expect((await send(hub, initialize({ key: AGENT_KEY }))).status).toBe(200);
});

it('clients whose names agree in what is kept of them are one visitor', async () => {
  await using hub = await startTestHub();
  using audit = openAudit(hub);
  const rows = await audit.of(async () => {
    for (const end of ['a', 'b', 'c']) {
      const clientInfo = { name: `${'n'.repeat(100)}${end}`, version: '1' };
      const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
      const headers = { 'x-agent-id': 'ann' };
      expect((await send(hub, initialize({ key: AGENT_KEY, headers, params }))).status).toBe(200);
    }
  });
  expect(rows.map(({ event_type }) => event_type)).toEqual(['auth.login']);
});
