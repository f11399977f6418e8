/** Watches how much is free where the database lies, and has writes refused before nothing is. */
import { statfs } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Store } from '../../store/port.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { PartHealth } from './service.ts';

export interface DiskSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export interface DiskWatchOptions {
  readonly store: Pick<Store, 'pauseWrites'>;
  /** Any file or folder on the disk. */
  readonly path: string;
  /** Below it writes are refused. */
  readonly minFreeBytes: number;
  /** Whether a tenth of the disk is enough. */
  readonly tenthIsEnough: boolean;
  readonly log: Logger;
  readonly spaceOf?: (path: string) => Promise<DiskSpace>;
  readonly everyMs?: number;
}

export interface DiskWatch {
  health(): PartHealth;
  /** As it was a moment ago; null where the system does not tell. */
  freeBytes(): number | null;
  stop(): Promise<void>;
}

const MEGABYTE = 1024 ** 2;
const EVERY_MS = 1000;

/** Has looked once when it resolves. */
export async function watchDisk(options: DiskWatchOptions): Promise<DiskWatch> {
  const { store, path, log, spaceOf = spaceOfDisk, everyMs = EVERY_MS } = options;
  const stopped = new AbortController();
  let space: DiskSpace | undefined;
  let refusal: string | undefined;

  async function look(): Promise<void> {
    space = await spaceOf(path).catch(() => undefined);
    const before = refusal;
    refusal = space === undefined ? undefined : refusalFor(space, options);
    if (refusal === before) return;
    store.pauseWrites(refusal);
    if (refusal === undefined) log.info('the disk has room again; writes are taken');
    else if (before === undefined) log.error({ reason: refusal }, 'writes are refused until there is room');
  }

  async function follow(): Promise<void> {
    for (;;) {
      await delay(everyMs, undefined, { signal: stopped.signal, ref: false }).catch(() => undefined);
      if (stopped.signal.aborted) return;
      await look();
    }
  }

  await look();
  const following = follow();
  return {
    health() {
      if (refusal !== undefined) return { status: 'degraded', reason: refusal };
      if (space === undefined) return { status: 'healthy', reason: 'how much is free is not known' };
      return { status: 'healthy', reason: `${megabytes(space.freeBytes)} MB free` };
    },
    freeBytes: () => space?.freeBytes ?? null,
    async stop() {
      stopped.abort();
      await following;
    },
  };
}

function refusalFor(
  { freeBytes, totalBytes }: DiskSpace,
  { minFreeBytes, tenthIsEnough }: Pick<DiskWatchOptions, 'minFreeBytes' | 'tenthIsEnough'>,
): string | undefined {
  const least = tenthIsEnough ? Math.min(minFreeBytes, totalBytes / 10) : minFreeBytes;
  if (freeBytes >= least) return undefined;
  return `the disk has less than ${megabytes(least)} MB free`;
}

/** Rounded up: what is less than one is not nothing. */
const megabytes = (bytes: number): string => Math.ceil(bytes / MEGABYTE).toLocaleString('en');

/** Of the disk that a path lies on, as far as this user may use it. */
async function spaceOfDisk(path: string): Promise<DiskSpace> {
  const { bsize, bavail, blocks } = await statfs(path);
  return { freeBytes: bsize * bavail, totalBytes: bsize * blocks };
}
