/** What each caller must and must not learn from each tool: one row per way of asking, run by every caller. */
import { expect } from 'vitest';
import type { ToolAnswer } from './connect-client.ts';
import { expectError, expectSuccess, lasting } from './scenario-doors.ts';
import {
  ADMINS,
  cellsOf,
  hiddenFrom,
  seenBy,
  START,
  STRANGERS,
  type Caller,
  type LineName,
  type Posted,
  type World,
} from './scenario.ts';

export interface Asking {
  readonly world: World;
  readonly caller: Caller;
  /** Calls the row's tool; no answer may hold a word that is hidden from the caller. */
  call(args: Record<string, unknown>): Promise<ToolAnswer>;
}

export interface AccessRow {
  readonly tool: string;
  readonly how: string;
  readonly run: (asking: Asking) => Promise<void>;
}

const row = (tool: string, how: string, run: AccessRow['run']): AccessRow => ({ tool, how, run });

/** Fails if `text` holds a word of a message or memory entry that `caller` may not see. */
export function expectNothingHidden(world: World, caller: Caller, text: string): void {
  for (const { canary } of hiddenFrom(world, caller.name))
    expect(text, `${caller.name} read`).not.toContain(canary);
}

export const isStranger = ({ caller }: Asking): boolean => STRANGERS.includes(caller.name);
export const isAdmin = ({ caller }: Asking): boolean => ADMINS.includes(caller.name);
export const isReader = ({ caller }: Asking): boolean => caller.name === 'reader';

export function seenIn({ world, caller }: Asking, session: 'main' | 'quiet' | 'later'): readonly Posted[] {
  return seenBy(world, caller.name).filter((line) => line.session === world.sessions[session]);
}

/** What a session must look like to the caller. */
export function sessionAsSeen(asking: Asking, session: 'main' | 'quiet' | 'later') {
  const lines = seenIn(asking, session);
  return {
    session_id: asking.world.sessions[session],
    message_count: lines.length,
    last_message_at: lines.at(-1)?.timestamp ?? null,
    participants: [...new Set(lines.map(({ sender }) => sender))].sort(),
  };
}

export function sessionOf(value: unknown): ReturnType<typeof sessionAsSeen> {
  const session = value as ReturnType<typeof sessionAsSeen>;
  const { session_id, message_count, last_message_at, participants } = session;
  return { session_id, message_count, last_message_at, participants: [...participants].sort() };
}

export const idsOf = (answer: Record<string, unknown>): number[] =>
  (answer['messages'] as { id: number }[]).map(({ id }) => id);
const ids = (lines: readonly Posted[]): number[] => lines.map(({ id }) => id);

/** Strangers are told the same of a session that is not theirs and of one that is not there. */
async function expectNoSession({ call, caller }: Asking, args: Record<string, unknown>): Promise<void> {
  const { session_id } = args as { session_id: string };
  const error = expectError(await call(args), 'SESSION_NOT_FOUND', caller.name);
  const invented = 'session_0123456789abcdef';
  const missing = expectError(
    await call({ ...args, session_id: invented }),
    'SESSION_NOT_FOUND',
    caller.name,
  );
  expect(JSON.stringify(lasting(error))).toBe(
    JSON.stringify(lasting(missing)).replaceAll(invented, session_id),
  );
}

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

/** A message that is hidden is refused in the words for one that does not exist. */
export function expectSameRefusal(error: object, id: number, missing: object): void {
  expect(JSON.stringify(error).replaceAll(String(id), '999999')).toBe(JSON.stringify(missing));
}

