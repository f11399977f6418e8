/** Carries out steps with leases, and compares each answer with the model: those who wait are answered as they come up. */
import { expect, vi } from 'vitest';
import { CAST, type ActorName, type Answer, type Fields } from './actors.ts';
import type { Claim, Held } from './leases-model.ts';
import { pick } from './play-messages.ts';
import type { Stage, Waiting } from './stage.ts';
import type { StepOf } from './steps.ts';

const MOST_WAITING = 5;
/** Longer than a run. */
const WAIT_SECONDS = 55;
const NOTICES = 'Notices of operators to single agents';

const shapeOf = (stage: Stage, { by, mode, resources, id, token, expiresAt }: Held): Fields => ({
  ...{ lease_id: id, fencing_token: token, holder: CAST[by].agent, mode, resources },
  expires_at: stage.iso(expiresAt),
});

/** A grant as the hub has told it. */
function granted(stage: Stage, claim: Claim, answer: Fields, waiting?: Waiting): void {
  const told = answer['lease'] as { lease_id: string; fencing_token: number };
  const { by, mode, resources, ttlMs } = claim;
  const lease: Held = {
    ...{ by, mode, resources, ttlMs, id: told.lease_id, token: told.fencing_token },
    expiresAt: stage.now() + ttlMs,
  };
  expect(told).toMatchObject(shapeOf(stage, lease));
  stage.leases.grant(lease, waiting);
}

/** Those that are up now have been granted what they wait for, and no others. */
async function settle(stage: Stage): Promise<void> {
  const up = stage.leases.up();
  const before = stage.leases.highestToken;
  const answers = await Promise.all(up.map(async (claim) => [claim, successOf(await claim.answer)] as const));
  const tokenOf = (answer: Fields): number => (answer['lease'] as { fencing_token: number }).fencing_token;
  for (const [claim, answer] of answers.toSorted(([, a], [, b]) => tokenOf(a) - tokenOf(b))) {
    expect(answer['granted']).toBe(true);
    expect(tokenOf(answer), 'its fencing token').toBeGreaterThan(before);
    granted(stage, claim, answer, claim);
  }
  await untilWaiting(stage, stage.leases.waiting().length);
}

function successOf(answer: Answer): Fields {
  if ('code' in answer) throw new Error(`a wait ended with ${answer.code}`);
  return answer.value;
}

const untilWaiting = (stage: Stage, count: number): Promise<unknown> =>
  vi.waitUntil(() => stage.hub.hub.services.leases.waiting === count, { interval: 1, timeout: 10_000 });

export async function acquire(stage: Stage, step: StepOf<'acquire'>): Promise<void> {
  const { by, mode, resources, ttl, waits } = step;
  const claim: Claim = { by, mode, resources, ttlMs: ttl * 1000 };
  const args = { resources, mode, ttl_seconds: ttl };
  const before = stage.leases.before(claim);
  if (before.length === 0) {
    const value = await stage.ask(by, 'acquire_lease', args);
    expect(value, JSON.stringify(step)).toMatchObject({ granted: true, conflicts: [] });
    const { lease } = value as { lease: { fencing_token: number } };
    expect(lease.fencing_token, 'its fencing token').toBeGreaterThan(stage.leases.highestToken);
    return granted(stage, claim, value ?? {});
  }
  if (waits && stage.leases.waiting().length < MOST_WAITING) {
    const answer = stage.call(by, 'acquire_lease', { ...args, wait_seconds: WAIT_SECONDS });
    stage.leases.queue({ ...claim, answer });
    await untilWaiting(stage, stage.leases.waiting().length);
    return;
  }
  const value = await stage.ask(by, 'acquire_lease', args);
  expect(value, JSON.stringify(step)).toMatchObject({ granted: false });
  const told = (value?.['conflicts'] as { lease_id: string }[]).map(({ lease_id: id }) => id);
  const direct = before.flatMap((other) => ('id' in other ? [other.id] : []));
  // Whoever is only behind others that wait is told what those wait for.
  if (direct.length > 0) expect(told.toSorted()).toEqual(direct.toSorted());
  else expect(told.map((id) => stage.leases.heldById(id)?.id)).toEqual(told);
  expect(told.length).toBeGreaterThan(0);
}

const isBeyond = (by: ActorName, lease: Held): boolean => CAST[by].wall !== CAST[lease.by].wall;

