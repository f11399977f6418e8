/** What arguments that are well-formed can still be wrong about: each has its code, names its field, and stores nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../src/errors.ts';
import { setStage, type Stage } from '../_util/scenario-calls.ts';
import { ERAS, expectError, expectSuccess, openDoor, type Door } from '../_util/scenario-doors.ts';
import { openRows, type Rows } from '../_util/scenario-rows.ts';
import { AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

type Args = Record<string, unknown>;

let hub: TestHub;
let rows: Rows;
/** alice owns the stage; bob is another agent. */
let alice: Record<string, Door>;
let bob: Record<string, Door>;
let stage: Stage;
let elsewhere: Stage;
let closed: string;
let bobs: { session: string; message: number };

beforeAll(async () => {
  hub = await startTestHub();
  const open = async (agent: string, key: string): Promise<Record<string, Door>> => ({
    '2025': await openDoor(hub, '2025', { key, agent, type: 'claude' }),
    '2026': await openDoor(hub, '2026', { key, agent, type: 'claude' }),
  });
  alice = await open('alice', AGENT_KEY);
  bob = await open('bob', await hub.makeKey('bobs'));
  const door = alice['2025']!;
  stage = await setStage(door);
  elsewhere = await setStage(door);
  closed = (await setStage(door)).sessionId;
  expectSuccess(await door.call('update_session', { session_id: closed, is_active: false }));
  const opened = expectSuccess(
    await bob['2026']!.call('create_session', { purpose: 'b', first_message: 'to nobody' }),
  );
  bobs = { session: String(opened['session_id']), message: Number(opened['message_id']) };
  rows = openRows(hub);
});
afterAll(async () => {
  rows[Symbol.dispose]();
  await hub[Symbol.asyncDispose]();
});

interface Case {
  readonly what: string;
  readonly tool: string;
  readonly args: () => Args;
  readonly code: ErrorCode;
  /** What `context` says of it. */
  readonly context?: () => Args;
}

const NOWHERE = 'session_0123456789abcdef';
const inStage = (args: Args) => () => ({ session_id: stage.sessionId, ...args });
const field = (name: string) => () => ({ field: name });
const utf8 = (bytes: number): string => 'é'.repeat(Math.ceil(bytes / 2));

const blank: readonly Case[] = ['   ', '\n\t', '\u00a0\u3000\ufeff'].flatMap((text) => {
  const refused = (tool: string, name: string, args: () => Args): Case => ({
    ...{ what: `a blank ${name}`, tool, args, code: 'INVALID_INPUT', context: field(name) },
  });
  return [
    refused('add_message', 'content', inStage({ content: text })),
    refused('create_session', 'purpose', () => ({ purpose: text })),
    refused('update_session', 'purpose', inStage({ purpose: text })),
    refused('create_session', 'first_message', () => ({ purpose: 'p', first_message: text })),
  ];
});

const tooLarge = (what: string, tool: string, name: string, args: () => Args): Case => ({
  ...{ what, tool, args, code: 'CONTENT_TOO_LARGE', context: field(name) },
});
const large: readonly Case[] = [
  tooLarge('content over the limit', 'add_message', 'content', inStage({ content: 'x'.repeat(100_001) })),
  tooLarge('a first message over the limit', 'create_session', 'first_message', () => ({
    ...{ purpose: 'p', first_message: '😀'.repeat(50_001) },
  })),
  ...['add_message', 'update_session'].map((tool) =>
    tooLarge(
      'metadata over its bytes',
      tool,
      'metadata',
      inStage({
        metadata: { text: utf8(10_000) },
        ...(tool === 'add_message' ? { content: 'c' } : {}),
      }),
    ),
  ),
  tooLarge('metadata over its bytes', 'create_session', 'metadata', () => ({
    purpose: 'p',
    metadata: { text: utf8(10_000) },
  })),
  tooLarge('metadata over its bytes', 'set_memory', 'metadata', () => ({
    key: 'k',
    value: 1,
    metadata: { text: utf8(10_000) },
  })),
  tooLarge('a memory value over its bytes', 'set_memory', 'value', () => ({
    key: 'k',
    value: utf8(100_000),
  })),
];

