/** The first day of a hub through its public doors alone: the command line, and real clients over real sockets. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectClient } from '../_util/connect-client.ts';
import { temporaryFolder } from '../_util/test-hub.ts';
import { runSchub, type Schub } from '../http/run-schub.ts';

const SHARED = join(import.meta.dirname, '../../../shared/data/messages-small.jsonl');
const SHARED_MESSAGES = 3321;
const LINES = 700;

const share = temporaryFolder();
let hub: Schub;
let url: string;

/** Runs a command to its end. */
async function schub(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const run = runSchub({ args, share });
  const code = await run.ended;
  return { code, out: run.stdout(), err: run.stderr() };
}

function writeLines(name: string, lines: readonly unknown[]): string {
  const file = join(share, name);
  writeFileSync(
    file,
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  );
  return file;
}

function message(i: number): Record<string, unknown> {
  return {
    id: `m${i}`,
    session: `talk-${i % 7}`,
    sender: `Person ${i % 11}`,
    timestamp: new Date(Date.UTC(2024, 0, 1, 0, 0, i)).toISOString(),
    content: `Message ${i} — „Grüße“ 🙂`,
    parent: i >= 70 ? `m${i - 70}` : null,
    ...(i % 10 === 0 ? { visibility: 'private' } : {}),
  };
}

beforeAll(async () => {
  hub = runSchub({ args: ['serve'], share });
  url = await hub.ready;
}, 60_000);

afterAll(async () => {
  hub.child.kill('SIGTERM');
  expect(await hub.ended).toBe(0);
  rmSync(share, { recursive: true, force: true });
});

it('imports a file, and nothing twice', async () => {
  const file = writeLines(
    'talk.jsonl',
    Array.from({ length: LINES }, (_, i) => message(i)),
  );
  const first = await schub('import', file, '--json');
  expect(first.code).toBe(0);
  expect(JSON.parse(first.out)).toEqual({
    ...{ lines: LINES, imported: LINES, already_there: 0, sessions: 7, failed: 0, problems: [] },
  });
  const again = await schub('import', file, '--json');
  expect(JSON.parse(again.out)).toMatchObject({ imported: 0, already_there: LINES });

  const listed = JSON.parse((await schub('sessions', 'list', '--query', 'TALK-3', '--json')).out) as {
    sessions: { session_id: string; message_count: number; purpose: string }[];
  };
  expect(listed.sessions).toHaveLength(1);
  expect(listed.sessions[0]).toMatchObject({ purpose: 'talk-3', message_count: LINES / 7 });
  const shown = await schub(
    'sessions',
    'show',
    listed.sessions[0]?.session_id ?? '',
    '--limit',
    '2',
    '--json',
  );
  expect(JSON.parse(shown.out)).toMatchObject({
    messages: [
      {
        sender: 'Person 7',
        imported: true,
        content: 'Message 689 — „Grüße“ 🙂',
        timestamp: '2024-01-01T00:11:29.000Z',
      },
      { sender: 'Person 3' },
    ],
    total_count: LINES / 7,
  });
});

it('names bad lines and stores the others', async () => {
  const file = writeLines('bad.jsonl', [
    { ...message(1), session: 'bad', id: 'ok-1' },
    'no json',
    { ...message(2), session: 'bad', id: 'blank', content: '  ' },
    { ...message(3), session: 'bad', id: 'orphan', parent: 'nobody' },
    { ...message(4), session: 'bad', id: 'late', timestamp: 'yesterday' },
    { ...message(5), session: 'bad', id: 'many', to: Array.from({ length: 51 }, (_, i) => `agent-${i}`) },
    `{"id":"deep","x":${'['.repeat(100)}${']'.repeat(100)}}`,
  ]);
  const { code, out, err } = await schub('import', file);
  expect(code).toBe(1);
  expect(out).toBe('messages imported: 2, could not be stored: 5, sessions: 1\n');
  expect(err).toMatch(/^line 2: not JSON$/m);
  expect(err).toMatch(/^line 3: content/m);
  expect(err).toMatch(/^line 4: parent nobody/m);
  expect(err).toMatch(/^line 5: timestamp/m);
  expect(err).toMatch(/^line 6: to/m);
  expect(err).toMatch(/^line 7: nests deeper than 66 levels$/m);
});

