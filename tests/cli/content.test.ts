/** `schub messages|memory|search|sessions close`, spoken to a real hub in another process. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectClient } from '../_util/connect-client.ts';
import { temporaryFolder } from '../_util/test-hub.ts';
import { runSchub, type Schub } from '../http/run-schub.ts';

const API_KEY = 'schk_of-the-agents-0123456789abcdef';
const share = temporaryFolder();
const env = { API_KEY, LOG_LEVEL: 'warn' };
let hub: Schub;
let session: string;

async function schub(...args: string[]) {
  const run = runSchub({ args, share, env });
  return { code: await run.ended, out: run.stdout(), err: run.stderr() };
}

beforeAll(async () => {
  hub = runSchub({ args: ['serve'], share, env });
  const alice = await connectClient(await hub.ready, '2026', {
    key: API_KEY,
    headers: { 'x-agent-id': 'alice' },
  });
  const made = await alice.callTool('create_session', {
    purpose: 'Terminal',
    first_message: 'A wombat digs',
  });
  session = (made.structuredContent as { session_id: string }).session_id;
}, 60_000);

afterAll(async () => {
  hub.child.kill('SIGTERM');
  expect(await hub.ended).toBe(0);
  rmSync(share, { recursive: true });
});

it('sends, lists and finds messages', async () => {
  const sent = await schub(
    'messages',
    'send',
    session,
    'Which \u001b[31mburrow?',
    '--to',
    'alice,bob',
    '--type',
    'question',
  );
  expect([sent.code, sent.err]).toEqual([0, 'No agent is called bob yet.\n']);
  const id = sent.out.trim();
  const answer = await schub('messages', 'send', session, 'That one', '--reply-to', id, '--json');
  expect(JSON.parse(answer.out)).toMatchObject({ message_id: expect.any(Number) });
  const listed = await schub('messages', 'list', session, '--after', id);
  expect(listed.out.trimEnd().split('\t').slice(-1)).toEqual(['That one']);
  const newest = await schub('messages', 'list', session, '--limit', '2');
  expect(
    newest.out
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t')[0]),
  ).toContain(id);
  expect(newest.out).not.toContain('\u001b');
  expect(newest.err).toBe('There are more; see them with --limit.\n');
  const found = await schub('search', 'wombatt', '--session', session);
  expect(found.out).toContain('A **wombat** digs');
  expect(found.err).toBe('Searched for: wombat\n');
  expect(await schub('search', 'platypus')).toEqual({ code: 0, out: '', err: '' });
});

it('keeps, lists and removes memory', async () => {
  expect((await schub('memory', 'set', 'limits', '{"cpu":2}')).out).toBe('limits has version 1\n');
  expect((await schub('memory', 'set', 'motto', 'no JSON')).code).toBe(0);
  expect((await schub('memory', 'get', 'limits')).out).toBe('{"cpu":2}\n');
  expect((await schub('memory', 'get', 'motto')).out).toBe('no JSON\n');
  const listed = await schub('memory', 'list', '--prefix', 'l', '--json');
  expect(JSON.parse(listed.out)).toMatchObject({ entries: [{ key: 'limits', scope: 'shared' }] });
  expect((await schub('memory', 'set', 'limits', '{"cpu":4}')).out).toBe('limits has version 2\n');
  const versions = (await schub('memory', 'history', 'limits')).out.trim().split('\n');
  expect(versions.map((line) => line.split('\t').slice(0, 2))).toEqual([
    ['2', '9'],
    ['1', '9'],
  ]);
  expect((await schub('memory', 'get', 'limits', '--at', '1')).out).toBe('{"cpu":2}\n');
  expect((await schub('memory', 'get', 'limits', '--at', '3')).code).toBe(3);
  expect((await schub('memory', 'rm', 'limits')).out).toBe('limits is gone\n');
  const gone = await schub('memory', 'get', 'limits');
  expect([gone.code, gone.out]).toEqual([3, '']);
  expect(gone.err).toContain('There is no shared memory "limits"');
});

it('closes a session, which then takes nothing', async () => {
  expect((await schub('sessions', 'close', session)).out).toBe(`${session} is closed\n`);
  const late = await schub('messages', 'send', session, 'late');
  expect([late.code, late.out]).toEqual([1, '']);
  expect(late.err).toContain('is closed and takes no new messages');
  expect((await schub('sessions', 'close', 'session_ffffffffffffffff')).code).toBe(3);
});
