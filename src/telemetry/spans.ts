/**
 * Spans, and how OTLP sends them in JSON. What the SDK makes of a span takes half as long again: limits, events and
 * attributes of every kind, which the hub's spans have not.
 */
import type { SpanContext, SpanKind } from '@opentelemetry/api';

/** Where spans begin: inside of another one, or of the one that the caller of a request names. */
export interface Place {
  readonly traceId: string;
  /** Empty: a trace begins here. */
  readonly spanId: string;
  readonly traceState: string | undefined;
  /** Whether it is a span of the caller's. */
  readonly remote: boolean;
  /** Decided once, where the trace enters the hub. */
  readonly recorded: boolean;
  /** What `performance.now()` lacks to the milliseconds since the epoch. */
  readonly epochMs: number;
}

/** A span that is recorded, and the place that it is for those inside of it. */
export interface Span extends Place {
  readonly parent: Place;
  readonly kind: SpanKind;
  /** As `performance.now()` tells it. */
  readonly startMs: number;
  readonly links: readonly SpanContext[];
  readonly attributes: OtlpAttribute[];
  name: string;
  failed: boolean;
}

export interface OtlpAttribute {
  readonly key: string;
  readonly value:
    { readonly stringValue: string } | { readonly intValue: number } | { readonly doubleValue: number };
}

/** https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto */
export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly traceState: string | undefined;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly links: readonly object[] | undefined;
  readonly status: { readonly code: number } | undefined;
  readonly flags: number;
}

const SAMPLED = 0x01;
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;
const ERROR = { code: 2 };

export function attribute(key: string, value: unknown): OtlpAttribute {
  if (typeof value !== 'number') return { key, value: { stringValue: String(value) } };
  return { key, value: Number.isInteger(value) ? { intValue: value } : { doubleValue: value } };
}

/** `endMs`: as `performance.now()` tells it. */
export function otlpSpan(span: Span, endMs: number): OtlpSpan {
  const { traceId, spanId, parent, name, kind, traceState, startMs, epochMs, attributes, links } = span;
  return {
    traceId,
    spanId,
    parentSpanId: parent.spanId === '' ? undefined : parent.spanId,
    traceState,
    name,
    // The kinds of the API, and one before them for none.
    kind: kind + 1,
    startTimeUnixNano: nanos(epochMs + startMs),
    endTimeUnixNano: nanos(epochMs + endMs),
    attributes,
    links: links.length === 0 ? undefined : links.map(otlpLink),
    status: span.failed ? ERROR : undefined,
    flags: flags(parent.remote),
  };
}

function otlpLink({ traceId, spanId, isRemote = false }: SpanContext): object {
  return { traceId, spanId, flags: flags(isRemote) };
}

function flags(remote: boolean): number {
  return SAMPLED | HAS_IS_REMOTE | (remote ? IS_REMOTE : 0);
}

/** True to a microsecond: nanoseconds since the epoch are more than a number holds. */
function nanos(ms: number): string {
  return `${Math.round(ms * 1000)}000`;
}

/** The request that sends these spans. */
export function otlpTraces(
  spans: readonly OtlpSpan[],
  resource: Readonly<Record<string, unknown>>,
  scope: { readonly name: string; readonly version: string },
): object {
  const attributes = Object.entries(resource).map(([key, value]) => attribute(key, value));
  return { resourceSpans: [{ resource: { attributes }, scopeSpans: [{ scope, spans }] }] };
}
