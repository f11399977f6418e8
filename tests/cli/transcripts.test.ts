/** Transcripts in the shapes that Claude Code and Codex have given them over time, written by hand. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectClient } from '../_util/connect-client.ts';
import { temporaryFolder } from '../_util/test-hub.ts';
import { runSchub, type Schub } from '../http/run-schub.ts';

const KEYS = {
  API_KEY: 'schk_import-agent-key-0123456789ab',
  ADMIN_API_KEY: 'schk_import-admin-key-0123456789ab',
};
const share = temporaryFolder();
let hub: Schub;
let url: string;

beforeAll(async () => {
  hub = runSchub({ args: ['serve'], share, env: KEYS });
  url = await hub.ready;
});
afterAll(async () => {
  hub.child.kill('SIGTERM');
  expect(await hub.ended).toBe(0);
  rmSync(share, { recursive: true, force: true });
});

async function schub(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const run = runSchub({ args, share, env: KEYS });
  const code = await run.ended;
  return { code, out: run.stdout(), err: run.stderr() };
}

interface Report {
  readonly imported: number;
  readonly already_there: number;
  readonly failed: number;
  readonly memory?: number;
  readonly problems: readonly { readonly problem: string; readonly origin: string }[];
  readonly skipped?: readonly { readonly reason: string; readonly count: number }[];
}

async function imported(...args: string[]): Promise<Report> {
  const { out, err } = await schub('import', ...args, '--json');
  expect(out, err).not.toBe('');
  return JSON.parse(out) as Report;
}

interface Message {
  readonly id: number;
  readonly sender: string;
  readonly content: string;
  readonly timestamp: string;
  readonly parent_message_id: number | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** The messages that were imported under a session's name, and what the session is. */
async function conversation(
  name: string,
): Promise<{ session: Record<string, unknown>; messages: Message[] }> {
  const headers = { authorization: `Bearer ${KEYS.ADMIN_API_KEY}` };
  const get = async (path: string) => (await fetch(`${url}/api/v1${path}`, { headers })).json();
  const { sessions } = (await get('/sessions?limit=100')) as {
    sessions: { session_id: string; metadata: { external_session?: string } }[];
  };
  const session = sessions.find(({ metadata }) => metadata.external_session === name);
  expect(session, name).toBeDefined();
  const { messages } = (await get(`/sessions/${session!.session_id}/messages?after_id=0&limit=200`)) as {
    messages: Message[];
  };
  return { session: session as unknown as Record<string, unknown>, messages };
}

function write(name: string, lines: readonly unknown[]): string {
  const file = join(share, name);
  mkdirSync(dirname(file), { recursive: true });
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  writeFileSync(file, file.endsWith('.zst') ? zstdCompressSync(text) : text);
  return file;
}

const at = (second: number): string => new Date(Date.UTC(2026, 0, 2, 3, 4, second)).toISOString();

