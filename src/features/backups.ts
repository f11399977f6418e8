/** Backups at intervals, while the hub works. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Store } from '../store/port.ts';
import type { Logger } from '../telemetry/log.ts';
import type { PartHealth } from './health/service.ts';

export interface BackupSchedule {
  /** Null: never. */
  readonly everyMs: number | null;
  /** How many are kept; the oldest goes first. */
  readonly keep: number;
  readonly folder: string;
}

export interface BackupDeps {
  readonly store: Pick<Store, 'backup'>;
  readonly schedule: BackupSchedule;
  readonly now: () => number;
  readonly log: Logger;
  /** How often it looks whether a backup is due. */
  readonly lookEveryMs?: number;
}

const LOOK_EVERY_MS = 60_000;
/** After one that failed. */
const RETRY_MS = 10 * 60_000;
const NAME = /^hub-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.db$/;

/** What a backup of this moment (milliseconds since the epoch) is called. */
export const backupName = (now: number): string =>
  `hub-${new Date(now).toISOString().replace(/\.\d+|[:-]/g, '')}.db`;

/** When a file of this name was made; undefined if it is no backup that was made here. */
function timeOf(name: string): number | undefined {
  const parts = NAME.exec(name);
  if (parts === null) return undefined;
  const [year = 0, month = 0, ...rest] = parts.slice(1).map(Number);
  return Date.UTC(year, month - 1, ...rest);
}

export interface Backups {
  health(): PartHealth;
  stop(): Promise<void>;
}

/** Runs until it is stopped. A backup is due that long after the newest one, whoever made that, also over restarts. */
export function startBackups(deps: BackupDeps): Backups {
  const { schedule, now, log, lookEveryMs = LOOK_EVERY_MS } = deps;
  const { everyMs } = schedule;
  const stopped = new AbortController();
  const pause = (ms: number): Promise<void> =>
    delay(ms, undefined, { signal: stopped.signal, ref: false }).catch(() => undefined);

  /** When the newest backup was made, as far as that was looked at. */
  let newestAt: number | undefined;
  let failed = false;

  async function run(every: number): Promise<void> {
    while (!stopped.signal.aborted) {
      try {
        const newest = (await backupsIn(schedule.folder)).at(-1);
        newestAt = newest?.at;
        if (newest === undefined || now() - newest.at >= every) newestAt = await backUp(deps);
        failed = false;
        await pause(lookEveryMs);
      } catch (error) {
        failed = true;
        log.error({ err: error }, 'the backup failed; it is tried again');
        await pause(RETRY_MS);
      }
    }
  }

  const running = everyMs === null ? undefined : run(everyMs);
  return {
    health() {
      if (everyMs === null) return { status: 'healthy', reason: 'no backups are scheduled' };
      const last =
        newestAt === undefined ? 'there is none yet' : `the last is of ${new Date(newestAt).toISOString()}`;
      if (failed) return { status: 'degraded', reason: `the last attempt failed; ${last}` };
      return { status: 'healthy', reason: last };
    },
    async stop() {
      stopped.abort();
      await running;
    },
  };
}

/** Answers of when the backup is. */
async function backUp({ store, schedule, now, log }: BackupDeps): Promise<number> {
  const { folder, keep } = schedule;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const started = performance.now();
  const at = now();
  const { file, bytes, messages } = await store.backup(path.join(folder, backupName(at)));
  log.info({ file, bytes, messages, ms: Math.round(performance.now() - started) }, 'a backup was made');
  for (const old of (await backupsIn(folder)).slice(0, -keep)) {
    await rm(path.join(folder, old.name), { force: true });
    log.info({ file: old.name }, 'an old backup was removed');
  }
  return at;
}

/** Oldest first. */
async function backupsIn(folder: string): Promise<readonly { readonly name: string; readonly at: number }[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .flatMap((name) => {
      const at = timeOf(name);
      return at === undefined ? [] : [{ name, at }];
    })
    .toSorted((a, b) => a.at - b.at);
}
