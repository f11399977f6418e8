/** What the hub measures, as tool, resource and JSON API answer it. Durations are milliseconds. */
import { z } from 'zod';
import type { Ctx } from '../context.ts';
import type { Durations, PerformanceReport, Series, WindowReport } from '../features/metrics/service.ts';
import type { LiveFigures } from '../telemetry/live-figures.ts';
import type { Load } from '../telemetry/windows.ts';
import { isoTime } from './shapes.ts';
import type { ToolHub } from './tool.ts';

export const DEFAULT_WINDOW_SECONDS = 300;

const OFF = 'ENABLE_PERFORMANCE_MONITORING is false: nothing is measured by time, only what there is now.';

const ms = z.number().nullable();
const count = z.number();
const durations = z.object({ mean_ms: ms, p50_ms: ms, p95_ms: ms, p99_ms: ms, max_ms: ms });
const bytes = z.number().nullable();

const windowShape = z.object({
  since: z.string(),
  until: z.string(),
  calls: count,
  errors: count,
  errors_by_code: z.record(z.string(), count),
  /** Without calls that waited for something to happen. */
  answers: durations.extend({ count }),
  tools: z.array(durations.extend({ tool: z.string(), calls: count, errors: count })),
  http: z.object({ requests: count, failed: count }),
  store: z.object({
    ...{ messages_added: count, writes: count, commits: count, commit: durations },
    /** Of the first write of each commit, for its turn. */
    wait: durations,
  }),
  search: durations.extend({ searches: count }),
});

const cacheShape = z.object({
  hits: count,
  misses: count,
  hit_ratio: z.number().nullable(),
  evictions: count,
  entries: count,
  bytes: count.optional(),
});

/** Part of one processor, and how late the event loop was. */
const loadShape = {
  cpu: z.number().optional(),
  loop_delay_p99_ms: z.number().optional(),
  loop_delay_max_ms: z.number().optional(),
};

export const performanceShape = z.object({
  enabled: z.boolean(),
  note: z.string().optional(),
  window: windowShape.optional(),
  listeners: count,
  mcp_sessions: count,
  subscriptions: count,
  waiting: z.object({ messages: count, leases: count }),
  store: z.object({
    writes_waiting: count,
    readers: count,
    readers_busy: count,
    reads_waiting: count,
    database_bytes: bytes,
    wal_bytes: bytes,
    disk_free_bytes: bytes,
  }),
  search: z.object({ threads: count, busy: count, waiting: count, index_lag: z.number().nullable() }),
  caches: z.record(z.string(), cacheShape),
  process: z.object({
    uptime_s: count,
    rss_bytes: count,
    heap_used_bytes: count,
    cpu_seconds: count,
    /** Of the last ten seconds. */
    ...loadShape,
  }),
  health: z.record(z.string(), z.string()),
});

export type Performance = z.input<typeof performanceShape>;

/** Times are of the starts of steps; a step in which nothing happened has no point. */
export const seriesShape = z.object({
  enabled: z.boolean(),
  from: z.string(),
  to: z.string(),
  step_seconds: count,
  points: z.array(
    z.object({
      at: z.string(),
      ...{ messages: count, calls: count, errors: count, requests: count },
      tools: z.record(z.string(), count),
      ...{ p50_ms: ms, p95_ms: ms },
      ...{ searches: count, search_p50_ms: ms, search_p95_ms: ms },
      ...{ commits: count, commit_p95_ms: ms },
      rss_bytes: count.optional(),
      ...loadShape,
    }),
  ),
});

/** @throws HubError PERMISSION_DENIED */
export async function performanceReport(
  { services }: Pick<ToolHub, 'services'>,
  ctx: Ctx,
  windowSeconds = DEFAULT_WINDOW_SECONDS,
): Promise<Performance> {
  return toPerformance(await services.metrics.report(ctx, windowSeconds * 1000));
}

