/** Subscriptions to resources in both eras: told of what changed, if the caller may see it, and of nothing else. */
import { Client as Client2026 } from '@modelcontextprotocol/client';
import { Client as Client2025 } from '@modelcontextprotocol/sdk/client/index.js';
import { ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { post } from '../_util/scenario-raw.ts';
import { ERAS } from '../_util/scenario-doors.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

let hub: TestHub;
let session: string;
beforeAll(async () => {
  hub = await startTestHub();
  for (const agent of ['bob', 'carl']) await tool(agent, 'list_sessions', {});
  session = String((await tool('ann', 'create_session', { purpose: 'to talk' }))['session_id']);
});
afterAll(() => hub[Symbol.asyncDispose]());

async function tool(agent: string, name: string, args: object): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${AGENT_KEY}`, 'x-agent-id': agent, 'x-agent-type': 'coder' };
  const response = await post(hub, '2026', {
    ...{ method: 'tools/call', params: { name, arguments: { ...args } }, headers },
  });
  const { result } = (await response.json()) as { result: { structuredContent?: Record<string, unknown> } };
  if (result.structuredContent === undefined) throw new Error(JSON.stringify(result));
  return result.structuredContent;
}

const say = (more: object = {}, by = 'ann'): Promise<unknown> =>
  tool(by, 'add_message', { session_id: session, content: 'hello', ...more });

interface Watching {
  readonly heard: string[];
  close(): Promise<void>;
}

async function watch(
  era: '2025' | '2026',
  uris: readonly string[],
  options: { key?: string; agent: string; type?: string },
): Promise<Watching> {
  const heard: string[] = [];
  const { client, close } =
    era === '2025' ? await hub.connect('2025', options) : await hub.connect('2026', options);
  if (client instanceof Client2025) {
    client.setNotificationHandler(
      ResourceUpdatedNotificationSchema,
      ({ params }) => void heard.push(params.uri),
    );
    for (const uri of uris) await client.subscribeResource({ uri });
    // Its stream opens by itself: what comes before is not for it.
    await vi.waitUntil(async () => {
      await tool('ann', 'update_session', { session_id: session, metadata: { n: performance.now() } });
      await say();
      return heard.length > 0 || !uris.some((uri) => uri.startsWith('session://'));
    });
  }
  if (client instanceof Client2026) {
    client.setNotificationHandler(
      'notifications/resources/updated',
      ({ params }) => void heard.push(params.uri),
    );
    await client.listen({ resourceSubscriptions: [...uris] });
  }
  return {
    heard,
    async close() {
      await close();
      await client.close();
    },
  };
}

/** Until nothing is on its way any more: a change of another session that is told after all before it. */
async function settled(...all: readonly Watching[]): Promise<void> {
  await say();
  await vi.waitUntil(() => all.every(({ heard }) => heard.includes(`session://${session}/messages`)));
  await new Promise((resolve) => setTimeout(resolve, 120));
  for (const { heard } of all) heard.length = 0;
}

describe.each(ERAS)('a subscriber of %s', (era) => {
  it('is told of what it may see, at the address that it gave', async () => {
    const uris = [
      `session://${session}`,
      `session://${session}/messages`,
      'agent://BOB/memory',
      'agent://Bob/inbox',
    ];
    const watched = era === '2025' ? uris.slice(0, 3) : uris;
    const bob = await watch(era, watched, { agent: 'bob', type: 'coder' });
    await settled(bob);
    await say({ to: ['bob'] });
    await tool('bob', 'set_memory', { key: 'k', value: 1 });
    await vi.waitUntil(() => watched.every((uri) => bob.heard.includes(uri)));
    await settled(bob);
    await tool('ann', 'update_session', { session_id: session, purpose: `to go on in ${era}` });
    await vi.waitUntil(() => bob.heard.length > 0);
    expect(bob.heard).toEqual([`session://${session}`]);
    await bob.close();
  });

  it('is told nothing of what it may not see', async () => {
    const uris = [`session://${session}`, `session://${session}/messages`];
    const carl = await watch(era, uris, { agent: 'carl', type: 'coder' });
    const other = await hub.makeKey(`other-${era}`, { workspace: `other-${era}` });
    const admin = await watch(era, uris, { key: ADMIN_KEY, agent: 'root', type: 'human' });
    const stranger =
      era === '2026'
        ? await watch(era, [...uris, 'agent://ann/memory'], { key: other, agent: 'carl' })
        : undefined;
    const spy =
      era === '2026'
        ? await watch(era, ['agent://ann/memory', 'agent://ann/inbox'], { agent: 'carl' })
        : undefined;
    await settled(carl, admin);
    await say({ visibility: 'private', to: ['bob'] });
    await say({ visibility: 'private', to: ['ann'] }, 'bob');
    await tool('ann', 'set_memory', { key: 'k', value: 1 });
    await vi.waitUntil(() => admin.heard.length >= 2);
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect([carl.heard, stranger?.heard ?? [], spy?.heard ?? []]).toEqual([[], [], []]);
    await Promise.all([carl, admin, stranger, spy].map((one) => one?.close()));
  });

  it('hears of many changes at once, and of the last', async () => {
    const bob = await watch(era, [`session://${session}/messages`], { agent: 'bob', type: 'coder' });
    await settled(bob);
    await Promise.all(Array.from({ length: 200 }, () => say()));
    await vi.waitUntil(() => bob.heard.length > 0);
    await settled(bob);
    await say();
    await vi.waitUntil(() => bob.heard.length === 1);
    await bob.close();
  });
});

it('subscribing is refused as reading is', async () => {
  const { client } = await hub.connect('2025', { agent: 'bob', type: 'coder' });
  if (!(client instanceof Client2025)) throw new Error('another client');
  for (const uri of [
    'session://session_0123456789abcdef',
    'agent://ann/memory',
    'agent://nobody/memory',
    'what://ever',
  ])
    await expect(client.subscribeResource({ uri }), uri).rejects.toThrow();
  await client.subscribeResource({ uri: 'hub://info' });
  expect(client.getServerCapabilities()?.resources).toMatchObject({ subscribe: true });
  await client.close();
});