const notThere: readonly Case[] = [
  ...Object.entries({
    get_session: {},
    update_session: { purpose: 'p' },
    add_message: { content: 'c' },
    get_messages: {},
    search_by_sender: { sender: 'alice' },
    search_by_timerange: { start_time: '2026-01-01T00:00:00Z', end_time: '2026-01-01T00:00:00Z' },
    set_memory: { key: 'k', value: 1 },
    get_memory: { key: 'k' },
    list_memory: {},
    delete_memory: { key: 'k' },
  }).map(([tool, args]): Case => ({
    ...{
      what: 'an unknown session',
      tool,
      code: 'SESSION_NOT_FOUND',
      context: () => ({ session_id: NOWHERE }),
    },
    args: () => ({ session_id: NOWHERE, ...args }),
  })),
  ...Object.entries({
    set_message_visibility: () => ({ message_id: 999_999, visibility: 'public' }),
    add_message: inStage({ content: 'c', parent_message_id: 999_999 }),
    get_messages: inStage({ thread_of: 999_999 }),
  }).map(([tool, args]): Case => ({
    ...{
      what: 'an unknown message',
      tool,
      args,
      code: 'MESSAGE_NOT_FOUND',
      context: () => ({ message_id: 999_999 }),
    },
  })),
  {
    ...{
      what: 'a parent of another session',
      tool: 'add_message',
      code: 'INVALID_INPUT',
      context: field('parent_message_id'),
    },
    args: () => ({ session_id: stage.sessionId, content: 'c', parent_message_id: elsewhere.messageId }),
  },
  {
    ...{ what: 'a thread of another session', tool: 'get_messages', code: 'MESSAGE_NOT_FOUND' },
    args: () => ({ session_id: stage.sessionId, thread_of: elsewhere.messageId }),
  },
  {
    ...{ what: 'private to nobody there is', tool: 'add_message', code: 'AGENT_NOT_FOUND' },
    args: inStage({ content: 'c', visibility: 'private', to: ['bob', 'Nobody', 'type:any'] }),
    context: () => ({ unknown_agents: ['Nobody'] }),
  },
  ...['type:', 'type:a b'].map((name): Case => ({
    ...{ what: `no agent type in ${name}`, tool: 'add_message', code: 'INVALID_INPUT', context: field('to') },
    args: inStage({ content: 'c', to: [name] }),
  })),
  {
    ...{ what: 'a blank sender', tool: 'search_by_sender', code: 'INVALID_INPUT', context: field('sender') },
    args: () => ({ sender: '  ' }),
  },
  ...['list_sessions', 'list_memory'].map((tool): Case => ({
    ...{ what: 'a blank query', tool, code: 'INVALID_INPUT', context: field('query') },
    args: () => ({ query: ' ' }),
  })),
  ...['get_memory', 'delete_memory'].map((tool): Case => ({
    ...{
      what: 'an unknown key',
      tool,
      code: 'MEMORY_NOT_FOUND',
      context: () => ({ key: 'none', scope: 'shared' }),
    },
    args: () => ({ key: 'none', scope: 'shared' }),
  })),
];

const notAllowed: readonly Case[] = [
  {
    what: 'a closed session',
    tool: 'add_message',
    args: () => ({ session_id: closed, content: 'c' }),
    code: 'SESSION_CLOSED',
  },
  {
    what: 'admin_only',
    tool: 'add_message',
    args: inStage({ content: 'c', visibility: 'admin_only' }),
    code: 'PERMISSION_DENIED',
  },
  {
    ...{ what: 'admin_only for one’s own', tool: 'set_message_visibility', code: 'PERMISSION_DENIED' },
    args: () => ({ message_id: stage.messageId, visibility: 'admin_only' }),
  },
  {
    ...{ what: 'a message of another', tool: 'set_message_visibility', code: 'PERMISSION_DENIED' },
    args: () => ({ message_id: bobs.message, visibility: 'private' }),
    context: () => ({ message_id: bobs.message, sender: 'bob' }),
  },
  {
    ...{ what: 'a session of another', tool: 'update_session', code: 'PERMISSION_DENIED' },
    args: () => ({ session_id: bobs.session, purpose: 'mine now' }),
    context: () => ({ session_id: bobs.session, created_by: 'bob' }),
  },
];

const senseless: readonly Case[] = [
  {
    ...{ what: 'both directions', tool: 'get_messages', code: 'INVALID_INPUT', context: field('before_id') },
    args: inStage({ after_id: 1, before_id: 5 }),
  },
  {
    ...{
      what: 'an end before the start',
      tool: 'search_by_timerange',
      code: 'INVALID_INPUT',
      context: field('end_time'),
    },
    args: () => ({ start_time: '2026-01-01T00:00:00Z', end_time: '2026-01-01T00:59:59+01:00' }),
  },
  ...['a b', ' a', 'a\n', 'a\u00a0b', 'a\u2003b', ' '].flatMap((key) =>
    ['set_memory', 'get_memory', 'delete_memory'].map((tool): Case => ({
      ...{ what: `the key ${JSON.stringify(key)}`, tool, code: 'INVALID_INPUT', context: field('key') },
      args: () => ({ key, ...(tool === 'set_memory' ? { value: 1 } : {}) }),
    })),
  ),
];

describe.each(ERAS)('in era %s', (era) => {
  it.each([...blank, ...large, ...notThere, ...notAllowed, ...senseless])(
    '$tool refuses $what as $code',
    async ({ tool, args, code, context = () => ({}) }) => {
      const before = rows.all();
      const error = expectError(await alice[era]!.call(tool, args()), code);
      expect(error.context).toMatchObject(context());
      if (error.number.startsWith('VALIDATION')) {
        expect(error.context).toEqual({
          field: expect.any(String),
          value: expect.anything(),
          expected: expect.any(String),
        });
        expect(error.error).toContain(error.context['field']);
      }
      expect(rows.all()).toEqual(before);
    },
  );
});
