/** How sessions of the 2025 revisions end, and that nothing of them stays behind. */
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, vi } from 'vitest';
import { connectClient } from '../_util/connect-client.ts';
import { KEYS } from '../_util/mcp-fixture.ts';
import { RawAgent } from '../_util/raw-agent.ts';

describe('the end of a session', () => {
  it('comes with DELETE, and answers what is under way', async () => {
    await using agent = new RawAgent();
    const sessionId = await agent.open();
    const call = agent.send(sessionId, { method: 'tools/call', params: { name: 'slow' }, id: 5 });
    await agent.running(1);
    expect((await agent.end(sessionId)).status).toBe(200);
    expect(await (await call).json()).toMatchObject({
      id: 5,
      error: { code: -32000, message: 'Session closed' },
    });
    expect(agent.fixture.seen.aborted).toEqual(['slow']);
    expect((await agent.send(sessionId)).status).toBe(404);
    agent.expectNothingLeft();
  });

  it('comes when nobody has used it for the idle time', async () => {
    let now = 0;
    await using agent = new RawAgent({ sessionIdleMs: 1000, now: () => now });
    const [used, unused] = [await agent.open(), await agent.open()];
    now = 600;
    await agent.send(used);
    now = 1100;
    await agent.engine.sweep();
    expect([(await agent.send(used)).status, (await agent.send(unused)).status]).toEqual([200, 404]);
  });

  it('comes by itself', async () => {
    await using agent = new RawAgent({ sessionIdleMs: 40 });
    await agent.open();
    await vi.waitUntil(() => agent.engine.sessions.size === 0);
    agent.expectNothingLeft();
  });

  it('does not come while a request is under way or a stream is open', async () => {
    let now = 0;
    await using agent = new RawAgent({ sessionIdleMs: 1000, now: () => now });
    const sessionId = await agent.open();
    const call = agent.send(sessionId, {
      method: 'tools/call',
      params: { name: 'slow', arguments: { ms: 100 } },
    });
    await agent.running(1);
    now = 5000;
    await agent.engine.sweep();
    expect((await call).status).toBe(200);

    const hangUp = new AbortController();
    expect((await agent.stream(sessionId, hangUp.signal)).status).toBe(200);
    now = 10_000;
    await agent.engine.sweep();
    expect((await agent.send(sessionId)).status).toBe(200);
    hangUp.abort();
    now = 20_000;
    await agent.engine.sweep();
    expect((await agent.send(sessionId)).status).toBe(404);
  });

  it('leaves nothing behind, a thousand times', async () => {
    await using agent = new RawAgent();
    const sessions = await Promise.all(Array.from({ length: 1000 }, () => agent.open()));
    expect([agent.engine.sessions.size, agent.engine.fastmcpSessions]).toEqual([1000, 1000]);
    const streams = await Promise.all(sessions.slice(0, 100).map((id) => agent.stream(id)));
    await Promise.all(sessions.slice(0, 900).map((id) => agent.end(id)));
    for (const response of streams) expect(await response.text()).toBe('');
    expect([agent.engine.sessions.size, agent.engine.fastmcpSessions]).toEqual([100, 100]);
    await agent.engine.close();
    agent.expectNothingLeft();
  });

  it('makes a client connect anew after a restart', async () => {
    await using before = new RawAgent();
    const sessionId = await before.open();
    await using after = new RawAgent();
    expect((await after.send(sessionId)).status).toBe(404);
    expect(await after.open()).not.toBe(sessionId);
  });
});

describe('an open session', () => {
  it('keeps none of its answers', async () => {
    await using agent = new RawAgent();
    const sessionId = await agent.open();
    const params = { name: 'echo', arguments: { text: 'x'.repeat(200_000) } };
    const ask = async (times: number): Promise<void> => {
      for (let n = 0; n < times; n++)
        await (await agent.send(sessionId, { method: 'tools/call', params })).text();
    };
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const heap = async (): Promise<number> => {
      for (let round = 0; round < 5; round++) {
        await sleep(2);
        collect();
      }
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    await ask(10);
    const before = await heap();
    await ask(150);
    expect((await heap()) - before).toBeLessThan(20_000_000);
  });
});

describe('the stream of a session', () => {
  const openStreams = (agent: RawAgent): number =>
    [...agent.engine.sessions.values()].filter((session) => !session.idleSince(Infinity)).length;

  it('is opened and closed by the client', async () => {
    await using agent = new RawAgent();
    const connected = await connectClient(agent.fixture.app, '2025', { key: KEYS.alice });
    await vi.waitUntil(() => openStreams(agent) === 1);
    await connected.client.close();
    await vi.waitUntil(() => openStreams(agent) === 0);
    expect(agent.engine.sessions.size).toBe(1);
  });

  it('ends with the session', async () => {
    await using agent = new RawAgent();
    const connected = await connectClient(agent.fixture.app, '2025', { key: KEYS.alice });
    await vi.waitUntil(() => openStreams(agent) === 1);
    await connected.close();
    agent.expectNothingLeft();
  });

  it('gives way to a newer one', async () => {
    await using agent = new RawAgent();
    const sessionId = await agent.open();
    const first = await agent.stream(sessionId);
    const second = await agent.stream(sessionId);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(await first.text()).toBe('');
    expect(openStreams(agent)).toBe(1);
    await second.body?.cancel();
    expect(openStreams(agent)).toBe(0);
  });

  it('carries what the server sends on its own', async () => {
    await using agent = new RawAgent();
    const sessionId = await agent.open();
    const { transport } = agent.engine.sessions.get(sessionId) ?? {};
    const message = { jsonrpc: '2.0', method: 'notifications/tools/list_changed' } as const;
    await transport?.send(message);
    const response = await agent.stream(sessionId);
    await transport?.send(message);
    await agent.end(sessionId);
    expect(await response.text()).toBe(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
  });
});
