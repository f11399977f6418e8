/** Listings of sessions and of memory, page by page: each entry once, in their order, whatever is hidden in between. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectSuccess, openDoor, type Door } from '../_util/scenario-doors.ts';
import { follow, gather } from '../_util/scenario-paging.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';

type Args = Record<string, unknown>;

let hub: TestHub;
let alice: Door;
let bob: Door;

beforeAll(async () => {
  hub = await startTestHub();
  alice = await openDoor(hub, '2025', { key: AGENT_KEY, agent: 'alice', type: 'claude' });
  bob = await openDoor(hub, '2026', { key: await hub.makeKey('bobs'), agent: 'bob', type: 'codex' });
});
afterAll(() => hub[Symbol.asyncDispose]());

describe('list_sessions', () => {
  /** In the order in which they were opened, one after the other. */
  const opened: string[] = [];
  const moved: string[] = [];

  async function listed(door: Door, args: Args = {}): Promise<string[]> {
    const pages = await follow(door, 'list_sessions', args);
    return gather<{ session_id: string }>(pages, 'sessions').map(({ session_id }) => session_id);
  }

  beforeAll(async () => {
    for (let n = 0; n < 120; n++) {
      const args = {
        purpose: `Session ${n} ${n % 3 === 0 ? 'Grün' : 'Red'}`,
        ...(n % 4 === 0 ? {} : { first_message: 'f' }),
      };
      const door = n % 2 === 0 ? alice : bob;
      opened.push(String(expectSuccess(await door.call('create_session', args))['session_id']));
    }
    for (const n of [3, 50, 0, 119, 51]) {
      await alice.call('add_message', { session_id: opened[n], content: 'for all' });
      moved.unshift(opened[n]!);
    }
  });

  const order = (): string[] => [...moved, ...opened.filter((id) => !moved.includes(id)).reverse()];

  it.each([1, 7, 20, 100])(
    'shows 120 sessions once each, latest activity first, %i at a time',
    async (limit) => {
      for (const door of [alice, bob]) expect(await listed(door, { limit })).toEqual(order());
    },
  );

  it('a hidden message moves its session for those alone who see it', async () => {
    const before = order();
    for (const [n, visibility, to] of [
      [10, 'private', []],
      [20, 'private', ['bob']],
      [30, 'agent_only', []],
    ] as const) {
      await alice.call('add_message', { session_id: opened[n], content: 'hidden', visibility, to });
    }
    const front = (...numbers: number[]): string[] => {
      const first = numbers.map((n) => opened[n]!);
      return [...first, ...before.filter((id) => !first.includes(id))];
    };
    const clara = await openDoor(hub, '2025', { key: AGENT_KEY, agent: 'clara', type: 'CLAUDE' });
    const dora = await openDoor(hub, '2025', { key: AGENT_KEY, agent: 'dora', type: 'gemini' });
    const admin = await openDoor(hub, '2026', { key: ADMIN_KEY, agent: 'operator', type: 'operator' });
    const expected: [Door, string[]][] = [
      [alice, front(30, 20, 10)],
      [bob, front(20)],
      [clara, front(30)],
      [dora, before],
      [admin, front(30, 20, 10)],
    ];
    for (const [door, sessions] of expected) {
      for (const limit of [9, 100]) expect(await listed(door, { limit })).toEqual(sessions);
    }
    const { sessions } = expectSuccess(await dora.call('list_sessions', { limit: 100 }));
    for (const session of sessions as {
      session_id: string;
      participants: string[];
      message_count: number;
    }[]) {
      if (session.session_id === opened[20])
        expect(session).toMatchObject({ message_count: 0, participants: [], last_message_at: null });
    }
  });

  it('a page goes on where it ended although sessions are opened and moved meanwhile', async () => {
    const known = new Set(await listed(bob, { limit: 100 }));
    const seen: string[] = [];
    let cursor: unknown;
    for (let n = 0; n === 0 || cursor !== undefined; n++) {
      const answer = expectSuccess(
        await bob.call('list_sessions', { limit: 25, ...(cursor === undefined ? {} : { cursor }) }),
      );
      seen.push(...(answer['sessions'] as { session_id: string }[]).map(({ session_id }) => session_id));
      cursor = answer['next_cursor'];
      await alice.call('create_session', { purpose: 'Meanwhile' });
      await alice.call('add_message', { session_id: seen[0], content: 'again' });
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect([...known].filter((id) => !seen.includes(id))).toEqual([]);
  });

  it('filters do not break the pages', async () => {
    const all = await listed(bob, { limit: 100 });
    const numbers = (keep: (n: number) => boolean): string[] => {
      const kept = new Set(opened.filter((_, n) => keep(n)));
      return all.filter((id) => kept.has(id));
    };
    for (const limit of [4, 100]) {
      expect(await listed(bob, { limit, query: 'grün' })).toEqual(numbers((n) => n % 3 === 0));
      expect(await listed(bob, { limit, query: 'GRÜN', created_by: 'ALICE' })).toEqual(
        numbers((n) => n % 6 === 0),
      );
      expect(await listed(bob, { limit, created_by: 'bob' })).toEqual(numbers((n) => n % 2 === 1));
      expect(await listed(bob, { limit, query: 'Session 11 ' })).toEqual([opened[11]]);
      expect(await listed(bob, { limit, created_by: 'nobody' })).toEqual([]);
    }
    for (const n of [1, 3, 5])
      expectSuccess(await bob.call('update_session', { session_id: opened[n], is_active: false }));
    expect((await listed(alice, { limit: 2, is_active: false })).sort()).toEqual(
      [opened[1]!, opened[3]!, opened[5]!].sort(),
    );
    expect(await listed(alice, { limit: 50, is_active: true })).toHaveLength(all.length - 3);
  });
});

