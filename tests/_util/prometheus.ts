/**
 * A strict reader of Prometheus' text format 0.0.4, as https://prometheus.io/docs/instrumenting/exposition_formats/ has it: each
 * metric told of once, with help and type before its samples, and histograms that add up.
 */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Metric {
  readonly type: string;
  readonly samples: readonly Sample[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = '([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\\\\n]|\\\\[\\\\"n])*)"';
const HELP = new RegExp(`^# HELP (${NAME}) \\S.*$`);
const TYPE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram|summary|untyped)$`);
const SAMPLE = new RegExp(`^(${NAME})(?:\\{((?:${LABEL},?)*)\\})? (\\S+)$`);

/** By name. @throws Error naming the line that is wrong. */
export function parsePrometheus(text: string): ReadonlyMap<string, Metric> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const metrics = new Map<string, { type: string; samples: Sample[] }>();
  let helped = '';
  let current = '';
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const help = HELP.exec(line)?.[1];
    const [, typed, type] = TYPE.exec(line) ?? [];
    if (help !== undefined) helped = help;
    else if (typed !== undefined && type !== undefined) {
      if (typed !== helped || metrics.has(typed)) throw new Error(`out of order: ${line}`);
      metrics.set((current = typed), { type, samples: [] });
    } else addSample(metrics.get(current), current, line);
  }
  for (const [name, metric] of metrics) if (metric.type === 'histogram') checkHistogram(name, metric);
  return metrics;
}

function addSample(metric: { type: string; samples: Sample[] } | undefined, of: string, line: string): void {
  const match = SAMPLE.exec(line);
  const [, name = '', labelText = ''] = match ?? [];
  const ends = metric?.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
  if (metric === undefined || match === null || !ends.some((end) => name === of + end))
    throw new Error(`no sample of ${of}: ${line}`);
  const labels = Object.fromEntries(
    [...labelText.matchAll(new RegExp(LABEL, 'g'))].map(([, label = '', value = '']) => [label, value]),
  );
  const text = match.at(-1) ?? '';
  const value = text === '+Inf' ? Infinity : Number(text);
  if (Number.isNaN(value)) throw new Error(`no number: ${line}`);
  if (metric.type === 'counter' && value < 0) throw new Error(`a counter below zero: ${line}`);
  const twin = metric.samples.find((one) => one.name === name && sameLabels(one.labels, labels));
  if (twin !== undefined) throw new Error(`told twice: ${line}`);
  metric.samples.push({ name, labels, value });
}

const keyOf = ({ le: _, ...labels }: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.entries(labels).sort());
const sameLabels = (a: Sample['labels'], b: Sample['labels']): boolean =>
  keyOf(a) === keyOf(b) && a['le'] === b['le'];

function checkHistogram(name: string, { samples }: Metric): void {
  for (const key of new Set(samples.map(({ labels }) => keyOf(labels)))) {
    const own = samples.filter(({ labels }) => keyOf(labels) === key);
    const buckets = own.filter((one) => one.name === `${name}_bucket`);
    const values = buckets.map(({ value }) => value);
    if (buckets.at(-1)?.labels['le'] !== '+Inf') throw new Error(`${name}${key} has no bucket for all`);
    if (values.some((value, n) => value < (values[n - 1] ?? 0))) throw new Error(`${name}${key} falls`);
    const count = own.find((one) => one.name === `${name}_count`)?.value;
    if (count !== values.at(-1)) throw new Error(`${name}${key} does not add up`);
  }
}

/** The sum of a metric's samples that have these labels; `name` as the sample has it. */
export function valueOf(
  metrics: ReadonlyMap<string, Metric>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  return [...metrics.values()]
    .flatMap(({ samples }) => samples)
    .filter((one) => one.name === name && Object.entries(labels).every(([k, v]) => one.labels[k] === v))
    .reduce((sum, { value }) => sum + value, 0);
}
