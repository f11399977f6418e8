/** The recorder over a store that does not take everything: nothing is lost, nothing fails, and it does not grow for ever. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createRecorder, type Recorder } from '../../src/features/delivery/recorder.ts';
import type { Recipient, Store } from '../../src/store/port.ts';
import { newAgent, newFolder, newSession, newWorkspace, openSqlite, post, silent } from './engine.ts';

const folder = newFolder();
let store: Store;
let recipient: Recipient;
let id: number;
let full = false;

beforeAll(async () => {
  store = await openSqlite(folder);
  const workspace = await newWorkspace(store);
  const { pk, agentId, agentType } = await newAgent(store, workspace);
  const names = { agent: `agent:${agentId}`, type: `type:${agentType}` };
  recipient = { pk, workspace, agentId, agentType, names };
  id = await post(store, await newSession(store, workspace), { addressees: [names.agent] });
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const open = (retryMs: number): Recorder =>
  createRecorder({
    store: { write: (work) => (full ? Promise.reject(new Error('disk full')) : store.write(work)) },
    now: () => 7,
    log: silent,
    retryMs,
  });
const stored = async () =>
  (await store.read.deliveries.receipts([id], 10)).map(({ acknowledgedAt }) => acknowledgedAt);

it('keeps what the store does not take, shows it, and stores it later', async () => {
  const recorder = open(5);
  full = true;
  recorder.delivered(recipient, id, 'inbox');
  recorder.delivered(recipient, id, 'tool');
  expect(recorder.pendingOf(id)).toMatchObject([{ by: 'inbox', deliveredAt: 7, acknowledgedAt: null }]);
  await vi.waitUntil(async () => (await stored()).length === 0, { interval: 5 });
  full = false;
  await vi.waitUntil(async () => (await stored()).length === 1, { interval: 5 });
  await vi.waitUntil(() => recorder.pendingOf(id).length === 0, { interval: 5 });
  await recorder.close();
});

it('stores at its end what was refused before', async () => {
  const recorder = open(60_000);
  full = true;
  recorder.acknowledged(recipient, id);
  await new Promise(setImmediate);
  full = false;
  expect(await stored()).toEqual([null]);
  expect(recorder.pending(id, recipient.pk)).toMatchObject({ acknowledgedAt: 7 });
  await recorder.close();
  expect(await stored()).toEqual([7]);
});

it('ends although the store takes nothing', async () => {
  const recorder = open(60_000);
  full = true;
  recorder.delivered(recipient, id + 1, 'tool');
  await recorder.close();
  full = false;
});
