/** Leases: who gets what, in which order, for how long, and what becomes of it. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { overlap } from '../../src/features/leases/overlap.ts';
import { parseResource } from '../../src/features/leases/resource.ts';
import { numbers } from '../_util/random.ts';
import { createTestClock } from '../_util/test-clock.ts';
import {
  ADMIN_KEY,
  AGENT_KEY,
  startTestHub,
  temporaryFolder,
  type AnyClient,
  type TestHub,
} from '../_util/test-hub.ts';
import { operatorOf } from '../_util/operator.ts';

type Args = Record<string, unknown>;
interface Lease {
  readonly lease_id: string;
  readonly resources: readonly string[];
  readonly mode: string;
  readonly holder: string;
  readonly fencing_token: number;
  readonly granted_at: string;
  readonly expires_at: string;
  readonly session_id: string | null;
  readonly reason: string | null;
}
interface Outcome {
  readonly granted: boolean;
  readonly lease?: Lease;
  readonly conflicts: readonly Lease[];
}

const clock = createTestClock();
let hub: TestHub;
let ann: AnyClient;
let bob: AnyClient;
let eve: AnyClient;
let ops: AnyClient;
const { done, refused } = operatorOf(() => hub);

async function call(agent: AnyClient, name: string, args: Args = {}): Promise<Args> {
  const answer = await agent.callTool(name, args);
  expect(answer.isError, answer.text).toBe(false);
  return answer.json;
}
async function fails(agent: AnyClient, name: string, args: Args): Promise<Args> {
  const answer = await agent.callTool(name, args);
  expect(answer.isError, answer.text).toBe(true);
  return answer.json;
}
const acquire = async (agent: AnyClient, resources: string | string[], more: Args = {}): Promise<Outcome> =>
  (await call(agent, 'acquire_lease', {
    resources: [resources].flat(),
    ...more,
  })) as unknown as Outcome;
async function take(agent: AnyClient, resources: string | string[], more: Args = {}): Promise<Lease> {
  const { granted, lease, conflicts } = await acquire(agent, resources, more);
  expect({ granted, conflicts }).toEqual({ granted: true, conflicts: [] });
  if (lease === undefined) throw new Error('a grant without a lease');
  return lease;
}
const release = (agent: AnyClient, { lease_id }: Lease) => call(agent, 'release_lease', { lease_id });
const list = async (agent: AnyClient, args: Args = {}) =>
  (await call(agent, 'list_leases', args))['leases'] as Lease[];
const meet = (a: string, b: string): boolean => overlap(parseResource(a), parseResource(b));
const untilWaiting = (count: number) =>
  vi.waitUntil(() => hub.hub.services.leases.waiting === count, { interval: 1, timeout: 5000 });

beforeAll(async () => {
  hub = await startTestHub({ clock, progressMs: 20 });
  ann = await hub.connect('2026', { agent: 'Ann' });
  bob = await hub.connect('2025', { agent: 'bob' });
  eve = await hub.connect('2026', { agent: 'eve' });
  ops = await hub.connect('2026', { key: ADMIN_KEY, agent: 'ops' });
});
afterAll(() => hub[Symbol.asyncDispose]());
beforeEach(async () => {
  for (const agent of [ann, bob, eve, ops]) await call(agent, 'release_lease', { all: true });
});

describe.each(['2025', '2026'] as const)('leases of revision %s', (era) => {
  const of = era === '2025' ? () => bob : () => eve;

  it('are granted, listed, renewed and released', async () => {
    const me = of();
    const lease = await take(me, ['src/**', 'deploy'], { ttl_seconds: 60, reason: 'refactoring' });
    expect(lease).toMatchObject({
      ...{ lease_id: expect.stringMatching(/^lease_[0-9a-f]{16}$/) as string, mode: 'exclusive' },
      ...{ resources: ['src/**', 'deploy'], reason: 'refactoring', session_id: null },
      holder: era === '2025' ? 'bob' : 'eve',
    });
    expect(Date.parse(lease.expires_at) - Date.parse(lease.granted_at)).toBe(60_000);
    expect(await list(ann)).toEqual([lease]);
    expect(await list(ann, { resource: 'src/a.ts' })).toEqual([lease]);
    expect(await list(ann, { resource: 'docs' })).toEqual([]);
    const renewed = (await call(me, 'acquire_lease', {
      lease_id: lease.lease_id,
      ttl_seconds: 600,
    })) as unknown as Outcome;
    expect(renewed).toMatchObject({ granted: true, conflicts: [] });
    const { expires_at: _, ...same } = lease;
    expect(renewed.lease).toMatchObject(same);
    expect(Date.parse(renewed.lease!.expires_at)).toBeGreaterThan(Date.parse(lease.expires_at) + 500_000);
    expect(await call(me, 'release_lease', { lease_id: lease.lease_id })).toMatchObject({ released: 1 });
    expect(await list(ann)).toEqual([]);
  });

  it('are refused while another agent holds what meets them, which is a success', async () => {
    const lease = await take(ann, 'src/**');
    expect(await acquire(of(), 'src/a.ts')).toMatchObject({ granted: false, conflicts: [lease] });
    expect(await acquire(of(), 'src/a.ts')).not.toHaveProperty('lease');
    const more = await take(of(), 'docs');
    expect(more.fencing_token).toBeGreaterThan(lease.fencing_token);
    await release(ann, lease);
    const next = await take(of(), 'src/a.ts');
    expect(next.fencing_token).toBeGreaterThan(more.fencing_token);
  });

  it('are waited for, with a word now and then to a client that asked for it', async () => {
    const lease = await take(ann, 'src');
    const seen: number[] = [];
    const { client } = of() as { client: { callTool: (...args: unknown[]) => Promise<unknown> } };
    const params = { name: 'acquire_lease', arguments: { resources: ['src/a.ts'], wait_seconds: 30 } };
    const options = { onprogress: ({ progress }: { progress: number }) => seen.push(progress) };
    const waiting = client.callTool(...(era === '2025' ? [params, undefined, options] : [params, options]));
    await vi.waitUntil(() => seen.length >= 3, { interval: 5, timeout: 5000 });
    await release(ann, lease);
    expect(await waiting).toMatchObject({ structuredContent: { granted: true } });
  });

  it('leave the line when the client cancels', async () => {
    const lease = await take(ann, 'src');
    const stop = new AbortController();
    const waiting = of().callTool(
      'acquire_lease',
      { resources: ['src'], wait_seconds: 30 },
      { signal: stop.signal },
    );
    waiting.catch(() => undefined);
    await untilWaiting(1);
    stop.abort();
    await untilWaiting(0);
    await release(ann, lease);
    await take(ann, 'src');
  });
});

describe('the line', () => {
  it('is served in the order in which they came, and nobody overtakes', async () => {
    const first = await take(ann, 'src/a.ts');
    const second = take(bob, ['src'], { wait_seconds: 30 });
    await untilWaiting(1);
    // Free, but bob waits for it: whoever does not wait is refused, and is told why he waits.
    expect(await acquire(eve, 'src/b.ts')).toMatchObject({ granted: false, conflicts: [first] });
    const third = take(eve, 'src/b.ts', { wait_seconds: 30 });
    await untilWaiting(2);
    // Who meets nobody is not held up.
    await take(ops, 'docs');
    await release(ann, first);
    const bobs = await second;
    await untilWaiting(1);
    await release(bob, bobs);
    const eves = await third;
    expect(eves.fencing_token).toBeGreaterThan(bobs.fencing_token);
    expect(bobs.fencing_token).toBeGreaterThan(first.fencing_token);
  });

  it('serves forty agents in the order in which they came', async () => {
    const paths = ['src', 'src/a/**', 'src/a/x.ts', 'src/*/x.ts', 'docs', '**/*.md', 'tests/{a,b}', 'tests'];
    const random = numbers(Number(process.env['SEED'] ?? 7));
    const all = await take(ann, '**');
    const requests: { path: string; token: Promise<number> }[] = [];
    for (let i = 0; i < 40; i++) {
      const agent = await hub.connect('2026', { agent: `in-line-${i}` });
      const path = paths[Math.floor(random() * paths.length)]!;
      const granted = take(agent, path, { wait_seconds: 55 });
      const token = granted.then(async (lease) => {
        await release(agent, lease);
        return lease.fencing_token;
      });
      requests.push({ path, token });
      await untilWaiting(i + 1);
    }
    await release(ann, all);
    const tokens = await Promise.all(requests.map(({ token }) => token));
    const overtaken = requests.flatMap(({ path }, i) =>
      requests
        .slice(i + 1)
        .filter((later, k) => meet(path, later.path) && tokens[i + 1 + k]! < tokens[i]!)
        .map((later) => `${path} by ${later.path}`),
    );
    expect(overtaken).toEqual([]);
  });

  it('grants shared leases together, but not before an exclusive one that came earlier', async () => {
    const anns = await take(ann, 'db', { mode: 'shared' });
    await take(bob, 'db', { mode: 'shared' });
    const exclusive = take(eve, 'db', { wait_seconds: 30 });
    await untilWaiting(1);
    expect(await acquire(ops, 'db', { mode: 'shared' })).toMatchObject({ granted: false });
    const shared = take(ops, 'db', { mode: 'shared', wait_seconds: 30 });
    await untilWaiting(2);
    await release(ann, anns);
    await call(bob, 'release_lease', { all: true });
    const eves = await exclusive;
    await untilWaiting(1);
    await release(eve, eves);
    expect((await shared).fencing_token).toBeGreaterThan(eves.fencing_token);
    await take(ann, 'db', { mode: 'shared' });
  });

  it('is left at the end of the time, and lets those behind go on', async () => {
    await take(ann, 'src/a.ts');
    const impatient = acquire(bob, 'src', { wait_seconds: 1 });
    await untilWaiting(1);
    const patient = take(eve, 'src/b.ts', { wait_seconds: 30 });
    expect(await impatient).toMatchObject({ granted: false, conflicts: [{ holder: 'Ann' }] });
    await patient;
  });

  it('has nothing in the way of its own agent', async () => {
    const wide = await take(ann, 'src');
    const narrow = await take(ann, 'src/a.ts');
    expect(narrow.lease_id).not.toBe(wide.lease_id);
    await release(ann, wide);
    expect(await acquire(bob, 'src/a.ts')).toMatchObject({ granted: false, conflicts: [narrow] });
  });

  it('is decided one by one, however many come at once', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, (_, i) => acquire([ann, bob, eve][i % 3]!, 'only')),
    );
    const winners = new Set(outcomes.flatMap(({ lease }) => lease?.holder ?? []));
    expect(winners.size).toBe(1);
    for (const { granted, conflicts } of outcomes)
      if (!granted) expect(winners).toContain(conflicts[0]?.holder);
  });

  it('ends for the agent that is taken from its key, whose leases end as well', async () => {
    const key = await hub.makeKey('leaver-key');
    const leaver = await hub.connect('2026', { key, agent: 'leaver' });
    const lease = await take(leaver, 'theirs');
    await take(ann, 'src');
    const waiting = leaver.callTool('acquire_lease', { resources: ['src'], wait_seconds: 30 });
    const outcome = waiting.catch(() => 'ended');
    await untilWaiting(1);
    await done('POST', 'agents/leaver/release', {});
    await untilWaiting(0);
    await outcome;
    await vi.waitUntil(async () => (await list(ann, { resource: 'theirs' })).length === 0);
    expect(await list(ann)).not.toContainEqual(lease);
    await take(bob, 'theirs');
  });
});

describe('time', () => {
  it('ends a lease, tells it from one that never was, and serves who waits', async () => {
    const lease = await take(ann, 'src', { ttl_seconds: 10 });
    const waiting = take(bob, 'src', { wait_seconds: 30 });
    await untilWaiting(1);
    clock.pass(9_000);
    expect(await list(eve)).toEqual([lease]);
    clock.pass(1_100);
    const next = await waiting;
    expect(next.fencing_token).toBeGreaterThan(lease.fencing_token);
    const { lease_id } = lease;
    expect(await fails(ann, 'acquire_lease', { lease_id })).toMatchObject({
      code: 'LEASE_CONFLICT',
      error: `Lease ${lease_id} has expired; it cannot be renewed.`,
      context: { fencing_token: lease.fencing_token, ended: 'expired' },
    });
    for (const lease_id of ['lease_0000000000000000', 'nonsense'])
      expect(await fails(ann, 'acquire_lease', { lease_id })).toMatchObject({ code: 'LEASE_NOT_FOUND' });
    expect(await fails(ann, 'release_lease', { lease_id })).toMatchObject({ code: 'LEASE_NOT_FOUND' });
  });

  it("that is over for a lease and for those who wait for it at once is the first one's", async () => {
    await take(ann, 'src', { ttl_seconds: 10 });
    const first = take(bob, 'src', { wait_seconds: 1 });
    await untilWaiting(1);
    const second = acquire(eve, 'src/a.ts', { wait_seconds: 1 });
    await untilWaiting(2);
    clock.skip(11_000);
    expect(await second).toEqual({ success: true, granted: false, conflicts: [await first] });
  });

  it.each([
    ['expired', 'has expired'],
    ['released', 'was released'],
    ['forced', 'was released by ops'],
  ])('tells one that was %s from one that never was, over a restart too', async (ended, how) => {
    const folder = temporaryFolder();
    let wall = Date.now();
    const start = () => startTestHub({ folder, clock, now: () => wall });
    let restarted = await start();
    const enter = (agent: string, key = AGENT_KEY) => restarted.connect('2026', { agent, key });
    const holder = await enter('one');
    const { lease_id, fencing_token } = await take(holder, 'src', { ttl_seconds: 10 });
    if (ended === 'released') await call(holder, 'release_lease', { lease_id });
    if (ended === 'forced') await call(await enter('ops', ADMIN_KEY), 'release_lease', { lease_id });
    await restarted[Symbol.asyncDispose]();
    wall += 11_000;
    restarted = await start();
    const renew = async (agent: string, id: string) =>
      fails(await enter(agent), 'acquire_lease', { lease_id: id });
    await vi.waitUntil(async () => (await list(await enter('two'))).length === 0);
    expect(await renew('one', lease_id)).toMatchObject({
      code: 'LEASE_CONFLICT',
      error: `Lease ${lease_id} ${how}; it cannot be renewed.`,
      context: { lease_id, fencing_token, ended },
    });
    expect(await renew('two', lease_id)).toMatchObject({ code: 'PERMISSION_DENIED' });
    const never = { code: 'LEASE_NOT_FOUND' };
    expect(await renew('one', 'lease_0000000000000000')).toMatchObject(never);
    const key = await restarted.makeKey('elsewhere', { workspace: 'elsewhere' });
    expect(await fails(await enter('one', key), 'acquire_lease', { lease_id })).toMatchObject(never);
    await restarted[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  it('is what was renewed', async () => {
    const { lease_id } = await take(ann, 'src', { ttl_seconds: 10 });
    for (let i = 0; i < 3; i++) {
      clock.pass(9_000);
      await call(ann, 'acquire_lease', { lease_id, ttl_seconds: 10 });
    }
    expect(await acquire(bob, 'src')).toMatchObject({ granted: false });
    clock.pass(10_001);
    await take(bob, 'src');
  });

  it('is not that of the clock on the wall, but over a restart', async () => {
    const folder = temporaryFolder();
    let wall = Date.now();
    const start = () => startTestHub({ folder, now: () => wall });
    const HOUR = 3_600_000;
    let restarted = await start();
    const enter = (agent: string) => restarted.connect('2026', { agent });
    const held = await take(await enter('one'), 'src', { ttl_seconds: 60 });
    const short = await take(await enter('one'), 'docs', { ttl_seconds: 10 });
    for (const jump of [HOUR, -2 * HOUR]) {
      wall += jump;
      expect(await acquire(await enter('two'), 'src')).toMatchObject({ granted: false });
    }
    wall += HOUR;

    await restarted[Symbol.asyncDispose]();
    wall += 11_000;
    restarted = await start();
    expect(await acquire(await enter('two'), 'src')).toMatchObject({ granted: false, conflicts: [held] });
    const next = await take(await enter('two'), 'docs');
    expect(next.fencing_token).toBeGreaterThan(held.fencing_token);
    const lost = await fails(await enter('one'), 'acquire_lease', { lease_id: short.lease_id });
    expect(lost).toMatchObject({ code: 'LEASE_CONFLICT' });

    await restarted[Symbol.asyncDispose]();
    wall -= 5 * HOUR;
    restarted = await start();
    expect(await list(await enter('two'))).toEqual([held, next]);
    await restarted[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });
});

describe('who may', () => {
  it('renew and release: the holder; an admin takes it away, of which the holder hears', async () => {
    const session_id = String((await call(bob, 'create_session', { purpose: 'Work' }))['session_id']);
    const labelled = await take(ann, 'src', { session_id });
    const bare = await take(ann, 'docs');
    expect(labelled.session_id).toBe(session_id);
    expect(await list(eve, { session_id })).toEqual([labelled]);
    for (const { lease_id } of [labelled, bare]) {
      for (const tool of ['release_lease', 'acquire_lease']) {
        const error = await fails(bob, tool, { lease_id });
        expect(error).toMatchObject({ code: 'PERMISSION_DENIED', context: { holder: 'Ann' } });
      }
      expect(await call(ops, 'release_lease', { lease_id })).toMatchObject({ released: 1 });
      const lost = await fails(ann, 'acquire_lease', { lease_id });
      expect(lost).toMatchObject({ code: 'LEASE_CONFLICT', context: { ended: 'forced', by: 'ops' } });
    }
    const { inbox } = (await call(ann, 'list_leases')) as {
      inbox: { unread: number; latest: { sender: string; preview: string; session_id: string }[] };
    };
    expect(inbox.unread).toBe(2);
    const told = inbox.latest.map(({ sender, preview }) => `${sender}: ${preview}`);
    for (const { lease_id } of [labelled, bare])
      expect(told).toContainEqual(
        expect.stringMatching(`^ops: I have released your lease ${lease_id} on (src|docs)`),
      );
    expect(inbox.latest.map((one) => one.session_id)).toContain(session_id);
    // It is nobody else's business.
    expect(await call(bob, 'get_messages', { session_id })).toMatchObject({ messages: [] });
    const { entries } = (await call(ops, 'get_audit_log', { event_type: 'lease.released' })) as {
      entries: Args[];
    };
    expect(entries).toHaveLength(2);
    expect(entries).toContainEqual(
      expect.objectContaining({
        ...{ actor: 'ops', action: 'release_lease', resource: `lease:${labelled.lease_id}`, session_id },
        details: { holder: 'Ann', fencing_token: labelled.fencing_token },
      }),
    );
    expect(JSON.stringify(entries)).not.toContain('docs');
  });

  it('ask with a label: a session that exists, open or not', async () => {
    expect(
      await fails(ann, 'acquire_lease', { resources: ['a'], session_id: 'session_0000000000000000' }),
    ).toMatchObject({ code: 'SESSION_NOT_FOUND' });
    expect(await fails(ann, 'list_leases', { session_id: 'session_0000000000000000' })).toMatchObject({
      code: 'SESSION_NOT_FOUND',
    });
    const session_id = String((await call(ann, 'create_session', { purpose: 'Over' }))['session_id']);
    await call(ann, 'update_session', { session_id, is_active: false });
    const lease = await take(ann, 'a', { session_id });
    expect(await call(ops, 'release_lease', { lease_id: lease.lease_id })).toMatchObject({ released: 1 });
  });

  it('see them: agents of the workspace, and operators of all', async () => {
    const foreign = await hub.connect('2026', {
      key: await hub.makeKey('foreign-lease', { workspace: 'other' }),
      agent: 'Ann',
    });
    const mine = await take(ann, 'src');
    const theirs = await take(foreign, 'src');
    expect(await list(foreign)).toEqual([theirs]);
    expect(await list(ann)).toEqual([mine]);
    const { lease_id } = mine;
    for (const tool of ['release_lease', 'acquire_lease'])
      expect(await fails(foreign, tool, { lease_id })).toMatchObject({ code: 'LEASE_NOT_FOUND' });
    const everywhere = await hub.connect('2026', {
      key: await hub.makeKey('star-lease', { workspace: '*', permissions: ['read', 'write', 'admin'] }),
      agent: 'ann',
    });
    expect(await list(everywhere)).toEqual([mine, theirs]);
    expect(await list(everywhere, { resource: 'src/x' })).toEqual([mine, theirs]);
    // Of the same name, and yet another.
    expect(await call(everywhere, 'release_lease', { all: true })).toMatchObject({ released: 0 });
    expect(await call(everywhere, 'release_lease', { lease_id })).toMatchObject({ released: 1 });
  });
});

describe('a call', () => {
  it('that comes again with its key gets the first answer', async () => {
    const again = { idempotency_key: 'once' };
    const lease = await take(ann, 'src', again);
    expect(await take(ann, 'src', again)).toEqual(lease);
    expect(await list(ann)).toEqual([lease]);
    const release = { lease_id: lease.lease_id, idempotency_key: 'release' };
    for (let i = 0; i < 2; i++)
      expect(await call(ann, 'release_lease', release)).toMatchObject({ released: 1 });
    expect(await fails(ann, 'acquire_lease', { resources: ['lib'], ...again })).toMatchObject({
      code: 'IDEMPOTENCY_MISMATCH',
    });
    const both = { resources: ['twice'], idempotency_key: 'at once' };
    const twins = await Promise.all([1, 2, 3].map(() => call(ann, 'acquire_lease', both)));
    expect(new Set(twins.map(({ lease }) => (lease as Lease).lease_id)).size).toBe(1);
    expect(await list(ann)).toHaveLength(1);
  });

  it.each([
    [{}, 'resources'],
    [{ resources: ['../x'] }, 'resources'],
    [{ resources: [' '] }, 'resources'],
    [{ resources: ['!src/**'] }, 'resources'],
    [{ resources: Array.from({ length: 51 }, (_, i) => `r${i}`) }, 'resources'],
    [{ resources: ['a'], ttl_seconds: 9 }, 'ttl_seconds'],
    [{ resources: ['a'], wait_seconds: 56 }, 'wait_seconds'],
  ])('%j is refused by name', async (args, field) => {
    expect(await fails(ann, 'acquire_lease', args)).toMatchObject({
      code: 'INVALID_INPUT',
      context: { field },
    });
  });

  it('renews a lease as it is', async () => {
    const { lease_id } = await take(ann, ['src/', 'a'], { mode: 'shared' });
    await call(ann, 'acquire_lease', { lease_id, resources: ['a', './src'], mode: 'shared' });
    for (const [field, change] of [
      ['resources', { resources: ['lib'] }],
      ['mode', { mode: 'exclusive' }],
    ] as const)
      expect(await fails(ann, 'acquire_lease', { lease_id, ...change })).toMatchObject({
        code: 'INVALID_INPUT',
        context: { field },
      });
  });

  it('renews a lease with another reason, if it gives one', async () => {
    const { lease_id } = await take(ann, 'src', { reason: 'to read' });
    for (const [given, reason] of [
      [{}, 'to read'],
      [{ reason: 'to write' }, 'to write'],
      [{}, 'to write'],
    ] as const) {
      const renewed = (await call(ann, 'acquire_lease', { lease_id, ...given })) as unknown as Outcome;
      expect(renewed.lease).toMatchObject({ lease_id, reason });
      expect(await list(bob)).toMatchObject([{ lease_id, reason }]);
    }
  });

  it('releases one, or all of its agent, not both', async () => {
    await take(ann, 'a');
    await take(ann, 'b');
    await take(bob, 'c');
    for (const args of [{}, { lease_id: 'x', all: true }])
      expect(await fails(ann, 'release_lease', args)).toMatchObject({ context: { field: 'lease_id' } });
    expect(await call(ann, 'release_lease', { all: true })).toMatchObject({ released: 2 });
    expect(await call(ann, 'release_lease', { all: true })).toMatchObject({ released: 0 });
    expect((await list(ann)).map(({ holder }) => holder)).toEqual(['bob']);
  });

  it('holds only so much', async () => {
    for (let i = 0; i < 100; i++) await take(ann, `many/${i}`);
    expect(await fails(ann, 'acquire_lease', { resources: ['one more'] })).toMatchObject({
      code: 'QUOTA_EXCEEDED',
      context: { limit: 100 },
    });
    const pages: Lease[] = [];
    for (let cursor: unknown; ;) {
      const page = await call(bob, 'list_leases', {
        max_tokens: 2000,
        ...(cursor === undefined ? {} : { cursor }),
      });
      pages.push(...(page['leases'] as Lease[]));
      cursor = page['next_cursor'];
      if (cursor === undefined) break;
    }
    expect(pages.map(({ resources }) => resources[0])).toEqual(
      Array.from({ length: 100 }, (_, i) => `many/${i}`),
    );
  });
});

describe('the log', () => {
  it('tells everybody of the workspace of each grant and each end', async () => {
    const session_id = String((await call(ann, 'create_session', { purpose: 'Log' }))['session_id']);
    const lease = await take(ann, 'src', { session_id });
    await call(ops, 'release_lease', { lease_id: lease.lease_id });
    const db = new Database(join(hub.folder, 'hub.db'), { readonly: true });
    const rows = db
      .prepare(
        `SELECT a.name AS audience, s.session_id, e.data FROM events e JOIN audiences a ON a.id = e.audience_id
         LEFT JOIN sessions s ON s.id = e.session_id WHERE e.data LIKE ? ORDER BY e.seq`,
      )
      .all(`%${lease.lease_id}%`) as { audience: string; session_id: string; data: string }[];
    db.close();
    expect(rows.map(({ data, ...row }) => ({ ...row, data: JSON.parse(data) as unknown }))).toEqual([
      { audience: 'public', session_id, data: lease },
      { audience: 'public', session_id, data: { ...lease, ended: 'forced', ended_by: 'ops' } },
    ]);
  });
});

describe('the JSON API', () => {
  it('lists and releases', async () => {
    const lease = await take(ann, 'src');
    const other = await take(bob, 'docs');
    expect(await done('GET', 'leases')).toEqual({ leases: [lease, other] });
    expect(await done('GET', 'leases?resource=src/a.ts')).toEqual({ leases: [lease] });
    const page = await done<{ leases: Lease[]; next_cursor: string }>('GET', 'leases?limit=1');
    expect(page.leases).toEqual([lease]);
    expect(await done('GET', `leases?cursor=${encodeURIComponent(page.next_cursor)}`)).toEqual({
      leases: [other],
    });
    await refused(403, 'DELETE', `leases/${lease.lease_id}`, undefined, AGENT_KEY);
    expect(await done('DELETE', `leases/${lease.lease_id}`)).toEqual({ released: 1 });
    expect(await refused(404, 'DELETE', `leases/${lease.lease_id}`)).toMatchObject({
      code: 'LEASE_NOT_FOUND',
    });
  });
});
