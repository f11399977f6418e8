/** Who a connection acts as: by key, headers and client name; what contradicts is refused and says what it contradicts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ErrorObject } from '../../src/errors.ts';
import { ERAS, expectSuccess, openDoor, type Door } from '../_util/scenario-doors.ts';
import { initialize, post } from '../_util/scenario-raw.ts';
import { openRows } from '../_util/scenario-rows.ts';
import { startTestHub, type TestHub } from '../_util/test-hub.ts';

interface Info {
  readonly agent_id: string;
  readonly agent_type: string;
  readonly key: string;
}

let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub[Symbol.asyncDispose]());

const infoOf = async (door: Door): Promise<Info> => JSON.parse(await door.read('hub://info')) as Info;

/** Who a raw client of this name is; `null` says nothing of itself. */
async function whoIs(
  key: string,
  clientName: string | null,
  headers: Record<string, string> = {},
): Promise<Info> {
  const response = await post(hub, '2026', {
    ...{ method: 'resources/read', params: { uri: 'hub://info' } },
    headers: { authorization: `Bearer ${key}`, ...headers },
    clientInfo: clientName === null ? null : { name: clientName, version: '1' },
  });
  const { result } = (await response.json()) as { result: { contents: { text: string }[] } };
  return JSON.parse(result.contents[0]!.text) as Info;
}

/** A 403 in either era, as the HTTP answer carries it. */
async function refused(key: string, headers: Record<string, string>): Promise<ErrorObject> {
  const all = { authorization: `Bearer ${key}`, ...headers };
  const errors: ErrorObject[] = [];
  for (const response of [
    await initialize(hub, all),
    await post(hub, '2026', { method: 'tools/list', headers: all }),
  ]) {
    expect(response.status).toBe(403);
    const error = (await response.json()) as ErrorObject;
    expect(error).toMatchObject({ success: false, code: 'PERMISSION_DENIED', number: 'AUTH_004' });
    expect(error.request_id).toBe(response.headers.get('x-request-id'));
    errors.push(error);
  }
  expect(errors[0]!.error).toBe(errors[1]!.error);
  return errors[0]!;
}

describe('a connection with a key alone', () => {
  it.each(ERAS)(
    'is <client name>@<key name>, of the type of its client, and can post at once (%s)',
    async (era) => {
      const key = await hub.makeKey(`laptop.${era}`);
      const door = await openDoor(hub, era, { key });
      const agent = `test-client-${era}@laptop.${era}`;
      expect(await infoOf(door)).toMatchObject({
        agent_id: agent,
        agent_type: `test-client-${era}`,
        key: `laptop.${era}`,
      });
      const opened = expectSuccess(await door.call('create_session', { purpose: 'p', first_message: 'f' }));
      expect(opened['created_by']).toBe(agent);
    },
  );

  it.each([
    ['Claude Code', 'Claude-Code@names'],
    ['über/agent: v1.2_x', '-ber-agent-v1.2_x@names'],
    ['日本', '-@names'],
    ['a@b', 'a@b@names'],
    ['x'.repeat(200), `${'x'.repeat(49)}@names`],
  ])('of the client %j is %s', async (client, agent) => {
    const key = await keyOf('names');
    const info = await whoIs(key, client);
    expect(info.agent_id).toBe(agent);
    expect(info.agent_id).toMatch(/^[A-Za-z0-9._@-]{1,100}$/);
    expect(info.agent_type).toMatch(/^[A-Za-z0-9._@-]{1,50}$/);
    expect(await whoIs(key, client)).toEqual(info);
  });

  it('that says nothing of its client is somebody too', async () => {
    const info = await whoIs(await keyOf('silent'), null);
    expect(info.agent_id).toMatch(/^[A-Za-z0-9._-]+@silent$/);
  });

  it('is another agent under another key', async () => {
    const [one, two] = [await whoIs(await keyOf('one'), 'same'), await whoIs(await keyOf('two'), 'same')];
    expect([one.agent_id, two.agent_id]).toEqual(['same@one', 'same@two']);
  });
});

const keys = new Map<string, string>();
async function keyOf(name: string, key?: Parameters<TestHub['makeKey']>[1]): Promise<string> {
  const known = keys.get(name) ?? (await hub.makeKey(name, key));
  keys.set(name, known);
  return known;
}

