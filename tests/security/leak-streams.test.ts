/**
 * What stays open: every role listens to all there is, allowed or not, in every way and in both eras, while things happen
 * that some may know and others not. After each, a last public message tells that nothing more is pending.
 */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ERAS } from '../_util/scenario-doors.ts';
import { MEMBERS, STRANGERS } from './_util/leak-cast.ts';
import {
  changes,
  leaseOf,
  others,
  posts,
  relapses,
  unreadBy,
  type LiveIds,
  type Step,
} from './_util/leak-steps.ts';
import { listenEverywhere, type Listeners } from './_util/leak-streams.ts';
import { startLeakWorld, type LeakWorld } from './_util/leak-world.ts';

const QUIET_MS = 15_000;
const FIRST = 8;

let world: LeakWorld;
let listeners: Listeners;
const ids: LiveIds = new Map();

beforeAll(async () => {
  world = await startLeakWorld({ heartbeatMs: QUIET_MS });
  listeners = await listenEverywhere(world);
}, 30_000);
afterAll(() => world[Symbol.asyncDispose]());

async function expectOnlyTheirs(steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    const found = await listeners.play(step);
    expect(found.slice(0, FIRST), `${step.name}: ${found.length} findings`).toEqual([]);
  }
}

it('tells of sessions, memory and leases those who may know', () => expectOnlyTheirs(others(world)), 30_000);
it('tells of messages those who see them', () => expectOnlyTheirs(posts(world, ids, 'live')), 30_000);
it(
  'tells of changes those who see the message now',
  () => expectOnlyTheirs(changes(world, ids, 'live')),
  30_000,
);

it('tells those who come later only of what they see by then', async () => {
  await expectOnlyTheirs(relapses(world, ids, 'live'));
  expect((await listeners.replay()).slice(0, FIRST)).toEqual([]);
}, 30_000);

interface Inbox {
  readonly unread: number;
  readonly latest: readonly { readonly preview: string }[];
}

const inboxIn = (text: string): Inbox | undefined => {
  const json = text.split('\n').find((line) => line.startsWith('{')) ?? '{}';
  const { result } = JSON.parse(json) as { result?: { structuredContent?: { inbox?: Inbox } } };
  return result?.structuredContent?.inbox;
};

it('shows in an inbox only what its agent sees', async () => {
  await listeners.endWaits();
  const ids: LiveIds = new Map();
  await listeners.pass(...posts(world, ids, 'inbox'), ...changes(world, ids, 'inbox'));
  for (const role of MEMBERS) {
    const unread = unreadBy(role, 'inbox');
    for (const era of ERAS) {
      const { text } = await world.callers[role].ask(era, { tool: 'get_usage_guidance' });
      expect(listeners.shownTo(role, text, role)).toEqual([]);
      const inbox = inboxIn(text);
      expect(inbox?.unread ?? 0, role).toBe(unread.length);
      const previews = inbox?.latest.map(({ preview }) => preview.split(' ', 1)[0]) ?? [];
      expect(previews, role).toEqual(unread.slice(-previews.length || unread.length));
      expect(previews.length, role).toBe(Math.min(unread.length, 3));
    }
  }
}, 30_000);

const HOLDERS = ['sender', 'stranger'] as const;
const WAITERS = MEMBERS.filter((name) => !['readOnly', ...HOLDERS].includes(name));

it('shows who waits for a lease only the leases of its workspace', async () => {
  const held = HOLDERS.map((by) => leaseOf(world, by));
  await listeners.pass(...held.map(({ taken }) => taken));
  const ask = (wait_seconds: number) => ({
    tool: 'acquire_lease',
    args: { resources: ['live-leased'], mode: 'shared', wait_seconds },
  });
  const refused = await Promise.all(
    WAITERS.map(async (role) => ({ role, ...(await world.callers[role].ask('2026', ask(1))) })),
  );
  const waiting = WAITERS.flatMap((role) =>
    ERAS.map(async (era) => ({ role, ...(await world.callers[role].ask(era, ask(50))) })),
  );
  const { leases } = world.hub.hub.services;
  const inLine = (count: number) => vi.waitUntil(() => leases.waiting === count, { interval: 2 });
  await inLine(waiting.length);
  const strangers = WAITERS.filter((role) => STRANGERS.includes(role)).length * ERAS.length;
  await listeners.pass(held[1]!.released);
  await inLine(waiting.length - strangers);
  await listeners.pass(held[0]!.released);
  const granted = await Promise.all(waiting);
  for (const { role, text } of [...refused, ...granted])
    expect(listeners.shownTo(role, text, role)).toEqual([]);
  for (const { role, text } of refused) {
    const [own, other] = STRANGERS.includes(role) ? [held[1], held[0]] : [held[0], held[1]];
    expect(text, role).toContain(own!.taken.word);
    expect(text, role).not.toContain(other!.taken.word);
  }
  for (const { role, text } of granted) expect(text, role).toContain('"granted":true');
}, 30_000);

it('says nothing more to the end', async () => {
  expect(await listeners.close()).toEqual([]);
}, 30_000);
