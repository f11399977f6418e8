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
/** Places whose only use is to be heard of after all that happened before elsewhere. The first tells that one listens. */
let sentinels: string[];
const SENTINELS = 12;
let used = 0;
beforeAll(async () => {
  hub = await startTestHub();
  for (const agent of ['bob', 'carl']) await tool(agent, 'list_sessions', {});
  session = String((await tool('ann', 'create_session', { purpose: 'to talk' }))['session_id']);
  sentinels = await Promise.all(
    Array.from({ length: SENTINELS }, async () =>
      String((await tool('ann', 'create_session', { purpose: 'to be last' }))['session_id']),
    ),
  );
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
  asked: readonly string[],
  options: { key?: string; agent: string; type?: string },
): Promise<Watching> {
  const uris = [...asked, ...sentinels.map(messagesOf)];
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
      await tool('ann', 'add_message', { session_id: sentinels[0], content: 'is anybody there' });
      return heard.length > 0;
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

const messagesOf = (id: string): string => `session://${id}/messages`;

/** What was heard before the sentinel is all there was; forgets it. */
async function heardBy(...all: readonly Watching[]): Promise<string[][]> {
  // Another each time: what an earlier one is heard of late says nothing.
  const sentinel = sentinels[1 + (used++ % (SENTINELS - 1))] ?? '';
  await tool('ann', 'add_message', { session_id: sentinel, content: 'that is all' });
  await vi.waitUntil(() => all.every(({ heard }) => heard.includes(messagesOf(sentinel))));
  const silent = new Set(sentinels.map(messagesOf));
  return all.map(({ heard }) => heard.splice(0).filter((uri) => !silent.has(uri)));
}

describe.each(ERAS)('a subscriber of %s', (era) => {
  it('is told of what it may see, at the address that it gave', async () => {
    const uris = [`session://${session}`, `session://${session}/messages`, 'agent://BOB/memory'];
    // Which may be watched in a session as soon as it can be read.
    const inbox = era === '2026' ? ['agent://Bob/inbox'] : [];
    const bob = await watch(era, [...uris, ...inbox], { agent: 'bob', type: 'coder' });
    await heardBy(bob);
    await say({ to: ['bob'] });
    await tool('bob', 'set_memory', { key: 'k', value: 1 });
    expect(new Set((await heardBy(bob))[0])).toEqual(new Set([...uris, ...inbox]));
    await say({ to: ['type:coder'] });
    expect(new Set((await heardBy(bob))[0])).toEqual(new Set([...uris.slice(0, 2), ...inbox]));
    await tool('ann', 'update_session', { session_id: session, purpose: `to go on in ${era}` });
    expect(await heardBy(bob)).toEqual([[uris[0]]]);
    await bob.close();
  });

  it('is told of its inbox when it may see what speaks to it', async () => {
    const inbox = 'agent://CARL/inbox';
    await tool('carl', 'set_memory', { key: 'here', value: 1 });
    const carl = await watch(era, ['agent://carl/inbox'], { agent: 'carl', type: 'coder' });
    await heardBy(carl);
    const hidden = { visibility: 'private', to: ['bob'], content: 'ask @carl' };
    const { message_id } = (await say(hidden)) as { message_id: number };
    expect(await heardBy(carl)).toEqual([[]]);
    const widen = (visibility: string) => tool('ann', 'set_message_visibility', { message_id, visibility });
    await widen('public');
    expect(await heardBy(carl)).toEqual([[inbox.toLowerCase()]]);
    await widen('private');
    expect(await heardBy(carl)).toEqual([[]]);
    await carl.close();
  });

  it('is told nothing of what it may not see', async () => {
    const uris = [`session://${session}`, `session://${session}/messages`];
    const ofAnn = era === '2026' ? ['agent://ann/memory', 'agent://ann/inbox'] : [];
    const carl = await watch(era, [...uris, ...ofAnn], { agent: 'carl', type: 'coder' });
    const admin = await watch(era, [...uris, ...ofAnn], { key: ADMIN_KEY, agent: 'root', type: 'human' });
    await heardBy(carl, admin);
    await say({ visibility: 'private', to: ['bob'] });
    await say({ visibility: 'private', to: ['ann'] }, 'bob');
    await tool('ann', 'set_memory', { key: 'k', value: 1 });
    const [heard, all] = await heardBy(carl, admin);
    expect(heard).toEqual([]);
    expect(new Set(all)).toEqual(new Set([...uris, ...ofAnn]));
    await Promise.all([carl.close(), admin.close()]);
  });

  it('hears of many changes at once, and of the last', async () => {
    const uri = `session://${session}/messages`;
    const bob = await watch(era, [uri], { agent: 'bob', type: 'coder' });
    await heardBy(bob);
    await Promise.all(Array.from({ length: 200 }, () => say()));
    const [many = []] = await heardBy(bob);
    expect(new Set(many)).toEqual(new Set([uri]));
    expect(many.length).toBeLessThan(200);
    await say();
    expect(await heardBy(bob)).toEqual([[uri]]);
    await bob.close();
  });
});

it('a subscriber of another workspace hears nothing of this one', async () => {
  const key = await hub.makeKey('other', { workspace: 'elsewhere' });
  const headers = { authorization: `Bearer ${key}`, 'x-agent-id': 'ann' };
  const uris = [
    ...[`session://${session}`, `session://${session}/messages`],
    ...['agent://ann/memory', 'agent://ann/inbox'],
  ];
  const heard: string[] = [];
  const { client, close } = await hub.connect('2026', { key, agent: 'ann' });
  client.setNotificationHandler(
    'notifications/resources/updated',
    ({ params }) => void heard.push(params.uri),
  );
  await client.listen({ resourceSubscriptions: uris });
  const ann = await watch('2026', uris, { agent: 'ann' });
  await heardBy(ann);
  await say({ to: ['ann'] }, 'bob');
  await tool('ann', 'set_memory', { key: 'k', value: 2 });
  expect(new Set((await heardBy(ann))[0])).toEqual(new Set(uris));
  // Its own of the same name it does hear of.
  const args = { name: 'set_memory', arguments: { key: 'k', value: 1 } };
  await post(hub, '2026', { method: 'tools/call', params: args, headers });
  await vi.waitUntil(() => heard.length > 0);
  expect(heard).toEqual(['agent://ann/memory']);
  await close();
  await ann.close();
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
