/** Sends traces and metrics to a collector. The SDK is loaded here alone, and only where one is named. */
import { ROOT_CONTEXT, type SpanContext, SpanKind, trace } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import {
  convertLegacyHttpOptions,
  createOtlpHttpExportDelegate,
} from '@opentelemetry/otlp-exporter-base/node-http';
import { defaultResource, type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  RandomIdGenerator,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import type { OtlpConfig } from '../config/config.ts';
import { maskSecrets } from '../lib/mask-secrets.ts';
import { createBatches } from './batches.ts';
import type { Logger } from './log.ts';
import { metricProducer, type Collected } from './otlp-metrics.ts';
import { otlpTraces, type OtlpSpan } from './spans.ts';
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
    const exporter = watched(spanExporter(target(traces.url), resource, version), 'traces', log);
    const batches = createBatches<OtlpSpan>({
      send: (spans) => new Promise((resolve) => exporter.export(spans, () => resolve())),
      max: Math.min(BATCH, traces.maxQueue),
      maxQueue: traces.maxQueue,
      delayMs: traces.delayMs,
    });
    tracing = createTracing({
      ids: new RandomIdGenerator(),
      samples: decisionsOf(samplerOf(traces)),
      ended: (span) => batches.add(span),
    });
    closing.push(async () => {
      await batches.close();
      await exporter.shutdown();
    });
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

function decisionsOf(sampler: Sampler): (traceId: string, caller: SpanContext | undefined) => boolean {
  return (traceId, caller) => {
    const parent = caller === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, caller);
    const { decision } = sampler.shouldSample(parent, traceId, '', SpanKind.SERVER, {}, []);
    return decision === SamplingDecision.RECORD_AND_SAMPLED;
  };
}

/** What the package's own exporter of spans is, for those of the hub. */
function spanExporter(
  target: { readonly url: string; readonly headers: Record<string, string>; readonly timeoutMillis: number },
  { attributes }: Resource,
  version: string,
) {
  const options = convertLegacyHttpOptions(target, 'TRACES', 'v1/traces', {
    'Content-Type': 'application/json',
  });
  const serializer = {
    serializeRequest: (spans: readonly OtlpSpan[]) =>
      Buffer.from(JSON.stringify(otlpTraces(spans, attributes, { name: SCOPE, version }))),
    deserializeResponse: (answer: Uint8Array): unknown =>
      answer.length === 0 ? {} : JSON.parse(Buffer.from(answer).toString()),
  };
  const counts = { name: 'span', countItems: (spans: readonly OtlpSpan[]) => spans.length } as const;
  return createOtlpHttpExportDelegate(options, serializer, 'otlp_http_span_exporter', counts, undefined);
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
