/** No answer is longer than its max_tokens or larger than MAX_RESPONSE_BYTES, and a reader always comes to the end. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectSuccess, openDoor, type Door } from '../_util/scenario-doors.ts';
import { follow, gather, type Page } from '../_util/scenario-paging.ts';
import { openSession, post } from '../_util/scenario-raw.ts';
import { AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

type Args = Record<string, unknown>;

interface Message {
  readonly id: number;
  readonly content: string;
  readonly content_truncated?: true;
}

/** Content of a few sizes, in scripts whose characters take more than one byte or are escaped. */
const CONTENTS = ['short', 'x', '漢', '"\\', '\u0001', '🧠'].flatMap((unit) =>
  [10, 500, 5_000, 40_000].map((length) => unit.repeat(Math.ceil(length / unit.length))),
);

async function fill(door: Door): Promise<{ session_id: string; ids: number[] }> {
  const session_id = String(
    expectSuccess(await door.call('create_session', { purpose: 'Big' }))['session_id'],
  );
  const ids: number[] = [];
  for (const content of CONTENTS) {
    const posted = expectSuccess(await door.call('add_message', { session_id, content }));
    ids.push(Number(posted['message_id']));
  }
  return { session_id, ids };
}

function expectComplete(pages: readonly Page[], ids: readonly number[], about: string): void {
  expect(
    gather<Message>(pages, 'messages').map(({ id }) => id),
    about,
  ).toEqual(ids);
}

/** Cut content is the beginning of the whole, and says that it is cut; a page that lacks something says so. */
function expectHonest(pages: readonly Page[], ids: readonly number[]): void {
  for (const { answer } of pages) {
    for (const { id, content, content_truncated } of answer['messages'] as Message[]) {
      const whole = CONTENTS[ids.indexOf(id)]!;
      if (content_truncated === undefined) expect(content).toBe(whole);
      else
        expect(whole.startsWith(content.replace(/\ufffd$/, '')) && content.length < whole.length).toBe(true);
      if (content_truncated === true) expect(answer['truncated']).toBe(true);
    }
  }
}

const BUDGETS = [200, 201, 300, 500, 1_000, 3_000, 20_000];

describe('max_tokens', () => {
  let hub: TestHub;
  let door: Door;
  let session_id: string;
  let ids: number[];

  beforeAll(async () => {
    hub = await startTestHub();
    door = await openDoor(hub, '2026', { key: AGENT_KEY, agent: 'alice', type: 'claude' });
    ({ session_id, ids } = await fill(door));
  });
  afterAll(() => hub[Symbol.asyncDispose]());

  const expectWithin = (pages: readonly Page[], max_tokens: number): void => {
    for (const { text } of pages) expect(text.length).toBeLessThanOrEqual(max_tokens * 4);
  };

  it.each(BUDGETS)('get_messages of %i tokens', async (max_tokens) => {
    const of = { session_id, max_tokens, limit: 1000 };
    const forward = await follow(door, 'get_messages', { ...of, after_id: 0 });
    expectWithin(forward, max_tokens);
    expectComplete(forward, ids, 'forward');
    expectHonest(forward, ids);
    for (const { answer } of forward.slice(0, -1))
      expect(answer).toMatchObject({ truncated: true, has_more: true });
    const back = await follow(door, 'get_messages', of);
    expectWithin(back, max_tokens);
    expectComplete(back.reverse(), ids, 'back');
  });

  it.each(BUDGETS)('get_session of %i tokens', async (max_tokens) => {
    const answer = await door.call('get_session', { session_id, include_messages: 50, max_tokens });
    const fields = expectSuccess(answer);
    expect(answer.text.length).toBeLessThanOrEqual(max_tokens * 4);
    const shown = (fields['messages'] as Message[]).map(({ id }) => id);
    expect(shown).toEqual(ids.slice(-shown.length));
    expect(shown.length).toBeGreaterThan(0);
    expect(fields).toMatchObject({
      truncated: true,
      message_count: ids.length,
      continue_with: { before_id: shown[0] },
    });
  });

  it.each(BUDGETS)('searches of %i tokens', async (max_tokens) => {
    const range = { start_time: '2020-01-01T00:00:00Z', end_time: '2100-01-01T00:00:00Z' };
    for (const [tool, args] of [
      ['search_by_sender', { sender: 'alice' }],
      ['search_by_timerange', range],
    ] as const) {
      const answer = await door.call(tool, { ...args, max_tokens, limit: 1000 });
      const fields = expectSuccess(answer);
      expect(answer.text.length, tool).toBeLessThanOrEqual(max_tokens * 4);
      const shown = (fields['messages'] as Message[]).map(({ id }) => id);
      const expected = tool === 'search_by_sender' ? ids.toReversed() : ids;
      expect(shown, tool).toEqual(expected.slice(0, shown.length));
      expect(fields, tool).toMatchObject({ truncated: true, count: shown.length });
    }
  });

  it.each(BUDGETS)('lists of %i tokens', async (max_tokens) => {
    const far = await openDoor(hub, '2025', {
      key: await hub.makeKey(`far-${max_tokens}`, { workspace: `w${max_tokens}` }),
    });
    const names = Array.from({ length: 30 }, (_, n) => `${n}`);
    for (const n of names) {
      const metadata = { text: '漢'.repeat(Number(n) * 100) };
      expectSuccess(
        await far.call('create_session', { purpose: `${n} ${'"'.repeat(Number(n) * 60)}`, metadata }),
      );
      expectSuccess(await far.call('set_memory', { key: `k${n}`, value: n, metadata }));
    }
    const sessions = await follow(far, 'list_sessions', { max_tokens, limit: 100 });
    expectWithin(sessions, max_tokens);
    const purposes = gather<{ purpose: string }>(sessions, 'sessions').map(
      ({ purpose }) => purpose.split(' ')[0],
    );
    expect(purposes).toEqual(names.toReversed());
    const entries = await follow(far, 'list_memory', { max_tokens, limit: 200 });
    expectWithin(entries, max_tokens);
    expect(gather<{ key: string }>(entries, 'entries').map(({ key }) => key)).toEqual(
      names.map((n) => `k${n}`).sort(),
    );
  });
});

