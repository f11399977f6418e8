/** Receipts tell the truth at each step: what became of a message with each agent it speaks to, and to nobody but its sender. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ClientEra } from '../_util/connect-client.ts';
import {
  ADMIN_KEY,
  AGENT_KEY,
  startTestHub,
  temporaryFolder,
  type AnyClient,
  type TestHub,
} from '../_util/test-hub.ts';

type Args = Record<string, unknown>;
interface Receipt {
  readonly agent_id: string;
  readonly state: string;
  readonly by: string | null;
  readonly at: string | null;
}

const folder = temporaryFolder();
const clock = { at: Date.UTC(2026, 2, 1) };
let hub: TestHub;
let ann: AnyClient;
let session_id: string;

const start = () => startTestHub({ folder, now: () => clock.at });
const connect = (agent: string, type: string, era: ClientEra = '2026', key = AGENT_KEY) =>
  hub.connect(era, { key, agent, type });

async function call(agent: AnyClient, name: string, args: Args = {}): Promise<Args> {
  clock.at += 1000;
  const answer = await agent.callTool(name, args);
  expect(answer.isError, answer.text).toBe(false);
  return answer.json;
}
async function read(agent: AnyClient, uri: string): Promise<void> {
  clock.at += 1000;
  // The two SDKs agree in this, but their types are not one.
  await (agent.client as { readResource(args: { uri: string }): Promise<unknown> }).readResource({ uri });
}
const post = async (content: string, more: Args = {}) =>
  Number((await call(ann, 'add_message', { session_id, content, ...more }))['message_id']);
const poll = (agent: AnyClient, args: Args = {}) =>
  call(agent, 'wait_for_messages', { timeout_seconds: 0, ...args });

/** As `agent` is told of them. */
async function receiptsOf(id: number, agent: AnyClient = ann): Promise<Receipt[] | undefined> {
  const page = await call(agent, 'get_messages', {
    session_id,
    after_id: id - 1,
    limit: 1,
    include_receipts: true,
  });
  const [message] = page['messages'] as { id: number; receipts?: Receipt[] }[];
  expect(message?.id).toBe(id);
  return message?.receipts;
}
const statesOf = async (id: number) =>
  Object.fromEntries((await receiptsOf(id))?.map(({ agent_id, state, by }) => [agent_id, [state, by]]) ?? []);

