/** `schub audit list`, spoken to a real hub in another process. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectClient } from '../_util/connect-client.ts';
import { temporaryFolder } from '../_util/test-hub.ts';
import { runSchub, type Schub } from '../http/run-schub.ts';

const share = temporaryFolder();
const API_KEY = 'schk_of-the-agents-0123456789abcdef';
const env = { API_KEY };
let hub: Schub;

async function schub(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const run = runSchub({ args, share, env });
  const code = await run.ended;
  return { code, out: run.stdout(), err: run.stderr() };
}

beforeAll(async () => {
  hub = runSchub({ args: ['serve'], share, env });
  const client = '\u001b[2J\u202eevil';
  const connected = await connectClient(await hub.ready, '2026', {
    ...{ key: API_KEY, headers: { 'x-agent-id': 'mallory' } },
    clientInfo: { name: client, version: '1' },
  });
  await connected.callTool('get_audit_log');
  await connected.callTool('set_memory', { key: 'plan', value: 1 });
  await connected.callTool('delete_memory', { key: 'plan' });
}, 60_000);

afterAll(async () => {
  hub.child.kill('SIGTERM');
  expect(await hub.ended).toBe(0);
  rmSync(share, { recursive: true, force: true });
});

it('lists events newest first, one line each, which do nothing to a terminal', async () => {
  const { code, out, err } = await schub('audit', 'list', '--agent', 'MALLORY');
  expect([code, err]).toEqual([0, '']);
  const lines = out
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
  expect(lines.map(([, actor, , event]) => `${actor ?? ''} ${event ?? ''}`)).toEqual([
    'mallory memory.deleted',
    'mallory access.refused',
    'mallory auth.login',
  ]);
  expect(lines[0]?.slice(2)).toEqual([
    ...['key_agent', 'memory.deleted', 'delete_memory', 'memory:plan', '-', 'ok', 'scope=agent version=1'],
  ]);
  expect(out).not.toMatch(/[\u001b\u202e]/);
  expect(lines[2]?.at(-1)).toContain('evil');
});

it('filters, and answers one document with --json', async () => {
  const since = new Date(Date.now() - 3_600_000).toISOString();
  const filter = ['--type', 'access.refused', '--since', since, '--until', '2100-01-01T00:00:00Z'];
  const { code, out } = await schub('audit', 'list', ...filter, '--limit', '5', '--json');
  expect(code).toBe(0);
  const { entries } = JSON.parse(out) as { entries: unknown[] };
  expect(entries).toMatchObject([
    { event_type: 'access.refused', actor: 'mallory', action: 'get_audit_log', result: 'refused' },
  ]);
  const more = await schub('audit', 'list', '--limit', '1');
  expect(more.out.trimEnd().split('\n')).toHaveLength(1);
  expect(more.err).toBe('More than 1; see them with --limit.\n');
  expect(await schub('audit', 'list', '--session', 'none')).toEqual({ code: 0, out: '', err: '' });
});

it('refuses an unknown type and a time without offset as wrong usage', async () => {
  for (const wrong of [
    ['--type', 'nonsense'],
    ['--since', 'yesterday'],
  ]) {
    const { code, out, err } = await schub('audit', 'list', ...wrong);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(wrong[1]);
  }
});

it('is for operators', async () => {
  const run = runSchub({ args: ['audit', 'list'], share, env: { HUB_API_KEY: API_KEY } });
  expect(await run.ended).toBe(4);
  expect(run.stdout()).toBe('');
});
