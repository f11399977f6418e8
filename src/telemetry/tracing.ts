/**
 * Spans, as the parts of the hub know them. Where nothing is traced there is no `Tracing` at all, and nothing is put around
 * anything. What is noted is never what somebody wrote: names, codes, counts and sizes.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { ROOT_CONTEXT, type SpanContext, SpanKind, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { publicError } from '../errors.ts';
import { attribute, otlpSpan, type OtlpSpan, type Place, type Span } from './spans.ts';

/** Says something of the span that runs. */
export type Note = (name: string, value: string | number) => void;

export interface Tracing {
  /** The span of an HTTP request that comes with these headers; it began when this is called. */
  request(headers: Headers): RequestSpan;
  /** Runs `work` for whom the `_meta` of an MCP request names, where its HTTP request is of another trace. */
  calledBy<T>(meta: unknown, work: () => T): T;
  /**
   * Runs `work` in a span that ends with it, or with its promise; a failure leaves its code there. Where nobody records the
   * trace there is nothing to note in.
   */
  span<T>(name: string, work: (note?: Note) => T): T;
  /** The same, but only inside of a span that is recorded: what the hub does by itself is no trace. */
  inner<T>(name: string, work: (note?: Note) => T): T;
  /** The same for work that has no spans inside: they would stand beside it. */
  leaf<T>(name: string, work: (note?: Note) => T): T;
  /** Runs what is done for many together, outside of any span. */
  apart<T>(work: () => T): T;
}

export interface RequestSpan {
  /** Runs `work` inside of it. `meta` of an MCP request says rather than the headers who calls. */
  run<T>(meta: unknown, work: () => T): T;
  end(request: ServedSpan): void;
}

export interface ServedSpan {
  readonly method: string;
  /** Its pattern. */
  readonly route: string;
  readonly status: number;
  readonly requestId: string;
}

export interface TracingDeps {
  readonly ids: { generateTraceId(): string; generateSpanId(): string };
  /** Whether a trace is recorded; asked once, where it enters the hub. */
  readonly samples: (traceId: string, caller: SpanContext | undefined) => boolean;
  readonly ended: (span: OtlpSpan) => void;
}

type Carrier = { readonly get: (name: string) => unknown } | undefined;

const propagator = new W3CTraceContextPropagator();
const getter = {
  keys: () => [],
  get: (carrier: Carrier, name: string): string | undefined => {
    const value = carrier?.get(name);
    return typeof value === 'string' ? value : undefined;
  },
};
const NO_LINKS: readonly SpanContext[] = [];

export function createTracing({ ids, samples, ended }: TracingDeps): Tracing {
  // Of this hub alone: a process may have several.
  const running = new AsyncLocalStorage<Place | undefined>();

  function entry(caller: SpanContext | undefined): Place {
    const traceId = caller?.traceId ?? ids.generateTraceId();
    return {
      ...{ traceId, spanId: caller?.spanId ?? '', traceState: caller?.traceState?.serialize() },
      ...{ remote: caller !== undefined, recorded: samples(traceId, caller) },
      epochMs: Date.now() - performance.now(),
    };
  }

  function begin(
    name: string,
    parent: Place,
    startMs = performance.now(),
    kind = SpanKind.INTERNAL,
    links = NO_LINKS,
  ): Span {
    return {
      traceId: parent.traceId,
      spanId: ids.generateSpanId(),
      traceState: parent.traceState,
      remote: false,
      recorded: true,
      epochMs: parent.epochMs,
      parent,
      name,
      kind,
      startMs,
      links,
      attributes: [],
      failed: false,
    };
  }

  function end(span: Span): void {
    ended(otlpSpan(span, performance.now()));
  }

  /** The span ends with what `work` answers, at once or by and by. */
  function until<T>(span: Span, work: () => T): T {
    const done = (): void => end(span);
    const fail = (error: unknown): void => {
      failed(span, publicError(error).code);
      end(span);
    };
    try {
      const answer = work();
      // Whoever asked gets the same promise: the span only listens.
      if (answer instanceof Promise) answer.then(done, fail);
      else done();
      return answer;
    } catch (error) {
      fail(error);
      throw error;
    }
  }

  function within<T>(name: string, parent: Place, work: (note?: Note) => T): T {
    const span = begin(name, parent);
    return until(span, () => running.run(span, work, noteIn(span)));
  }

  return {
    request(headers) {
      const startMs = performance.now();
      const length = Number(headers.get('content-length') ?? NaN);
      let place: Place | undefined;
      let span: Span | undefined;

      function enter(meta: unknown): Place {
        if (place !== undefined) return span ?? place;
        const named = callerOf(headers);
        const caller = callerOf(carrierOf(meta)) ?? named;
        place = entry(caller);
        if (!place.recorded) return place;
        const links = named === undefined || named.traceId === place.traceId ? NO_LINKS : [named];
        span = begin('HTTP', place, startMs, SpanKind.SERVER, links);
        return span;
      }

      return {
        run: (meta, work) => running.run(enter(meta), work),
        end({ method, route, status, requestId }) {
          enter(undefined);
          if (span === undefined) return;
          const note = noteIn(span);
          span.name = `${method} ${route}`;
          note('http.request.method', method);
          note('http.route', route);
          note('http.response.status_code', status);
          note('hub.request_id', requestId);
          if (Number.isFinite(length)) note('http.request.body.size', length);
          if (status >= 500) failed(span, String(status));
          end(span);
        },
      };
    },
    calledBy(meta, work) {
      const caller = callerOf(carrierOf(meta));
      if (caller === undefined || running.getStore()?.traceId === caller.traceId) return work();
      return running.run(entry(caller), work);
    },
    span(name, work) {
      const parent = running.getStore() ?? entry(undefined);
      return parent.recorded ? within(name, parent, work) : running.run(parent, work);
    },
    inner(name, work) {
      const parent = running.getStore();
      return parent?.recorded === true ? within(name, parent, work) : work();
    },
    leaf(name, work) {
      const parent = running.getStore();
      if (parent?.recorded !== true) return work();
      const span = begin(name, parent);
      return until(span, () => work(noteIn(span)));
    },
    apart: (work) => running.run(undefined, work),
  };
}

function noteIn({ attributes }: Span): Note {
  return (name, value) => void attributes.push(attribute(name, value));
}

function failed(span: Span, code: string): void {
  span.failed = true;
  noteIn(span)('error.type', code);
}

/** Of `traceparent` and `tracestate`; undefined where they are not there, or malformed. */
function callerOf(carrier: Carrier): SpanContext | undefined {
  return trace.getSpanContext(propagator.extract(ROOT_CONTEXT, carrier, getter));
}

function carrierOf(meta: unknown): Carrier {
  if (typeof meta !== 'object' || meta === null) return undefined;
  return { get: (name) => (meta as Readonly<Record<string, unknown>>)[name] };
}