beforeAll(async () => {
  hub = await start();
  ann = await connect('ann', 'coder');
});
afterAll(async () => {
  await hub[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  session_id = String((await call(ann, 'create_session', { purpose: 'Receipts' }))['session_id']);
});

const QUEUED = ['queued', null];

describe('a message to one agent', () => {
  /** What the agent does, and what its receipt then says: state, way, and whether its time is that of the step. */
  type Step = readonly [does: string, state: string, by: string | null, isNow: boolean];
  interface Reader {
    readonly agent: AnyClient;
    cursor?: unknown;
  }
  const DOES: Readonly<Record<string, (reader: Reader) => Promise<unknown>>> = {
    nothing: async () => undefined,
    'something else': ({ agent }) => call(agent, 'list_sessions'),
    'reads it': ({ agent }) => call(agent, 'get_messages', { session_id }),
    'reads the session': ({ agent }) => call(agent, 'get_session', { session_id }),
    'reads the beginning of it': ({ agent }) => call(agent, 'get_messages', { session_id, max_tokens: 500 }),
    'reads its resource': ({ agent }) => read(agent, `session://${session_id}`),
    'reads the resource of its messages': ({ agent }) => read(agent, `session://${session_id}/messages`),
    'waits for it': async (reader) => {
      reader.cursor = (await poll(reader.agent))['cursor'];
    },
    'waits for it elsewhere': async (reader) => {
      const other = await call(ann, 'create_session', { purpose: 'Elsewhere' });
      reader.cursor = (await poll(reader.agent, { session_id: other['session_id'] }))['cursor'];
    },
    'gives the cursor back': ({ agent, cursor }) => poll(agent, { cursor }),
  };
  const TABLES: readonly (readonly Step[])[] = [
    [
      ['nothing', 'queued', null, false],
      ['something else', 'delivered', 'inbox', true],
      ['something else', 'delivered', 'inbox', false],
      ['reads it', 'delivered', 'inbox', false],
      ['waits for it', 'delivered', 'inbox', false],
      ['gives the cursor back', 'acknowledged', 'inbox', true],
      ['gives the cursor back', 'acknowledged', 'inbox', false],
      ['reads it', 'acknowledged', 'inbox', false],
    ],
    [
      ['reads it', 'delivered', 'tool', true],
      ['something else', 'delivered', 'tool', false],
      ['waits for it', 'delivered', 'tool', false],
      ['something else', 'delivered', 'tool', false],
      ['gives the cursor back', 'acknowledged', 'tool', true],
    ],
    [
      ['waits for it', 'delivered', 'tool', true],
      ['gives the cursor back', 'acknowledged', 'tool', true],
    ],
    [['reads the session', 'delivered', 'tool', true]],
    [['reads its resource', 'delivered', 'tool', true]],
    [['reads the resource of its messages', 'delivered', 'tool', true]],
    // The inbox of the same answer shows its beginning.
    [['reads the beginning of it', 'delivered', 'inbox', true]],
    [
      ['waits for it elsewhere', 'delivered', 'inbox', true],
      ['gives the cursor back', 'delivered', 'inbox', false],
      ['waits for it', 'delivered', 'inbox', false],
      ['gives the cursor back', 'acknowledged', 'inbox', true],
    ],
  ];

  it.each(TABLES.map((steps, index) => ({ index, steps })))(
    'goes through table $index',
    async ({ index, steps }) => {
      const agent = await connect(`Reader-${index}`, 'tester', index % 2 === 0 ? '2025' : '2026');
      const reader: Reader = { agent };
      const id = await post('x'.repeat(3000), { to: [`reader-${index}`] });
      for (const [does, state, by, isNow] of steps) {
        await DOES[does]!(reader);
        const at = new Date(clock.at).toISOString();
        const receipts = (await receiptsOf(id))!;
        const time = isNow ? at : state === 'queued' ? null : (expect.any(String) as unknown);
        expect(receipts, does).toEqual([{ agent_id: `Reader-${index}`, state, by, at: time }]);
        if (!isNow) expect(receipts[0]?.at, does).not.toBe(at);
      }
    },
  );
});

it('lists all that a message speaks to, once, and not its sender', async () => {
  const bob = await connect('Bob', 'tester');
  const eve = await connect('eve', 'tester');
  await connect('ann-too', 'coder');
  const [asked] = [
    Number((await call(bob, 'add_message', { session_id, content: 'A question' }))['message_id']),
  ];
  const id = await post('@bob and @eve, @nobody, me@eve.example: see', {
    to: ['type:TESTER', 'bob', 'type:coder', 'someday'],
    parent_message_id: asked,
  });
  await poll(eve);
  expect(await statesOf(id)).toMatchObject({
    Bob: QUEUED,
    eve: ['delivered', 'tool'],
    'ann-too': QUEUED,
    someday: QUEUED,
  });
  expect(Object.keys(await statesOf(id))).not.toContain('ann');
  expect(Object.keys(await statesOf(id))).not.toContain('nobody');
  const late = await connect('late', 'tester');
  await late.callTool('list_sessions');
  expect(await statesOf(id)).toMatchObject({ late: ['delivered', 'inbox'] });
  expect(await receiptsOf(await post('to nobody in particular'))).toEqual([]);
});

it('are told of own messages alone, and to operators', async () => {
  const bob = await connect('bob', 'tester');
  const id = await post('for bob', { to: ['bob'] });
  expect(await receiptsOf(id, bob)).toBeUndefined();
  const operator = await connect('operator', 'human', '2025', ADMIN_KEY);
  expect(await receiptsOf(id, operator)).toMatchObject([{ agent_id: 'Bob' }]);
  const everywhere = await hub.makeKey('everywhere', { workspace: '*', permissions: ['read', 'admin'] });
  expect(await receiptsOf(id, await connect('star', 'human', '2026', everywhere))).toMatchObject([
    { agent_id: 'Bob' },
  ]);
  const page = await call(ann, 'get_messages', { session_id });
  expect(JSON.stringify(page)).not.toContain('receipts');
});

it('outlive the hub, whatever was just noted', async () => {
  const bob = await connect('dan', 'dancer');
  const first = await post('first', { to: ['dan'] });
  const { cursor } = await poll(bob);
  const second = await post('second', { to: ['type:dancer'] });
  await poll(bob, { cursor });
  await hub[Symbol.asyncDispose]();
  hub = await start();
  ann = await connect('ann', 'coder');
  const again = await connect('dan', 'dancer');
  expect(await statesOf(first)).toEqual({ dan: ['acknowledged', 'tool'] });
  expect(await statesOf(second)).toEqual({ dan: ['delivered', 'tool'] });
  expect(await poll(again)).toMatchObject({ messages: [{ id: second }] });
});
