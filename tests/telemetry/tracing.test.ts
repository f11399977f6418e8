import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectLog } from '../http/harness.ts';
import { parsePrometheus } from '../_util/prometheus.ts';
import { startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from '../_util/otlp-receiver.ts';
import { initialize, rawRequest } from '../_util/raw-mcp.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub, type TestHubOptions } from '../_util/test-hub.ts';

const HEADERS = 'a'.repeat(32);
const META = 'b'.repeat(32);
const CALLER = 'c'.repeat(16);
const AGENT = { 'x-agent-id': 'agent-zero' };
const traceparent = (traceId: string, flags = '01'): string => `00-${traceId}-${CALLER}-${flags}`;

/** What somebody wrote, who may see it, and what lets in: none of it is a collector's to know. */
const PRIVATE = ['plutonium', 'agent-zero', AGENT_KEY, ADMIN_KEY, 'mem-key-7', 'meta-value-9'];

async function startTracedHub(collector: OtlpReceiver, options: TestHubOptions = {}): Promise<TestHub> {
  return startTestHub({
    ...options,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '20',
      OTEL_METRIC_EXPORT_INTERVAL: '50',
      ...options.env,
    },
  });
}

/** `_meta`, headers and session of a raw request, sent as it is. */
async function send(
  hub: TestHub,
  era: '2025' | '2026',
  params: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  let sessionId: string | undefined;
  if (era === '2025') {
    const opened = await hub.hub.app.fetch(withHost(initialize({ key: AGENT_KEY, headers: AGENT })));
    sessionId = opened.headers.get('mcp-session-id') ?? undefined;
  }
  const { _meta: meta, ...rest } = params;
  const raw = rawRequest(era, {
    ...{ method: 'tools/call', params: rest, key: AGENT_KEY, sessionId },
    headers: { ...AGENT, ...headers },
  });
  const message = (await raw.json()) as { params: Record<string, unknown> };
  if (meta !== undefined)
    message.params['_meta'] = { ...(message.params['_meta'] as object | undefined), ...(meta as object) };
  const request = new Request(raw.url, {
    method: 'POST',
    headers: raw.headers,
    body: JSON.stringify(message),
  });
  const answer = await hub.hub.app.fetch(withHost(request));
  expect(answer.status).toBe(200);
  await answer.text();
}

function withHost(request: Request): Request {
  request.headers.set('host', new URL(request.url).host);
  return request;
}

async function spanOf(collector: OtlpReceiver, is: (span: ReceivedSpan) => boolean): Promise<ReceivedSpan> {
  return expect
    .poll(() => collector.spans.find(is))
    .toBeDefined()
    .then(() => collector.spans.find(is)!);
}

/** From the span up to the one that the hub did not make. */
async function lineOf(collector: OtlpReceiver, last: ReceivedSpan): Promise<ReceivedSpan[]> {
  const line = [last];
  for (let up = last.parentSpanId; up !== undefined && up !== CALLER; up = line[0]!.parentSpanId)
    line.unshift(await spanOf(collector, ({ spanId }) => spanId === up));
  return line;
}

