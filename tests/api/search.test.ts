/** Finding messages, through the tool. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectError, expectSuccess, ERAS, openDoor, type Door } from '../_util/scenario-doors.ts';
import { follow, gather } from '../_util/scenario-paging.ts';
import { indexed } from '../_util/search-index.ts';
import { AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

interface Result {
  readonly message: { readonly id: number; readonly session_id: string };
  readonly score: number;
  readonly snippet: string;
  readonly session_purpose: string;
}

const START = Date.parse('2026-01-01T00:00:00.000Z');
const HOUR = 3_600_000;

let clock = START;
let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub({ now: () => clock });
});
afterAll(() => hub[Symbol.asyncDispose]());

const door = (era: (typeof ERAS)[number], agent: string): Promise<Door> =>
  openDoor(hub, era, { key: AGENT_KEY, agent, type: agent });

async function session(by: Door, purpose: string): Promise<string> {
  return String(expectSuccess(await by.call('create_session', { purpose }))['session_id']);
}

async function post(by: Door, session_id: string, content: string, args = {}): Promise<number> {
  return Number(expectSuccess(await by.call('add_message', { session_id, content, ...args }))['message_id']);
}

async function search(by: Door, args: Record<string, unknown>): Promise<Record<string, unknown>> {
  return expectSuccess(await by.call('search_context', args), JSON.stringify(args));
}

const results = (answer: Record<string, unknown>): Result[] => answer['results'] as Result[];
const ids = (answer: Record<string, unknown>): number[] => results(answer).map(({ message }) => message.id);

describe.each(ERAS)('in era %s', (era) => {
  it('finds what was acknowledged just now, indexed or not', async () => {
    const alice = await door(era, 'alice');
    const place = await session(alice, 'Parser work');
    const id = await post(alice, place, `The lexer of ${era} loses a semicolon`);
    const animal = era === '2025' ? 'zebra' : 'gnu';
    for (let i = 0; i < 5; i++) {
      const fresh = await post(alice, place, `${animal} crossing ${i}`);
      const answer = await search(alice, { query: animal });
      expect(ids(answer)).toContain(fresh);
      expect(ids(answer)).toHaveLength(i + 1);
      expect(answer).not.toHaveProperty('degraded');
      if (i === 2) await indexed(hub.request);
    }
    const [found] = results(await search(alice, { query: 'SEMICOLON lexer', session_id: place }));
    expect(found).toMatchObject({ message: { id, session_id: place }, session_purpose: 'Parser work' });
    expect(found?.snippet).toBe(`The **lexer** of ${era} loses a **semicolon**`);
    expect(found?.score).toBeGreaterThan(0);
    expect(found?.score).toBeLessThanOrEqual(100);
    expect(found?.message).not.toHaveProperty('content');
  });

  it('forgives typing, and says what it took it for', async () => {
    const alice = await door(era, 'alice');
    const place = await session(alice, 'Typing');
    const id = await post(alice, place, 'The migration of the warehouse is done');
    const args = { query: 'migartion wharehouse', session_id: place };
    const answer = await search(alice, args);
    expect(ids(answer)).toEqual([id]);
    expect(answer['corrected_query']).toBe('migration warehouse');
    await indexed(hub.request);
    expect(ids(await search(alice, args))).toEqual([id]);
    expect(ids(await search(alice, { ...args, fuzzy_threshold: 100 }))).toEqual([]);
  });
});

it('shows and hides a message as soon as its visibility changes', async () => {
  const [alice, bob] = [await door('2025', 'alice'), await door('2026', 'bob')];
  const place = await session(alice, 'Visibility');
  const id = await post(alice, place, 'the flamingo', { visibility: 'private' });
  for (let round = 0; round < 4; round++) {
    if (round > 1) await indexed(hub.request);
    expect(ids(await search(bob, { query: 'flamingo' }))).toEqual([]);
    expect(ids(await search(alice, { query: 'flamingo' }))).toEqual([id]);
    await alice.call('set_message_visibility', { message_id: id, visibility: 'public' });
    expect(ids(await search(bob, { query: 'flamingo' }))).toEqual([id]);
    if (round > 1) await indexed(hub.request);
    expect(ids(await search(bob, { query: 'flamingo' }))).toEqual([id]);
    await alice.call('set_message_visibility', { message_id: id, visibility: 'private' });
  }
  await indexed(hub.request);
  expect(ids(await search(bob, { query: 'flamingo' }))).toEqual([]);
});

it('says where else there is something', async () => {
  const [alice, bob] = [await door('2025', 'alice'), await door('2025', 'bob')];
  const [empty, full] = [await session(alice, 'Empty'), await session(alice, 'Full')];
  for (let i = 0; i < 3; i++) await post(alice, full, 'a hedgehog crosses');
  await post(alice, full, 'another hedgehog', { visibility: 'private' });
  const elsewhere = async (by: Door) =>
    (await search(by, { query: 'hedgehog', session_id: empty }))['elsewhere'];
  expect(await elsewhere(alice)).toEqual([{ session_id: full, session_purpose: 'Full', count: 4 }]);
  expect(await elsewhere(bob)).toEqual([{ session_id: full, session_purpose: 'Full', count: 3 }]);
});

it('narrows by sender, type, time, scope and metadata', async () => {
  const [alice, bob] = [await door('2025', 'alice'), await door('2026', 'bob')];
  const place = await session(alice, 'Filters');
  const told: Record<string, number> = {};
  told['early'] = await post(alice, place, 'walrus');
  clock += HOUR;
  told['question'] = await post(bob, place, 'walrus?', { message_type: 'question' });
  clock += HOUR;
  told['private'] = await post(alice, place, 'walrus', { visibility: 'private' });
  told['meta'] = await post(bob, place, 'an animal', { metadata: { kind: ['walrus'] } });
  const names = async (args: Record<string, unknown>): Promise<string[]> => {
    const found = new Set(ids(await search(alice, { query: 'walrus', session_id: place, ...args })));
    return Object.keys(told).filter((name) => found.has(told[name]!));
  };
  const time = (ms: number): string => new Date(START + ms).toISOString();
  for (const wait of [false, true]) {
    if (wait) await indexed(hub.request);
    expect(await names({})).toEqual(['early', 'question', 'private', 'meta']);
    expect(await names({ search_metadata: false })).toEqual(['early', 'question', 'private']);
    expect(await names({ sender: 'BOB' })).toEqual(['question', 'meta']);
    expect(await names({ sender: 'nobody' })).toEqual([]);
    expect(await names({ message_type: 'question' })).toEqual(['question']);
    expect(await names({ since: time(HOUR) })).toEqual(['question', 'private', 'meta']);
    expect(await names({ until: time(HOUR) })).toEqual(['early', 'question']);
    expect(await names({ since: time(1), until: time(2 * HOUR - 1) })).toEqual(['question']);
    expect(await names({ search_scope: 'public' })).toEqual(['early', 'question', 'meta']);
    expect(await names({ search_scope: 'private' })).toEqual(['private']);
    expect(await names({ query: 'walrus from:alice' })).toEqual(['early', 'private']);
    expect(await names({ query: 'walrus type:question' })).toEqual(['question']);
  }
});

describe('paging', () => {
  const COUNT = 40;
  let alice: Door;
  let place: string;
  let posted: number[];
  beforeAll(async () => {
    alice = await door('2025', 'alice');
    place = await session(alice, 'Paging');
    posted = [];
    for (let i = 0; i < COUNT; i++)
      posted.push(await post(alice, place, `otter number ${i} ${'and more '.repeat(i % 9)}`));
  });

  it('gives each hit once, best first, whatever is posted meanwhile', async () => {
    for (const wait of [false, true]) {
      if (wait) await indexed(hub.request);
      const found: Result[] = [];
      let cursor: unknown;
      do {
        const next = cursor === undefined ? {} : { cursor };
        const answer = await search(alice, { query: 'otter', session_id: place, limit: 7, ...next });
        found.push(...results(answer));
        cursor = answer['next_cursor'];
        const late = await post(alice, place, 'otter too late');
        expect(ids(await search(alice, { query: 'otter late', session_id: place }))).toContain(late);
        if (!wait) posted.push(late);
      } while (cursor !== undefined && found.length < 1000);
      const expected = wait ? posted : posted.slice(0, COUNT);
      expect(found.map(({ message }) => message.id).sort((a, b) => a - b)).toEqual(expected);
      for (const [i, { score }] of found.entries())
        expect(score).toBeLessThanOrEqual(found[i - 1]?.score ?? 100);
    }
  });

  it('goes on where max_tokens cut an answer', async () => {
    const args = { query: 'otter number', session_id: place, limit: 30 };
    const pages = await follow(alice, 'search_context', { ...args, max_tokens: 900 });
    expect(pages.length).toBeGreaterThan(5);
    for (const { text } of pages) expect(text.length).toBeLessThan(900 * 4);
    const whole = await follow(alice, 'search_context', args);
    const idsIn = (of: typeof pages): number[] =>
      gather<Result>(of, 'results').map(({ message }) => message.id);
    expect(idsIn(pages)).toEqual(idsIn(whole));
  });

  it('refuses a cursor of another search, or of somebody else', async () => {
    const { next_cursor: cursor } = await search(alice, { query: 'otter', limit: 3 });
    expect(cursor).toBeTypeOf('string');
    const bob = await door('2025', 'bob');
    const args = { query: 'otter', limit: 3, cursor };
    expectError(await bob.call('search_context', args), 'INVALID_CURSOR');
    expectError(await alice.call('search_context', { ...args, query: 'badger' }), 'INVALID_CURSOR');
    expectError(await alice.call('search_context', { ...args, search_scope: 'public' }), 'INVALID_CURSOR');
    expectError(await alice.call('search_context', { ...args, cursor: 'x' }), 'INVALID_CURSOR');
    expect(ids(await search(alice, { ...args, limit: 5 }))).toHaveLength(5);
  });
});

it('takes anything for a query', async () => {
  const alice = await door('2025', 'alice');
  const place = await session(alice, 'Noise');
  const id = await post(alice, place, '今日は東京で会議 🦀 C++ a_b naïve Straße');
  const noise = [
    '"',
    '""',
    '-',
    '- -',
    '*',
    '(',
    ')',
    'a AND',
    'NOT',
    'NEAR(a b)',
    '{text}:x',
    'x:y',
    "'; --",
  ];
  noise.push(
    'from:',
    'before:yesterday',
    'session:nowhere',
    '\u0000',
    'a\u0000b',
    '🦀',
    '^',
    '"a" OR',
    'text:a',
  );
  noise.push(
    '\ud800',
    '-'.repeat(500),
    '('.repeat(500),
    'a '.repeat(250),
    '漢'.repeat(500),
    '"a" '.repeat(125),
  );
  for (const query of noise) await search(alice, { query });
  for (const query of ['東京', '会議', 'naive', 'strasse OR straße', 'A_B'])
    expect(ids(await search(alice, { query, session_id: place })), query).toEqual([id]);
  for (const bad of ['', '  ', 'x'.repeat(501)])
    expectError(await alice.call('search_context', { query: bad }), 'INVALID_INPUT');
  const turned = { query: 'x', since: '2026-01-02T00:00:00Z', until: '2026-01-01T00:00:00Z' };
  expectError(await alice.call('search_context', turned), 'INVALID_INPUT');
});

it('finds memory by key and value, one’s own and shared, if it is asked to', async () => {
  const [alice, bob] = [await door('2025', 'alice'), await door('2026', 'bob')];
  const set = (by: Door, key: string, value: unknown, args = {}) =>
    by.call('set_memory', { key, value, ...args });
  await set(alice, 'build.commandLine', 'npm run pelican');
  await set(alice, 'plan', { steps: ['feed the pelican\nthen rest'] }, { scope: 'shared' });
  await set(bob, 'notes', 'the pelican bites');
  await set(alice, 'short', 'pelican', { expires_in: 1 });
  const found = async (by: Door, args: Record<string, unknown>): Promise<string[]> => {
    const answer = await search(by, { include_memory: true, ...args });
    return (answer['memory'] as { entry: { key: string } }[]).map(({ entry }) => entry.key).sort();
  };
  expect(await found(alice, { query: 'pelican' })).toEqual(['build.commandLine', 'plan', 'short']);
  clock += HOUR;
  expect(await found(alice, { query: 'pelican' })).toEqual(['build.commandLine', 'plan']);
  expect(await found(bob, { query: 'pelikan' })).toEqual(['notes', 'plan']);
  expect(await found(alice, { query: 'pelican', search_scope: 'private' })).toEqual(['build.commandLine']);
  expect(await found(alice, { query: 'buildcomandline' })).toEqual(['build.commandLine']);
  expect(await found(alice, { query: 'comand line' })).toEqual(['build.commandLine']);
  const [hit] = (await search(bob, { query: 'bites', include_memory: true }))['memory'] as {
    snippet: string;
  }[];
  expect(hit?.snippet).toContain('pelican **bites**');
  expect(hit).not.toHaveProperty('entry.value');
  expect(await search(alice, { query: 'pelican' })).not.toHaveProperty('memory');
});
