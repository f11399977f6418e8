/** What goes through a session of the 2025 revisions: batches, notifications, ids, cancellation. */
import { describe, expect, it } from 'vitest';
import { RawAgent } from '../_util/raw-agent.ts';
import { rawRequest } from '../_util/raw-mcp.ts';
import { withBatches } from './batches.ts';

const rpc = { jsonrpc: '2.0' };
const echo = { ...rpc, method: 'tools/call', params: { name: 'echo', arguments: { text: 'a' } } };

describe('messages of a session', () => {
  it('that have wrong parameters are told so, and are no failure of the hub', async () => {
    await using agent = new RawAgent();
    const sessionId = await agent.open();
    for (const params of [{}, { level: 'loud' }]) {
      const response = await agent.send(sessionId, { method: 'logging/setLevel', params });
      const { error } = (await response.json()) as { error: { data: Record<string, unknown> } };
      expect(error).toMatchObject({ code: -32602, data: { success: false, code: 'INVALID_INPUT' } });
      expect(error.data['request_id']).toMatch(/./);
    }
  });

  it('may come in batches, as revision 2025-03-26 has them', async () => {
    await using agent = new RawAgent();
    const sessionId = await agent.open({ params: withBatches });
    const { headers } = rawRequest('2025', { method: 'ping', sessionId, headers: { 'x-agent-id': 'ann' } });
    const batch = async (...messages: object[]): Promise<Response> =>
      agent.fixture.app.request('/mcp', { method: 'POST', headers, body: JSON.stringify(messages) });

    const mixed = [
      { ...echo, id: 1 },
      { ...rpc, method: 'notifications/initialized' },
      { ...rpc, id: 'b', method: 'ping' },
    ];
    expect(await (await batch(...mixed)).json()).toMatchObject([
      { id: 1, result: { structuredContent: { text: 'a' } } },
      { id: 'b', result: {} },
    ]);
    expect((await batch({ ...rpc, method: 'notifications/initialized' })).status).toBe(202);
    const refused = [
      [],
      [{ nonsense: true }],
      [
        { ...echo, id: 1 },
        { ...echo, id: 1 },
      ],
      [
        { ...rpc, id: 3, method: 'initialize', params: withBatches },
        { ...echo, id: 4 },
      ],
      Array.from({ length: 11 }, (_, id) => ({ ...echo, id })),
    ];
    for (const messages of refused) expect((await batch(...messages)).status).toBe(400);
    expect(await (await batch({ ...echo, id: 1 })).json()).toMatchObject({ id: 1, result: {} });
    const most = Array.from({ length: 10 }, (_, id) => ({ ...echo, id }));
    expect(await (await batch(...most)).json()).toHaveLength(10);
  });

  it.each(['2025-06-18', '2025-11-25', '2026-07-28', undefined])(
    'may not come in batches in revision %s',
    async (protocolVersion) => {
      await using agent = new RawAgent();
      const legacy = protocolVersion?.startsWith('2025') === true;
      const sessionId = legacy
        ? await agent.open({ params: { ...withBatches, protocolVersion } })
        : undefined;
      const { headers } = rawRequest(legacy ? '2025' : '2026', {
        method: 'ping',
        sessionId,
        headers: { 'x-agent-id': 'ann' },
      });
      if (protocolVersion === undefined) headers.delete('mcp-protocol-version');
      const body = JSON.stringify([{ ...echo, id: 1 }]);
      const response = await agent.fixture.app.request('/mcp', { method: 'POST', headers, body });
      expect(response.status).toBe(400);
      const error = {
        code: -32600,
        message: 'Invalid Request: batches are not part of this revision of the protocol',
      };
      expect(await response.json()).toMatchObject({
        id: null,
        error: { ...error, data: { success: false, code: 'INVALID_INPUT', error: error.message } },
      });
    },
  );

  it('that are notifications or answers are accepted', async () => {
    await using agent = new RawAgent();
    const sessionId = await agent.open();
    const accepted = await agent.send(sessionId, { method: 'notifications/initialized', id: null });
    expect([accepted.status, await accepted.text()]).toEqual([202, '']);
    expect((await agent.send(sessionId, { method: 'notifications/unheard-of', id: null })).status).toBe(202);
  });

  it('are refused with the wrong headers, and may be sent again', async () => {
    await using agent = new RawAgent();
    const sessionId = await agent.open();
    const sent = async (headers: Record<string, string>): Promise<number> =>
      (await agent.send(sessionId, { headers: { 'x-agent-id': 'ann', ...headers } })).status;
    expect(await sent({ accept: 'application/json' })).toBe(406);
    expect(await sent({ 'content-type': 'text/plain' })).toBe(415);
    expect(await sent({ 'mcp-protocol-version': '1999-01-01' })).toBe(400);
    expect(await sent({})).toBe(200);
  });

  it('do not share an id while they are under way', async () => {
    await using agent = new RawAgent();
    const sessionId = await agent.open();
    const slow = { method: 'tools/call', params: { name: 'slow', arguments: { ms: 100 } }, id: 'same' };
    const first = agent.send(sessionId, slow);
    await agent.running(1);
    const second = await agent.send(sessionId, slow);
    expect([second.status, (await first).status]).toEqual([400, 200]);
    expect((await agent.send(sessionId, { method: 'ping', id: 'same' })).status).toBe(200);
  });

  it('are taken back by id, 0 among them, with no answer', async () => {
    await using agent = new RawAgent();
    const sessionId = await agent.open();
    const call = agent.send(sessionId, { method: 'tools/call', params: { name: 'slow' }, id: 0 });
    await agent.running(1);
    const params = { requestId: 0, reason: 'enough' };
    const cancel = () => agent.send(sessionId, { method: 'notifications/cancelled', id: null, params });
    expect((await cancel()).status).toBe(202);
    expect([(await call).status, await (await call).text()]).toEqual([202, '']);
    expect(agent.fixture.seen.aborted).toEqual(['slow']);
    expect((await cancel()).status).toBe(202);
  });
});