const sessions: readonly AccessRow[] = [
  row('get_session', 'a session', async (asking) => {
    const session_id = asking.world.sessions.main;
    if (isStranger(asking)) return expectNoSession(asking, { session_id });
    const answer = expectSuccess(await asking.call({ session_id }));
    const expected = sessionAsSeen(asking, 'main');
    expect(sessionOf(answer['session']), asking.caller.name).toEqual(expected);
    expect(answer['message_count'], asking.caller.name).toBe(expected.message_count);
    expect([...(answer['participants'] as string[])].sort(), asking.caller.name).toEqual(
      expected.participants,
    );
    expect(idsOf(answer), asking.caller.name).toEqual(ids(seenIn(asking, 'main')));
    expect(answer).not.toHaveProperty('continue_with');
  }),
  row('list_sessions', 'by what was seen last', async (asking) => {
    const { world, caller } = asking;
    const answer = expectSuccess(await asking.call({ limit: 100 }));
    const listed = (answer['sessions'] as { session_id: string }[]).map(sessionOf);
    const known = ['main', 'later', 'quiet'] as const;
    if (isStranger(asking)) {
      const foreign = listed.map(({ session_id }) => session_id);
      for (const session of known) expect(foreign, caller.name).not.toContain(world.sessions[session]);
      return;
    }
    const lastSeen = (session: (typeof known)[number]): number => {
      const times = [
        world.createdAt[world.sessions[session]]!,
        ...seenIn(asking, session).map((l) => l.timestamp),
      ];
      return Math.max(...times.map((time) => Date.parse(time)));
    };
    const expected = [...known]
      .sort((a, b) => lastSeen(b) - lastSeen(a))
      .map((name) => sessionAsSeen(asking, name));
    const mine = listed.filter(({ session_id }) => known.some((name) => world.sessions[name] === session_id));
    expect(mine, caller.name).toEqual(expected);
    const foreign = listed.some(({ session_id }) => session_id === world.sessions.foreign);
    expect(foreign, caller.name).toBe(caller.name === 'star');
  }),
  row('update_session', 'a session of bob', async (asking) => {
    const { world, caller } = asking;
    const args = { session_id: world.sessions.main, metadata: { touched: caller.name } };
    if (isStranger(asking)) return expectNoSession(asking, args);
    const answer = await asking.call(args);
    if (caller.name !== 'bob' && !isAdmin(asking))
      return void expectError(answer, 'PERMISSION_DENIED', caller.name);
    const { session } = expectSuccess(answer, caller.name) as { session: Record<string, unknown> };
    expect(session['metadata']).toEqual({ touched: caller.name });
    expect(sessionOf(session), caller.name).toEqual(sessionAsSeen(asking, 'main'));
  }),
  row('create_session', 'with a first message', async (asking) => {
    const { caller } = asking;
    const answer = await asking.call({ purpose: `Opened by ${caller.name}`, first_message: 'hello' });
    if (isReader(asking)) return void expectError(answer, 'PERMISSION_DENIED', caller.name);
    expect(expectSuccess(answer)['created_by'], caller.name).toBe(caller.agent);
  }),
];

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

const memory: readonly AccessRow[] = [
  row('get_memory', 'each entry of alice', async (asking) => {
    const seen = cellsOf(asking.world, asking.caller.name).map(({ key }) => key);
    for (const { key, args } of cellsOf(asking.world)) {
      const answer = await asking.call({ ...args });
      if (seen.includes(key))
        expect(expectSuccess(answer)['value'], asking.caller.name).toEqual({ note: key });
      else if (args.session_id !== undefined && isStranger(asking)) expectError(answer, 'SESSION_NOT_FOUND');
      else expectError(answer, 'MEMORY_NOT_FOUND', `${asking.caller.name} ${key}`);
    }
  }),
  row('list_memory', 'all there is', async (asking) => {
    const seen = cellsOf(asking.world, asking.caller.name).map(({ key }) => key);
    for (const args of [{}, { query: 'CANARY-CELL' }, { prefix: 'canary-cell' }]) {
      const answer = expectSuccess(await asking.call({ session_id: 'all', ...args }));
      const keys = (answer['entries'] as { key: string }[]).map(({ key }) => key);
      const found = keys.filter((key) => key.startsWith('canary-cell')).sort();
      expect(found, `${asking.caller.name} ${JSON.stringify(args)}`).toEqual([...seen].sort());
      expect(answer).not.toHaveProperty('next_cursor');
    }
    const inSession = { session_id: asking.world.sessions.main };
    if (isStranger(asking)) await expectNoSession(asking, inSession);
  }),
  row('set_memory', 'beside each entry of alice', async (asking) => {
    for (const { key, args } of cellsOf(asking.world)) {
      const answer = await asking.call({ ...args, key: `beside-${key}`, value: asking.caller.name });
      if (isReader(asking)) expectError(answer, 'PERMISSION_DENIED');
      else if (args.session_id !== undefined && isStranger(asking)) expectError(answer, 'SESSION_NOT_FOUND');
      else expect(expectSuccess(answer)['updated_by']).toBe(asking.caller.agent);
    }
  }),
  row('delete_memory', "alice's own entries", async (asking) => {
    if (asking.caller.name === 'alice') return;
    for (const { args } of cellsOf(asking.world).filter(
      (cell) => cell.args.scope === 'agent' || isStranger(asking),
    )) {
      const answer = await asking.call({ ...args });
      if (isReader(asking)) expectError(answer, 'PERMISSION_DENIED');
      else
        expectError(
          answer,
          args.session_id !== undefined && isStranger(asking) ? 'SESSION_NOT_FOUND' : 'MEMORY_NOT_FOUND',
        );
    }
  }),
];

const guidance = row('get_usage_guidance', 'what one may do', async (asking) => {
  const level = isReader(asking)
    ? 'read'
    : isAdmin(asking) || asking.caller.name === 'strangeAdmin'
      ? 'admin'
      : 'write';
  for (const guidance_type of ['operations', 'coordination', 'security', 'troubleshooting']) {
    expect(expectSuccess(await asking.call({ guidance_type }))['access_level'], asking.caller.name).toBe(
      level,
    );
  }
});

export const ACCESS_ROWS: readonly AccessRow[] = [
  ...readingMessages,
  ...sessions,
  ...searches,
  ...posting,
  ...memory,
  guidance,
];
