/** No answer, with all that is around it, is larger than MAX_RESPONSE_BYTES, and a reader comes to the end. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectComplete, expectHonest, fill } from '../_util/scenario-big.ts';
import { expectSuccess, openDoor, type Door } from '../_util/scenario-doors.ts';
import { follow } from '../_util/scenario-paging.ts';
import { openSession, post } from '../_util/scenario-raw.ts';
import { AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

type Args = Record<string, unknown>;

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
