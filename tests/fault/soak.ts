/**
 * Long load: fifty agents write 200 messages a second, others search, wait and follow, and the hub is killed every three minutes
 * (three times in a run that is shorter). `SECONDS` is how long. Ends with exit code 1 if something is lost or doubled, if the
 * hub failed, came back late, or holds ever more; its figures are one line of JSON, which `FAULT_REPORT` names a file for.
 */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from '../../src/cli/torture/inspect.ts';
import { databaseOf, startHub } from '../_util/hub-process.ts';
import { startLedger } from '../_util/ledger.ts';
import { startLoad } from './_soak/load.ts';
import { isFlat, MEASURES, sampleOf, thirds, type Sample } from './_soak/samples.ts';

const SECONDS = Number(process.env['SECONDS'] ?? 30 * 60);
const AGENTS = 50;
const PER_SECOND = 200;
const KILL_EVERY_MS = Math.min(180_000, (SECONDS * 1000) / 3);
const WARM_UP_MS = Math.min(60_000, KILL_EVERY_MS / 3);
const SAMPLE_EVERY_MS = Math.min(5000, KILL_EVERY_MS / 30);
const RECOVERY_P99_MS = 2000;
/** In a shorter run everything is still growing, and few kills say little of how late one comes back. */
const JUDGED_FROM_SECONDS = 600;
const HOUR = 3_600_000;

const share = mkdtempSync(join(tmpdir(), 'schub-soak-'));
const database = databaseOf(share);
let hub = startHub(share);
let startedAt = performance.now();
await hub.ready;
const { epoch } = inspect(database);
const url = (): Promise<string> => hub.ready.catch(() => '');
const ledger = await startLedger({ writers: AGENTS, url, everyMs: (AGENTS / PER_SECOND) * 1000 });
const load = startLoad({ url, sessionId: ledger.sessionId, searchers: 2, waiters: 10, streams: 3 });

const samples: Sample[] = [];
const sampling = setInterval(() => {
  const sample = sampleOf(hub.pid, startedAt, database);
  if (sample !== undefined) samples.push(sample);
}, SAMPLE_EVERY_MS);
const recovery: number[] = [];
let corrupt = 0;
const began = performance.now();
for (let nth = 1; nth * KILL_EVERY_MS <= SECONDS * 1000; nth++) {
  await delay(began + nth * KILL_EVERY_MS - performance.now());
  await hub.kill();
  startedAt = performance.now();
  hub = startHub(share);
  await hub.ready;
  recovery.push(performance.now() - startedAt);
  const found = inspect(database);
  if (!found.sound || found.epoch !== epoch) corrupt++;
  const { rss = 0, wal = 0 } = samples.at(-1) ?? {};
  const held = `RSS ${mebibytes(rss)} MiB, WAL ${mebibytes(wal)} MiB`;
  process.stderr.write(`${seconds()} s: kill ${nth}, ${ledger.acknowledged.size} acknowledged, ${held}\n`);
}
clearInterval(sampling);
const lasted = performance.now() - began;
await ledger.stop();
const report = await ledger.check(await hub.ready);
await caughtUp();
await load.stop();
const code = await hub.stop();
if (!inspect(database).sound) corrupt++;

const { acknowledged, lost, doubled, strange, missed } = report;
const ids = [...ledger.acknowledged.values()].toSorted((a, b) => a - b);
const streams = load.streams.filter((seen) => !isEndOf(seen)).length;
const recoveries = recovery.toSorted((a, b) => a - b);
const at = (part: number): number =>
  Math.round(recoveries[Math.floor(recoveries.length * part)] ?? recoveries.at(-1) ?? 0);
const flat = Object.fromEntries(MEASURES.map((of) => [of, thirds(samples, of, WARM_UP_MS)] as const));
const figures = {
  fault: 'long load',
  ...{ runs: recovery.length, acknowledged, lost, doubled, corrupt },
  ...{ recovery_p50_ms: at(0.5), recovery_p99_ms: at(0.99) },
  ...{
    hours: Number((lasted / HOUR).toFixed(2)),
    messages_per_s: Math.round((acknowledged / lasted) * 1000),
  },
  ...{ unexpected: strange, missed, streams_wrong: streams, ...load.counts },
  ...{ rss: flat['rss'], files: flat['files'], wal: flat['wal'] },
};
const isLong = SECONDS >= JUDGED_FROM_SECONDS;
const complaints = [
  ...Object.entries({
    lost,
    doubled,
    corrupt,
    unexpected: strange,
    missed,
    streams_wrong: streams,
    failed: load.counts.failed,
  })
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${what}: ${count}`),
  ...MEASURES.filter((of) => isLong && !isFlat(thirds(samples, of, WARM_UP_MS), of)).map(
    (of) => `${of} grows`,
  ),
  ...(isLong && figures.recovery_p99_ms > RECOVERY_P99_MS
    ? [`it came back after ${figures.recovery_p99_ms} ms`]
    : []),
  ...(code === 0 ? [] : [`it ended with ${String(code)}`]),
];
const line = `${JSON.stringify(figures)}\n`;
process.stdout.write(line);
const { FAULT_REPORT } = process.env;
if (FAULT_REPORT !== undefined) appendFileSync(FAULT_REPORT, line);
for (const complaint of complaints) process.stderr.write(`not kept: ${complaint}\n`);
rmSync(share, { recursive: true });
process.exit(complaints.length === 0 ? 0 : 1);

/** All streams have told of the last message, or will not in a minute. */
async function caughtUp(): Promise<void> {
  const last = Math.max(...ledger.acknowledged.values());
  const until = performance.now() + 60_000;
  while (load.streams.some((seen) => seen.at(-1) !== last) && performance.now() < until) await delay(50);
}

/** A stream began a moment after the first messages; from there on it must have told of each, once and in order. */
function isEndOf(seen: readonly number[]): boolean {
  const from = ids.indexOf(seen[0] ?? -1);
  return from >= 0 && seen.length === ids.length - from && seen.every((id, i) => id === ids[from + i]);
}

function seconds(): number {
  return Math.round((performance.now() - began) / 1000);
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 1024 ** 2);
}
