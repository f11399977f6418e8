/** A collector: takes OTLP over HTTP in JSON, and keeps what it gets. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

type Value = string | number | undefined;

const KINDS = ['sum', 'gauge', 'histogram'] as const;

export interface ReceivedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly kind: number;
  /** 2: error. */
  readonly status: number;
  readonly attributes: Readonly<Record<string, Value>>;
  readonly links: readonly string[];
  readonly resource: Readonly<Record<string, Value>>;
  /** Milliseconds. */
  readonly start: number;
  readonly end: number;
}

export interface ReceivedMetric {
  readonly name: string;
  readonly kind: (typeof KINDS)[number];
  readonly points: readonly {
    readonly attributes: Readonly<Record<string, Value>>;
    readonly value: number | undefined;
    readonly count: number;
    readonly sum: number;
    readonly buckets: readonly number[];
    readonly bounds: readonly number[];
  }[];
}

export interface OtlpReceiver extends AsyncDisposable {
  readonly url: string;
  readonly spans: ReceivedSpan[];
  /** The last that came of each name. */
  readonly metrics: Map<string, ReceivedMetric>;
  /** Of every request, as it came. */
  readonly bodies: string[];
  readonly headers: Record<string, unknown>[];
  /** What it answers from now on; 200 at first. */
  status: number;
  /** How long it takes to answer, in milliseconds. */
  delayMs: number;
}

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const metrics = new Map<string, ReceivedMetric>();
  const bodies: string[] = [];
  const headers: Record<string, unknown>[] = [];
  const receiver = { spans, metrics, bodies, headers, status: 200, delayMs: 0 };
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      headers.push(request.headers);
      bodies.push(JSON.stringify(body));
      if (receiver.status === 200 && request.url === '/v1/traces') spans.push(...spansOf(body as Traces));
      if (receiver.status === 200 && request.url === '/v1/metrics')
        for (const metric of metricsOf(body as Metrics)) metrics.set(metric.name, metric);
      const answer = (): void => void response.writeHead(receiver.status).end('{}');
      if (receiver.delayMs === 0) answer();
      else setTimeout(answer, receiver.delayMs).unref();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(receiver, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}

/** What is read of the messages of OTLP in JSON. */
type Attributes = readonly {
  readonly key: string;
  readonly value: {
    readonly stringValue?: string;
    readonly intValue?: string | number;
    readonly doubleValue?: number;
  };
}[];
interface Resource {
  readonly resource: { readonly attributes: Attributes };
}
interface Traces {
  readonly resourceSpans: readonly (Resource & {
    readonly scopeSpans: readonly {
      readonly spans: readonly (Pick<ReceivedSpan, 'name' | 'traceId' | 'spanId' | 'kind'> & {
        readonly parentSpanId?: string;
        readonly status?: { readonly code?: number };
        readonly attributes: Attributes;
        readonly links?: readonly { readonly traceId: string }[];
        readonly startTimeUnixNano: string;
        readonly endTimeUnixNano: string;
      })[];
    }[];
  })[];
}
interface Points {
  readonly dataPoints: readonly {
    readonly attributes: Attributes;
    readonly asDouble?: number;
    readonly count?: number;
    readonly sum?: number;
    readonly bucketCounts?: readonly (string | number)[];
    readonly explicitBounds?: readonly number[];
  }[];
}
interface Metrics {
  readonly resourceMetrics: readonly (Resource & {
    readonly scopeMetrics: readonly {
      readonly metrics: readonly (Partial<Record<ReceivedMetric['kind'], Points>> & {
        readonly name: string;
      })[];
    }[];
  })[];
}

function attributesOf(list: Attributes): Record<string, Value> {
  return Object.fromEntries(
    list.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue ?? value.doubleValue)]),
  );
}

function spansOf({ resourceSpans }: Traces): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        ...{ name: span.name, traceId: span.traceId, spanId: span.spanId, kind: span.kind },
        parentSpanId: span.parentSpanId,
        status: span.status?.code ?? 0,
        attributes: attributesOf(span.attributes),
        links: (span.links ?? []).map(({ traceId }) => traceId),
        resource: attributesOf(resource.attributes),
        start: Number(span.startTimeUnixNano) / 1e6,
        end: Number(span.endTimeUnixNano) / 1e6,
      })),
    ),
  );
}

function metricsOf({ resourceMetrics }: Metrics): ReceivedMetric[] {
  return resourceMetrics.flatMap(({ scopeMetrics }) =>
    scopeMetrics.flatMap(({ metrics }) =>
      metrics.map((metric) => {
        const kind = KINDS.find((one) => metric[one] !== undefined) ?? 'gauge';
        const points = (metric[kind]?.dataPoints ?? []).map((point) => ({
          attributes: attributesOf(point.attributes),
          value: point.asDouble,
          count: point.count ?? 0,
          sum: point.sum ?? 0,
          buckets: (point.bucketCounts ?? []).map(Number),
          bounds: point.explicitBounds ?? [],
        }));
        return { name: metric.name, kind, points };
      }),
    ),
  );
}