describe('list_memory', () => {
  const keys: Record<string, string[]> = { agent: [], shared: [], inSession: [] };
  let session_id: string;

  beforeAll(async () => {
    session_id = String(expectSuccess(await bob.call('create_session', { purpose: 'Memory' }))['session_id']);
    const places = [
      { name: 'agent', args: {} },
      { name: 'shared', args: { scope: 'shared' } },
      { name: 'inSession', args: { session_id } },
      { name: 'inSession', args: { session_id, scope: 'shared' } },
    ];
    const setting = [];
    for (let n = 0; n < 160; n++) {
      const { name, args } = places[n % places.length]!;
      const key = `${['Key', 'key', 'ключ', '鍵'][n % 7 === 0 ? 0 : n % 4]}-${n}`;
      keys[name]!.push(key);
      setting.push(bob.call('set_memory', { key, value: { n }, metadata: { n }, ...args }));
      setting.push(alice.call('set_memory', { key: `alice-${n}`, value: n, session_id }));
    }
    for (const answer of await Promise.all(setting)) expectSuccess(answer);
  });

  async function listed(args: Args): Promise<{ key: string; scope: string; session_id: string | null }[]> {
    const pages = await follow(bob, 'list_memory', args);
    for (const { text } of pages) expect(text).not.toContain('"value":');
    return gather(pages, 'entries');
  }
  const namesOf = (entries: readonly { key: string }[]): string[] => entries.map(({ key }) => key).sort();

  it.each([1, 7, 50, 200])(
    'shows 160 entries of both scopes and all sessions once each, %i at a time',
    async (limit) => {
      const everything = await listed({ session_id: 'all', limit });
      expect(namesOf(everything)).toEqual(Object.values(keys).flat().sort());
      expect(namesOf(everything.filter((entry) => entry.session_id === session_id))).toEqual(
        [...keys['inSession']!].sort(),
      );
      expect(namesOf(await listed({ limit }))).toEqual([...keys['agent']!, ...keys['shared']!].sort());
      expect(namesOf(await listed({ limit, scope: 'agent' }))).toEqual([...keys['agent']!].sort());
      expect(namesOf(await listed({ limit, scope: 'shared' }))).toEqual([...keys['shared']!].sort());
      expect(namesOf(await listed({ limit, session_id }))).toEqual([...keys['inSession']!].sort());
      const filtered = await listed({ limit, session_id: 'all', prefix: 'ключ', query: '"n":1' });
      expect(namesOf(filtered)).toEqual(
        Object.values(keys)
          .flat()
          .filter((key) => /^ключ-1/.test(key))
          .sort(),
      );
    },
  );

  it('goes on behind keys of any length and script', async () => {
    const long = ['z'.repeat(255), '鍵'.repeat(255), '🧠'.repeat(127), '\u0001'.repeat(255), '"'.repeat(255)];
    for (const key of long) expectSuccess(await bob.call('set_memory', { key, value: 1 }));
    const found = namesOf(await listed({ scope: 'agent', limit: 1 }));
    expect(found).toEqual([...keys['agent']!, ...long].sort());
  });
});
