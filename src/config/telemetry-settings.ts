/** The settings of OpenTelemetry, by the names it gave them, as far as the hub heeds them. */
import { baseUrl, integer, oneOf, pairs, ratio, secretText } from './parsers.ts';
import { setting } from './setting.ts';

export const TELEMETRY_SETTINGS = {
  OTEL_EXPORTER_OTLP_ENDPOINT: setting(
    'telemetry.otlp_endpoint',
    baseUrl,
    null,
    'Collector that traces and metrics are sent to, as OTLP over HTTP in JSON (…/v1/traces, …/v1/metrics).',
    { otherwise: 'nothing is traced or sent' },
  ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: setting(
    'telemetry.otlp_traces_endpoint',
    baseUrl,
    null,
    'Full address for traces, where it is another one.',
  ),
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: setting(
    'telemetry.otlp_metrics_endpoint',
    baseUrl,
    null,
    'Full address for metrics, where it is another one.',
  ),
  OTEL_EXPORTER_OTLP_HEADERS: setting(
    'telemetry.otlp_headers',
    pairs,
    null,
    'Headers for the collector: name=value, separated by commas, values percent-encoded.',
    { secret: true },
  ),
  OTEL_EXPORTER_OTLP_TIMEOUT: setting(
    'telemetry.otlp_timeout',
    integer(1, 600_000),
    10_000,
    'Milliseconds that the collector may take to answer.',
  ),
  OTEL_TRACES_EXPORTER: setting(
    'telemetry.traces_exporter',
    oneOf(['otlp', 'none']),
    'otlp',
    'none: nothing is traced.',
  ),
  OTEL_METRICS_EXPORTER: setting(
    'telemetry.metrics_exporter',
    oneOf(['otlp', 'none']),
    'otlp',
    'none: no metrics are sent; /metrics is there all the same.',
  ),
  OTEL_TRACES_SAMPLER: setting(
    'telemetry.traces_sampler',
    oneOf([
      'parentbased_always_on',
      'parentbased_always_off',
      'parentbased_traceidratio',
      'always_on',
      'always_off',
      'traceidratio',
    ]),
    'parentbased_always_on',
    'Which requests are traced; the parentbased ones leave it to the caller where it says so.',
  ),
  OTEL_TRACES_SAMPLER_ARG: setting(
    'telemetry.traces_sampler_arg',
    ratio,
    1,
    'The part of the requests that the traceidratio samplers trace.',
  ),
  OTEL_SERVICE_NAME: setting(
    'telemetry.service_name',
    secretText,
    'shared-context-hub',
    'What the hub is called in traces and metrics.',
  ),
  OTEL_RESOURCE_ATTRIBUTES: setting(
    'telemetry.resource_attributes',
    pairs,
    {},
    'What else is said of the hub with each of them: name=value, separated by commas.',
  ),
  OTEL_BSP_SCHEDULE_DELAY: setting(
    'telemetry.bsp_schedule_delay',
    integer(1, 600_000),
    5_000,
    'Milliseconds for which spans are gathered before they are sent.',
  ),
  OTEL_BSP_MAX_QUEUE_SIZE: setting(
    'telemetry.bsp_max_queue_size',
    integer(1, 1_000_000),
    2_048,
    'Spans that may wait to be sent; more are dropped.',
  ),
  OTEL_METRIC_EXPORT_INTERVAL: setting(
    'telemetry.metric_export_interval',
    integer(1, 86_400_000),
    60_000,
    'Milliseconds from one sending of the metrics to the next.',
  ),
} as const;
