/** Whose agent ids are: listed, released and transferred by operators, and who may act as them then. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operatorOf } from '../_util/operator.ts';
import { ERAS, expectError, expectSuccess, openDoor } from '../_util/scenario-doors.ts';
import { post } from '../_util/scenario-raw.ts';
import { ADMIN_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

interface Agent {
  readonly agent_id: string;
  readonly agent_type: string;
  readonly key_id: string;
  readonly key_name: string;
  readonly released_at: string | null;
}

let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub[Symbol.asyncDispose]());

const { done, refused } = operatorOf(() => hub, '/api/v1/agents');

async function listed(query = '', key = ADMIN_KEY): Promise<readonly Agent[]> {
  return (await done<{ agents: Agent[] }>('GET', query, undefined, key)).agents;
}

/** The status of a call with this key as this agent. */
async function actAs(key: string, agent: string, more: Record<string, string> = {}): Promise<number> {
  const headers = { authorization: `Bearer ${key}`, 'x-agent-id': agent, ...more };
  return (await post(hub, '2026', { method: 'tools/list', headers })).status;
}

function audited(
  type: string,
  agent: string,
): { actor: string; key_id: string; details: Record<string, string> }[] {
  const db = new Database(join(hub.folder, 'hub.db'), { readonly: true });
  const rows = db
    .prepare<[string, string], { actor: string; key_id: string; details: string }>(
      'SELECT * FROM audit_log WHERE event_type = ? AND resource = ?',
    )
    .all(type, `agent:${agent}`);
  db.close();
  return rows.map((row) => ({ ...row, details: JSON.parse(row.details) as Record<string, string> }));
}

const workspaceKeys = async (workspace: string, ...names: string[]): Promise<string[]> =>
  Promise.all(names.map((name) => hub.makeKey(`${workspace}-${name}`, { workspace })));

describe('the list of agents', () => {
  it('says whose they are, page by page, of one workspace', async () => {
    const [first = '', second = ''] = await workspaceKeys('listing', 'first', 'second');
    for (const [key, agent] of [
      [first, 'Carl'],
      [first, 'ann'],
      [second, 'Ben'],
    ] as const) {
      expect(await actAs(key, agent, { 'x-agent-type': 'coder' })).toBe(200);
    }
    const agents = await listed('?workspace=listing');
    expect(agents.map(({ agent_id, key_name }) => [agent_id, key_name])).toEqual([
      ['ann', 'listing-first'],
      ['Ben', 'listing-second'],
      ['Carl', 'listing-first'],
    ]);
    expect(agents[0]).toMatchObject({ agent_type: 'coder', client: 'raw/1', released_at: null });
    const pages: string[][] = [];
    for (let cursor = ''; ;) {
      const page = await done<{ agents: Agent[]; next_cursor?: string }>(
        ...(['GET', `?workspace=listing&limit=2${cursor}`] as const),
      );
      pages.push(page.agents.map(({ agent_id }) => agent_id));
      if (page.next_cursor === undefined) break;
      cursor = `&cursor=${page.next_cursor}`;
    }
    expect(pages).toEqual([['ann', 'Ben'], ['Carl']]);
    expect((await listed()).map(({ agent_id }) => agent_id)).not.toContain('Carl');
  });

  it('and what can be done with it are for operators, of their own workspace', async () => {
    const [writer = '', other = ''] = await workspaceKeys('guarded', 'writer', 'other');
    const boss = await hub.makeKey('elsewhere-boss', {
      workspace: 'elsewhere',
      permissions: ['read', 'write', 'admin'],
    });
    expect(await actAs(writer, 'mine')).toBe(200);
    const asks = [
      ['GET', '?workspace=guarded', undefined],
      ['POST', '/mine/release', { workspace: 'guarded' }],
      ['POST', '/mine/transfer', { workspace: 'guarded', key: 'guarded-other' }],
    ] as const;
    for (const [method, path, body] of asks) {
      expect((await refused(403, method, path, body, writer)).context).toMatchObject({ needed: 'admin' });
      const error = await refused(403, method, path, body, boss);
      expect(error.context).toEqual({ workspace: 'guarded', own: 'elsewhere' });
    }
    expect((await listed('', boss)).every(({ agent_id }) => agent_id.startsWith('op@'))).toBe(true);
    expect((await refused(404, 'POST', '/mine/release', {}, boss)).code).toBe('AGENT_NOT_FOUND');
    expect([await actAs(writer, 'mine'), await actAs(other, 'mine')]).toEqual([200, 403]);
  });
});

