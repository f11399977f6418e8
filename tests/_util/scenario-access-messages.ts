/** What each caller learns of messages, by reading, searching and posting. */
import { expect } from 'vitest';
import {
  expectNoSession,
  expectSameRefusal,
  ids,
  idsOf,
  isAdmin,
  isReader,
  isStranger,
  row,
  seenIn,
  type AccessRow,
} from './scenario-access.ts';
import { expectError, expectSuccess, lasting } from './scenario-doors.ts';
import { cellsOf, hiddenFrom, seenBy, START, type CellAt, type LineName, type Posted } from './scenario.ts';

interface PageCheck {
  readonly args?: Record<string, unknown>;
  readonly keep?: (line: Posted) => boolean;
}

/** get_messages with filters: exactly what is seen, and nothing in its figures that says there is more. */
const pageRow = (how: string, { args = {}, keep = () => true }: PageCheck): AccessRow =>
  row('get_messages', how, async (asking) => {
    const { world, call, caller } = asking;
    const all = { session_id: world.sessions.main, ...args };
    if (isStranger(asking)) return expectNoSession(asking, all);
    const answer = expectSuccess(await call(all), caller.name);
    const expected = seenIn(asking, 'main').filter(keep);
    expect(idsOf(answer), caller.name).toEqual(ids(expected));
    expect(answer, caller.name).toMatchObject({ count: expected.length, has_more: false, truncated: false });
    const filtered = Object.keys(args).some((name) => !['after_id', 'limit'].includes(name));
    expect(answer['total_count'], caller.name).toBe(filtered ? undefined : expected.length);
    expect(answer).not.toHaveProperty('continue_with');
  });

const readingMessages: readonly AccessRow[] = [
  pageRow('the newest', {}),
  pageRow('from the first on', { args: { after_id: 0 } }),
  pageRow('only private ones', {
    args: { visibility_filter: 'private' },
    keep: (l) => l.visibility === 'private',
  }),
  pageRow('only those of one type', {
    args: { visibility_filter: 'agent_only' },
    keep: (l) => l.visibility === 'agent_only',
  }),
  pageRow("only operators' ones", {
    args: { visibility_filter: 'admin_only' },
    keep: (l) => l.visibility === 'admin_only',
  }),
  pageRow('of a sender who hides', { args: { sender: 'Ghost' }, keep: (l) => l.sender === 'ghost' }),
  pageRow('of a hidden type', { args: { message_type: 'question' }, keep: (l) => l.name === 'whisper' }),
  row('get_messages', 'at the edges of what is seen', async (asking) => {
    if (isStranger(asking)) return;
    const lines = seenIn(asking, 'main');
    const session_id = asking.world.sessions.main;
    const end = expectSuccess(await asking.call({ session_id, after_id: lines.at(-1)!.id }));
    expect(end, asking.caller.name).toMatchObject({ count: 0, has_more: false, messages: [] });
    const begin = expectSuccess(await asking.call({ session_id, before_id: lines[0]!.id }));
    expect(begin, asking.caller.name).toMatchObject({ count: 0, has_more: false, messages: [] });
    const newest = expectSuccess(await asking.call({ session_id, limit: 1 }));
    expect(idsOf(newest), asking.caller.name).toEqual([lines.at(-1)!.id]);
    expect(newest['has_more'], asking.caller.name).toBe(lines.length > 1);
  }),
  row('get_messages', 'the thread of each message', async (asking) => {
    const seen = new Set(ids(seenIn(asking, 'main')));
    const missing = { session_id: asking.world.sessions.main, thread_of: 999_999 };
    if (isStranger(asking)) return expectNoSession(asking, missing);
    const nobody = lasting(expectError(await asking.call(missing), 'MESSAGE_NOT_FOUND'));
    for (const { id, name } of Object.values(asking.world.lines)) {
      const answer = await asking.call({ ...missing, thread_of: id });
      if (seen.has(id)) expect(idsOf(expectSuccess(answer, name))).toEqual([id]);
      else expectSameRefusal(lasting(expectError(answer, 'MESSAGE_NOT_FOUND', name)), id, nobody);
    }
  }),
];

/** wait_for_messages from before the first message on. */
const waiting: readonly AccessRow[] = [
  row('wait_for_messages', 'all of a session', async (asking) => {
    const { world, call, caller } = asking;
    const start = expectSuccess(await call({ timeout_seconds: 0 }))['cursor'];
    const session_id = world.sessions.main;
    if (isStranger(asking)) return expectNoSession(asking, { session_id, timeout_seconds: 0 });
    const cursor = cursorAt(String(start), 0);
    const answer = expectSuccess(await call({ session_id, cursor, timeout_seconds: 0, limit: 100 }));
    const expected = ids(seenIn(asking, 'main'));
    expect([...new Set(idsOf(answer))].sort(order), caller.name).toEqual(expected);
  }),
  row('wait_for_messages', 'what speaks to the caller', async (asking) => {
    const { world, call, caller } = asking;
    const answer = expectSuccess(await call({ addressed_only: true, timeout_seconds: 0, limit: 100 }));
    const seen = ids(seenBy(world, caller.name));
    const lines = ids(Object.values(world.lines));
    for (const id of idsOf(answer)) if (lines.includes(id)) expect(seen, caller.name).toContain(id);
  }),
];

