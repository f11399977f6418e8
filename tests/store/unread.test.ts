/** What is remembered of unread messages is bounded over all agents. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Principal } from '../../src/context.ts';
import { createEventBus } from '../../src/events/bus.ts';
import { createInbox } from '../../src/features/delivery/inbox.ts';
import { createUnreadMessages } from '../../src/features/delivery/unread.ts';
import { createCacheMeters } from '../../src/lib/cache-meter.ts';
import type { Store } from '../../src/store/port.ts';
import { newAgent, newFolder, newSession, newWorkspace, openSqlite, post, silent } from './engine.ts';

const folder = newFolder();
let store: Store;

beforeAll(async () => {
  store = await openSqlite(folder);
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

/** Two agents with so many unread messages each. */
async function twoAgents(messages: number): Promise<[Principal, Principal]> {
  const workspace = await newWorkspace(store);
  const session = await newSession(store, workspace);
  const one = async (): Promise<Principal> => {
    const { agentId, agentType } = await newAgent(store, workspace);
    for (let i = 0; i < messages; i++) await post(store, session, { addressees: [`agent:${agentId}`] });
    const permissions = new Set(['read'] as const);
    return { workspace, agentId, agentType, permissions, keyId: 'k', keyName: 'k' };
  };
  return [await one(), await one()];
}

const unreadWithin = (maxMessages: number) =>
  createUnreadMessages({
    ...{ store, bus: createEventBus(), caches: createCacheMeters(), maxMessages },
    recorder: { pending: () => undefined },
  });

it('forgets who asked longest ago when there are too many messages, and counts what was read since it was put there', async () => {
  const [alice, bob] = await twoAgents(3);
  for (const [maxMessages, isKept] of [
    [6, true],
    [5, false],
  ] as const) {
    const unread = unreadWithin(maxMessages);
    const first = await unread.of(alice);
    expect(first?.messages.size).toBe(3);
    await unread.of(bob);
    const again = await unread.of(alice);
    expect(again?.messages.size).toBe(3);
    expect(again === first, `room for ${maxMessages}`).toBe(isKept);
  }
});

it('notes as delivered what an inbox shows, and not what was hidden since it was counted', async () => {
  const [alice] = await twoAgents(3);
  // It hears of nothing: as one does that looks while others write.
  const unread = unreadWithin(100);
  const ids = [...((await unread.of(alice))?.messages.keys() ?? [])];
  const [, hidden = 0] = ids;
  await store.write((tx) => tx.messages.setVisibility(hidden, 'admin_only', ['admin']));
  const delivered: number[] = [];
  const inbox = createInbox({
    ...{ store, unread, log: silent, auditor: { note: () => undefined } },
    recorder: { delivered: (_recipient, id) => void delivered.push(id) },
  });
  const controller = new AbortController();
  const shown = await inbox({ principal: alice, requestId: 'r', signal: controller.signal, log: silent });
  const others = ids.filter((id) => id !== hidden);
  expect(shown?.latest.map(({ id }) => id)).toEqual(others);
  expect(delivered).toEqual(others);
  const known = await (await unread.of(alice))?.among(ids);
  expect(ids.map((id) => known?.get(id)?.delivered)).toEqual([true, false, true]);
});