describe('a released id', () => {
  it.each(ERAS)('belongs to the next key that uses it, with its type and memory (%s)', async (era) => {
    const [old = '', next = '', third = ''] = await workspaceKeys(`released${era}`, 'old', 'next', 'third');
    const before = await openDoor(hub, era, { key: old, agent: 'Reviewer', type: 'coder' });
    expectSuccess(await before.call('set_memory', { key: 'k', value: 'kept' }));
    expect(await actAs(next, 'reviewer')).toBe(403);
    const released = await done<{ agent: Agent }>('POST', '/REVIEWER/release', {
      workspace: `released${era}`,
    });
    expect(released.agent).toMatchObject({ agent_id: 'Reviewer', released_at: expect.any(String) as string });
    expect((await listed(`?workspace=released${era}`))[0]?.released_at).toEqual(released.agent.released_at);

    expect(await actAs(next, 'reviewer', { 'x-agent-type': 'tester' })).toBe(403);
    const after = await openDoor(hub, era, { key: next, agent: 'reviewer' });
    expect(JSON.parse(await after.read('hub://info'))).toMatchObject({
      agent_id: 'Reviewer',
      agent_type: 'coder',
    });
    expect(expectSuccess(await after.call('get_memory', { key: 'k' }))['value']).toBe('kept');
    expect([await actAs(old, 'reviewer'), await actAs(third, 'reviewer')]).toEqual([403, 403]);
    expect((await listed(`?workspace=released${era}`))[0]).toMatchObject({
      key_name: `released${era}-next`,
      released_at: null,
    });
    expect(audited('agent.released', 'Reviewer')).toContainEqual(
      expect.objectContaining({
        key_id: 'key_admin',
        details: { workspace: `released${era}`, from_key: released.agent.key_id },
      }),
    );
  });

  it('is taken by one key only, however many try', async () => {
    const [old = '', ...others] = await workspaceKeys('race', 'old', 'a', 'b', 'c', 'd');
    expect(await actAs(old, 'prize')).toBe(200);
    await done('POST', '/prize/release', { workspace: 'race' });
    const statuses = await Promise.all(others.map((key) => actAs(key, 'prize')));
    expect(statuses.sort()).toEqual([200, 403, 403, 403]);
  });

  it('can be taken by an operator of all workspaces who writes there', async () => {
    const [old = ''] = await workspaceKeys('starred', 'old');
    const star = await hub.makeKey('starred-root', {
      workspace: '*',
      permissions: ['read', 'write', 'admin'],
    });
    const owner = await openDoor(hub, '2026', { key: old, agent: 'shared' });
    const { session_id } = expectSuccess(await owner.call('create_session', { purpose: 'p' }));
    const root = await openDoor(hub, '2026', { key: star, agent: 'shared' });
    const post = () => root.call('add_message', { session_id, content: 'c' });
    expectError(await post(), 'PERMISSION_DENIED');
    await done('POST', '/shared/release', { workspace: 'starred' });
    expectSuccess(await post());
    expect((await listed('?workspace=starred'))[0]).toMatchObject({
      key_name: 'starred-root',
      released_at: null,
    });
    expect(await actAs(old, 'shared')).toBe(403);
  });
});

describe('a transfer', () => {
  it('gives the id to a key, by name or id, and to no other', async () => {
    const [old = '', heir = '', third = ''] = await workspaceKeys('given', 'old', 'heir', 'third');
    expect([await actAs(old, 'Bot'), await actAs(heir, 'bot')]).toEqual([200, 403]);
    const { agent } = await done<{ agent: Agent }>('POST', '/bot/transfer', {
      key: 'given-heir',
      workspace: 'given',
    });
    expect(agent).toMatchObject({ agent_id: 'Bot', key_name: 'given-heir', released_at: null });
    const statuses = async () => Promise.all([old, heir, third].map((key) => actAs(key, 'bot')));
    expect(await statuses()).toEqual([403, 200, 403]);
    const back = audited('agent.transferred', 'Bot')[0]?.details['from_key'];
    await done('POST', '/bot/transfer', { key: back, workspace: 'given' });
    expect(await statuses()).toEqual([200, 403, 403]);
    await done('POST', '/bot/release', { workspace: 'given' });
    await done('POST', '/bot/transfer', { key: 'given-third', workspace: 'given' });
    expect(await statuses()).toEqual([403, 403, 200]);
  });

  it('is refused where the key could not use the id', async () => {
    const [old = ''] = await workspaceKeys('bounded', 'old');
    await hub.makeKey('outside', { workspace: 'another' });
    await hub.makeKey('fixed', { workspace: 'bounded', agent_id: 'somebody' });
    await hub.makeKey('typed', { workspace: 'bounded', agent_types: ['tester'] });
    await hub.makeKey('ended', { workspace: 'bounded' });
    const headers = { authorization: `Bearer ${ADMIN_KEY}` };
    await hub.request('/api/v1/keys/ended', { method: 'DELETE', headers });
    expect(await actAs(old, 'bot', { 'x-agent-type': 'coder' })).toBe(200);
    const to = (status: number, key: string) =>
      refused(status, 'POST', '/bot/transfer', { key, workspace: 'bounded' });
    expect((await to(400, 'outside')).error).toMatch(/outside is of workspace another/);
    expect((await to(400, 'ended')).error).toMatch(/ended has ended/);
    expect((await to(400, 'nobody')).context).toMatchObject({ field: 'key', value: 'nobody' });
    expect((await to(403, 'fixed')).error).toMatch(/acts as somebody only/);
    expect((await to(403, 'typed')).error).toMatch(/allows tester for bot/);
    expect((await refused(404, 'POST', '/ghost/transfer', { key: 'bounded-old' })).code).toBe(
      'AGENT_NOT_FOUND',
    );
    expect((await refused(400, 'POST', '/bot/transfer', {})).context).toMatchObject({ field: 'key' });
    expect(await actAs(old, 'bot')).toBe(200);
  });
});
