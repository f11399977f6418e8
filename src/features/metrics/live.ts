/** What there is of everything now. */
import type { EventBus } from '../../events/bus.ts';
import type { CacheMeters } from '../../lib/cache-meter.ts';
import type { Search } from '../../search/search.ts';
import type { Store } from '../../store/port.ts';
import type { LiveFigures } from '../../telemetry/live-figures.ts';
import type { DeliveryService } from '../delivery/service.ts';
import type { HealthService } from '../health/service.ts';
import type { LeaseService } from '../leases/types.ts';

export interface LiveSources {
  readonly store: Pick<Store, 'load' | 'read'>;
  readonly search: Pick<Search, 'load' | 'index'>;
  readonly bus: Pick<EventBus, 'size'>;
  readonly caches: Pick<CacheMeters, 'figures'>;
  readonly delivery: Pick<DeliveryService, 'waiting'>;
  readonly leases: Pick<LeaseService, 'waiting'>;
  readonly health: Pick<HealthService, 'summary'>;
  readonly disk: { freeBytes(): number | null };
  readonly load: () => LiveFigures['load'];
  readonly connections: () => Pick<LiveFigures, 'sessions' | 'subscriptions'>;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

export async function liveFigures(sources: LiveSources): Promise<LiveFigures> {
  const { store, search, bus, caches, delivery, leases, health, disk, load, startedAt } = sources;
  const { failing: _search, ...searching } = search.load();
  const { readersFailing: _readers, ...storing } = await store.load();
  const { parts } = await health.summary();
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return {
    ...sources.connections(),
    listeners: bus.size,
    waiting: { messages: delivery.waiting, leases: leases.waiting },
    store: { ...storing, diskFreeBytes: disk.freeBytes() },
    search: { ...searching, lag: await lagOf(sources) },
    caches: caches.figures(),
    process: { startedAt, rssBytes: rss, heapUsedBytes: heapUsed, cpuSeconds: (user + system) / 1e6 },
    load: load(),
    health: new Map(Object.entries(parts)),
  };
}

async function lagOf({ store, search }: Pick<LiveSources, 'store' | 'search'>): Promise<number | null> {
  const { progress } = search.index();
  if (progress === undefined) return null;
  const head = await store.read.events.head().catch(() => null);
  return head === null ? null : Math.max(0, head - progress.watermark);
}
