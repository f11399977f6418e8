/** What there is of everything now, and how Prometheus is told. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { CacheFigures } from '../lib/cache-meter.ts';
import type { Load } from './windows.ts';

/** Null: not known, or not there. */
export interface LiveFigures {
  /** MCP sessions of the revisions that have them, and open subscriptions of the one that has not. */
  readonly sessions: number;
  readonly subscriptions: number;
  /** Of the bus of events: streams, waits, what watches resources, and the hub's own parts. */
  readonly listeners: number;
  /** Calls that wait for messages, and for leases. */
  readonly waiting: { readonly messages: number; readonly leases: number };
  readonly store: {
    readonly writesWaiting: number;
    /** Reader threads, those of them at work, and queries that wait for one. */
    readonly readers: number;
    readonly readersBusy: number;
    readonly readsWaiting: number;
    readonly databaseBytes: number | null;
    readonly walBytes: number | null;
    /** Where the database lies. */
    readonly diskFreeBytes: number | null;
  };
  readonly search: {
    readonly threads: number;
    readonly busy: number;
    readonly waiting: number;
    /** Positions of the log that the index is behind; null before it was looked at. */
    readonly lag: number | null;
  };
  readonly caches: ReadonlyMap<string, CacheFigures>;
  readonly process: {
    readonly startedAt: number;
    readonly rssBytes: number;
    readonly heapUsedBytes: number;
    /** Of the processor, since the start. */
    readonly cpuSeconds: number;
  };
  /** Of the last seconds. */
  readonly load: Load | undefined;
  /** Of each part of the hub. */
  readonly health: ReadonlyMap<string, 'healthy' | 'degraded' | 'failed'>;
}

type Labels = Readonly<Record<string, string>>;
type Samples = readonly (readonly [Labels, number | null | undefined])[];

interface LiveMetric {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  /** Counters only grow. */
  readonly counts?: true;
  readonly read: (live: LiveFigures) => Samples;
}

const one = (
  name: string,
  help: string,
  value: (live: LiveFigures) => number | null | undefined,
): LiveMetric => ({
  ...{ name, help },
  read: (live) => [[{}, value(live)]],
});
const ofCaches = (name: string, help: string, field: keyof CacheFigures): Omit<LiveMetric, 'counts'> => ({
  ...{ name, help, labels: ['cache'] },
  read: ({ caches }) => [...caches].map(([cache, figures]) => [{ cache }, figures[field]]),
});

const HEALTH = { failed: 0, degraded: 0.5, healthy: 1 } as const;

const METRICS: readonly LiveMetric[] = [
  one('mcp_sessions_active', 'MCP sessions that are open.', (live) => live.sessions),
  one(
    'mcp_subscriptions_active',
    'Subscriptions that are open without a session.',
    (live) => live.subscriptions,
  ),
  one('hub_event_listeners', 'Who is told of events, parts of the hub too.', (live) => live.listeners),
  {
    ...{ name: 'hub_waiting_calls', help: 'Calls that wait for something to happen.', labels: ['for'] },
    read: ({ waiting }) => Object.entries(waiting).map(([what, count]) => [{ for: what }, count]),
  },
  one('hub_store_writes_waiting', 'Writes that wait for their commit.', ({ store }) => store.writesWaiting),
  one('hub_store_readers', 'Reader threads.', ({ store }) => store.readers),
  one('hub_store_readers_busy', 'Reader threads at work.', ({ store }) => store.readersBusy),
  one(
    'hub_store_reads_waiting',
    'Long queries that wait for a reader thread.',
    ({ store }) => store.readsWaiting,
  ),
  one('hub_store_database_bytes', 'Size of the database file.', ({ store }) => store.databaseBytes),
  one('hub_store_wal_bytes', 'Size of the write-ahead log.', ({ store }) => store.walBytes),
  one('hub_disk_free_bytes', 'Free where the database lies.', ({ store }) => store.diskFreeBytes),
  one('hub_search_threads', 'Search threads.', ({ search }) => search.threads),
  one('hub_search_threads_busy', 'Search threads at work.', ({ search }) => search.busy),
  one('hub_searches_waiting', 'Searches that wait for a thread.', ({ search }) => search.waiting),
  one(
    'hub_search_index_lag',
    'Positions of the log that the search index is behind.',
    ({ search }) => search.lag,
  ),
  { ...ofCaches('hub_cache_hits_total', 'Found in a cache.', 'hits'), counts: true },
  { ...ofCaches('hub_cache_misses_total', 'Not found in a cache.', 'misses'), counts: true },
  {
    ...ofCaches('hub_cache_evictions_total', 'Dropped from a cache for want of room.', 'evictions'),
    counts: true,
  },
  ofCaches('hub_cache_entries', 'Entries of a cache.', 'entries'),
  ofCaches('hub_cache_bytes', 'Size of a cache that is bounded in bytes.', 'bytes'),
  {
    ...{ name: 'hub_health', help: 'Parts of the hub: 1 healthy, 0.5 degraded, 0 failed.', labels: ['part'] },
    read: ({ health }) => [...health].map(([part, status]) => [{ part }, HEALTH[status]]),
  },
  {
    ...{ name: 'hub_event_loop_delay_seconds', help: 'How late the event loop was in the last seconds.' },
    labels: ['stat'],
    read: ({ load }) => [
      [{ stat: 'p99' }, seconds(load?.loopP99Ms)],
      [{ stat: 'max' }, seconds(load?.loopMaxMs)],
    ],
  },
  one('process_resident_memory_bytes', 'Resident memory.', (live) => live.process.rssBytes),
  one('process_heap_used_bytes', 'Heap in use.', (live) => live.process.heapUsedBytes),
  one(
    'process_start_time_seconds',
    'When the hub started, since the epoch.',
    (live) => live.process.startedAt / 1000,
  ),
  {
    ...one('process_cpu_seconds_total', 'Time of the processor.', (live) => live.process.cpuSeconds),
    counts: true,
  },
];

const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000);

/** The metrics of `registry` that are set when somebody asks. A value that is not known is not there. */
export function createGauges(registry: Registry, version: string): { set(live: LiveFigures): void } {
  const registers = [registry];
  const info = { name: 'hub_info', help: 'The version that runs.', labelNames: ['version'], registers };
  new Gauge(info).set({ version }, 1);
  const made = METRICS.map(({ name, help, labels = [], counts, read }) => {
    const options = { name, help, labelNames: [...labels], registers };
    return { metric: counts === true ? new Counter(options) : new Gauge(options), read };
  });
  return {
    set(live) {
      for (const { metric, read } of made) {
        metric.reset();
        metric.remove({});
        for (const [labels, value] of read(live)) if (typeof value === 'number') metric.inc(labels, value);
      }
    },
  };
}
