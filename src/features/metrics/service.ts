/** What the hub measures of itself, for the operators of the whole hub. */
import type { Ctx } from '../../context.ts';
import type { LiveFigures } from '../../telemetry/live-figures.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { quantile, type Times } from '../../telemetry/times.ts';
import { FINEST_STEP_MS, KEPT_MS, type Figures, type Load } from '../../telemetry/windows.ts';
import { invalid } from '../../errors.ts';
import { demandOperator } from '../operator.ts';

/** Durations in milliseconds; null where there is none. Quantiles are true to a tenth of their value. */
export interface Durations {
  readonly count: number;
  readonly mean: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

export interface ToolReport extends Durations {
  readonly tool: string;
  readonly errors: number;
}

export interface WindowReport {
  /** Milliseconds since the epoch. Slots are whole, so it may begin a little before what was asked for. */
  readonly from: number;
  readonly to: number;
  readonly calls: number;
  readonly errors: number;
  /** Of calls that did not wait for something to happen. */
  readonly answers: Durations;
  readonly errorsByCode: ReadonlyMap<string, number>;
  /** Most called first. */
  readonly tools: readonly ToolReport[];
  readonly requests: { readonly all: number; readonly failed: number };
  readonly messages: number;
  readonly writes: number;
  readonly commits: Durations;
  /** Of the first write of each commit, for its turn. */
  readonly waits: Durations;
  readonly searches: Durations;
  readonly load: Load | undefined;
}

export interface PerformanceReport {
  readonly now: number;
  readonly live: LiveFigures;
  /** Undefined where nothing is kept by time (ENABLE_PERFORMANCE_MONITORING=false). */
  readonly window: WindowReport | undefined;
}

export interface SeriesPoint {
  /** When its step began, in milliseconds since the epoch. */
  readonly at: number;
  readonly calls: number;
  readonly errors: number;
  readonly messages: number;
  readonly requests: number;
  readonly answers: Durations;
  readonly searches: Durations;
  readonly commits: Durations;
  /** Calls by tool. */
  readonly tools: ReadonlyMap<string, number>;
  readonly load: Load | undefined;
}

export interface Series {
  readonly enabled: boolean;
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
  /** Oldest first; steps in which nothing happened are left out. */
  readonly points: readonly SeriesPoint[];
}

export interface SeriesQuery {
  /** Milliseconds since the epoch; by default an hour before `to`. */
  readonly from?: number;
  /** By default now. */
  readonly to?: number;
  /** By default such that there are not too many points. */
  readonly stepMs?: number;
}

/** All but `enabled` are for the operators of the whole hub, and throw HubError PERMISSION_DENIED for others. */
export interface MetricsService {
  /** Whether anything is kept by time. */
  readonly enabled: boolean;
  /** What happened in the last `windowMs`, and what there is now. @throws HubError PERMISSION_DENIED */
  report(ctx: Ctx, windowMs: number): Promise<PerformanceReport>;
  /** @throws HubError PERMISSION_DENIED, INVALID_INPUT */
  series(ctx: Ctx, query: SeriesQuery): Series;
  /** Everything as Prometheus reads it. @throws HubError PERMISSION_DENIED */
  prometheus(ctx: Ctx): Promise<{ readonly contentType: string; readonly text: string }>;
}

export interface MetricsDeps {
  readonly metrics: Metrics;
  readonly live: () => Promise<LiveFigures>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Anything older is not kept. */
export const LONGEST_WINDOW_SECONDS = KEPT_MS / 1000;
export const SHORTEST_STEP_SECONDS = FINEST_STEP_MS / 1000;
const DEFAULT_RANGE_MS = 60 * 60 * 1000;
const DEFAULT_POINTS = 180;
/** A step that would make more of them is made longer. */
const MAX_POINTS = 500;

export function createMetricsService({ metrics, live, now }: MetricsDeps): MetricsService {
  return {
    enabled: metrics.enabled,
    async report(ctx, windowMs) {
      demandOperator(ctx);
      const to = now();
      const window = metrics.enabled ? windowOf(metrics, to - windowMs, to) : undefined;
      return { now: to, live: await live(), window };
    },
    series(ctx, query) {
      demandOperator(ctx);
      const { from, to, stepMs } = rangeOf(query, now());
      const { steps, stepMs: used } = metrics.windows.steps(from, to, stepMs);
      return { enabled: metrics.enabled, from, to, stepMs: used, points: steps.map(toPoint) };
    },
    async prometheus(ctx) {
      demandOperator(ctx);
      return { contentType: metrics.contentType, text: await metrics.text(await live()) };
    },
  };
}

function windowOf({ windows }: Metrics, wanted: number, to: number): WindowReport {
  const { from, figures } = windows.since(wanted);
  const tools = [...figures.tools].map(([tool, { times, errors }]) => ({
    tool,
    ...durationsOf(times),
    errors,
  }));
  return {
    ...{ from, to, ...totalsOf(figures) },
    answers: durationsOf(figures.answers),
    errorsByCode: figures.errors,
    tools: tools.sort((a, b) => b.count - a.count || (a.tool < b.tool ? -1 : 1)),
    requests: figures.requests,
    messages: figures.messages,
    writes: figures.writes,
    commits: durationsOf(figures.commits),
    waits: durationsOf(figures.waits),
    searches: durationsOf(figures.searches),
    load: figures.load,
  };
}

function toPoint({ at, figures }: { readonly at: number; readonly figures: Figures }): SeriesPoint {
  return {
    ...{ at, ...totalsOf(figures) },
    messages: figures.messages,
    requests: figures.requests.all,
    answers: durationsOf(figures.answers),
    searches: durationsOf(figures.searches),
    commits: durationsOf(figures.commits),
    tools: new Map([...figures.tools].map(([tool, { calls }]) => [tool, calls])),
    load: figures.load,
  };
}

function totalsOf({ tools }: Figures): { readonly calls: number; readonly errors: number } {
  const all = [...tools.values()];
  return {
    calls: all.reduce((sum, { calls }) => sum + calls, 0),
    errors: all.reduce((sum, { errors }) => sum + errors, 0),
  };
}

function durationsOf(times: Times): Durations {
  const { count, sumMs, maxMs } = times;
  const none = count === 0;
  return {
    count,
    mean: none ? null : sumMs / count,
    p50: quantile(times, 0.5),
    p95: quantile(times, 0.95),
    p99: quantile(times, 0.99),
    max: none ? null : maxMs,
  };
}

function rangeOf({ from, to, stepMs }: SeriesQuery, now: number): Required<SeriesQuery> {
  const end = Math.min(to ?? now, now);
  const start = Math.max(from ?? end - DEFAULT_RANGE_MS, now - KEPT_MS);
  if (from !== undefined && from >= end)
    throw invalid('from', new Date(from).toISOString(), 'a time before `to` that is not in the future');
  const span = Math.max(0, end - start);
  const wanted = stepMs ?? Math.max(FINEST_STEP_MS, span / DEFAULT_POINTS);
  return { from: start, to: end, stepMs: Math.max(wanted, span / MAX_POINTS) };
}
