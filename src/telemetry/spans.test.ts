import { SpanKind } from '@opentelemetry/api';
import { expect, it } from 'vitest';
import { attribute, otlpSpan, otlpTraces, type Place } from './spans.ts';

const caller: Place = {
  ...{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceState: 'vendor="x"' },
  ...{ remote: true, recorded: true, epochMs: 1_700_000_000_000 },
};
const span = {
  ...{
    ...caller,
    spanId: 'c'.repeat(16),
    remote: false,
    parent: caller,
    kind: SpanKind.SERVER,
    startMs: 0.5,
  },
  ...{ links: [], attributes: [], name: 'POST "/mcp"', failed: false },
};

it('are what OTLP says, with what there is to say only', () => {
  const links = [{ traceId: 'd'.repeat(32), spanId: 'e'.repeat(16), traceFlags: 1, isRemote: true }];
  const attributes = [attribute('text', '"'), attribute('whole', 7), attribute('part', 0.5)];
  const sent = otlpTraces(
    [
      otlpSpan({ ...span, links, attributes, failed: true }, 2.001),
      otlpSpan({ ...span, parent: { ...caller, spanId: '', remote: false } }, 3),
    ],
    { 'service.name': 'hub' },
    { name: 'scope', version: '1' },
  );
  expect(JSON.parse(JSON.stringify(sent))).toEqual({
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'hub' } }] },
        scopeSpans: [
          {
            scope: { name: 'scope', version: '1' },
            spans: [
              {
                ...{ traceId: 'a'.repeat(32), spanId: 'c'.repeat(16), parentSpanId: 'b'.repeat(16) },
                ...{ traceState: 'vendor="x"', name: 'POST "/mcp"', kind: 2 },
                ...{ startTimeUnixNano: '1700000000000500000', endTimeUnixNano: '1700000000002001000' },
                attributes: [
                  { key: 'text', value: { stringValue: '"' } },
                  { key: 'whole', value: { intValue: 7 } },
                  { key: 'part', value: { doubleValue: 0.5 } },
                ],
                links: [{ traceId: 'd'.repeat(32), spanId: 'e'.repeat(16), flags: 0x301 }],
                ...{ status: { code: 2 }, flags: 0x301 },
              },
              {
                ...{ traceId: 'a'.repeat(32), spanId: 'c'.repeat(16), traceState: 'vendor="x"' },
                ...{ name: 'POST "/mcp"', kind: 2, attributes: [], flags: 0x101 },
                ...{ startTimeUnixNano: '1700000000000500000', endTimeUnixNano: '1700000000003000000' },
              },
            ],
          },
        ],
      },
    ],
  });
});