const catchingUp: readonly AccessRow[] = [
  row('catch_up', 'one session', async (asking) => {
    const { call, caller, world } = asking;
    const args = { session_id: world.sessions.main, max_tokens: 20_000 };
    if (isStranger(asking)) return expectNoSession(asking, args);
    const { text, truncated } = expectSuccess(await call(args), caller.name);
    const told = [...String(text).matchAll(/^- #(\d+) /gm)].map(([, id]) => Number(id)).sort(order);
    expect(told, caller.name).toEqual(ids(seenIn(asking, 'main')));
    expect(truncated, caller.name).toBe(false);
  }),
];

/** The same cursor at another position. */
export function cursorAt(cursor: string, position: number): string {
  const [epoch, kind, [, agent]] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as [
    string,
    string,
    readonly number[],
  ];
  return Buffer.from(JSON.stringify([epoch, kind, [position, agent, [], []]])).toString('base64url');
}

/** Words of a search, and the lines it is about. */
const searchRow = (
  tool: string,
  how: string,
  args: Record<string, unknown>,
  keep: (line: Posted) => boolean = () => true,
): readonly AccessRow[] => [
  row(tool, `${how}, in a session`, async (asking) => {
    const all = { ...args, session_id: asking.world.sessions.main };
    if (isStranger(asking)) return expectNoSession(asking, all);
    const answer = expectSuccess(await asking.call(all));
    const expected = seenIn(asking, 'main').filter(keep);
    expect(idsOf(answer).sort(order), asking.caller.name).toEqual(ids(expected));
    expect(answer, asking.caller.name).toMatchObject({ count: expected.length, truncated: false });
  }),
  row(tool, `${how}, everywhere`, async (asking) => {
    const answer = expectSuccess(await asking.call({ ...args, limit: 1000 }));
    const lines = Object.values(asking.world.lines);
    const found = idsOf(answer).filter((id) => lines.some((line) => line.id === id));
    const expected = seenBy(asking.world, asking.caller.name).filter(keep);
    expect(found.sort(order), asking.caller.name).toEqual(ids(expected));
  }),
];
const order = (a: number, b: number): number => a - b;

interface Found {
  readonly message: { readonly id: number };
  readonly session_purpose: string;
}
const found = (answer: Record<string, unknown>): number[] =>
  (answer['results'] as Found[]).map(({ message }) => message.id).sort(order);

/** search_context: each message by a word that stands in it alone, spelt right and wrong; then all by a word they share. */
const findingWords: readonly AccessRow[] = [
  row('search_context', 'each message by its own word', async (asking) => {
    const { world, caller, call } = asking;
    const seen = ids(seenBy(world, caller.name));
    for (const { id, name, canary } of Object.values(world.lines)) {
      for (const search_metadata of [true, false]) {
        const answer = expectSuccess(await call({ query: `"${canary}"`, search_metadata }), caller.name);
        expect(found(answer), `${caller.name} ${name}`).toEqual(seen.includes(id) ? [id] : []);
        expect(answer, caller.name).not.toHaveProperty('elsewhere');
      }
    }
  }),
  row('search_context', 'a word that stands in all, in a session', async (asking) => {
    const all = { query: 'canary', session_id: asking.world.sessions.main, limit: 100 };
    if (isStranger(asking)) return expectNoSession(asking, all);
    const answer = expectSuccess(await asking.call(all));
    expect(found(answer), asking.caller.name).toEqual(ids(seenIn(asking, 'main')));
    expect(answer).not.toHaveProperty('next_cursor');
  }),
  row('search_context', 'a word that stands in all, everywhere', async ({ world, caller, call }) => {
    for (const [search_scope, keep] of SCOPES) {
      const answer = expectSuccess(await call({ query: 'canary', limit: 100, search_scope }));
      expect(found(answer), `${caller.name} ${search_scope}`).toEqual(
        ids(seenBy(world, caller.name).filter(keep)),
      );
    }
  }),
  row('search_context', 'memory', async (asking) => {
    const { world, caller, call } = asking;
    const found = async (args: Record<string, unknown>): Promise<string[]> => {
      const answer = expectSuccess(
        await call({ query: 'canary cell', include_memory: true, limit: 100, ...args }),
      );
      return (answer['memory'] as { entry: { key: string } }[])
        .map(({ entry }) => entry.key)
        .filter((key) => key.startsWith('canary-'))
        .sort();
    };
    const seen = isStranger(asking) ? [] : cellsOf(world, caller.name);
    const keys = (cells: readonly CellAt[]): string[] => cells.map(({ key }) => key).sort();
    expect(await found({}), caller.name).toEqual(keys(seen));
    const shared = seen.filter(({ args }) => args.scope === 'shared');
    expect(await found({ search_scope: 'public' }), caller.name).toEqual(keys(shared));
    if (isStranger(asking)) return;
    const here = seen.filter(({ args }) => args.session_id !== undefined);
    expect(await found({ session_id: world.sessions.main }), caller.name).toEqual(keys(here));
  }),
  row('search_context', 'hidden words are nobody’s spelling', async ({ world, caller, call }) => {
    for (const { name } of hiddenFrom(world, caller.name)) {
      const answer = expectSuccess(await call({ query: `${name.slice(0, -1)}q` }), caller.name);
      expect(JSON.stringify(answer['corrected_query'] ?? ''), caller.name).not.toContain(name);
    }
  }),
  row('search_context', 'a session where only hidden ones stand', async (asking) => {
    const { world, caller, call } = asking;
    const args = { query: 'canary', session_id: world.sessions.quiet };
    if (isStranger(asking)) return expectNoSession(asking, args);
    const answer = expectSuccess(await call(args), caller.name);
    const here = seenIn(asking, 'quiet');
    expect(found(answer), caller.name).toEqual(ids(here));
    if (here.length > 0) return;
    const elsewhere = (answer['elsewhere'] ?? []) as { session_id: string; count: number }[];
    for (const { session_id, count } of elsewhere) {
      const lines = seenBy(world, caller.name).filter((line) => line.session === session_id);
      expect(count, caller.name).toBe(lines.length);
    }
  }),
];
const SCOPES: readonly (readonly [string, (line: Posted) => boolean])[] = [
  ['all', () => true],
  ['public', (line) => line.visibility === 'public'],
  ['private', (line) => line.visibility === 'private'],
];

const time = (offset: number): string => new Date(START + offset).toISOString();

const searches: readonly AccessRow[] = [
  ...searchRow('search_by_sender', 'a sender', { sender: 'ALICE' }, (line) => line.sender === 'alice'),
  ...searchRow('search_by_sender', 'one who hides', { sender: 'ghost' }, (line) => line.sender === 'ghost'),
  ...searchRow(
    'search_by_sender',
    'an operator',
    { sender: 'operator' },
    (line) => line.sender === 'operator',
  ),
  ...searchRow('search_by_timerange', 'a day', { start_time: time(0), end_time: time(86_400_000) }),
];

const posting: readonly AccessRow[] = [
  row('add_message', 'a reply to each hidden message', async (asking) => {
    const args = { session_id: asking.world.sessions.main, content: 'reply', parent_message_id: 999_999 };
    if (isReader(asking)) return void expectError(await asking.call(args), 'PERMISSION_DENIED');
    if (isStranger(asking)) return expectNoSession(asking, args);
    const missing = lasting(expectError(await asking.call(args), 'MESSAGE_NOT_FOUND', asking.caller.name));
    for (const { id, name } of hiddenFrom(asking.world, asking.caller.name)) {
      const error = expectError(
        await asking.call({ ...args, parent_message_id: id }),
        'MESSAGE_NOT_FOUND',
        name,
      );
      expectSameRefusal(lasting(error), id, missing);
    }
  }),
  row('add_message', 'as oneself', async (asking) => {
    const { world, caller } = asking;
    const session_id = isStranger(asking) ? world.sessions.foreign : world.sessions.scratch;
    const answer = await asking.call({ session_id, content: `from ${caller.name}`, visibility: 'private' });
    if (isReader(asking)) return void expectError(answer, 'PERMISSION_DENIED');
    const { message_id } = expectSuccess(answer, caller.name);
    const page = await caller.at['2025'].call('get_messages', {
      session_id,
      after_id: Number(message_id) - 1,
    });
    const [message] = page.json['messages'] as Record<string, unknown>[];
    expect(message).toMatchObject({ id: message_id, sender: caller.agent, visibility: 'private', to: [] });
  }),
  row('set_message_visibility', 'of each message that is not one’s own', async (asking) => {
    const { world, caller, call } = asking;
    if (isReader(asking))
      return void expectError(await call({ message_id: 1, visibility: 'public' }), 'PERMISSION_DENIED');
    const missing = lasting(
      expectError(await call({ message_id: 999_999, visibility: 'public' }), 'MESSAGE_NOT_FOUND'),
    );
    const seen = new Set<LineName>(seenBy(world, caller.name).map(({ name }) => name));
    for (const { name, id, sender, visibility } of Object.values(world.lines)) {
      if (seen.has(name) && (isAdmin(asking) || sender === caller.agent)) continue;
      const answer = await call({
        message_id: id,
        visibility: visibility === 'admin_only' ? 'public' : visibility,
      });
      if (seen.has(name) && caller.name !== 'strangeAdmin')
        expectError(answer, 'PERMISSION_DENIED', `${caller.name} ${name}`);
      else if (!seen.has(name))
        expectSameRefusal(lasting(expectError(answer, 'MESSAGE_NOT_FOUND', name)), id, missing);
    }
  }),
];

export const MESSAGE_ROWS: readonly AccessRow[] = [
  ...readingMessages,
  ...waiting,
  ...catchingUp,
  ...searches,
  ...findingWords,
  ...posting,
];
