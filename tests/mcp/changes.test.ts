/** What clients are told of that have not asked just now: changed lists, watched resources. */
import { Client as Client2026 } from '@modelcontextprotocol/client';
import { Client as Client2025 } from '@modelcontextprotocol/sdk/client/index.js';
import {
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectClient } from '../_util/connect-client.ts';
import { createMcpFixture, KEYS, type McpFixture } from '../_util/mcp-fixture.ts';
import { RawAgent } from '../_util/raw-agent.ts';
import { rawRequest } from '../_util/raw-mcp.ts';
import { enrich, EventReader } from './rich.ts';

const MINE = 'session://mine';

let fixture: McpFixture;
beforeEach(() => {
  fixture = createMcpFixture({ extend: enrich, maxSessions: 3 });
});
afterEach(async () => {
  await fixture[Symbol.asyncDispose]();
});

/** A client that hears of the tools and of {@link MINE}. */
async function listener(era: '2025' | '2026', key: string) {
  const heard: string[] = [];
  const { client, close } = await connectClient(fixture.app, era, { key });
  if (client instanceof Client2025) {
    const streams = () =>
      [...fixture.engines.legacy.sessions.values()].filter((session) => !session.idleSince(Infinity));
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => void heard.push('tools'));
    client.setNotificationHandler(
      ResourceUpdatedNotificationSchema,
      ({ params }) => void heard.push(params.uri),
    );
    await client.subscribeResource({ uri: MINE });
    await vi.waitUntil(() => streams().length === fixture.engines.legacy.sessions.size);
  }
  if (client instanceof Client2026) {
    client.setNotificationHandler('notifications/tools/list_changed', () => void heard.push('tools'));
    client.setNotificationHandler(
      'notifications/resources/updated',
      ({ params }) => void heard.push(params.uri),
    );
    await client.listen({ toolsListChanged: true, resourceSubscriptions: [MINE] });
  }
  return { client, heard, close };
}

describe.each(['2025', '2026'] as const)('a client of %s', (era) => {
  it('hears of what it watches, and of lists', async () => {
    const { heard } = await listener(era, KEYS.alice);
    fixture.engines.announce({ resource: 'session://other' });
    fixture.engines.announce({ resource: MINE });
    fixture.engines.announce({ list: 'tools' });
    await vi.waitUntil(() => heard.length >= 2);
    expect(heard).toEqual([MINE, 'tools']);
  });

  it('hears nothing that its caller may not know', async () => {
    const [alice, bob] = [await listener(era, KEYS.alice), await listener(era, KEYS.bob)];
    const onlyBob = ({ keyName }: { keyName: string }) => keyName === 'bob';
    fixture.engines.announce({ resource: MINE }, onlyBob);
    fixture.engines.announce({ list: 'tools' }, onlyBob);
    fixture.engines.announce({ list: 'tools' });
    await vi.waitUntil(() => bob.heard.length === 3 && alice.heard.length >= 1);
    expect(bob.heard).toEqual([MINE, 'tools', 'tools']);
    expect(alice.heard).toEqual(['tools']);
  });

  it('leaves nothing behind', async () => {
    const { client, close } = await listener(era, KEYS.alice);
    await close();
    await client.close();
    await vi.waitUntil(() => fixture.engines.modern.subscriptions === 0);
    expect(fixture.engines.legacy.sessions.size).toBe(0);
    fixture.engines.announce({ resource: MINE });
  });
});

describe('watching in a session', () => {
  it('ends with unsubscribe', async () => {
    const { client, heard } = await listener('2025', KEYS.alice);
    if (!(client instanceof Client2025)) throw new Error('another client');
    await client.unsubscribeResource({ uri: MINE });
    fixture.engines.announce({ resource: MINE });
    fixture.engines.announce({ list: 'tools' });
    await vi.waitUntil(() => heard.length > 0);
    expect(heard).toEqual(['tools']);
  });

  it('is refused for what is not there, as reading is', async () => {
    await using agent = new RawAgent({ extend: enrich });
    const sessionId = await agent.open();
    const ask = async (method: string, uri: string) => {
      const response = await agent.send(sessionId, { method, params: { uri } });
      return await response.json();
    };
    expect(await ask('resources/subscribe', 'nothing://x')).toMatchObject({
      error: { code: -32002, data: { code: 'INVALID_INPUT', uri: 'nothing://x' } },
    });
    const hidden = { error: { code: -32002, data: { code: 'SESSION_NOT_FOUND' } } };
    expect(await ask('resources/subscribe', 'session://s-of-others')).toMatchObject(hidden);
    expect(await ask('resources/read', 'session://s')).toMatchObject(hidden);
  });

  it('has a limit', async () => {
    await using agent = new RawAgent({ extend: enrich });
    const sessionId = await agent.open();
    const subscribe = async (n: number) => {
      const params = { uri: `session://${String(n)}` };
      const response = await agent.send(sessionId, { method: 'resources/subscribe', params });
      return await response.json();
    };
    for (let n = 0; n < 1000; n++) await subscribe(n);
    expect(await subscribe(5)).toMatchObject({ result: {} });
    expect(await subscribe(1000)).toMatchObject({ error: { data: { code: 'QUOTA_EXCEEDED' } } });
  });

  it('is unknown where the surface does not offer it', async () => {
    await using agent = new RawAgent();
    const sessionId = await agent.open();
    for (const method of ['resources/subscribe', 'resources/unsubscribe']) {
      const response = await agent.send(sessionId, { method, params: { uri: MINE } });
      expect(await response.json()).toMatchObject({ error: { code: -32601 } });
    }
  });
});

describe('subscriptions/listen', () => {
  const notifications = { toolsListChanged: true, resourcesListChanged: true, resourceSubscriptions: [MINE] };
  const listen = async (id = 's', key: string = KEYS.alice) =>
    fixture.app.fetch(
      rawRequest('2026', { method: 'subscriptions/listen', params: { notifications }, id, key }),
    );

  it('says first what it will tell', async () => {
    const events = new EventReader(await listen());
    expect(await events.next()).toMatchObject({
      method: 'notifications/subscriptions/acknowledged',
      params: { notifications: { toolsListChanged: true, resourceSubscriptions: [MINE] } },
    });
    await fixture.engines.modern.close();
    expect(await events.rest()).toMatchObject([{ id: 's', result: {} }]);
  });

  it('has a limit', async () => {
    const streams = [await listen('a'), await listen('b'), await listen('c')];
    expect((await listen('d')).status).toBe(503);
    await streams[0]?.body?.cancel();
    expect((await listen('e')).status).toBe(200);
  });

  it('needs a key, and its agent', async () => {
    expect((await listen('s', 'nobody')).status).toBe(401);
    const params = { notifications };
    const forbidden = rawRequest('2026', {
      ...{ method: 'subscriptions/listen', params },
      headers: { 'x-agent-id': 'forbidden' },
    });
    expect((await fixture.app.fetch(forbidden)).status).toBe(403);
    expect(fixture.engines.modern.subscriptions).toBe(0);
  });
});