/** As of 2.1: sub-agents in files of their own, and entries that are no messages in the chain. */
const CLAUDE = [
  { type: 'file-history-snapshot', messageId: 'x', snapshot: {} },
  { type: 'queue-operation', operation: 'dequeue', timestamp: at(0), sessionId: 's1' },
  {
    ...{ type: 'user', uuid: 'u0', parentUuid: null, isMeta: true, timestamp: at(1), sessionId: 's1' },
    message: { role: 'user', content: 'Caveat: commands of the user' },
  },
  {
    ...{ type: 'user', uuid: 'u1', parentUuid: 'u0', isSidechain: false, timestamp: at(2), sessionId: 's1' },
    ...{ cwd: '/home/me/shop', gitBranch: 'main', version: '2.1.37', userType: 'external' },
    message: { role: 'user', content: 'Why does the  login fail?\nIt says 500.' },
  },
  { type: 'progress', uuid: 'p1', parentUuid: 'u1', timestamp: at(3), sessionId: 's1', data: {} },
  {
    ...{
      type: 'assistant',
      uuid: 'a1',
      parentUuid: 'p1',
      timestamp: at(4),
      sessionId: 's1',
      version: '2.1.37',
    },
    message: {
      ...{ id: 'msg_1', role: 'assistant', model: 'claude-opus-4-6', type: 'message' },
      content: [
        { type: 'thinking', thinking: 'I should look at the log.', signature: 'AAAA' },
        { type: 'text', text: 'I look at the log.' },
        { type: 'tool_use', id: 'toolu_1', name: 'Bash', input: { command: 'tail server.log' } },
      ],
    },
  },
  {
    ...{ type: 'user', uuid: 'u2', parentUuid: 'a1', timestamp: at(5), sessionId: 's1' },
    message: {
      role: 'user',
      content: [
        {
          ...{ type: 'tool_result', tool_use_id: 'toolu_1', is_error: true },
          content: [
            { type: 'text', text: `key sk-${'a1'.repeat(15)} is refused` },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
          ],
        },
      ],
    },
    toolUseResult: { stdout: '', stderr: '' },
  },
  {
    ...{
      type: 'system',
      subtype: 'compact_boundary',
      uuid: 'y1',
      parentUuid: 'u2',
      timestamp: at(6),
      sessionId: 's1',
    },
    content: 'Conversation compacted',
  },
  { type: 'summary', summary: 'Login', leafUuid: 'u2' },
  '{"type":"assistant","uuid":"half',
];
const CLAUDE_AGENT = [
  {
    ...{ type: 'user', uuid: 'g1', parentUuid: null, isSidechain: true, agentId: 'a4f2', timestamp: at(7) },
    ...{ sessionId: 's1', message: { role: 'user', content: 'Find the handler.' } },
  },
  {
    ...{
      type: 'assistant',
      uuid: 'g2',
      parentUuid: 'g1',
      isSidechain: true,
      agentId: 'a4f2',
      timestamp: at(8),
    },
    ...{
      sessionId: 's1',
      message: { role: 'assistant', content: [{ type: 'text', text: 'It is login.ts.' }] },
    },
  },
];
/** As of 1.0: sub-agents in the file of the session, no names for them. */
const CLAUDE_OLD = [
  { type: 'summary', summary: 'Another talk', leafUuid: 'nowhere' },
  {
    ...{ type: 'user', uuid: 'o1', parentUuid: null, isSidechain: false, timestamp: '2025-06-14T10:00:00Z' },
    ...{
      sessionId: 's0',
      version: '1.0.17',
      message: { role: 'user', content: [{ type: 'text', text: 'Hello' }] },
    },
  },
  {
    ...{
      type: 'assistant',
      uuid: 'o2',
      parentUuid: null,
      isSidechain: true,
      timestamp: '2025-06-14T10:00:01Z',
    },
    ...{ sessionId: 's0', message: { role: 'assistant', content: [{ type: 'text', text: 'Aside' }] } },
  },
  {
    ...{
      type: 'assistant',
      uuid: 'o3',
      parentUuid: 'o1',
      timestamp: '2025-06-14T10:00:02Z',
      sessionId: 's0',
    },
    message: { role: 'assistant', content: [{ type: 'text', text: 'y'.repeat(150_000) }] },
  },
];

