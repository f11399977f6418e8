/** The parts of the hub whose health is looked at. */
import { getHeapStatistics } from 'node:v8';
import type { Search } from '../../search/search.ts';
import type { Store } from '../../store/port.ts';
import type { HealthCheck, HealthChecks, PartHealth } from './service.ts';

export interface HealthSources {
  readonly store: Pick<Store, 'health' | 'load' | 'read'>;
  readonly search: Pick<Search, 'index' | 'load'>;
  readonly disk: { health(): PartHealth };
  readonly backups: { health(): PartHealth };
}

const HEAP_NEARLY_FULL = 0.9;

export function healthChecks({ store, search, disk, backups }: HealthSources): HealthChecks {
  return new Map<string, HealthCheck>([
    ['store', () => ofStore(store)],
    ['readers', async () => ofThreads((await store.load()).readersFailing, 'threads for long queries die')],
    ['event_log', () => ofLog(store)],
    ['index', () => ofIndex(search)],
    ['search_workers', () => ofThreads(search.load().failing, 'search threads die')],
    ['disk', () => disk.health()],
    ['memory', ofMemory],
    ['backups', () => backups.health()],
  ]);
}

function ofStore(store: Pick<Store, 'health'>): PartHealth {
  const { writable, paused, reason } = store.health();
  if (writable) return { status: 'healthy' };
  return {
    status: paused === true ? 'degraded' : 'failed',
    ...(reason === undefined ? {} : { reason }),
  };
}

async function ofLog({ read }: Pick<Store, 'read'>): Promise<PartHealth> {
  await read.events.head();
  return { status: 'healthy' };
}

function ofIndex(search: Pick<Search, 'index'>): PartHealth {
  const { progress, failing } = search.index();
  if (failing)
    return { status: 'failed', reason: 'it cannot be kept up; searches cover the newest messages only' };
  if (progress === undefined) return { status: 'healthy', reason: 'it has not been looked at yet' };
  const { working, watermark, target } = progress;
  return working
    ? { status: 'healthy', reason: `it is at ${watermark} of ${target}` }
    : { status: 'healthy' };
}

/** They are started again, so the hub goes on with less. */
function ofThreads(failing: boolean, reason: string): PartHealth {
  return failing
    ? { status: 'degraded', reason: `${reason}; they are started again` }
    : { status: 'healthy' };
}

function ofMemory(): PartHealth {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  if (used < HEAP_NEARLY_FULL * limit) return { status: 'healthy' };
  return { status: 'degraded', reason: `${Math.round((100 * used) / limit)} % of the heap are in use` };
}
