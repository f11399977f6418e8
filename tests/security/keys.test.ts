/** The life of a key at its operator's door: made, listed, bound to agents, rotated under load, revoked. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ErrorObject } from '../../src/errors.ts';
import { operatorOf } from '../_util/operator.ts';
import { ERAS, expectSuccess, openDoor } from '../_util/scenario-doors.ts';
import { initialize, openSession, post } from '../_util/scenario-raw.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

interface Key {
  readonly key: string;
  readonly key_id: string;
  readonly name: string;
  readonly old_key_until: string | null;
}

let hub: TestHub;
let ahead = 0;
beforeAll(async () => {
  hub = await startTestHub({ now: () => Date.now() + ahead });
});
afterAll(() => hub[Symbol.asyncDispose]());
beforeEach(() => {
  ahead = 0;
});

const { operate, done, refused } = operatorOf(() => hub);

let made = 0;
const makeKey = (more: object = {}): Promise<Key> =>
  done<Key>('POST', 'keys', { name: `key-${++made}`, ...more });

const statusOf = async (key: string): Promise<number> =>
  (await post(hub, '2026', { method: 'tools/list', headers: { authorization: `Bearer ${key}` } })).status;

function audited(type: string): { resource: string; key_id: string; details: string }[] {
  const db = new Database(join(hub.folder, 'hub.db'), { readonly: true });
  const rows = db.prepare('SELECT * FROM audit_log WHERE event_type = ? ORDER BY id').all(type);
  db.close();
  return rows as { resource: string; key_id: string; details: string }[];
}

describe('a rotation', () => {
  it('leaves the old text good for a day, or for as long as it is told', async () => {
    const first = await makeKey();
    const second = await done<Key>('POST', `keys/${first.key_id}/rotate`);
    expect(second).toMatchObject({ key_id: first.key_id, name: first.name });
    expect(second.key).toMatch(/^schk_[\w-]{43}$/);
    expect(second.key).not.toBe(first.key);
    expect(Math.abs(Date.parse(second.old_key_until ?? '') - Date.now() - DAY_MS)).toBeLessThan(10_000);
    expect([await statusOf(first.key), await statusOf(second.key)]).toEqual([200, 200]);
    ahead = DAY_MS - 20_000;
    expect(await statusOf(first.key)).toBe(200);
    ahead = DAY_MS + 1000;
    expect([await statusOf(first.key), await statusOf(second.key)]).toEqual([401, 200]);

    const third = await done<Key>('POST', `keys/${first.name}/rotate`, { overlap: 60 });
    expect([await statusOf(second.key), await statusOf(third.key)]).toEqual([200, 200]);
    ahead += 61_000;
    expect([await statusOf(second.key), await statusOf(third.key)]).toEqual([401, 200]);
  });

  it('ends the old text at once if it is told so', async () => {
    const first = await makeKey();
    expect(await statusOf(first.key)).toBe(200);
    const second = await done<Key>('POST', `keys/${first.name}/rotate`, { overlap: 0 });
    expect(second.old_key_until).toBeNull();
    expect([await statusOf(first.key), await statusOf(second.key)]).toEqual([401, 200]);
  });

  it('within the overlap ends the oldest text', async () => {
    const first = await makeKey();
    const second = await done<Key>('POST', `keys/${first.name}/rotate`);
    expect(await statusOf(first.key)).toBe(200);
    const third = await done<Key>('POST', `keys/${first.name}/rotate`);
    const texts = [first.key, second.key, third.key];
    expect(await Promise.all(texts.map(statusOf))).toEqual([401, 200, 200]);
  });

  it('keeps no text, and tells none but the new one', async () => {
    const first = await makeKey();
    const second = await done<Key>('POST', `keys/${first.name}/rotate`);
    const listed = await (await operate('GET', 'keys')).text();
    const db = new Database(join(hub.folder, 'hub.db'), { readonly: true });
    const rows = JSON.stringify([
      db.prepare('SELECT * FROM keys').all(),
      db.prepare('SELECT * FROM audit_log').all(),
    ]);
    db.close();
    for (const { key } of [first, second]) {
      expect(listed).not.toContain(key);
      expect(rows).not.toContain(key);
    }
    expect(listed).not.toMatch(/[0-9a-f]{64}/);
    expect(audited('key.rotated').at(-1)).toMatchObject({
      resource: `key:${first.key_id}`,
      key_id: 'key_admin',
    });
  });

  it.each([
    [{ overlap: -1 }],
    [{ overlap: 30 * 86_400 + 1 }],
    [{ overlap: 1.5 }],
    [{ overlap: '24h' }],
    [{ over: 1 }],
  ])('refuses %j', async (body) => {
    const { key, name } = await makeKey();
    const error = await refused(400, 'POST', `keys/${name}/rotate`, body);
    expect(error.code).toBe('INVALID_INPUT');
    expect(await statusOf(key)).toBe(200);
  });

  it.each([
    ['agent', 'API_KEY', AGENT_KEY],
    ['key_admin', 'ADMIN_API_KEY', ADMIN_KEY],
  ])('of %s is refused: its text is the setting %s', async (key, setting, text) => {
    const error = await refused(400, 'POST', `keys/${key}/rotate`);
    expect(error.error).toContain(`the setting ${setting};`);
    expect(error.suggestions.join()).toContain(setting);
    expect(await statusOf(text)).toBe(200);
  });

  it('of a key that has ended is refused', async () => {
    const [revoked, expired] = [await makeKey(), await makeKey({ expires_in: 60 })];
    await done('DELETE', `keys/${revoked.name}`);
    ahead = 61_000;
    expect((await refused(400, 'POST', `keys/${revoked.name}/rotate`)).error).toMatch(/is revoked/);
    expect((await refused(400, 'POST', `keys/${expired.name}/rotate`)).error).toMatch(/has expired/);
    expect([await statusOf(revoked.key), await statusOf(expired.key)]).toEqual([401, 401]);
  });

  it('fails no call of either era while agents work', async () => {
    const first = await makeKey();
    let text = first.key;
    let stop = false;
    const answers = { '2025': 0, '2026': 0 };
    const failures: string[] = [];
    const session = await openSession(hub, { authorization: `Bearer ${text}`, 'x-agent-id': 'worker' });
    const { session_id } = expectSuccess(
      await (
        await openDoor(hub, '2026', { key: text, agent: 'worker' })
      ).call('create_session', { purpose: 'p' }),
    );
    // As clients do: each takes the new text up when it is told of it, some a while later.
    async function work(era: (typeof ERAS)[number], lag: number): Promise<void> {
      let mine = text;
      for (let n = 0; !stop; n++) {
        if (n % lag === 0) mine = text;
        const headers = {
          ...(era === '2025' ? session : { 'x-agent-id': 'worker' }),
          authorization: `Bearer ${mine}`,
        };
        const params = { name: 'add_message', arguments: { session_id, content: `${era} ${n}` } };
        const response = await post(hub, era, { method: 'tools/call', params, headers });
        const said = await response.text();
        if (response.status === 200 && said.includes('"message_id"')) answers[era]++;
        else failures.push(said);
      }
    }
    const idle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
    const working = [work('2025', 1), work('2026', 1), work('2026', 7)];
    for (let round = 0; round < 5; round++) {
      text = (await done<Key>('POST', `keys/${first.name}/rotate`, { overlap: 60 })).key;
      const before = { ...answers };
      while (failures.length === 0 && ERAS.some((era) => answers[era] < before[era] + 10)) await idle();
    }
    stop = true;
    await Promise.all(working);
    expect(failures).toEqual([]);
    expect(await statusOf(first.key)).toBe(401);
  });
});

describe('a list of agents', () => {
  it('lets a key act as these and no others, whatever their case', async () => {
    const { key, name } = await makeKey({ agent_ids: ['Ann', 'Bob'] });
    for (const era of ERAS) {
      const door = await openDoor(hub, era, { key, agent: 'aNN' });
      expect(JSON.parse(await door.read('hub://info'))).toMatchObject({ agent_id: 'Ann' });
    }
    for (const wanted of ['mallory', 'Ann2', 'An']) {
      const headers = { authorization: `Bearer ${key}`, 'x-agent-id': wanted };
      for (const response of [
        await initialize(hub, headers),
        await post(hub, '2026', { method: 'tools/list', headers }),
      ]) {
        expect(response.status).toBe(403);
        const { code, error } = (await response.json()) as ErrorObject;
        expect(code).toBe('PERMISSION_DENIED');
        expect(error).toBe(`X-Agent-Id says ${wanted}, but key ${name} acts as Ann, Bob only.`);
      }
    }
    expect((await refused(403, 'GET', 'sessions', undefined, key)).code).toBe('PERMISSION_DENIED');
  });

  it('asks which agent it is, unless there is only one', async () => {
    const [one, two] = [await makeKey({ agent_ids: ['Solo'] }), await makeKey({ agent_ids: ['x1', 'x2'] })];
    const door = await openDoor(hub, '2025', { key: one.key });
    expect(JSON.parse(await door.read('hub://info'))).toMatchObject({ agent_id: 'Solo' });
    const response = await initialize(hub, { authorization: `Bearer ${two.key}` });
    expect(response.status).toBe(403);
    expect((await response.json()) as ErrorObject).toMatchObject({
      error: `Key ${two.name} acts as x1, x2, and the request does not say as which.`,
      suggestions: ['Send X-Agent-Id with one of them.'],
    });
  });

  it.each([
    [{ agent_ids: [] }],
    [{ agent_ids: ['has space'] }],
    [{ agent_ids: 'ann' }],
    [{ agent_id: 'ann', agent_ids: ['ann', 'bob'] }],
  ])('refuses %j', async (body) => {
    const error = await refused(400, 'POST', 'keys', { name: `key-${++made}`, ...body });
    expect(error).toMatchObject({
      code: 'INVALID_INPUT',
      context: { field: expect.stringMatching(/^agent_ids/) },
    });
  });
});

describe('an operator', () => {
  it('revokes a key by name or by id, once', async () => {
    for (const how of ['name', 'key_id'] as const) {
      const key = await makeKey();
      expect(await statusOf(key.key)).toBe(200);
      for (let n = 0; n < 2; n++) await done('DELETE', `keys/${key[how]}`);
      expect(await statusOf(key.key)).toBe(401);
      const events = audited('key.revoked').filter(({ resource }) => resource === `key:${key.key_id}`);
      expect(events).toHaveLength(1);
    }
  });

  it('sees all keys, page by page', async () => {
    const mine = await Promise.all(Array.from({ length: 5 }, () => makeKey({ workspace: 'paged' })));
    const boss = await makeKey({ workspace: 'paged', permissions: ['read', 'admin'] });
    const seen: string[] = [];
    for (let cursor = ''; ;) {
      const response = await operate('GET', `keys?limit=2${cursor}`, undefined, boss.key);
      const page = (await response.json()) as { keys: Key[]; next_cursor?: string };
      expect(page.keys.length).toBeLessThanOrEqual(2);
      seen.push(...page.keys.map(({ name }) => name));
      if (page.next_cursor === undefined) break;
      cursor = `&cursor=${page.next_cursor}`;
    }
    expect(seen.sort()).toEqual([...mine, boss].map(({ name }) => name).sort());
    expect((await refused(400, 'GET', 'keys?cursor=x')).code).toBe('INVALID_CURSOR');
  });

  it('of a workspace knows nothing of the keys of others', async () => {
    const boss = await makeKey({ workspace: 'north', permissions: ['read', 'write', 'admin'] });
    const foreign = await makeKey({ workspace: 'south' });
    for (const [method, path] of [
      ['DELETE', ''],
      ['POST', '/rotate'],
    ] as const) {
      for (const ref of [foreign.key_id, foreign.name]) {
        const error = await refused(400, method, `keys/${ref}${path}`, undefined, boss.key);
        const unknown = await refused(400, method, `keys/nobody${path}`, undefined, boss.key);
        expect(error.error.replace(ref, 'nobody')).toBe(unknown.error);
      }
    }
    expect(await statusOf(foreign.key)).toBe(200);
  });

  it('is who has admin', async () => {
    const { key, name } = await makeKey();
    const writer = await makeKey({ permissions: ['read', 'write'] });
    for (const [method, path, body] of [
      ['GET', 'keys'],
      ['POST', 'keys', { name: 'mine' }],
      ['POST', `keys/${name}/rotate`],
      ['DELETE', `keys/${name}`],
    ] as const) {
      expect((await refused(403, method, path, body, writer.key)).context).toMatchObject({ needed: 'admin' });
    }
    expect(await statusOf(key)).toBe(200);
  });

  it('leaves a trace of each key made', async () => {
    const { key_id, name } = await makeKey();
    const event = audited('key.created').find(({ resource }) => resource === `key:${key_id}`);
    expect(JSON.parse(event?.details ?? '')).toEqual({
      name,
      workspace: 'default',
      permissions: ['read', 'write'],
    });
  });
});
