/** The searcher over a store and an index as the hub makes them. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { messageOf, T0 } from '../store/engine.ts';
import { openSearchable, type Searchable } from './searchable.ts';

const TEXTS = [
  'The parser loses a semicolon after nested quotes',
  'We receive the session error twice',
  'call getUserName() in src/store/port.ts',
  'the value of user_name is wrong',
  '我们使用数据库连接池',
  'Мы получили ошибку сессии',
  'deploy finished 🎉',
  'request a3f9c0b1 took 404 ms',
];

describe.each(['indexed', 'not indexed yet'])('messages that are %s', (state) => {
  let hub: Searchable;
  beforeAll(async () => {
    hub = await openSearchable();
    await hub.postAll(TEXTS);
    if (state === 'indexed') hub.index();
  });
  afterAll(() => hub[Symbol.asyncDispose]());

  it.each([
    ['semicolon', TEXTS[0]],
    ['PARSER', TEXTS[0]],
    ['semicoln prser', TEXTS[0]],
    ['recieve', TEXTS[1]],
    ['sesion eror', TEXTS[1]],
    ['getUserName', TEXTS[2]],
    ['user name', TEXTS[3]],
    ['port.ts', TEXTS[2]],
    ['user_name value', TEXTS[3]],
    ['username', TEXTS[3]],
    ['数据库', TEXTS[4]],
    ['池', TEXTS[4]],
    ['ошибка', TEXTS[5]],
    ['🎉', TEXTS[6]],
    ['a3f9', TEXTS[7]],
    ['"nested quotes"', TEXTS[0]],
    ['the -value -parser -session', undefined],
    ['"quotes nested"', undefined],
    ['a3f9c0b2', undefined],
  ])('are found by %j', (query, text) => {
    expect(hub.find(query)[0]).toBe(text);
  });
});

it('marks the match, and says what was probably meant', async () => {
  await using hub = await openSearchable();
  await hub.postAll(TEXTS);
  hub.index();
  const { hits, corrected } = hub.search('from:alice the  sesion "the session" eror');
  expect(corrected).toBe('from:alice the  session "the session" error');
  expect(hits[0]?.snippet).toBe('We receive **the** **session** **error** twice');
  expect(hub.search('session error').corrected).toBeUndefined();
});

it('does not let copies fill a page', async () => {
  await using hub = await openSearchable();
  await hub.post('after some hours of work and talk the walrus was found, long ago abandoned by all');
  await hub.postAll(Array.from({ length: 30 }, (_, i) => `walrus abandoned after ${i} tries`));
  hub.index();
  const found = hub.find('walrus abandoned');
  expect(found[0]).toMatch(/^walrus/);
  expect(found.filter((text) => text.startsWith('after some hours'))).toHaveLength(1);
});

it.each([
  ['time out', ['the timeout of a lock', 'it will time out', 'TIME_OUT is 5', 'connection-timeout']],
  ['timeout', ['the timeout of a lock', 'it will time out', 'TIME_OUT is 5', 'connection-timeout']],
  ['connection time out', ['connection-timeout']],
  ['lock timeout', ['the timeout of a lock']],
  ['time-out lock', ['the timeout of a lock']],
])('finds what %j says, written together or apart', async (query, wanted) => {
  await using hub = await openSearchable();
  await hub.postAll([
    ...['the timeout of a lock', 'it will time out', 'TIME_OUT is 5', 'connection-timeout'],
    ...Array.from({ length: 120 }, (_, i) => `out of space for the ${i}th time`),
  ]);
  hub.index();
  expect(hub.find(query).slice(0, wanted.length).toSorted()).toEqual(wanted.toSorted());
  expect(hub.search(query).corrected).toBeUndefined();
});

it('puts words as they were written before those that are alike', async () => {
  await using hub = await openSearchable();
  await hub.postAll([
    ...Array.from({ length: 30 }, (_, i) => `the session ${i}`),
    'about secession and so on',
  ]);
  hub.index();
  expect(hub.find('secession')[0]).toBe('about secession and so on');
});

it('narrows by sender, type, time, session, code and visibility', async () => {
  await using hub = await openSearchable();
  const day = (n: number) => T0 + n * 86_400_000;
  await hub.post('lock by bob', { sender: 'Bob_B', createdAt: day(0) });
  await hub.post('lock decided', { messageType: 'decision', createdAt: day(10) });
  await hub.post('lock elsewhere', { sessionPk: hub.other.pk, createdAt: day(20) });
  await hub.post('lock in code\n```\nlock()\n```', { createdAt: day(30) });
  hub.index();
  expect(hub.find('lock from:bob-b')).toEqual(['lock by bob']);
  expect(hub.find('lock type:decision')).toEqual(['lock decided']);
  expect(hub.find(`lock session:${hub.other.sessionId}`)).toEqual(['lock elsewhere']);
  expect(hub.find('lock has:code')).toEqual(['lock in code\n```\nlock()\n```']);
  expect(hub.find('lock after:2026-01-10 before:2026-01-15')).toEqual(['lock decided']);
  expect(hub.find('lock', { until: day(0) })).toEqual(['lock by bob']);
  expect(hub.find('lock', { since: day(30) })).toHaveLength(1);
  expect(hub.find('from:nobody lock')).toEqual([]);
  expect(hub.find('from:bob-b')).toEqual(['lock by bob']);
  expect(hub.find('lock', { visibilities: [1] })).toEqual([]);
});

it('shows nothing of what the caller may not see, whether the index knows it or not', async () => {
  await using hub = await openSearchable();
  const secret = { visibility: 'private' as const, audiences: ['admin', 'agent:bob'] };
  await hub.post('the hidden treasure', secret);
  const shown = await hub.post('the treasury');
  hub.index();
  await hub.post('another hidden treasure', secret);
  expect(hub.search('hidden')).toMatchObject({ hits: [], elsewhere: [] });
  expect(hub.search('hidden')).not.toHaveProperty('corrected');
  expect(hub.search('hiden').corrected).toBeUndefined();
  expect(hub.search('treasure').hits.map(({ id }) => id)).toEqual([shown]);
  expect(hub.search('hidden', {}, ['public', 'agent:bob']).hits).toHaveLength(2);
  expect(hub.search('hidden', { sessionPk: hub.other.pk }).elsewhere).toEqual([]);
  await hub.store.write((tx) => tx.messages.setVisibility(shown, 'private', ['admin', 'agent:bob']));
  expect(hub.search('treasury').hits).toEqual([]);
  expect(hub.search('treasury', {}, ['public', 'agent:bob']).hits[0]?.id).toBe(shown);
});

it('answers the same, to the last digit, whatever others say among themselves', async () => {
  await using hub = await openSearchable();
  await hub.postAll([...TEXTS, 'the treasury of words', 'a treasury error', 'errors of a session']);
  hub.index();
  const queries = ['treasure', 'sesion eror', 'treasury', 'the error of a session', 'hiden', 'err'];
  const answers = () =>
    queries.map((query) => {
      const { tookMs: _tookMs, upTo: _upTo, ...answer } = hub.search(query);
      return answer;
    });
  const before = answers();
  const secret = { visibility: 'private' as const, audiences: ['admin', 'agent:bob'] };
  for (const word of ['treasure', 'sesion', 'hiden', 'hidden', 'error', 'err', 'treasury', 'erorr']) {
    await hub.post(`${word} of theirs`, secret);
    await hub.post(`more ${word}`, secret);
  }
  expect(answers()).toEqual(before);
  hub.index();
  expect(answers()).toEqual(before);
});

it('answers the same, however often others say a frequent word, and once a rare one is hidden', async () => {
  await using hub = await openSearchable();
  await hub.postAll(Array.from({ length: 110 }, (_, i) => `gadget ${'hay '.repeat(i % 5)}`));
  await hub.post('the error of a widget');
  hub.index();
  const answers = () =>
    ['gadget error', 'gadgt eror', 'walrus error', 'walruss eror'].map((query) =>
      hub.search(query).hits.map(({ id, score }) => [id, score]),
    );
  const before = answers();
  const secret = { visibility: 'private' as const, audiences: ['admin', 'agent:bob'] };
  await hub.store.write(async (tx) => {
    for (let i = 0; i < 900; i++)
      await tx.messages.insert(messageOf(hub.session, { content: 'gadget', ...secret }));
  });
  const walrus = await hub.post('walrus');
  hub.index();
  await hub.store.write((tx) => tx.messages.setVisibility(walrus, 'private', ['admin', 'agent:bob']));
  expect(answers()).toEqual(before);
  hub.index();
  expect(answers()).toEqual(before);
});

it('says where else there is something', async () => {
  await using hub = await openSearchable();
  await hub.postAll(['the needle', 'a needle again']);
  hub.index();
  expect(hub.search('needle', { sessionPk: hub.other.pk })).toMatchObject({
    hits: [],
    elsewhere: [{ sessionPk: hub.session.pk, count: 2 }],
  });
});

it('pages through all hits, each once, whatever is posted meanwhile', async () => {
  await using hub = await openSearchable();
  const contents = Array.from({ length: 60 }, (_, i) => `needle ${'hay '.repeat(i % 7)}number ${i}`);
  const ids = await hub.postAll(contents);
  hub.index();
  const seen: number[] = [];
  let scores: number[] = [];
  for (let answer = hub.search('needle', { limit: 7 }); ;) {
    seen.push(...answer.hits.map(({ id }) => id));
    scores = [...scores, ...answer.hits.map(({ score }) => score)];
    if (answer.next === undefined) break;
    await hub.post('needle posted meanwhile');
    if (seen.length % 2 === 0) hub.index();
    answer = hub.search('needle', { limit: 7, position: answer.next });
  }
  expect(seen.toSorted((a, b) => a - b)).toEqual(ids.toSorted((a, b) => a - b));
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
});

it('says when the index is too far behind for all of the rest to be searched', async () => {
  await using hub = await openSearchable();
  await hub.postAll(Array.from({ length: 1200 }, (_, i) => `needle ${i}`));
  expect(hub.search('needle')).toMatchObject({ degraded: true, hits: { length: 10 } });
  hub.index();
  expect(hub.search('needle').degraded).toBe(false);
});

it('takes any text for a query', async () => {
  await using hub = await openSearchable();
  await hub.postAll(TEXTS);
  hub.index();
  const piece = fc.oneof(
    fc.constantFrom(
      '"',
      '-',
      '*',
      '(',
      ')',
      ' AND ',
      ' OR ',
      ' NOT ',
      ' NEAR(',
      '^',
      ':',
      '{text}',
      'from:',
      'type:',
      'after:',
    ),
    fc.constantFrom('\u0000', '_a1', '_', 'session', '数据', '🎉', "'", ';', '--', '/*', 'before:2026-01'),
    fc.string({ unit: 'binary', maxLength: 12 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const { hits } = hub.search(pieces.join(''));
      for (const { score, snippet } of hits) {
        expect(score).toBeGreaterThan(0);
        expect(score).toBeLessThanOrEqual(100);
        expect(snippet.isWellFormed()).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});