it('takes transcripts of Claude Code: roles, times, tools, side-chains, what was masked and what was skipped', async () => {
  write('.claude/projects/-home-me-shop/s1.jsonl', CLAUDE);
  write('.claude/projects/-home-me-shop/s1/subagents/agent-a4f2.jsonl', CLAUDE_AGENT);
  write('.claude/projects/-old/s0.jsonl', CLAUDE_OLD);
  const report = await imported('claude');
  expect(report).toMatchObject({ imported: 11, failed: 0, problems: [] });
  expect(report.skipped).toEqual(
    expect.arrayContaining([
      { reason: 'entries of type summary: no messages', count: 2 },
      { reason: 'entries of type progress: no messages', count: 1 },
      { reason: expect.stringContaining('not JSON') as unknown, count: 1 },
    ]),
  );

  const { session, messages } = await conversation('claude-code/s1');
  expect(session).toMatchObject({
    purpose: 'Why does the login fail? It says 500.',
    metadata: { source: 'claude-code', cwd: '/home/me/shop', git_branch: 'main' },
  });
  const by = (content: string): Message => messages.find((one) => one.content.includes(content))!;
  expect(messages.map(({ sender, timestamp }) => [sender, timestamp])).toEqual([
    ['user', at(1)],
    ['user', at(2)],
    ['claude', at(4)],
    ['tool', at(5)],
    ['system', at(6)],
    ['claude', at(7)],
    ['claude/a4f2', at(8)],
  ]);
  expect(by('I look')).toMatchObject({
    content: 'I should look at the log.\n\nI look at the log.\n\nBash {"command":"tail server.log"}',
    // Past the entry between them, which is no message.
    parent_message_id: by('Why').id,
    metadata: {
      ...{ role: 'assistant', model: 'claude-opus-4-6', thinking: true, version: '2.1.37' },
      tools: [{ id: 'toolu_1', name: 'Bash' }],
    },
  });
  expect(by('is refused')).toMatchObject({
    content: 'key sk-a…masked is refused\n\n[image, image/png]',
    parent_message_id: by('I look').id,
    metadata: { role: 'user', results: [{ tool_use_id: 'toolu_1', is_error: true }] },
  });
  expect(by('compacted').metadata).toMatchObject({ role: 'system', subtype: 'compact_boundary' });
  expect(by('It is')).toMatchObject({
    parent_message_id: by('Find').id,
    metadata: { sidechain: true, agent_id: 'a4f2' },
  });

  const old = await conversation('claude-code/s0');
  expect(old.session).toMatchObject({ purpose: 'Hello' });
  expect(old.messages.map(({ sender, content }) => [sender, content.length])).toEqual([
    ['user', 5],
    ['claude/subagent', 5],
    ['claude', 100_000],
    ['claude', 50_000],
  ]);
  expect(old.messages[3]).toMatchObject({
    parent_message_id: old.messages[2]!.id,
    metadata: { part: '2/2' },
  });
  expect(await imported('claude')).toMatchObject({ imported: 0, already_there: 11 });
});

const item = (second: number, payload: object) => ({ timestamp: at(second), type: 'response_item', payload });
const words = (role: string, text: string) => ({
  ...{ type: 'message', role },
  content: [{ type: role === 'assistant' ? 'output_text' : 'input_text', text }],
});

/** As of 0.46 and later. */
const CODEX = [
  {
    ...{ timestamp: at(0), type: 'session_meta' },
    payload: { id: 'c1', timestamp: at(0), cwd: '/srv/app', cli_version: '0.65.0', git: { branch: 'dev' } },
  },
  item(1, words('user', '<environment_context>\n<cwd>/srv/app</cwd></environment_context>')),
  item(1, words('user', 'Add a test')),
  { timestamp: at(1), type: 'event_msg', payload: { type: 'user_message', message: 'Add a test' } },
  { timestamp: at(1), type: 'turn_context', payload: { cwd: '/srv/app', model: 'gpt-5-codex' } },
  item(2, {
    type: 'reasoning',
    summary: [{ type: 'summary_text', text: '**Planning**' }],
    encrypted_content: 'x',
  }),
  item(2, { type: 'reasoning', summary: [], encrypted_content: 'x' }),
  item(3, { type: 'function_call', name: 'shell', arguments: '{"command":["ls"]}', call_id: 'call_1' }),
  item(4, { type: 'function_call_output', call_id: 'call_1', output: '{"output":"a.ts\\n"}' }),
  item(5, { type: 'custom_tool_call', name: 'apply_patch', input: '*** Begin Patch', call_id: 'call_2' }),
  item(6, {
    type: 'custom_tool_call_output',
    call_id: 'call_2',
    output: [{ type: 'input_text', text: 'Done' }],
  }),
  item(7, { type: 'web_search_call', status: 'completed', action: { type: 'search', query: 'vitest' } }),
  item(8, words('assistant', 'The test is there.')),
  { timestamp: at(9), type: 'compacted', payload: { message: 'They added a test.' } },
];
const CODEX_AGENT = [
  {
    ...{ timestamp: at(0), type: 'session_meta' },
    payload: {
      ...{ id: 'c2', timestamp: at(0) },
      source: { subagent: { thread_spawn: { parent_thread_id: 'c1', depth: 1, agent_role: 'explorer' } } },
    },
  },
  item(1, words('user', 'Look around')),
];
/** Before 0.32: the session first, then items without times. */
const CODEX_BARE = [
  { id: 'c0', timestamp: at(30), instructions: null, git: { branch: 'main' } },
  { record_type: 'state' },
  words('user', 'Hi'),
  { type: 'function_call', name: 'shell', arguments: '{}', call_id: 'call_1' },
  { type: 'function_call_output', call_id: 'call_1', output: { content: 'no', success: false } },
  words('assistant', 'Bye'),
];