it.runIf(existsSync(SHARED))('imports the real conversations that lie beside the checkout', async () => {
  const { code, out } = await schub('import', SHARED, '--json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ imported: SHARED_MESSAGES, failed: 0, problems: [] });
});

it('lets two clients with two keys, of two eras, work together and keep what is private', async () => {
  const keyOf = async (name: string): Promise<string> => {
    const made = await schub('keys', 'create', name, '--permissions', 'read,write', '--json');
    const key = JSON.parse(made.out) as { key: string };
    expect(key).toMatchObject({ name, workspace: 'default', permissions: ['read', 'write'] });
    return key.key;
  };
  const ann = await connectClient(url, '2025', { key: await keyOf('ann'), headers: { 'x-agent-id': 'ann' } });
  const bob = await connectClient(url, '2026', { key: await keyOf('bob'), headers: { 'x-agent-id': 'bob' } });
  expect([ann.client.getServerVersion()?.name, bob.client.getServerVersion()?.name]).toEqual([
    'shared-context-hub',
    'shared-context-hub',
  ]);

  const { session_id } = (await ann.callTool('create_session', { purpose: 'Together' })).json;
  for (const [agent, name] of [[ann, 'ann'] as const, [bob, 'bob'] as const]) {
    for (const visibility of ['public', 'private']) {
      const posted = await agent.callTool('add_message', {
        session_id,
        content: `${visibility} of ${name}`,
        visibility,
      });
      expect(posted.json).toMatchObject({ success: true });
    }
    await agent.callTool('set_memory', { key: 'mine', value: { of: name } });
    await agent.callTool('set_memory', { key: `shared.${name}`, value: name, scope: 'shared' });
  }
  for (const [agent, name, other] of [[ann, 'ann', 'bob'] as const, [bob, 'bob', 'ann'] as const]) {
    const read = (await agent.callTool('get_messages', { session_id })).json;
    const contents = (read['messages'] as { content: string }[]).map((row) => row.content);
    expect(contents.sort()).toEqual([`private of ${name}`, 'public of ann', 'public of bob'].sort());
    expect(read).toMatchObject({ count: 3, total_count: 3 });
    expect((await agent.callTool('get_memory', { key: 'mine' })).json).toMatchObject({ value: { of: name } });
    expect(
      (await agent.callTool('get_memory', { key: `shared.${other}`, scope: 'shared' })).json,
    ).toMatchObject({
      value: other,
      updated_by: other,
    });
  }
  await ann.close();
  await bob.close();
});

it('revokes a key at once', async () => {
  const made = JSON.parse((await schub('keys', 'create', 'short-lived', '--json')).out) as {
    key: string;
    key_id: string;
  };
  const ask = async (): Promise<number> =>
    (await fetch(`${url}/api/v1/sessions`, { headers: { 'x-api-key': made.key } })).status;
  expect(await ask()).toBe(200);
  expect((await schub('keys', 'revoke', made.key_id)).code).toBe(0);
  expect(await ask()).toBe(401);
  expect((await schub('keys', 'list')).out).toMatch(/short-lived\tdefault\tread,write\t-\trevoked/);
});

it.each([
  [['sessions', 'show', 'session_ffffffffffffffff'], 3, /no session/],
  [['sessions', 'list', '--limit', '0'], 2, /1 to 10000/],
  [['sessions'], 2, /list \[options\]/],
  [['import', '/nowhere/at-all.jsonl'], 2, /cannot be read/],
  [['keys', 'create', 'has space'], 2, /name/],
  [['keys', 'create', 'late', '--expires', 'soon'], 2, /30m, 12h, 90d/],
  [['keys', 'create', 'x', '--permissions', 'fly'], 2, /permissions/],
])('schub %j ends with %i', async (args, code, said) => {
  const ended = await schub(...args);
  expect({ code: ended.code, out: ended.out }).toEqual({ code, out: '' });
  expect(ended.err).toMatch(said);
});

it('says that no hub runs, and how to start one', async () => {
  const elsewhere = temporaryFolder();
  const run = runSchub({ args: ['sessions', 'list'], share: elsewhere });
  expect(await run.ended).toBe(5);
  expect(run.stderr()).toMatch(/schub up/);
  rmSync(elsewhere, { recursive: true });
});
