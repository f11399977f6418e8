/**
 * The index thread: follows hub.db while the hub runs. It is told when something was committed, and looks by itself now and
 * then. An index that turns out to be damaged is made anew.
 */
import { setPriority } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { openReader, type Connection } from '../store/sqlite/connection.ts';
import { findDamage } from '../store/sqlite/damage.ts';
import { emptyIndex, isUnusable, openIndex, readState, removeIndex, type Sqlite } from './index-db.ts';
import { createIndexer, type Indexer } from './indexer.ts';
import type { IndexerOrder, IndexReport } from './index-follower.ts';

const LOOK_EVERY_MS = 1000;
/** How long it rests after a step of merging, measured by what the step took: others are at work, too. */
const REST_AFTER_MERGE = 10;
const REPORT_EVERY_MS = 50;
const RETRY_MS = 500;
const LONGEST_RETRY_MS = 5000;

/** Those who post come first. */
const NICE = 5;
// Elsewhere it would be the priority of the whole process.
if (process.platform === 'linux') setPriority(NICE);

const { hubPath, indexPath } = workerData as { readonly hubPath: string; readonly indexPath: string };
const hub: Connection = openReader(hubPath);
// It reads each message once: pages that stay mapped would serve nobody.
hub.sqlite.pragma('mmap_size = 0');

interface Opened {
  readonly sqlite: Sqlite;
  readonly indexer: Indexer;
  readonly generation: string;
}

let opened: Opened | undefined;
let checked = false;
let stopping = false;
/** How often in a row it could not do its work. */
let failures = 0;
/** What was ordered and is not done yet. */
const orders = { look: false, reindex: false, damaged: undefined as string | undefined };
let wake: () => void = () => undefined;

function open(): Opened {
  const { epoch, last_seq, forgotten } = hub.sqlite
    .prepare<[], { epoch: string; last_seq: number; forgotten: number }>(
      `SELECT epoch, last_seq,
        (SELECT coalesce(max(seq), 0) FROM message_changes WHERE message_id = 0) AS forgotten FROM hub`,
    )
    .get() ?? { epoch: '', last_seq: 0, forgotten: 0 };
  const sqlite = openIndex(indexPath, epoch, last_seq, forgotten);
  return { sqlite, indexer: createIndexer(hub.sqlite, sqlite), generation: readState(sqlite).generation };
}

function close(): void {
  opened?.sqlite.close();
  opened = undefined;
}

function startAnew(): void {
  close();
  removeIndex(indexPath);
}

let reportedAt = -Infinity;
function report(given: IndexReport, always: boolean): void {
  const now = performance.now();
  if (!always && now - reportedAt < REPORT_EVERY_MS) return;
  reportedAt = now;
  parentPort?.postMessage(given);
}

function carryOut(): void {
  orders.look = false;
  if (orders.damaged !== undefined && orders.damaged === opened?.generation) startAnew();
  orders.damaged = undefined;
  if (!orders.reindex) return;
  opened ??= open();
  emptyIndex(opened.sqlite);
  opened = { ...opened, generation: readState(opened.sqlite).generation };
  orders.reindex = false;
}

/** Works until the index has come as far as hub.db. */
async function catchUp(): Promise<void> {
  for (;;) {
    carryOut();
    opened ??= open();
    const { generation, indexer, sqlite } = opened;
    if (!checked) {
      checked = true;
      if (findDamage({ sqlite }, 'quick_check') !== undefined) startAnew();
      continue;
    }
    const { watermark, target } = indexer.step();
    const done = watermark >= target;
    report({ generation, watermark, target, working: !done }, done);
    await nextTurn();
    if (stopping || (done && !orders.look && !orders.reindex && orders.damaged === undefined)) return;
  }
}

/** Resolves after so long, or when it is woken. */
async function sleep(ms: number): Promise<void> {
  if (stopping) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

let mergeAt = 0;
/** Takes a step of merging if it is time for one. Answers how long to sleep until there is something to do. */
function mergeSome(): number {
  const started = performance.now();
  if (started < mergeAt) return mergeAt - started;
  const more = opened?.indexer.merge() === true;
  const took = performance.now() - started;
  const rest = more ? REST_AFTER_MERGE * took : LOOK_EVERY_MS;
  mergeAt = started + took + rest;
  return rest;
}

async function follow(): Promise<void> {
  while (!stopping) {
    try {
      await catchUp();
      failures = 0;
      await sleep(Math.min(LOOK_EVERY_MS, mergeSome()));
    } catch (error) {
      failures++;
      const message = error instanceof Error ? error.message : String(error);
      parentPort?.postMessage({ failed: message } satisfies IndexReport);
      if (isUnusable(error)) startAnew();
      else close();
      await sleep(Math.min(RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS));
    }
  }
  close();
  hub.sqlite.close();
  parentPort?.close();
}

parentPort?.on('message', (order: IndexerOrder) => {
  if (order === 'stop') stopping = true;
  else if (order === 'look') orders.look = true;
  else if (order === 'reindex') orders.reindex = true;
  else orders.damaged = order.damaged;
  // What fails is not tried again at each commit.
  if (order !== 'look' || failures === 0) wake();
});
void follow();
