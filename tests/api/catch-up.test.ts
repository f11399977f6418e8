/** Catching up: what an agent gets back after it has lost all it knew. */
import { countTokens } from 'gpt-tokenizer/encoding/cl100k_base';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FACTS, recordHandOver, type HandOver } from '../_util/hand-over.ts';
import { expectError, expectSuccess, openDoor, type Door } from '../_util/scenario-doors.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

interface CaughtUp {
  readonly text: string;
  readonly cursor: string;
  readonly tokens: number;
  readonly truncated: boolean;
}

let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub[Symbol.asyncDispose]());

const enter = (agent: string, type = 'coder', key = AGENT_KEY): Promise<Door> =>
  openDoor(hub, '2026', { key, agent, type });

async function catchUp(door: Door, args: Record<string, unknown> = {}): Promise<CaughtUp> {
  return expectSuccess(await door.call('catch_up', args)) as unknown as CaughtUp;
}

/** A tokenizer's count, with names of control tokens as text; of short words only. */
const tokensOf = (text: string): number =>
  Math.max(countTokens(text, { disallowedSpecial: new Set() }), Math.ceil(text.length / 4));

/** The lines below a heading. */
function section(text: string, heading: string): string {
  const [, after = ''] = text.split(`\n## ${heading}`);
  return after.split('\n## ')[0]!.split('\nNot shown')[0]!;
}

let made = 0;
async function openSession(door: Door, purpose = `purpose ${++made}`): Promise<string> {
  return String(expectSuccess(await door.call('create_session', { purpose }))['session_id']);
}
async function post(door: Door, session_id: string, content: string, args: object = {}): Promise<number> {
  return Number(
    expectSuccess(await door.call('add_message', { session_id, content, ...args }))['message_id'],
  );
}

describe('a hand-over among hundreds of messages', () => {
  let told: HandOver;
  let ada: Door;
  let bob: Door;
  beforeAll(async () => {
    ada = await enter('ada');
    bob = await enter('bob');
    told = await recordHandOver({ ada, bob, carol: await enter('carol'), dave: await enter('dave') }, 300);
  });

  it('gives the agent that lost its context all it needs in 1,500 tokens', async () => {
    for (const args of [{}, { session_id: told.sessionId }]) {
      // A new connection knows nothing.
      const { text, tokens, truncated } = await catchUp(await enter('ada'), args);
      expect(tokens).toBeLessThanOrEqual(1500);
      expect(tokensOf(text)).toBeLessThanOrEqual(tokens);
      expect(truncated).toBe(false);
      for (const fact of Object.values(FACTS)) expect(text).toContain(fact);
      for (const id of Object.values(told.ids)) expect(text).toContain(`#${id} `);
      expect(text).toContain(told.sessionId);
      const unread = section(text, 'Unread');
      expect(unread).toContain(FACTS.request);
      expect(unread).toMatch(/#\d+ bob → you, question, .*unanswered\n {2}> For the docs/);
      expect(unread).not.toContain(FACTS.question);
      // Its own question is known to be open; one that was answered is not.
      expect(section(text, 'Open questions')).toContain(`#${told.ids.question} you → bob, question`);
      expect(section(text, 'Open questions')).not.toContain('does the limiter count bytes?');
      expect(text.match(/flaky test number/g)!.length).toBeLessThan(5);
    }
  });

  it('gives the one who goes on with it what is for it', async () => {
    const { text, tokens } = await catchUp(await enter('bob'));
    expect(tokens).toBeLessThanOrEqual(1500);
    expect(section(text, 'Pinned')).toContain(FACTS.rule);
    expect(section(text, 'Pinned')).toContain(`#${told.ids.decision} ada, decision`);
    expect(section(text, 'Unread')).toContain(FACTS.question);
    expect(section(text, 'Memory')).toContain(`"${FACTS.window}" shared, by carol, v1`);
    // What ada keeps for herself is hers.
    expect(text).not.toContain(FACTS.plan);
  });

  it('says the same as long as nothing happens', async () => {
    const first = await catchUp(await enter('ada'));
    expect(await catchUp(await enter('ada'))).toEqual(first);
  });

  it('says the most important first where there is little room, and what it leaves out', async () => {
    const { text, tokens, truncated } = await catchUp(ada, { max_tokens: 200 });
    expect(tokens).toBeLessThanOrEqual(200);
    expect(truncated).toBe(true);
    expect(text).toContain(FACTS.rule);
    expect(text).toContain(FACTS.request);
    expect(text).toMatch(
      /\nNot shown: .*\+1 more unread \(wait_for_messages\), .*memory entries \(list_memory\)/,
    );
    expect(text).not.toContain(FACTS.asked);
  });

  it('acknowledges by its cursor what it showed in full, and nothing else', async () => {
    const unreadIn = async () => section((await catchUp(bob, {})).text, 'Unread');
    const late = await post(ada, told.sessionId, 'one more', { to: ['bob'] });
    const long = await post(ada, told.sessionId, 'word '.repeat(4000), { to: ['bob'] });
    const { text, cursor, truncated } = await catchUp(bob);
    expect(truncated).toBe(true);
    expect(text).toMatch(
      new RegExp(`  cut: \\d+ characters; get_messages after_id=${long - 1} limit=1 has it`),
    );
    // Another agent's cursor is a position and no more.
    await ada.call('wait_for_messages', { cursor, timeout_seconds: 0 });
    expect(await unreadIn()).toContain(`#${late} `);
    const waited = expectSuccess(await bob.call('wait_for_messages', { cursor, timeout_seconds: 0 }));
    expect((waited['messages'] as { id: number }[]).map(({ id }) => id)).toEqual([long]);
    const left = await unreadIn();
    expect(left).toMatch(/^, addressed to you \(1\)/);
    expect(left).toContain(`#${long} `);
  });

  it('marks as delivered what it showed in full', async () => {
    const sessionId = await openSession(ada);
    const short = await post(ada, sessionId, 'hear me', { to: ['erin'] });
    const long = await post(ada, sessionId, 'long '.repeat(4000), { to: ['erin'] });
    const receipts = async (): Promise<Record<number, unknown>> => {
      const found = await ada.call('get_messages', { session_id: sessionId, include_receipts: true });
      const messages = expectSuccess(found)['messages'] as { id: number; receipts: object[] }[];
      return Object.fromEntries(messages.map(({ id, receipts: [receipt] }) => [id, receipt]));
    };
    const erin = await enter('erin');
    await catchUp(erin, { session_id: sessionId });
    expect(await receipts()).toMatchObject({
      [short]: { agent_id: 'erin', state: 'delivered', by: 'tool' },
      [long]: expect.not.objectContaining({ by: 'tool' }),
    });
  });
});
