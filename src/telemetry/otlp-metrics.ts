/** The hub's metrics in the form that OTLP sends: the same figures as `/metrics`, from the same registry. */
import { type HrTime, ValueType } from '@opentelemetry/api';
import { type InstrumentationScope, hrTime, timeInputToHrTime } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics';

/** A metric as prom-client tells of it. */
export interface MetricSamples {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: readonly {
    readonly value: number;
    readonly labels: Readonly<Partial<Record<string, string | number>>>;
    /** Of histograms: which of its samples it is. */
    readonly metricName?: string;
  }[];
}

export interface Collected {
  readonly metrics: readonly MetricSamples[];
  /** Since when counters count, in milliseconds since the epoch. */
  readonly since: number;
}

type Sample = MetricSamples['values'][number];

export function metricProducer(
  scope: InstrumentationScope,
  resource: Resource,
  collect: () => Promise<Collected>,
): MetricProducer {
  return {
    async collect() {
      const { metrics, since } = await collect();
      const span = { startTime: timeInputToHrTime(since), endTime: hrTime() };
      const data = metrics.filter(({ values }) => values.length > 0).map((metric) => dataOf(metric, span));
      return { resourceMetrics: { resource, scopeMetrics: [{ scope, metrics: data }] }, errors: [] };
    },
  };
}

interface Span {
  readonly startTime: HrTime;
  readonly endTime: HrTime;
}

function dataOf({ name, help, type, values }: MetricSamples, span: Span): MetricData {
  const common = {
    descriptor: { name, description: help, unit: unitOf(name), valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  if (type === 'histogram')
    return { ...common, dataPointType: DataPointType.HISTOGRAM, dataPoints: histograms(name, values, span) };
  const dataPoints = values.map(({ value, labels }) => ({ ...span, attributes: { ...labels }, value }));
  return type === 'counter'
    ? { ...common, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints }
    : { ...common, dataPointType: DataPointType.GAUGE, dataPoints };
}

function unitOf(name: string): string {
  const base = name.replace(/_total$/, '');
  if (base.endsWith('_seconds')) return 's';
  return base.endsWith('_bytes') ? 'By' : '';
}

/** One point for each set of labels. Prometheus' buckets hold those below them as well; these do not. */
function histograms(name: string, values: readonly Sample[], span: Span): DataPoint<Histogram>[] {
  const groups = Map.groupBy(values, ({ labels: { le: _, ...labels } }) => JSON.stringify(labels));
  return [...groups].map(([labels, samples]) => {
    const of = (end: string): readonly Sample[] =>
      samples.filter(({ metricName }) => metricName === `${name}_${end}`);
    const bounds = of('bucket').map(({ labels: { le }, value }) => ({
      bound: le === '+Inf' ? Infinity : Number(le),
      value,
    }));
    return {
      ...span,
      attributes: JSON.parse(labels) as Record<string, string>,
      value: {
        sum: of('sum')[0]?.value ?? 0,
        count: of('count')[0]?.value ?? 0,
        buckets: {
          boundaries: bounds.map(({ bound }) => bound).filter(Number.isFinite),
          counts: bounds.map(({ value }, i) => value - (bounds[i - 1]?.value ?? 0)),
        },
      },
    };
  });
}
