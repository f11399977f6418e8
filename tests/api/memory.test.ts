/** Memory: values come back exactly as they were, versions guard changes, scopes stay apart, and what expires is gone. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERAS, expectError, expectSuccess, openDoor, type Door } from '../_util/scenario-doors.ts';
import { openRows, until } from '../_util/scenario-rows.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

type Args = Record<string, unknown>;

const START = Date.parse('2026-03-01T00:00:00.000Z');
const clock = { at: START };
let hub: TestHub;
let doors: Record<string, Door>;
let bob: Door;
let session_id: string;
let alice: Door;

beforeAll(async () => {
  hub = await startTestHub({ now: () => clock.at, housekeepingEveryMs: 20 });
  const open = (era: '2025' | '2026') =>
    openDoor(hub, era, { key: AGENT_KEY, agent: 'alice', type: 'claude' });
  doors = { '2025': await open('2025'), '2026': await open('2026') };
  alice = doors['2025']!;
  bob = await openDoor(hub, '2026', { key: await hub.makeKey('bobs'), agent: 'bob', type: 'codex' });
  session_id = String(expectSuccess(await alice.call('create_session', { purpose: 'Memory' }))['session_id']);
});
afterAll(() => hub[Symbol.asyncDispose]());

const VALUES: Readonly<Record<string, unknown>> = {
  null: null,
  false: false,
  zero: 0,
  'a negative fraction': -0.000_001,
  'the largest safe integer': Number.MAX_SAFE_INTEGER,
  'a huge number': 1.797_693_134_862_315_7e308,
  'empty text': '',
  'blank text': ' \n ',
  'an empty array': [],
  'an empty object': {},
  'text with NUL': 'a\u0000b',
  'text of many scripts': 'Ünïcödé 漢字 🧠 \u2028\u2029\u202e\ufeff',
  'half a character': 'a\ud800b\udfff',
  'text of JSON': '{"a":"\\u0000"}',
  'nested values': { a: [1, [2, { b: null }], ''], c: { d: { e: false } }, '': 0 },
  'names of objects': JSON.parse('{"__proto__":{"a":1},"constructor":null,"toString":"x"}'),
  'the order of names': { z: 1, a: 2, m: { y: 1, b: 2 } },
  'long text': 'é'.repeat(49_999),
};

describe.each(ERAS)('in era %s', (era) => {
  it.each(Object.entries(VALUES))('keeps %s exactly', async (_what, value) => {
    for (const args of [{ key: 'exact' }, { key: 'exact', session_id, scope: 'shared' }]) {
      const set = expectSuccess(await doors[era]!.call('set_memory', { ...args, value }));
      expect(set).not.toHaveProperty('value');
      expect(set['value_size']).toBe(Buffer.byteLength(JSON.stringify(value)));
      const got = await doors[era]!.call('get_memory', args);
      expect(JSON.stringify(expectSuccess(got)['value'])).toBe(JSON.stringify(value));
      expect(got.json['value']).toEqual(value);
    }
  });
});

it.each([
  'k',
  'K',
  'a/b:c.d#e?f=g&h%20',
  '__proto__',
  'constructor',
  '漢字',
  '🧠',
  'a\u0001b',
  '\u{10ffff}x',
  'x'.repeat(255),
])('the key %j is its own', async (key) => {
  expectSuccess(await alice.call('set_memory', { key, value: { key }, scope: 'shared' }));
  expectSuccess(
    await alice.call('set_memory', { key: `${key.slice(0, 254)}2`, value: 'another', scope: 'shared' }),
  );
  const got = expectSuccess(await bob.call('get_memory', { key, scope: 'shared' }));
  expect(got).toMatchObject({ key, value: { key }, version: 1, updated_by: 'alice' });
  const { entries } = expectSuccess(await bob.call('list_memory', { scope: 'shared', limit: 200 }));
  expect((entries as { key: string }[]).filter((entry) => entry.key === key)).toHaveLength(1);
  expectSuccess(await alice.call('delete_memory', { key, scope: 'shared' }));
  expectError(await bob.call('get_memory', { key, scope: 'shared' }), 'MEMORY_NOT_FOUND');
});

it('refuses a key with half a character, which is no other key’s double', async () => {
  for (const key of ['\ud800', 'a\udfff']) {
    for (const tool of ['set_memory', 'get_memory', 'delete_memory']) {
      const args = { key, ...(tool === 'set_memory' ? { value: 1 } : {}) };
      expect(expectError(await alice.call(tool, args), 'INVALID_INPUT').context).toMatchObject({
        field: 'key',
      });
    }
  }
});

it('keeps the four places of a key apart, and none falls back to another', async () => {
  const places: Args[] = [{}, { session_id }, { scope: 'shared' }, { session_id, scope: 'shared' }];
  const key = 'places';
  for (const [index, place] of places.entries()) {
    for (const rest of places.slice(index))
      expectError(await alice.call('get_memory', { key, ...rest }), 'MEMORY_NOT_FOUND');
    expectSuccess(await alice.call('set_memory', { key, value: index, ...place }));
  }
  for (const [index, place] of places.entries()) {
    const got = expectSuccess(await alice.call('get_memory', { key, ...place }));
    expect(got).toMatchObject({
      value: index,
      version: 1,
      scope: place['scope'] ?? 'agent',
      session_id: place['session_id'] ?? null,
    });
    const others = await bob.call('get_memory', { key, ...place });
    if (place['scope'] === 'shared') expect(expectSuccess(others)['value']).toBe(index);
    else expectError(others, 'MEMORY_NOT_FOUND');
  }
  expect(expectSuccess(await alice.call('delete_memory', { key, session_id }))).toMatchObject({
    deleted: true,
  });
  expectError(await alice.call('get_memory', { key, session_id }), 'MEMORY_NOT_FOUND');
  expect(expectSuccess(await alice.call('get_memory', { key }))['value']).toBe(0);
});

it('counts versions, and refuses what was not written for the one that is there', async () => {
  const of = { key: 'versions', scope: 'shared' };
  const refused = async (args: Args, tool = 'set_memory'): Promise<Args> => {
    const answer = await bob.call(tool, {
      ...of,
      ...(tool === 'set_memory' ? { value: 'no' } : {}),
      ...args,
    });
    return expectError(answer, 'VERSION_MISMATCH').context;
  };
  expect(await refused({ if_version: 1 })).toEqual({ key: 'versions', if_version: 1, version: 0 });
  const first = expectSuccess(await alice.call('set_memory', { ...of, value: 1, if_version: 0 }));
  expect(first).toMatchObject({ version: 1, updated_by: 'alice', created_at: first['updated_at'] });
  expect(await refused({ if_version: 0 })).toMatchObject({ version: 1 });
  clock.at += 1000;
  const second = expectSuccess(
    await bob.call('set_memory', { ...of, value: 2, if_version: 1, overwrite: false }),
  );
  expect(second).toMatchObject({ version: 2, updated_by: 'bob', created_at: first['created_at'] });
  expect(second['updated_at']).not.toBe(first['updated_at']);
  expect(await refused({ if_version: 1 })).toMatchObject({ version: 2 });
  expect(await refused({ if_version: 3 }, 'delete_memory')).toMatchObject({ version: 2 });
  expect(expectSuccess(await bob.call('set_memory', { ...of, value: 3 }))['version']).toBe(3);
  const exists = expectError(
    await alice.call('set_memory', { ...of, value: 4, overwrite: false }),
    'KEY_EXISTS',
  );
  expect(exists.context).toEqual({ key: 'versions', version: 3, updated_by: 'bob' });
  expect(expectSuccess(await alice.call('get_memory', of))).toMatchObject({ value: 3, version: 3 });
  expectSuccess(await alice.call('delete_memory', { ...of, if_version: 3 }));
  expectError(await alice.call('delete_memory', of), 'MEMORY_NOT_FOUND');
  expect(
    expectSuccess(await alice.call('set_memory', { ...of, value: 5, overwrite: false }))['version'],
  ).toBe(1);
});

it('of many that change one version at once, one wins', async () => {
  const of = { key: 'race', scope: 'shared' };
  expectSuccess(await alice.call('set_memory', { ...of, value: 0 }));
  const racing = Array.from({ length: 20 }, (_, n) =>
    [alice, bob][n % 2]!.call('set_memory', { ...of, value: n, if_version: 1 }),
  );
  const answers = await Promise.all(racing);
  expect(answers.filter(({ isError }) => !isError)).toHaveLength(1);
  for (const answer of answers.filter(({ isError }) => isError)) expectError(answer, 'VERSION_MISMATCH');
  const winner = answers.findIndex(({ isError }) => !isError);
  expect(expectSuccess(await bob.call('get_memory', of))).toMatchObject({ version: 2, value: winner });
});

it('what expires is gone from every answer at once, and its row soon after', async () => {
  using rows = openRows(hub);
  const operator = await openDoor(hub, '2025', { key: ADMIN_KEY, agent: 'operator' });
  const count = rows.count('memory_entries');
  const places: Args[] = [{}, { session_id }, { scope: 'shared' }];
  for (const place of places) {
    const set = expectSuccess(
      await alice.call('set_memory', { key: 'brief', value: 1, expires_in: 60, ...place }),
    );
    expect(set['expires_at']).toBe(new Date(clock.at + 60_000).toISOString());
  }
  clock.at += 59_999;
  for (const place of places) expectSuccess(await alice.call('get_memory', { key: 'brief', ...place }));
  expect(rows.count('memory_entries')).toBe(count + 3);
  clock.at += 1;
  for (const place of places)
    expectError(await alice.call('get_memory', { key: 'brief', ...place }), 'MEMORY_NOT_FOUND');
  const listed = await alice.call('list_memory', { session_id: 'all', limit: 200 });
  const resource = await operator.read('agent://alice/memory');
  for (const text of [listed.text, resource]) expect(text).not.toContain('brief');
  await until(() => rows.count('memory_entries') === count, 'expired rows are removed');
});

it('an expired entry stands in nobody’s way, and writing anew lifts or renews the expiry', async () => {
  const of = { key: 'again' };
  expectSuccess(await alice.call('set_memory', { ...of, value: 1, expires_in: 1 }));
  clock.at += 1000;
  expectError(await alice.call('delete_memory', of), 'MEMORY_NOT_FOUND');
  const anew = expectSuccess(
    await alice.call('set_memory', { ...of, value: 2, overwrite: false, if_version: 0, expires_in: 10 }),
  );
  expect(anew).toMatchObject({ version: 1, created_at: new Date(clock.at).toISOString() });
  expect(expectSuccess(await alice.call('set_memory', { ...of, value: 3 }))).toMatchObject({
    version: 2,
    expires_at: null,
  });
  clock.at += 366 * 86_400_000;
  expect(expectSuccess(await alice.call('get_memory', of))['value']).toBe(3);
});

it('finds entries by keys that were misspelt, but only where nothing is as it was written', async () => {
  for (const [key, scope] of Object.entries({
    'deploy.window': 'shared',
    'deploy.windows': 'shared',
    'deploy.winner': 'agent',
    'release-notes': 'shared',
  }))
    expectSuccess(await alice.call('set_memory', { key, value: 1, scope }));
  const keysOf = async (agent: Door, args: Args): Promise<string[]> => {
    const { entries } = expectSuccess(await agent.call('list_memory', args));
    return (entries as { key: string }[]).map(({ key }) => key);
  };
  expect(await keysOf(bob, { query: 'deploy windwo' })).toEqual(['deploy.window', 'deploy.windows']);
  expect(await keysOf(bob, { query: 'deploy.windows' })).toEqual(['deploy.windows']);
  expect(await keysOf(bob, { query: 'relaese notes' })).toEqual(['release-notes']);
  expect(await keysOf(bob, { query: 'deploy winer' })).toEqual([]);
  expect(await keysOf(alice, { query: 'deploy winer' })).toEqual(['deploy.winner']);
  const first = expectSuccess(await bob.call('list_memory', { query: 'deploy windwo', limit: 1 }));
  expect(await keysOf(bob, { query: 'deploy windwo', limit: 1, cursor: first['next_cursor'] })).toEqual([
    'deploy.windows',
  ]);
});

it('finds entries by their beginning and by text in key and value', async () => {
  const scope = 'shared';
  const stored = {
    'find.a': 'Needle in Hay',
    'find.b': { path: 'C:\\temp\\x', says: 'say "hi"\n' },
    'find.%_': 'ÄÖÜ',
  };
  for (const [key, value] of Object.entries(stored))
    expectSuccess(await alice.call('set_memory', { key, value, scope }));
  const keys = async (args: Args): Promise<string[]> => {
    const { entries } = expectSuccess(await bob.call('list_memory', { scope, limit: 200, ...args }));
    return (entries as { key: string }[]).map(({ key }) => key).sort();
  };
  expect(await keys({ prefix: 'find.' })).toEqual(Object.keys(stored).sort());
  expect(await keys({ prefix: 'find.%' })).toEqual(['find.%_']);
  expect(await keys({ prefix: 'Find.' })).toEqual([]);
  expect(await keys({ prefix: 'find.', query: 'nEEDLE' })).toEqual(['find.a']);
  expect(await keys({ query: 'find.B' })).toEqual(['find.b']);
  expect(await keys({ prefix: 'find.', query: 'äöü' })).toEqual(['find.%_']);
  expect(await keys({ prefix: 'find.', query: '%' })).toEqual(['find.%_']);
  for (const query of ['c:\\TEMP\\x', 'say "hi"', '"hi"\n', '"path":']) {
    expect(await keys({ prefix: 'find.', query }), query).toEqual(['find.b']);
  }
});
