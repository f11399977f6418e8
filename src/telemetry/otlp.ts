/** Sends traces and metrics to a collector. The SDK is loaded here alone, and only where one is named. */
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { OtlpConfig } from '../config/config.ts';
import { maskSecrets } from '../lib/mask-secrets.ts';
import type { Logger } from './log.ts';
import { metricProducer, type Collected } from './otlp-metrics.ts';
import { createTracing, type Tracing } from './tracing.ts';

export interface Otlp {
  /** Undefined: nothing is traced. */
  readonly tracing: Tracing | undefined;
  /** Begins to send what `collect` answers, now and then. */
  sendMetrics(collect: () => Promise<Collected>): void;
  /** Sends what is left, as far as the collector takes it in time. */
  close(): Promise<void>;
}

export interface OtlpOptions {
  readonly config: OtlpConfig;
  /** For the collector; secret. */
  readonly headers: Readonly<Record<string, string>>;
  readonly version: string;
  readonly log: Logger;
}

interface Outcome {
  readonly error?: Error;
}
interface Exporter<T> {
  export(items: T, done: (outcome: Outcome) => void): void;
}

const SCOPE = 'shared-context-hub';
const BATCH = 512;
const CLOSE_MS = 2_000;

export function startOtlp({ config, headers, version, log }: OtlpOptions): Otlp {
  const { traces, metrics, timeoutMs } = config;
  const resource = resourceOf(config, version);
  const target = (url: string) => ({ url, headers: { ...headers }, timeoutMillis: timeoutMs });
  const closing: (() => Promise<void>)[] = [];
  let tracing: Tracing | undefined;

  if (traces !== null) {
    const exporter = watched(new OTLPTraceExporter(target(traces.url)), 'traces', log);
    const processor = new BatchSpanProcessor({
      exporter,
      scheduledDelayMillis: traces.delayMs,
      maxQueueSize: traces.maxQueue,
      maxExportBatchSize: Math.min(BATCH, traces.maxQueue),
      exportTimeoutMillis: timeoutMs,
    });
    const provider = new TracerProvider({
      resource,
      sampler: samplerOf(traces),
      spanProcessors: [processor],
    });
    tracing = createTracing(provider.getTracer(SCOPE, version));
    closing.push(() => provider.shutdown());
  }

  return {
    tracing,
    sendMetrics(collect) {
      if (metrics === null) return;
      const reader = new PeriodicExportingMetricReader({
        exporter: watched(new OTLPMetricExporter(target(metrics.url)), 'metrics', log),
        exportIntervalMillis: metrics.everyMs,
        exportTimeoutMillis: Math.min(timeoutMs, metrics.everyMs),
        metricProducers: [metricProducer({ name: SCOPE, version }, resource, collect)],
      });
      const provider = new MeterProvider({ resource, readers: [reader] });
      closing.push(() => provider.shutdown());
    },
    async close() {
      const { promise: late, resolve } = Promise.withResolvers<undefined>();
      const timer = setTimeout(resolve, CLOSE_MS, undefined);
      // What fails has been logged by whatever exports.
      await Promise.race([Promise.allSettled(closing.map((end) => end())), late]);
      clearTimeout(timer);
    },
  };
}

function resourceOf({ serviceName, resource }: OtlpConfig, version: string): Resource {
  const own = { 'service.version': version, ...resource, 'service.name': serviceName };
  return defaultResource().merge(resourceFromAttributes(own));
}

function samplerOf({ sampler, ratio }: NonNullable<OtlpConfig['traces']>): Sampler {
  const always = new AlwaysOnSampler();
  const never = new AlwaysOffSampler();
  const some = new TraceIdRatioBasedSampler(ratio);
  const samplers = {
    always_on: always,
    always_off: never,
    traceidratio: some,
    parentbased_always_on: new ParentBasedSampler({ root: always }),
    parentbased_always_off: new ParentBasedSampler({ root: never }),
    parentbased_traceidratio: new ParentBasedSampler({ root: some }),
  };
  return samplers[sampler];
}

/** The exporter, with a line in the log when it begins to fail, and when it no longer does. */
function watched<T, E extends Exporter<T>>(exporter: E, what: string, log: Logger): E {
  const send = exporter.export.bind(exporter);
  let failing = false;
  exporter.export = (items: T, done: (outcome: Outcome) => void): void => {
    send(items, (outcome) => {
      const { error } = outcome;
      if (error !== undefined && !failing)
        log.warn({ reason: maskSecrets(error.message) }, `the collector takes no ${what}; they are dropped`);
      if (error === undefined && failing) log.info(`the collector takes ${what} again`);
      failing = error !== undefined;
      done(outcome);
    });
  };
  return exporter;
}