describe('X-Agent-Id and X-Agent-Type', () => {
  it.each(ERAS)('name the agent; in other case it is the same one (%s)', async (era) => {
    const key = await keyOf('header');
    const first = await openDoor(hub, era, { key, agent: `Alice.${era}`, type: 'Claude' });
    const again = await openDoor(hub, era, { key, agent: `aLICE.${era}`, type: 'cLAUDE' });
    const untyped = await openDoor(hub, era, { key, agent: `ALICE.${era}` });
    for (const door of [first, again, untyped]) {
      expect(await infoOf(door)).toMatchObject({ agent_id: `Alice.${era}`, agent_type: 'Claude' });
    }
    const mine = {
      session_id: expectSuccess(await first.call('create_session', { purpose: 'p' }))['session_id'],
    };
    const secret = { ...mine, content: 'secret', visibility: 'private' };
    const { message_id } = expectSuccess(await first.call('add_message', secret));
    expect(expectSuccess(await again.call('get_messages', mine))['count']).toBe(1);
    expectSuccess(await again.call('set_message_visibility', { message_id, visibility: 'public' }));
    expectSuccess(await untyped.call('update_session', { ...mine, purpose: 'q' }));
    const { participants } = expectSuccess(await again.call('get_session', mine));
    expect(participants).toEqual([`Alice.${era}`]);
  });

  it('without a type the client gives it, and then it stays', async () => {
    const key = await keyOf('typing');
    expect(await whoIs(key, 'Codex CLI', { 'x-agent-id': 'typist' })).toMatchObject({
      agent_type: 'Codex-CLI',
    });
    expect(await whoIs(key, 'other', { 'x-agent-id': 'typist' })).toMatchObject({ agent_type: 'Codex-CLI' });
    const error = await refused(key, { 'x-agent-id': 'TYPIST', 'x-agent-type': 'gemini' });
    expect(error.error).toContain('gemini');
    expect(error.error).toContain('Codex-CLI');
  });

  it('of another key’s agent are refused with its name', async () => {
    const [owner, thief] = [await keyOf('owner'), await keyOf('thief')];
    await whoIs(owner, 'c', { 'x-agent-id': 'owned' });
    const error = await refused(thief, { 'x-agent-id': 'OWNED' });
    expect(error.error).toContain('owned');
    expect(error.context).toMatchObject({ agent_id: 'owned' });
    await whoIs(owner, 'c', { 'x-agent-id': 'owned' });
  });

  it.each(['', 'a b', 'x'.repeat(101), 'ä', 'a/b', 'a:b', '*'])(
    'the id %j is refused as it is',
    async (agent) => {
      const headers = {
        authorization: `Bearer ${await keyOf('odd')}`,
        'x-agent-id': Buffer.from(agent).toString('latin1'),
      };
      const response = await post(hub, '2026', { method: 'tools/list', headers });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        code: 'INVALID_INPUT',
        context: { field: 'X-Agent-Id' },
      });
    },
  );

  it('take ids and types of their full length', async () => {
    const headers = { 'x-agent-id': 'i'.repeat(100), 'x-agent-type': 't'.repeat(50) };
    expect(await whoIs(await keyOf('full'), 'c', headers)).toMatchObject({
      agent_id: 'i'.repeat(100),
      agent_type: 't'.repeat(50),
    });
    const all = {
      authorization: `Bearer ${await keyOf('full')}`,
      'x-agent-id': 'i',
      'x-agent-type': 't'.repeat(51),
    };
    expect((await post(hub, '2026', { method: 'tools/list', headers: all })).status).toBe(400);
  });
});

describe('a key that is fixed', () => {
  it('to an agent acts as it alone', async () => {
    const key = await keyOf('fixed', { agent_id: 'Robot', agent_types: ['machine'] });
    for (const headers of [{}, { 'x-agent-id': 'ROBOT' }]) {
      expect(await whoIs(key, 'c', headers)).toMatchObject({ agent_id: 'Robot', agent_type: 'machine' });
    }
    const error = await refused(key, { 'x-agent-id': 'human' });
    expect(error.error).toContain('human');
    expect(error.error).toContain('Robot');
  });

  it('to types acts as agents of these types alone', async () => {
    const key = await keyOf('types', { agent_types: ['claude', 'codex'] });
    const agent = { 'x-agent-id': 'c1' };
    expect(await whoIs(key, 'CODEX', agent)).toMatchObject({ agent_type: 'CODEX' });
    expect(await whoIs(key, 'c', { 'x-agent-id': 'c2', 'x-agent-type': 'Claude' })).toMatchObject({
      agent_type: 'Claude',
    });
    for (const headers of [{ 'x-agent-id': 'c3', 'x-agent-type': 'operator' }, { 'x-agent-id': 'c4' }]) {
      const error = await refused(key, headers);
      expect(error.error).toContain('claude, codex');
    }
    using rows = openRows(hub);
    expect(JSON.stringify(rows.all()['agents'])).not.toMatch(/"c[34]"/);
  });

  it('to an agent of another key is of no use', async () => {
    await whoIs(await keyOf('first'), 'c', { 'x-agent-id': 'taken' });
    const error = await refused(await keyOf('second', { agent_id: 'Taken' }), {});
    expect(error.context).toMatchObject({ agent_id: 'taken' });
  });
});