export async function renew(stage: Stage, { by, lease: nth, ttl }: StepOf<'renew'>): Promise<void> {
  const lease = pick(stage.leases.known(), nth);
  if (lease === undefined) return;
  const isOver = stage.leases.heldById(lease.id) === undefined;
  const refusal = isBeyond(by, lease)
    ? 'LEASE_NOT_FOUND'
    : by !== lease.by
      ? 'PERMISSION_DENIED'
      : isOver
        ? 'LEASE_CONFLICT'
        : undefined;
  const value = await stage.ask(by, 'acquire_lease', { lease_id: lease.id, ttl_seconds: ttl }, refusal);
  if (value === undefined) return;
  lease.expiresAt = stage.now() + ttl * 1000;
  expect(value).toMatchObject({ granted: true, lease: shapeOf(stage, lease) });
}

export async function release(stage: Stage, { by, lease: nth }: StepOf<'release'>): Promise<void> {
  if (nth === undefined) {
    const own = stage.leases.held().filter((lease) => lease.by === by);
    expect(await stage.ask(by, 'release_lease', { all: true })).toMatchObject({ released: own.length });
    for (const lease of own) stage.leases.end(lease);
    return settle(stage);
  }
  const lease = pick(stage.leases.known(), nth);
  if (lease === undefined) return;
  const isThere = stage.leases.heldById(lease.id) !== undefined && !isBeyond(by, lease);
  const isForced = by !== lease.by;
  const refusal = !isThere
    ? 'LEASE_NOT_FOUND'
    : isForced && !CAST[by].admin
      ? 'PERMISSION_DENIED'
      : undefined;
  const value = await stage.ask(by, 'release_lease', { lease_id: lease.id }, refusal);
  if (value === undefined) return;
  expect(value['released']).toBe(1);
  stage.leases.end(lease);
  if (isForced) await noticeTo(stage, by, lease.by);
  await settle(stage);
}

/** An operator that takes a lease away leaves a word, in a session for that. */
async function noticeTo({ messages, call }: Stage, by: ActorName, holder: ActorName): Promise<void> {
  const { sessions } = successOf(
    await call(by, 'list_sessions', { created_by: CAST[by].agent, limit: 100 }),
  ) as {
    sessions: { session_id: string; purpose: string }[];
  };
  const known = messages.sessions.find(({ notices }) => notices === true);
  if (known === undefined) {
    const found = sessions.find(({ purpose }) => purpose === NOTICES);
    expect(found).toBeDefined();
    messages.sessions.push({
      id: String(found?.session_id),
      by,
      isActive: true,
      purpose: NOTICES,
      notices: true,
    });
  }
  const session = known ?? messages.sessions.at(-1);
  if (session?.isActive !== true) return;
  const newest = successOf(await call(by, 'get_messages', { session_id: session.id, limit: 1 }));
  const [{ id }] = newest['messages'] as [{ id: number }];
  messages.add(id, {
    ...{ session, by, to: [CAST[holder].agent], mentions: [], parent: null },
    ...{ messageType: 'status', visibility: 'private' },
  });
}

export async function leases(stage: Stage, { by }: StepOf<'leases'>): Promise<void> {
  const value = await stage.ask(by, 'list_leases', {});
  const seen = stage.leases.held().filter((lease) => !isBeyond(by, lease));
  const inOrder = seen.toSorted((a, b) => a.token - b.token);
  expect(value?.['leases'], `leases as ${by} sees them`).toMatchObject(
    inOrder.map((lease) => shapeOf(stage, lease)),
  );
}

export async function pass(stage: Stage, { ms }: StepOf<'pass'>): Promise<void> {
  const expiries = [...stage.memory.expiries(), ...stage.leases.held().map(({ expiresAt }) => expiresAt)];
  const next = Math.min(...expiries.filter((at) => at > stage.now()));
  if (typeof ms === 'number') stage.clock.pass(ms);
  else if (next < Infinity) stage.clock.pass(next - stage.now());
  stage.leases.expire(stage.now());
  // A write after theirs: what is over has been removed.
  await stage.tick();
  await settle(stage);
}

/** Everybody gives back what it has, until nobody waits. */
export async function giveAllBack(stage: Stage): Promise<void> {
  while (stage.leases.held().length > 0) {
    for (const { by } of stage.leases.held()) await release(stage, { does: 'release', by, lease: undefined });
  }
  expect(stage.leases.waiting()).toEqual([]);
}
