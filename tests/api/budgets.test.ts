/** No answer is longer than its max_tokens, and a reader always comes to the end. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectSuccess, openDoor, type Door } from '../_util/scenario-doors.ts';
import { expectComplete, expectHonest, fill, type BigMessage } from '../_util/scenario-big.ts';
import { follow, gather, type Page } from '../_util/scenario-paging.ts';
import { AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

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
    const shown = (fields['messages'] as BigMessage[]).map(({ id }) => id);
    expect(shown).toEqual(ids.slice(-shown.length));
    expect(shown.length).toBeGreaterThan(0);
    expect(fields).toMatchObject({
      truncated: true,
      message_count: ids.length,
      continue_with: { before_id: shown[0] },
    });
  });

  it('get_session with everybody in it', async () => {
    const opened = await door.call('create_session', { purpose: 'Crowd' });
    const { session_id: crowd } = expectSuccess(opened);
    const posting = Array.from({ length: 120 }, async (_, n) => {
      const one = await openDoor(hub, '2026', { key: AGENT_KEY, agent: `crowd-${n}-${'x'.repeat(80)}` });
      expectSuccess(await one.call('add_message', { session_id: crowd, content: 'c'.repeat(2000) }));
    });
    await Promise.all(posting);
    const answer = await door.call('get_session', {
      session_id: crowd,
      include_messages: 50,
      max_tokens: 20_000,
    });
    expect(expectSuccess(answer)['participants']).toHaveLength(120);
    expect(answer.text.length).toBeLessThanOrEqual(80_000);
  });

  it.each(BUDGETS)('messages with metadata in %i tokens', async (max_tokens) => {
    const name = `meta-${max_tokens}`;
    const alone = await openDoor(hub, '2026', { key: AGENT_KEY, agent: name, type: 'claude' });
    const opened = expectSuccess(await alone.call('create_session', { purpose: 'Metadata' }));
    const of = { session_id: opened['session_id'] };
    const metadatas = [
      {},
      { a: 1 },
      { text: 'm'.repeat(300) },
      { text: '"'.repeat(4900) },
      { text: '漢'.repeat(3000) },
    ];
    const posted: number[] = [];
    for (const [n, metadata] of metadatas.entries()) {
      const { message_id } = expectSuccess(
        await alone.call('add_message', { ...of, content: 'c'.repeat(n * 90 + 1), metadata }),
      );
      posted.push(Number(message_id));
    }
    const pages = await follow(alone, 'get_messages', { ...of, max_tokens, after_id: 0 });
    expectWithin(pages, max_tokens);
    expectComplete(pages, posted, name);
    for (const message of gather<BigMessage & { metadata: object; metadata_truncated?: true }>(
      pages,
      'messages',
    )) {
      const whole = metadatas[posted.indexOf(message.id)];
      expect(message.metadata).toEqual(message.metadata_truncated === true ? {} : whole);
    }
    const found = await alone.call('search_by_sender', { sender: name, max_tokens });
    expectWithin([{ answer: expectSuccess(found), text: found.text }], max_tokens);
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
      const shown = (fields['messages'] as BigMessage[]).map(({ id }) => id);
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