describe('spans of a call', () => {
  let collector: OtlpReceiver;
  let hub: TestHub;
  let session_id: string;

  beforeAll(async () => {
    collector = await startOtlpReceiver();
    hub = await startTracedHub(collector);
    const opener = await hub.connect('2026', { agent: 'opener' });
    const opened = await opener.callTool('create_session', { purpose: 'plutonium' });
    session_id = String(opened.json['session_id']);
    await opener.close();
  });
  afterAll(async () => {
    await hub[Symbol.asyncDispose]();
    await collector[Symbol.asyncDispose]();
  });

  const write = (content = 'plutonium'): object => ({
    name: 'add_message',
    arguments: { session_id, content, metadata: { key: 'meta-value-9' } },
  });

  describe.each(['2025', '2026'] as const)('in revision %s', (era) => {
    it.each([
      ['the headers', {}, { traceparent: traceparent(`1${era}`.padEnd(32, '1')) }],
      ['_meta', { _meta: { traceparent: traceparent(`2${era}`.padEnd(32, '2')) } }, {}],
      // A progress token makes the call one that the SDK answers.
      [
        '_meta, by the SDK',
        { _meta: { traceparent: traceparent(`3${era}`.padEnd(32, '3')), progressToken: 1 } },
        {},
      ],
    ])('go from HTTP to the store, in the trace of %s', async (_where, params, headers) => {
      const traceId = JSON.stringify({ params, headers }).split('-')[1] ?? '';
      await send(hub, era, { ...write(), ...params }, headers);

      const written = await spanOf(
        collector,
        (span) => span.traceId === traceId && span.name === 'store.write',
      );
      const line = await lineOf(collector, written);
      expect(line.map(({ name }) => name)).toEqual([
        'POST /mcp',
        'mcp.tool.add_message',
        'service.messages.add',
        'store.write',
      ]);
      expect(line.map((span) => span.traceId)).toEqual(line.map(() => traceId));
      const [http, tool] = line;
      expect(http!.parentSpanId).toBe(CALLER);
      expect(http!.kind).toBe(2);
      expect(http!.attributes).toMatchObject({ 'http.response.status_code': 200, 'http.route': '/mcp' });
      expect(tool!.attributes).toMatchObject({ 'mcp.tool.name': 'add_message' });
      expect(tool!.attributes['mcp.tool.result.size']).toBeGreaterThan(50);
      expect(tool!.attributes['mcp.tool.arguments.size']).toBeGreaterThan(50);
      const steps = ['queue', 'run', 'commit'].map((step) => written.attributes[`hub.store.${step}_ms`]);
      expect(steps.every((ms) => typeof ms === 'number' && ms >= 0)).toBe(true);
    });

    it('heed _meta where the headers say something else, and keep a link to what these say', async () => {
      const [headers, meta] = [`4${era}`.padEnd(32, '4'), `5${era}`.padEnd(32, '5')];
      const params = { ...write(), _meta: { traceparent: traceparent(meta) } };
      await send(hub, era, params, { traceparent: traceparent(headers) });
      const tool = await spanOf(
        collector,
        (span) => span.traceId === meta && span.name === 'mcp.tool.add_message',
      );
      const [http] = await lineOf(collector, tool);
      expect(http).toMatchObject({ name: 'POST /mcp', traceId: meta, links: [headers] });
    });

    it('tell of a failure by its code alone', async () => {
      const traceId = `6${era}`.padEnd(32, '6');
      await send(hub, era, { ...write('   '), _meta: { traceparent: traceparent(traceId) } });
      const tool = await spanOf(
        collector,
        (span) => span.traceId === traceId && span.name === 'mcp.tool.add_message',
      );
      expect(tool).toMatchObject({ status: 2, attributes: { 'error.type': 'INVALID_INPUT' } });
    });

    it('are not made where the caller does not record its trace', async () => {
      const [silent, loud] = [`7${era}`.padEnd(32, '7'), `8${era}`.padEnd(32, '8')];
      await send(hub, era, { ...write(), _meta: { traceparent: traceparent(silent, '00') } });
      await send(hub, era, { ...write(), _meta: { traceparent: traceparent(loud) } });
      await spanOf(collector, ({ traceId, name }) => traceId === loud && name === 'store.write');
      expect(collector.spans.filter(({ traceId }) => traceId === silent)).toEqual([]);
    });
  });

  it('know the search, and the reads of a page', async () => {
    const traceId = '9'.repeat(32);
    const headers = { traceparent: traceparent(traceId) };
    await send(hub, '2026', { name: 'search_context', arguments: { query: 'plutonium' } }, headers);
    await send(hub, '2026', { name: 'get_messages', arguments: { session_id, limit: 5 } }, headers);
    for (const name of ['search.messages', 'store.messages.page']) {
      const line = await lineOf(
        collector,
        await spanOf(collector, (span) => span.traceId === traceId && span.name === name),
      );
      expect(line[0]!.name).toBe('POST /mcp');
      expect(line[1]!.name).toMatch(/^mcp\.tool\./);
      expect(line[2]!.name).toMatch(/^service\./);
    }
  });

  it('are of the JSON API as well, and of what is refused before anybody is known', async () => {
    const [api, refused] = [HEADERS, META];
    await hub.request('/api/v1/memory/mem-key-7?scope=agent', {
      headers: {
        authorization: `Bearer ${AGENT_KEY}`,
        'x-agent-id': 'agent-zero',
        traceparent: traceparent(api),
      },
    });
    await hub.request('/mcp', { method: 'POST', headers: { traceparent: traceparent(refused) }, body: '{}' });
    const tool = await spanOf(
      collector,
      (span) => span.traceId === api && span.name === 'mcp.tool.get_memory',
    );
    expect(tool.attributes['error.type']).toBe('MEMORY_NOT_FOUND');
    const [http] = await lineOf(collector, tool);
    // Addresses of what is not there are anybody's to make up.
    expect(http!.name).toBe('GET other');
    const stranger = await spanOf(collector, ({ traceId }) => traceId === refused);
    expect(stranger.attributes['http.response.status_code']).toBe(401);
  });

  it('take no notice of what is no traceparent', async () => {
    const before = collector.spans.length;
    for (const bad of ['', '00-zz-1-01', traceparent('0'.repeat(32)), 7, { traceId: 'x' }])
      await send(hub, '2026', { name: 'list_sessions', arguments: {}, _meta: { traceparent: bad } });
    await expect
      .poll(
        () => collector.spans.slice(before).filter(({ name }) => name === 'mcp.tool.list_sessions').length,
      )
      .toBe(5);
  });

  it('hold nothing of what agents write, and no key', async () => {
    await spanOf(collector, ({ name }) => name === 'mcp.tool.add_message');
    const told = collector.bodies.join('\n');
    for (const text of PRIVATE) expect(told).not.toContain(text);
    expect(told).toContain('mcp.tool.add_message');
  });
});

