/**
 * Spans, as the parts of the hub know them. Where nothing is traced there is no `Tracing` at all, and nothing is put around
 * anything. What is noted is never what somebody wrote: names, codes, counts and sizes.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { publicError } from '../errors.ts';

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

type Carrier = { readonly get: (name: string) => unknown } | undefined;

const propagator = new W3CTraceContextPropagator();
const getter = {
  keys: () => [],
  get: (carrier: Carrier, name: string): string | undefined => {
    const value = carrier?.get(name);
    return typeof value === 'string' ? value : undefined;
  },
};

export function createTracing(tracer: Tracer): Tracing {
  // Of this hub alone: a process may have several.
  const running = new AsyncLocalStorage<Context>();
  const active = (): Context => running.getStore() ?? ROOT_CONTEXT;

  /** The span ends with what `work` answers, at once or by and by. */
  function until<T>(span: Span, work: () => T): T {
    const end = (): void => {
      span.end();
    };
    const fail = (error: unknown): void => {
      failed(span, publicError(error).code);
      span.end();
    };
    try {
      const answer = work();
      // Whoever asked gets the same promise: the span only listens.
      if (answer instanceof Promise) answer.then(end, fail);
      else end();
      return answer;
    } catch (error) {
      fail(error);
      throw error;
    }
  }

  function within<T>(name: string, parent: Context, work: (note?: Note) => T): T {
    const span = tracer.startSpan(name, undefined, parent);
    const inside = trace.setSpan(parent, span);
    if (!span.isRecording()) return running.run(inside, work);
    return until(span, () => running.run(inside, work, noteIn(span)));
  }

  return {
    request(headers) {
      const startTime = performance.now();
      const length = Number(headers.get('content-length') ?? NaN);
      let span: Span | undefined;

      function begin(meta: unknown): Span {
        const named = callerOf(headers);
        const parent = callerOf(carrierOf(meta)) ?? named;
        const links = named === undefined || named.traceId === parent?.traceId ? [] : [{ context: named }];
        const options = { kind: SpanKind.SERVER, startTime, links };
        return tracer.startSpan('HTTP', options, under(parent));
      }

      return {
        run(meta, work) {
          span ??= begin(meta);
          return running.run(trace.setSpan(active(), span), work);
        },
        end({ method, route, status, requestId }) {
          span ??= begin(undefined);
          span.updateName(`${method} ${route}`);
          span.setAttributes({
            'http.request.method': method,
            'http.route': route,
            'http.response.status_code': status,
            'hub.request_id': requestId,
          });
          if (Number.isFinite(length)) span.setAttribute('http.request.body.size', length);
          if (status >= 500) failed(span, String(status));
          span.end(performance.now());
        },
      };
    },
    calledBy(meta, work) {
      const caller = callerOf(carrierOf(meta));
      if (caller === undefined) return work();
      const here = trace.getSpan(active())?.spanContext();
      if (here?.traceId === caller.traceId) return work();
      return running.run(under(caller), work);
    },
    // What is not recorded was decided where the trace came in.
    span: (name, work) => (isLeftOut(active()) ? work() : within(name, active(), work)),
    inner(name, work) {
      const parent = active();
      return isRecorded(parent) ? within(name, parent, work) : work();
    },
    leaf(name, work) {
      const parent = active();
      if (!isRecorded(parent)) return work();
      const span = tracer.startSpan(name, undefined, parent);
      return until(span, () => work(noteIn(span)));
    },
    apart: (work) => running.run(ROOT_CONTEXT, work),
  };
}

function noteIn(span: Span): Note {
  return (name, value) => void span.setAttribute(name, value);
}

function isRecorded(place: Context): boolean {
  return trace.getSpan(place)?.isRecording() === true;
}

/** Whether it is inside of a span of this hub that nobody records. */
function isLeftOut(place: Context): boolean {
  const span = trace.getSpan(place);
  return span !== undefined && !span.isRecording() && span.spanContext().isRemote !== true;
}

function failed(span: Span, code: string): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.setAttribute('error.type', code);
}

function under(caller: SpanContext | undefined): Context {
  return caller === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, caller);
}

/** Of `traceparent` and `tracestate`; undefined where they are not there, or malformed. */
function callerOf(carrier: Carrier): SpanContext | undefined {
  return trace.getSpanContext(propagator.extract(ROOT_CONTEXT, carrier, getter));
}

function carrierOf(meta: unknown): Carrier {
  if (typeof meta !== 'object' || meta === null) return undefined;
  return { get: (name) => (meta as Readonly<Record<string, unknown>>)[name] };
}