it('takes transcripts of Codex of several versions', async () => {
  const folder = '.codex/sessions/2026/01/02';
  write(`${folder}/rollout-2026-01-02T03-04-00-c1.jsonl`, CODEX);
  write(`${folder}/rollout-2026-01-02T03-04-00-c2.jsonl.zst`, CODEX_AGENT);
  write(`${folder}/rollout-2025-05-07-c0.jsonl`, CODEX_BARE);
  write('.codex/sessions/rollout-2025-04-20-c00.json', [
    { session: { id: 'c00', timestamp: at(40), instructions: '' }, items: [words('user', 'First')] },
  ]);
  write(`${folder}/other.jsonl`, ['nonsense']);
  const report = await imported('codex');
  expect(report).toMatchObject({ imported: 16, failed: 0, problems: [] });

  const { session, messages } = await conversation('codex/c1');
  expect(session).toMatchObject({
    purpose: 'Add a test',
    metadata: { source: 'codex', cwd: '/srv/app', version: '0.65.0', git_branch: 'dev' },
  });
  expect(messages.map(({ sender, content, timestamp }) => [sender, content, timestamp])).toEqual([
    ['user', expect.stringContaining('<cwd>'), at(1)],
    ['user', 'Add a test', at(1)],
    ['codex', '**Planning**', at(2)],
    ['codex', 'shell {"command":["ls"]}', at(3)],
    ['tool', '{"output":"a.ts\\n"}', at(4)],
    ['codex', 'apply_patch *** Begin Patch', at(5)],
    ['tool', 'Done', at(6)],
    ['codex', 'web_search {"type":"search","query":"vitest"}', at(7)],
    ['codex', 'The test is there.', at(8)],
    ['system', 'They added a test.', at(9)],
  ]);
  expect(messages[4]).toMatchObject({ parent_message_id: messages[3]!.id, metadata: { call_id: 'call_1' } });
  expect(messages[8]!.metadata).toMatchObject({ model: 'gpt-5-codex', role: 'assistant' });
  expect((await conversation('codex/c2')).session).toMatchObject({
    metadata: { sidechain: true, parent_session: 'codex/c1' },
  });
  const bare = await conversation('codex/c0');
  expect(bare.messages.map(({ sender, content }) => [sender, content])).toEqual([
    ['user', 'Hi'],
    ['codex', 'shell {}'],
    ['tool', 'no'],
    ['codex', 'Bye'],
  ]);
  const times = bare.messages.map(({ timestamp }) => Date.parse(timestamp));
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times[0]! - Date.parse(at(30))).toBeLessThan(10);
  expect((await conversation('codex/c00')).messages).toHaveLength(1);
  expect(await imported('codex', join(share, folder))).toMatchObject({ imported: 0, already_there: 15 });
});

