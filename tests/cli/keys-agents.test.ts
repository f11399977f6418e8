/** `schub keys` and `schub agents` as an operator with two teams uses them, over a real socket. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { temporaryFolder } from '../_util/test-hub.ts';
import { runSchub, type Schub } from '../http/run-schub.ts';

const share = temporaryFolder();
let hub: Schub;
let url: string;

beforeAll(async () => {
  hub = runSchub({ args: ['serve'], share });
  url = await hub.ready;
}, 60_000);

afterAll(async () => {
  hub.child.kill('SIGTERM');
  expect(await hub.ended).toBe(0);
  rmSync(share, { recursive: true, force: true });
});

/** Runs a command to its end. */
async function schub(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const run = runSchub({ args, share });
  const code = await run.ended;
  return { code, out: run.stdout(), err: run.stderr() };
}

async function json<T>(...args: string[]): Promise<T> {
  const { code, out, err } = await schub(...args, '--json');
  expect(code, err).toBe(0);
  return JSON.parse(out) as T;
}

async function actAs(key: string, agent: string): Promise<number> {
  const headers = { authorization: `Bearer ${key}`, 'x-agent-id': agent };
  return (await fetch(`${url}/api/v1/sessions`, { headers })).status;
}

it('binds a key to agents, gives it a new text, and ends it by its name', async () => {
  const made = await json<{ key: string; key_id: string; agent_ids: string[] }>(
    ...['keys', 'create', 'team-a', '--agents', 'ann, bob'],
  );
  expect(made.agent_ids).toEqual(['ann', 'bob']);
  expect([await actAs(made.key, 'ANN'), await actAs(made.key, 'carl')]).toEqual([200, 403]);

  const rotated = await json<{ key: string; key_id: string; old_key_until: string }>(
    ...['keys', 'rotate', 'team-a', '--overlap', '2h'],
  );
  expect(rotated.key_id).toBe(made.key_id);
  expect(Math.abs(Date.parse(rotated.old_key_until) - Date.now() - 7_200_000)).toBeLessThan(60_000);
  expect([await actAs(made.key, 'ann'), await actAs(rotated.key, 'ann')]).toEqual([200, 200]);

  const said = await schub('keys', 'rotate', made.key_id, '--overlap', '0');
  expect(said.code).toBe(0);
  expect(said.err).toContain('Key team-a has a new text; the old one is no longer valid.');
  const last = said.out.trim();
  expect([await actAs(rotated.key, 'ann'), await actAs(last, 'ann')]).toEqual([401, 200]);
  expect((await schub('keys', 'list')).out).toMatch(/\tteam-a\tdefault\tread,write\tann,bob\tnever\t/);

  expect((await schub('keys', 'revoke', 'team-a')).err).toBe('Key team-a is revoked.\n');
  expect(await actAs(last, 'ann')).toBe(401);
});

it('lists the agents of a workspace, and gives their ids to other keys', async () => {
  const of = async (name: string): Promise<string> =>
    (await json<{ key: string }>('keys', 'create', name, '--workspace', 'team')).key;
  const [first, second] = [await of('first'), await of('second')];
  expect([await actAs(first, 'Reviewer'), await actAs(second, 'reviewer')]).toEqual([200, 403]);
  const there = ['--workspace', 'team'];
  expect((await schub('agents', 'list', ...there)).out).toMatch(
    /^Reviewer\tapi\tfirst\t\S+Z\t\S+Z\tapi\tonline\n$/,
  );

  const given = await schub('agents', 'transfer', 'reviewer', 'second', ...there);
  expect([given.code, given.err]).toEqual([0, 'Agent Reviewer belongs to the key second.\n']);
  expect([await actAs(first, 'reviewer'), await actAs(second, 'reviewer')]).toEqual([403, 200]);

  const freed = await schub('agents', 'release', 'reviewer', ...there);
  expect([freed.code, freed.err]).toEqual([0, 'Agent Reviewer is free for the next key that uses it.\n']);
  expect((await schub('agents', 'list', ...there)).out).toMatch(/^Reviewer\tapi\treleased\t/);
  expect([await actAs(first, 'reviewer'), await actAs(second, 'reviewer')]).toEqual([200, 403]);
  const { agents } = await json<{ agents: object[] }>('agents', 'list', ...there);
  expect(agents).toMatchObject([{ agent_id: 'Reviewer', key_name: 'first', released_at: null }]);
});

it.each([
  [['keys', 'rotate', 'nobody'], 2, /key_id is "nobody"/],
  [['keys', 'rotate', 'agent'], 2, /comes from the setting API_KEY/],
  [
    ['keys', 'rotate', 'agent', '--overlap', 'soon'],
    2,
    /--overlap is "soon"; expected .* as in 30m, 12h, 90d/,
  ],
  [['keys', 'rotate', 'agent', '--overlap', '31d'], 2, /overlap is 2678400/],
  [['agents', 'release', 'ghost'], 3, /no agent ghost in workspace default/],
  [['agents', 'transfer', 'ghost'], 2, /missing required argument 'key'/],
])('schub %j ends with %i', async (args, code, said) => {
  const ended = await schub(...args);
  expect({ code: ended.code, out: ended.out }).toEqual({ code, out: '' });
  expect(ended.err).toMatch(said);
});
