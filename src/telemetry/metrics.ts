/**
 * What the hub measures: counters and histograms that only grow, for Prometheus, and the same by time, for whoever asks here.
 * What is there now (queues, sizes, sessions) is read when somebody asks; see `live-figures.ts`.
 */
import { Counter, Histogram, Registry } from 'prom-client';
import type { ErrorCode } from '../errors.ts';
import { createPeaks } from '../lib/peaks.ts';
import { createGauges, type LiveFigures } from './live-figures.ts';
import type { Collected, MetricSamples } from './otlp-metrics.ts';
import { addTime } from './times.ts';
import { countError, createWindows, laterLoad, toolIn, type Load, type Windows } from './windows.ts';

/** A call of a tool, whichever door it came by. */
export interface ToolCall {
  readonly tool: string;
  readonly ms: number;
  /** Undefined: it succeeded. */
  readonly code: ErrorCode | undefined;
  /** Whether it waited for something to happen: its time says nothing about the hub. */
  readonly waited: boolean;
}

/** A request that was answered, an event stream when it began. */
export interface ServedRequest {
  readonly method: string;
  /** Its pattern. */
  readonly route: string;
  readonly status: number;
  readonly ms: number;
}

/** A transaction of the writer that is on disk. */
export interface Commit {
  readonly writes: number;
  /** How long COMMIT took: the write-ahead log written and synced. */
  readonly ms: number;
  /** How long the first of its writes waited before they were run. */
  readonly waitedMs: number;
}

export interface Metrics {
  /** Whether durations are kept, and anything by time. */
  readonly enabled: boolean;
  readonly windows: Windows;
  readonly toolCalled: (call: ToolCall) => void;
  readonly requestServed: (request: ServedRequest) => void;
  readonly committed: (commit: Commit) => void;
  readonly messagesAdded: (count: number) => void;
  /** A search for messages, from the cache or not; `ms` is how long it took. */
  readonly searched: (ms: number) => void;
  readonly loaded: (load: Load) => void;
  /** How long a write waited at most of those that were put on disk since `since` (as `performance.now()` tells it); null if there is none. */
  readonly longestWait: (since: number) => number | null;
  /** Everything as Prometheus reads it, with `live`. */
  text(live: LiveFigures): Promise<string>;
  /** The same, for other ways to tell of it. */
  collect(live: LiveFigures): Promise<Collected>;
  readonly contentType: string;
}

export interface MetricsOptions {
  readonly version: string;
  readonly enabled: boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Seconds. */
const FAST = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const BATCHES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

export function createMetrics({ version, enabled, now }: MetricsOptions): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const windows = createWindows(now);
  const gauges = createGauges(registry, version);
  const counter = (name: string, help: string, labelNames: readonly string[] = []) =>
    new Counter({ name, help, labelNames: [...labelNames], registers });
  const durations = (name: string, help: string, labelNames: readonly string[] = []) =>
    enabled
      ? new Histogram({ name, help, labelNames: [...labelNames], buckets: FAST, registers })
      : undefined;

  const calls = counter('mcp_tool_calls_total', 'Calls of tools, refused ones too.', ['tool']);
  const errors = counter('mcp_tool_errors_total', 'Calls of tools that failed, by code.', ['tool', 'code']);
  const callTimes = durations(
    'mcp_tool_duration_seconds',
    'How long calls of tools took, with what they waited for.',
    ['tool'],
  );
  const requests = counter('http_requests_total', 'HTTP requests answered.', ['method', 'route', 'status']);
  const requestTimes = durations(
    'http_request_duration_seconds',
    'How long the answers of HTTP requests took to begin.',
    ['route'],
  );
  const messages = counter('hub_messages_added_total', 'Messages stored.');
  const writes = counter('hub_store_writes_total', 'Writes on disk.');
  const commitTimes = durations(
    'hub_store_commit_seconds',
    'How long commits took: the write-ahead log written and synced.',
  );
  const waits = durations(
    'hub_store_wait_seconds',
    'How long the first write of a commit waited for its turn.',
  );
  const batches = enabled
    ? new Histogram({
        name: 'hub_store_batch_size',
        help: 'Writes of one commit.',
        buckets: BATCHES,
        registers,
      })
    : undefined;
  const searchTimes = durations('hub_search_seconds', 'How long searches for messages took.');

  const longest = createPeaks<number>();
  const inWindow = enabled ? windows.record : () => undefined;

  return {
    enabled,
    windows,
    contentType: registry.contentType,
    toolCalled({ tool, ms, code, waited }) {
      calls.inc({ tool });
      if (code !== undefined) errors.inc({ tool, code });
      callTimes?.observe({ tool }, ms / 1000);
      inWindow((figures) => {
        const its = toolIn(figures, tool);
        its.calls++;
        addTime(its.times, ms);
        if (!waited) addTime(figures.answers, ms);
        if (code === undefined) return;
        its.errors++;
        countError(figures, code);
      });
    },
    requestServed({ method, route, status, ms }) {
      requests.inc({ method, route, status });
      requestTimes?.observe({ route }, ms / 1000);
      inWindow(({ requests: all }) => {
        all.all++;
        if (status >= 500) all.failed++;
      });
    },
    committed(commit) {
      writes.inc(commit.writes);
      commitTimes?.observe(commit.ms / 1000);
      waits?.observe(commit.waitedMs / 1000);
      longest.add(commit.waitedMs, commit.waitedMs);
      batches?.observe(commit.writes);
      inWindow((figures) => {
        figures.writes += commit.writes;
        addTime(figures.commits, commit.ms);
        addTime(figures.waits, commit.waitedMs);
      });
    },
    messagesAdded(count) {
      if (count === 0) return;
      messages.inc(count);
      inWindow((figures) => {
        figures.messages += count;
      });
    },
    searched(ms) {
      searchTimes?.observe(ms / 1000);
      inWindow(({ searches }) => {
        addTime(searches, ms);
      });
    },
    loaded(load) {
      inWindow((figures) => {
        figures.load = laterLoad(figures.load, load);
      });
    },
    longestWait: (since) => longest.largest(since) ?? null,
    async text(live) {
      gauges.set(live);
      return registry.metrics();
    },
    async collect(live) {
      gauges.set(live);
      // Their type is a text; the package declares a number.
      const metrics = (await registry.getMetricsAsJSON()) as unknown as readonly MetricSamples[];
      return { metrics, since: live.process.startedAt };
    },
  };
}
