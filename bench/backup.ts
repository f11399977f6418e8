/**
 * A backup of a large database while agents post: how much slower they are meanwhile, and whether what is restored from it
 * is what they were told is stored, up to its moment. Posting is measured by turns with and without one.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { backupDatabase } from '../src/store/sqlite/backup.ts';
import { restoreDatabase } from '../src/store/sqlite/restore.ts';
import { BENCH_KEY, connectAgents, startHubProcess, type BenchAgent } from './load.ts';
import { makeMillion, openBenchStore, WORKSPACE } from './million.ts';
import { median, type Report } from './report.ts';

const AGENTS = 20;
const ROUNDS = 3;
const ALONE_MS = 5000;
const FILE_BYTES = 1024 ** 3;
const MESSAGES = 100_000;
const VALUE_BYTES = 90_000;
const ENTRIES_PER_WRITE = 100;
const RATE_AT_LEAST = 0.4;
const CONTENT = 'The parser fails on nested quotes; I take it from here. '.repeat(5);
const LOOK_EVERY_MS = 200;

export async function benchBackup(report: Report): Promise<void> {
  await using made = await makeMillion(MESSAGES);
  await fillUp(made.path);
  const folder = mkdtempSync(join(tmpdir(), 'schub-bench-'));
  try {
    await using hub = await startHubProcess({ folder: join(made.path, '..') });
    await indexed(hub.url);
    await using agents = await connectAgents(hub.url, '2026', AGENTS, 'backup');
    await measure(report, agents.list, made.path, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Figures {
  readonly alone: number[];
  readonly beside: number[];
  readonly seconds: number[];
  missing: number;
  foreign: number;
}

async function measure(
  report: Report,
  agents: readonly [BenchAgent, ...BenchAgent[]],
  path: string,
  folder: string,
): Promise<void> {
  const { session_id } = await agents[0].call('create_session', { purpose: 'posted during backups' });
  const acknowledged = new Set<number>();
  /** Messages a second while `work` goes on. */
  const postDuring = async (work: () => Promise<unknown>): Promise<number> => {
    const before = acknowledged.size;
    const started = performance.now();
    const working = work().finally(() => (done = true));
    let done = false;
    await Promise.all(
      agents.map(async (agent) => {
        while (!done)
          acknowledged.add(
            Number((await agent.call('add_message', { session_id, content: CONTENT }))['message_id']),
          );
      }),
    );
    await working;
    return (1000 * (acknowledged.size - before)) / (performance.now() - started);
  };
  await postDuring(() => delay(ALONE_MS));
  const figures: Figures = { alone: [], beside: [], seconds: [], missing: 0, foreign: 0 };
  for (let i = 0; i < ROUNDS; i++) {
    figures.alone.push(await postDuring(() => delay(ALONE_MS)));
    const target = join(folder, `backup-${i}.db`);
    const sure = new Set(acknowledged);
    let lastSeq = 0;
    const rate = await postDuring(async () => {
      const started = performance.now();
      ({ lastSeq } = await backupDatabase({ path, target }));
      figures.seconds.push((performance.now() - started) / 1000);
    });
    figures.beside.push(rate);
    const restored = await messagesIn(target, join(folder, `restored-${i}.db`), String(session_id));
    const due = [...acknowledged].filter((id) => id <= lastSeq || sure.has(id));
    figures.missing += due.filter((id) => !restored.has(id)).length;
    figures.foreign += [...restored].filter((id) => id > lastSeq || !acknowledged.has(id)).length;
  }
  const bench = `Backup, ${AGENTS} agents that post`;
  const bytes = statSync(path).size;
  const [alone, beside] = [median(figures.alone), median(figures.beside)];
  report.add({ bench, figure: 'database', value: bytes / 1024 ** 3, unit: 'GiB', atLeast: 1 });
  report.add({ bench, figure: 'a backup, verified', value: median(figures.seconds), unit: 's' });
  report.add({ bench, figure: 'messages without one', value: alone, unit: '1/s' });
  report.add({ bench, figure: 'messages beside one', value: beside, unit: '1/s' });
  const rate = { value: beside / alone, unit: '', atLeast: RATE_AT_LEAST };
  report.add({ bench, figure: 'beside / without', ...rate });
  report.add({ bench, figure: 'acknowledged, not restored', value: figures.missing, unit: '', atMost: 0 });
  report.add({ bench, figure: 'restored, not acknowledged', value: figures.foreign, unit: '', atMost: 0 });
}

/** Shared memory up to the size: it costs the least to make, and no index of it is made beside. */
async function fillUp(path: string): Promise<void> {
  const store = await openBenchStore(path, 1);
  const place = { workspace: WORKSPACE, agentPk: null, sessionPk: null };
  const value = JSON.stringify('x'.repeat(VALUE_BYTES - 2));
  for (let n = 0; statSync(path).size < FILE_BYTES; n++)
    await store.write(async (tx) => {
      for (let i = 0; i < ENTRIES_PER_WRITE; i++)
        await tx.memory.put(place, {
          ...{ key: `filler-${n}-${i}`, value, valueSize: VALUE_BYTES, version: 1, metadata: {} },
          ...{ createdAt: 0, updatedAt: 0, expiresAt: null, updatedBy: 'agent-0' },
        });
    });
  await store.close();
}

async function indexed(url: string): Promise<void> {
  for (;;) {
    const headers = { authorization: `Bearer ${BENCH_KEY}-admin` };
    const status = (await (await fetch(new URL('/api/v1/search/status', url), { headers })).json()) as {
      readonly state: string;
      readonly indexed: number;
      readonly last: number;
    };
    if (status.state === 'ready' && status.indexed === status.last) return;
    await delay(LOOK_EVERY_MS);
  }
}

/** Ids of the messages of a session in what is restored from a backup, both of which are removed again. */
async function messagesIn(from: string, path: string, sessionId: string): Promise<ReadonlySet<number>> {
  await restoreDatabase({ path, from, now: 0 });
  const db = new Database(path, { readonly: true });
  try {
    const ids = db
      .prepare<[string], number>(
        'SELECT m.message_id FROM sessions s JOIN message_audiences m ON m.session_id = s.id WHERE s.session_id = ?',
      )
      .pluck();
    return new Set(ids.all(sessionId));
  } finally {
    db.close();
    for (const file of [path, `${path}-wal`, `${path}-shm`, from]) rmSync(file, { force: true });
  }
}