function toPerformance({ now, live, window }: PerformanceReport): Performance {
  const { store, search, waiting } = live;
  return {
    ...(window === undefined ? { enabled: false, note: OFF } : { enabled: true, window: toWindow(window) }),
    listeners: live.listeners,
    mcp_sessions: live.sessions,
    subscriptions: live.subscriptions,
    waiting,
    store: {
      writes_waiting: store.writesWaiting,
      readers: store.readers,
      readers_busy: store.readersBusy,
      reads_waiting: store.readsWaiting,
      database_bytes: store.databaseBytes,
      wal_bytes: store.walBytes,
      disk_free_bytes: store.diskFreeBytes,
    },
    search: { threads: search.threads, busy: search.busy, waiting: search.waiting, index_lag: search.lag },
    caches: Object.fromEntries([...live.caches].map(([name, figures]) => [name, toCache(figures)])),
    process: {
      uptime_s: Math.floor((now - live.process.startedAt) / 1000),
      rss_bytes: live.process.rssBytes,
      heap_used_bytes: live.process.heapUsedBytes,
      cpu_seconds: rounded(live.process.cpuSeconds),
      ...toLoad(live.load),
    },
    health: Object.fromEntries(live.health),
  };
}

function toWindow(window: WindowReport): z.input<typeof windowShape> {
  return {
    since: isoTime(window.from),
    until: isoTime(window.to),
    calls: window.calls,
    errors: window.errors,
    errors_by_code: Object.fromEntries(window.errorsByCode),
    answers: { count: window.answers.count, ...toDurations(window.answers) },
    tools: window.tools.map(({ tool, errors, ...times }) => ({
      ...{ tool, calls: times.count, errors },
      ...toDurations(times),
    })),
    http: { requests: window.requests.all, failed: window.requests.failed },
    store: {
      messages_added: window.messages,
      writes: window.writes,
      commits: window.commits.count,
      commit: toDurations(window.commits),
      wait: toDurations(window.waits),
    },
    search: { searches: window.searches.count, ...toDurations(window.searches) },
  };
}

export function toSeries({ enabled, from, to, stepMs, points }: Series): z.input<typeof seriesShape> {
  return {
    enabled,
    from: isoTime(from),
    to: isoTime(to),
    step_seconds: stepMs / 1000,
    points: points.map((point) => ({
      at: isoTime(point.at),
      ...{ messages: point.messages, calls: point.calls, errors: point.errors, requests: point.requests },
      tools: Object.fromEntries(point.tools),
      p50_ms: rounded(point.answers.p50),
      p95_ms: rounded(point.answers.p95),
      searches: point.searches.count,
      search_p50_ms: rounded(point.searches.p50),
      search_p95_ms: rounded(point.searches.p95),
      commits: point.commits.count,
      commit_p95_ms: rounded(point.commits.p95),
      ...(point.load === undefined ? {} : { rss_bytes: point.load.rssBytes, ...toLoad(point.load) }),
    })),
  };
}

function toDurations({ mean, p50, p95, p99, max }: Durations) {
  return {
    mean_ms: rounded(mean),
    p50_ms: rounded(p50),
    p95_ms: rounded(p95),
    p99_ms: rounded(p99),
    max_ms: rounded(max),
  };
}

function toCache(figures: LiveFigures['caches'] extends ReadonlyMap<string, infer F> ? F : never) {
  const { hits, misses } = figures;
  return { ...figures, hit_ratio: hits + misses === 0 ? null : rounded(hits / (hits + misses)) };
}

function toLoad(load: Load | undefined) {
  if (load === undefined) return {};
  return {
    cpu: rounded(load.cpu),
    loop_delay_p99_ms: rounded(load.loopP99Ms),
    loop_delay_max_ms: rounded(load.loopMaxMs),
  };
}

/** To a thousandth. */
function rounded<N extends number | null>(value: N): N {
  return (value === null ? null : Math.round(value * 1000) / 1000) as N;
}