it('takes the database of shared-context-server, and memory of the agents that are known', async () => {
  const file = join(share, 'chat_history.db');
  const db = new Database(file);
  db.exec(`
    CREATE TABLE sessions (id TEXT PRIMARY KEY, purpose TEXT NOT NULL, created_at TIMESTAMP, updated_at TIMESTAMP,
      is_active BOOLEAN DEFAULT TRUE, created_by TEXT NOT NULL, metadata TEXT);
    CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL, sender TEXT NOT NULL,
      sender_type TEXT DEFAULT 'generic', content TEXT NOT NULL, visibility TEXT DEFAULT 'public',
      message_type TEXT DEFAULT 'agent_response', metadata TEXT, timestamp TIMESTAMP, parent_message_id INTEGER);
    CREATE TABLE agent_memory (id INTEGER PRIMARY KEY AUTOINCREMENT, agent_id TEXT NOT NULL, session_id TEXT,
      key TEXT NOT NULL, value TEXT NOT NULL, metadata TEXT, created_at TIMESTAMP, updated_at TIMESTAMP, expires_at TIMESTAMP);
    CREATE TABLE audit_log (id INTEGER PRIMARY KEY, event_type TEXT);
    INSERT INTO sessions VALUES ('session_abc', 'Refactor', '2025-08-15 12:00:00', NULL, 0, 'claude-main', '{"a":1}');
    INSERT INTO messages VALUES
      (1, 'session_abc', 'claude-main', 'claude', 'Hello', 'public', 'agent_response', NULL, 1755259200.5, NULL),
      (2, 'session_abc', 'gpt', 'openai', 'Secret', 'private', 'x', '{"b":2}', '2025-08-15T12:00:01.250000+00:00', 1),
      (3, 'session_abc', 'gpt', 'openai', 'Late', 'public', 'x', NULL, '2025-08-15 14:00:02', 1);
    INSERT INTO agent_memory VALUES
      (1, 'claude-main', NULL, 'plan', '{"steps":[1]}', '{}', 1755259200, '2025-08-15 12:00:00', NULL),
      (2, 'claude-main', 'session_abc', 'note', 'plain text', NULL, 1755259200, NULL, NULL),
      (3, 'nobody', NULL, 'plan', '1', NULL, 1755259200, NULL, NULL),
      (4, 'claude-main', NULL, 'old', '1', NULL, 1755259200, NULL, 1755259300);
    INSERT INTO audit_log VALUES (1, 'x'), (2, 'y');`);
  db.close();
  const agent = await connectClient(url, '2026', {
    key: KEYS.API_KEY,
    headers: { 'x-agent-id': 'claude-main', 'x-agent-type': 'claude' },
  });
  await agent.callTool('list_sessions', {});
  const report = await imported(file);
  expect(report).toMatchObject({ imported: 3, memory: 2, failed: 2 });
  expect(report.problems.map(({ problem }) => problem)).toEqual([
    expect.stringContaining('there is no agent nobody yet'),
    'memory old of claude-main has expired',
  ]);
  expect(report.skipped).toEqual([{ reason: expect.stringContaining('audit_log') as unknown, count: 2 }]);

  const { session, messages } = await conversation('session_abc');
  expect(session).toMatchObject({
    ...{ purpose: 'Refactor', is_active: false, created_at: '2025-08-15T12:00:00.000Z' },
    metadata: { a: 1, external_creator: 'claude-main' },
  });
  expect(
    messages.map(({ sender, timestamp, metadata }) => [sender, timestamp, metadata['sender_type']]),
  ).toEqual([
    ['claude-main', '2025-08-15T12:00:00.500Z', 'claude'],
    ['gpt', '2025-08-15T12:00:01.250Z', 'openai'],
    ['gpt', '2025-08-15T14:00:02.000Z', 'openai'],
  ]);
  expect(messages[1]).toMatchObject({ parent_message_id: messages[0]!.id, visibility: 'private' });
  const session_id = session['session_id'];
  expect((await agent.callTool('get_memory', { key: 'plan' })).json).toMatchObject({ value: { steps: [1] } });
  expect((await agent.callTool('get_memory', { key: 'note', session_id })).json).toMatchObject({
    value: 'plain text',
  });
  // What is private there is shown to operators alone.
  expect((await agent.callTool('get_messages', { session_id })).json).toMatchObject({ count: 2 });
  await agent.close();
  expect(await imported(file)).toMatchObject({ imported: 0, already_there: 5 });
});

it.each([
  ['claude', '/nowhere/at-all', 2, /cannot be read/],
  ['file.jsonl', 'more.jsonl', 2, /one file at a time/],
  ['codex', share, 0, /^messages imported: 0/],
])('schub import %s %s ends with %i', async (source, path, code, said) => {
  const run = await schub('import', source, path);
  expect(run.code).toBe(code);
  expect(code === 0 ? run.out : run.err).toMatch(said);
});