describe('metrics', () => {
  it('are those of /metrics', async () => {
    await using collector = await startOtlpReceiver();
    await using hub = await startTracedHub(collector, { env: { OTEL_TRACES_EXPORTER: 'none' } });
    for (let i = 0; i < 3; i++) await send(hub, '2026', { name: 'list_sessions', arguments: {} });
    await send(hub, '2026', { name: 'list_sessions', arguments: { limit: 0 } });
    const pointOf = (name: string) =>
      collector.metrics.get(name)?.points.find(({ attributes }) => attributes['tool'] === 'list_sessions');
    await expect.poll(() => pointOf('mcp_tool_calls_total')?.value).toBe(4);
    expect(collector.metrics.get('mcp_tool_calls_total')?.kind).toBe('sum');
    expect(collector.metrics.get('hub_store_database_bytes')?.kind).toBe('gauge');
    expect(pointOf('mcp_tool_errors_total')?.attributes['code']).toBe('INVALID_INPUT');

    const page = await hub.request('/metrics', { headers: { authorization: `Bearer ${ADMIN_KEY}` } });
    const shown = parsePrometheus(await page.text());
    expect([...collector.metrics.keys()].sort()).toEqual(
      [...shown]
        .filter(([, { samples }]) => samples.length > 0)
        .map(([name]) => name)
        .sort(),
    );
    const times = pointOf('mcp_tool_duration_seconds');
    expect(times?.count).toBe(4);
    expect(times?.buckets).toHaveLength(times!.bounds.length + 1);
    expect(times?.buckets.reduce((sum, count) => sum + count, 0)).toBe(4);
    const sum = shown
      .get('mcp_tool_duration_seconds')
      ?.samples.find(({ name, labels }) => name.endsWith('_sum') && labels['tool'] === 'list_sessions');
    expect(times?.sum).toBeCloseTo(sum!.value, 9);
    expect(collector.spans).toEqual([]);
  });
});

describe('the collector', () => {
  it('gets what the settings say, with its headers', async () => {
    await using collector = await startOtlpReceiver();
    {
      await using hub = await startTracedHub(collector, {
        env: {
          OTEL_SERVICE_NAME: 'my-hub',
          OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=a%20test',
          OTEL_METRICS_EXPORTER: 'none',
          // All of it is sent when the hub ends.
          OTEL_BSP_SCHEDULE_DELAY: '600000',
        },
        otlpHeaders: { 'x-tenant': 'seven' },
      });
      await send(hub, '2026', { name: 'list_sessions', arguments: {} });
      expect(collector.spans).toEqual([]);
    }
    expect(collector.spans.length).toBeGreaterThan(0);
    expect(collector.spans[0]!.resource).toMatchObject({
      'service.name': 'my-hub',
      'service.version': '0.0.0-test',
      'deployment.environment.name': 'a test',
    });
    expect(collector.headers[0]!['x-tenant']).toBe('seven');
    expect(collector.metrics.size).toBe(0);
  });

  it('may take a part of the traces only', async () => {
    await using collector = await startOtlpReceiver();
    {
      await using hub = await startTracedHub(collector, {
        env: {
          OTEL_TRACES_SAMPLER: 'traceidratio',
          OTEL_TRACES_SAMPLER_ARG: '0',
          OTEL_METRICS_EXPORTER: 'none',
        },
      });
      await send(hub, '2026', { name: 'list_sessions', arguments: {} });
    }
    expect(collector.bodies).toEqual([]);
  });

  it('does the hub no harm when it refuses, and it is said once', async () => {
    await using collector = await startOtlpReceiver();
    collector.status = 400;
    const { log, lines } = collectLog();
    await using hub = await startTracedHub(collector, { log });
    for (let i = 0; i < 3; i++) await send(hub, '2026', { name: 'list_sessions', arguments: {} });
    const warnings = () => lines().filter(({ msg }) => String(msg).startsWith('the collector takes no'));
    await expect.poll(() => warnings().length).toBe(2);
    const before = collector.bodies.length;
    await expect.poll(() => collector.bodies.length).toBeGreaterThan(before + 3);
    expect(
      warnings()
        .map(({ msg }) => msg)
        .sort(),
    ).toEqual([
      'the collector takes no metrics; they are dropped',
      'the collector takes no traces; they are dropped',
    ]);
    collector.status = 200;
    await expect
      .poll(() => lines().some(({ msg }) => msg === 'the collector takes metrics again'))
      .toBe(true);
  });

  it('does not keep a hub from ending', async () => {
    await using collector = await startOtlpReceiver();
    const hub = await startTracedHub(collector, { env: { OTEL_METRICS_EXPORTER: 'none' } });
    collector.delayMs = 600_000;
    await send(hub, '2026', { name: 'list_sessions', arguments: {} });
    await expect.poll(() => collector.bodies.length).toBeGreaterThan(0);
    await hub[Symbol.asyncDispose]();
  });
});
