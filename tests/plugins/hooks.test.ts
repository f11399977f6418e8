/** Hooks see what is about to be written, by whatever door it comes, and may change or refuse it. */
import { afterEach, describe, expect, it } from 'vitest';
import { startPluginHub } from '../_util/plugins.ts';
import { ADMIN_KEY, AGENT_KEY, type TestHub } from '../_util/test-hub.ts';

let hub: TestHub;
afterEach(() => hub[Symbol.asyncDispose]());
const connect = (key = AGENT_KEY, agent = 'ann') => hub.connect('2026', { agent, key, type: 'coder' });
const post = (path: string, body: unknown, key = AGENT_KEY): Promise<Response> =>
  hub.request(path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'x-agent-id': key === ADMIN_KEY ? 'op' : 'api-ann',
      'content-type': 'application/json',
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

const shout = `permissions: ['read', 'admin'], before: {
  'message.add': ({ content, metadata, message_type }, { caller }) =>
    content.includes('bad') ? Promise.reject(new HubError('INVALID_INPUT', 'No bad words.', { context: { field: 'content' } }))
    : message_type === 'status' ? undefined
    : { content: content.toUpperCase(), metadata: { ...metadata, by: caller.agent_id } },
  'session.create': ({ purpose }) => ({ purpose: purpose + '!' }),
  'session.update': ({ purpose }) => purpose === undefined ? undefined : { purpose: purpose + '?' },
  'memory.set': ({ value }) => ({ value: typeof value === 'string' ? value.toUpperCase() : null }),
},`;

describe('a hook changes', () => {
  it('what agents write: messages, first messages, sessions, memory', async () => {
    hub = await startPluginHub({ plugins: { shout } });
    const ann = await connect();
    const { session_id } = (await ann.callTool('create_session', { purpose: 'p', first_message: 'first' }))
      .json;
    await ann.callTool('add_message', { session_id, content: 'second', metadata: { a: 1 } });
    await ann.callTool('add_message', { session_id, content: 'third', message_type: 'status' });
    const read = (await ann.callTool('get_session', { session_id })).json as {
      session: { purpose: string };
      messages: { content: string; metadata: object }[];
    };
    expect(read.messages).toMatchObject([
      { content: 'FIRST', metadata: { by: 'ann' } },
      { content: 'SECOND', metadata: { a: 1, by: 'ann' } },
      { content: 'third', metadata: {} },
    ]);
    expect(read.session.purpose).toBe('p!');
    expect((await ann.callTool('update_session', { session_id, purpose: 'q' })).json).toMatchObject({
      session: { purpose: 'q?' },
    });
    await ann.callTool('set_memory', { key: 'k', value: 'v' });
    expect((await ann.callTool('get_memory', { key: 'k' })).json).toMatchObject({ value: 'V' });
    await ann.callTool('set_memory', { key: 'n', value: 5 });
    expect((await ann.callTool('get_memory', { key: 'n' })).json).toMatchObject({ value: null });
  });

  it('what comes by the JSON API and by an import', async () => {
    hub = await startPluginHub({ plugins: { shout } });
    const ann = await connect();
    const { session_id } = (await ann.callTool('create_session', { purpose: 'p' })).json;
    expect(
      (await post(`/api/v1/sessions/${String(session_id)}/messages`, { content: 'by api' })).status,
    ).toBe(201);
    expect((await ann.callTool('get_messages', { session_id })).json).toMatchObject({
      messages: [{ content: 'BY API' }],
    });
    const lines = [
      { record: 'session', session: 'old', purpose: 'old work', created_at: '2026-01-01T00:00:00Z' },
      {
        id: '1',
        session: 'old',
        sender: 'old-agent',
        content: 'imported',
        timestamp: '2026-01-01T00:00:00Z',
      },
      {
        id: '2',
        session: 'old',
        sender: 'old-agent',
        content: 'a bad one',
        timestamp: '2026-01-01T00:00:01Z',
      },
    ];
    const report = await post(
      '/api/v1/import',
      lines.map((line) => JSON.stringify(line)).join('\n'),
      ADMIN_KEY,
    );
    expect(await report.json()).toMatchObject({
      imported: 1,
      failed: 1,
      problems: [expect.objectContaining({ problem: 'No bad words.' })],
    });
    const found = (await ann.callTool('search_by_sender', { sender: 'old-agent' })).json;
    expect(found).toMatchObject({ count: 1, messages: [{ content: 'IMPORTED' }] });
  });
});

it('a refusal is the error that the plugin says, and nothing is stored', async () => {
  hub = await startPluginHub({ plugins: { shout } });
  const ann = await connect();
  const { session_id } = (await ann.callTool('create_session', { purpose: 'p' })).json;
  const refused = (await ann.callTool('add_message', { session_id, content: 'a bad word' })).json;
  expect(refused).toMatchObject({
    code: 'INVALID_INPUT',
    error: 'No bad words.',
    context: { field: 'content' },
  });
  expect((await ann.callTool('create_session', { purpose: 'p', first_message: 'bad' })).json).toMatchObject({
    code: 'INVALID_INPUT',
  });
  expect((await ann.callTool('get_messages', { session_id })).json['count']).toBe(0);
  expect((await ann.callTool('list_sessions')).json['sessions']).toHaveLength(1);
});

it('they are asked in the order of their needs, each about what those before it made of it', async () => {
  const add = (letter: string): string =>
    `permissions: ['read', 'admin'], before: { 'message.add': ({ content }) => ({ content: content + '${letter}' }) },`;
  hub = await startPluginHub({ plugins: { a: `needs: ['c'], ${add('a')}`, b: add('b'), c: add('c') } });
  const ann = await connect();
  const { session_id } = (await ann.callTool('create_session', { purpose: 'p', first_message: '-' })).json;
  expect((await ann.callTool('get_messages', { session_id })).json).toMatchObject({
    messages: [{ content: '-cab' }],
  });
});

it('what it may not change it cannot, and too much is refused', async () => {
  hub = await startPluginHub({
    plugins: {
      wild: `permissions: ['read', 'admin'], before: { 'message.add': ({ content }) => content === 'wide' ? { visibility: 'public' } : { content: 'x'.repeat(200_000) } },`,
    },
  });
  const ann = await connect();
  const { session_id } = (await ann.callTool('create_session', { purpose: 'p' })).json;
  const wide = { session_id, content: 'wide', visibility: 'private' };
  expect((await ann.callTool('add_message', wide)).json).toMatchObject({
    code: 'INTERNAL_ERROR',
    context: { plugin: 'wild' },
  });
  expect((await ann.callTool('add_message', { session_id, content: 'long' })).json).toMatchObject({
    code: 'CONTENT_TOO_LARGE',
  });
});

it('they see nothing of other workspaces, nor of callers who may not write', async () => {
  hub = await startPluginHub({ plugins: { shout } });
  const bob = await connect(await hub.makeKey('elsewhere', { workspace: 'other' }), 'bob');
  const { session_id } = (
    await bob.callTool('create_session', { purpose: 'p', first_message: 'bad but elsewhere' })
  ).json;
  expect((await bob.callTool('get_messages', { session_id })).json).toMatchObject({
    messages: [{ content: 'bad but elsewhere' }],
  });
  const reader = await connect(await hub.makeKey('reader', { permissions: ['read'] }), 'reader');
  const ann = await connect();
  const mine = (await ann.callTool('create_session', { purpose: 'p' })).json['session_id'];
  expect((await reader.callTool('add_message', { session_id: mine, content: 'bad' })).json).toMatchObject({
    code: 'PERMISSION_DENIED',
  });
  expect((await ann.callTool('add_message', { session_id, content: 'bad' })).json).toMatchObject({
    code: 'SESSION_NOT_FOUND',
  });
});

it('an operator of all workspaces writes past none of them', async () => {
  hub = await startPluginHub({ plugins: { shout } });
  const ann = await connect();
  const { session_id } = (await ann.callTool('create_session', { purpose: 'p' })).json;
  const op = await connect(
    await hub.makeKey('all', { workspace: '*', permissions: ['read', 'write', 'admin'] }),
    'op',
  );
  expect((await op.callTool('add_message', { session_id, content: 'quiet' })).json).toMatchObject({
    success: true,
  });
  expect((await ann.callTool('get_messages', { session_id })).json).toMatchObject({
    messages: [{ content: 'QUIET' }],
  });
});

it('a repetition of what was stored is answered without asking anybody', async () => {
  const once = (write: string): string =>
    `'${write}'() { if (this.asked.has('${write}')) throw new HubError('INVALID_INPUT', 'Again?'); this.asked.add('${write}'); }`;
  const writes = ['session.create', 'session.update', 'message.add', 'memory.set'];
  hub = await startPluginHub({
    plugins: {
      strict: `permissions: ['read', 'admin'], before: { ${writes
        .map((write) => once(write).replaceAll('this.asked', '(globalThis.asked ??= new Set())'))
        .join(', ')} },`,
    },
  });
  const ann = await connect();
  const twice = async (tool: string, args: object): Promise<Readonly<Record<string, unknown>>> => {
    const call = { ...args, idempotency_key: tool };
    const first = (await ann.callTool(tool, call)).json;
    expect(first).toMatchObject({ success: true });
    expect((await ann.callTool(tool, call)).json).toEqual(first);
    return first;
  };
  const { session_id } = await twice('create_session', { purpose: 'p' });
  await twice('update_session', { session_id, purpose: 'q' });
  await twice('add_message', { session_id, content: 'c' });
  await twice('set_memory', { key: 'k', value: 1 });
  Reflect.deleteProperty(globalThis, 'asked');
});