describe('MAX_RESPONSE_BYTES', () => {
  const MAX = 30_000;
  let hub: TestHub;
  let session_id: string;
  let ids: number[];
  const headers = { authorization: `Bearer ${AGENT_KEY}`, 'x-agent-id': 'alice' };
  let sessionHeaders: Record<string, string>;

  beforeAll(async () => {
    hub = await startTestHub({ env: { MAX_RESPONSE_BYTES: String(MAX) } });
    const door = await openDoor(hub, '2026', { key: AGENT_KEY, agent: 'alice', type: 'claude' });
    ({ session_id, ids } = await fill(door));
    sessionHeaders = await openSession(hub, headers);
  });
  afterAll(() => hub[Symbol.asyncDispose]());

  /** The whole body of an answer in each era is within the limit; answers its fields. */
  async function ask(tool: string, args: Args): Promise<{ isError: boolean; json: Args; text: string }> {
    const params = { name: tool, arguments: args };
    for (const era of ['2025', '2026'] as const) {
      const response = await post(hub, era, {
        method: 'tools/call',
        params,
        headers: era === '2025' ? sessionHeaders : headers,
      });
      const body = await response.text();
      expect(Buffer.byteLength(body), `${tool} ${JSON.stringify(args)}`).toBeLessThanOrEqual(MAX);
      if (era === '2025') continue;
      const { result } = JSON.parse(body) as { result: { isError?: boolean; content: { text: string }[] } };
      const text = result.content[0]!.text;
      return { isError: result.isError ?? false, json: JSON.parse(text) as Args, text };
    }
    throw new Error('unreachable');
  }

  /** A door whose every answer is weighed. */
  const weighing = (): Door => {
    const call: Door['call'] = async (tool, args = {}) => {
      const { isError, json, text } = await ask(tool, args);
      return { isError, json, text, structuredContent: json };
    };
    return { call } as Door;
  };

  it('leads through all messages, both ways', async () => {
    const of = { session_id, max_tokens: 200_000, limit: 1000 };
    const forward = await follow(weighing(), 'get_messages', { ...of, after_id: 0 });
    expectComplete(forward, ids, 'forward');
    expectHonest(forward, ids);
    expectComplete((await follow(weighing(), 'get_messages', of)).reverse(), ids, 'back');
  });

  it('holds for every other reading tool', async () => {
    for (const [tool, args] of [
      ['get_session', { session_id, include_messages: 50 }],
      ['search_by_sender', { sender: 'alice', limit: 1000 }],
      [
        'search_by_timerange',
        { start_time: '2020-01-01T00:00:00Z', end_time: '2100-01-01T00:00:00Z', limit: 1000 },
      ],
      ['list_sessions', {}],
    ] as const) {
      const { isError, json } = await ask(tool, { ...args, max_tokens: 200_000 });
      expect(isError, tool).toBe(false);
      if (tool !== 'list_sessions') expect(json['truncated'], tool).toBe(true);
    }
  });

  it('holds to the byte, or the answer is an error that says so', async () => {
    const door = await openDoor(hub, '2026', { key: AGENT_KEY, agent: 'alice' });
    let fits = 0;
    for (let length = 14_000; length < 15_000; length += 20) {
      expectSuccess(await door.call('set_memory', { key: 'big', value: 'v'.repeat(length) }));
      const { isError, json } = await ask('get_memory', { key: 'big' });
      if (isError)
        expect(json).toMatchObject({ code: 'CONTENT_TOO_LARGE', context: { max_response_bytes: MAX } });
      else fits++;
    }
    expect(fits).toBeGreaterThan(0);
    expect(fits).toBeLessThan(50);
  });
});
