/**
 * HTTP beside MCP, spoilt with structure: any method on any address, query strings, headers, encodings, and imports of lines
 * that are nearly good. `RUNS` is how many, `SEED` repeats a run. (What fits the OpenAPI document: tests/api/openapi-fuzz.)
 */
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HOSTILE } from '../_util/openapi-requests.ts';
import { documentOf, operationsOf } from '../_util/openapi.ts';
import { setStage, type Stage } from '../_util/scenario-calls.ts';
import { openDoor } from '../_util/scenario-doors.ts';
import { ADMIN_KEY, AGENT_KEY, startTestHub, type TestHub } from '../_util/test-hub.ts';
import { judge, type Case, type Tally } from './_util/verdict.ts';

const RUNS = Number(process.env['RUNS'] ?? 1500);
const SEED = Number(process.env['SEED'] ?? Date.now() & 0x7fffffff);
const PER_RUN_MS = 100;

let hub: TestHub;
let stage: Stage;
let paths: readonly string[];
const tally: Tally = new Map();

beforeAll(async () => {
  hub = await startTestHub({ env: { MAX_STREAMS_PER_KEY: '100000' } });
  stage = await setStage(await openDoor(hub, '2026', { key: AGENT_KEY, agent: 'fuzz' }));
  const operations = operationsOf(await documentOf(hub));
  // A profile takes the seconds that it is asked for.
  paths = [...new Set(operations.map(({ path }) => path))].filter((path) => !path.includes('profile'));
});
afterAll(async () => {
  process.stdout.write(`HTTP fuzz: ${JSON.stringify(Object.fromEntries(tally))}, SEED=${SEED}\n`);
  await hub[Symbol.asyncDispose]();
});

const word = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(...HOSTILE.filter((value) => typeof value === 'string')),
);
const encoded = word.map((text) => encodeURIComponent(text.toWellFormed()));
/** Pieces of addresses that are not as `encodeURIComponent` makes them. */
const raw = fc.constantFrom(
  '%',
  '%zz',
  '%00',
  '%2e%2e',
  '//',
  '..',
  ';a=b',
  '%C0%AF',
  '%ED%A0%80',
  '~',
  "'",
  '+',
  '*',
);
const part = fc.oneof({ weight: 4, arbitrary: encoded }, { weight: 1, arbitrary: raw });
const query = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        'limit',
        'cursor',
        'session_id',
        'q',
        'query',
        'sender',
        'since',
        'until',
        'after_id',
        'agent_id',
        'format',
        'constructor',
      ),
      fc.oneof(part, fc.integer().map(String), fc.constantFrom('', 'true', '2020-01-01T00:00:00Z', '1e9')),
    ),
    { maxLength: 4 },
  )
  .map((pairs) => (pairs.length === 0 ? '' : `?${pairs.map((pair) => pair.join('=')).join('&')}`));

const header = fc.string({ maxLength: 40 }).map((text) => text.replace(/[^\x20-\x7e]/g, '?').trim());
const headers = fc.dictionary(
  fc.constantFrom(
    'accept',
    'accept-encoding',
    'content-type',
    'content-encoding',
    'x-agent-id',
    'x-agent-type',
    'last-event-id',
    'origin',
    'cookie',
    'range',
    'if-none-match',
    'x-forwarded-for',
    'x-http-method-override',
    'x-request-id',
  ),
  fc.oneof(header, fc.constantFrom('*/*', 'gzip', 'application/json', 'text/html', 'bytes=0-1', 'null')),
  { maxKeys: 3 },
);
const key = fc.constantFrom<string | undefined>(ADMIN_KEY, ADMIN_KEY, AGENT_KEY, AGENT_KEY, undefined);

const anywhere = fc
  .record({
    ...{ key, headers, query, id: part, path: fc.nat(1000), other: fc.array(part, { maxLength: 4 }) },
    known: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, fc.constant(false)),
    isThere: fc.boolean(),
    method: fc.constantFrom(
      'GET',
      'GET',
      'GET',
      'POST',
      'PUT',
      'PATCH',
      'DELETE',
      'HEAD',
      'OPTIONS',
      'PROPFIND',
    ),
    body: fc.oneof(
      fc.json(),
      fc
        .dictionary(
          fc.constantFrom('purpose', 'content', 'query', 'value', 'agent_id', 'visibility'),
          fc.jsonValue(),
        )
        .map((value) => JSON.stringify(value)),
      fc.string({ unit: 'binary', maxLength: 30 }),
    ),
  })
  .map(({ key, headers, query, id, path, other, known, isThere, method, body }): Case => {
    const there: Readonly<Record<string, string>> = {
      session_id: stage.sessionId,
      message_id: String(stage.messageId),
      key: 'there',
    };
    const template = paths[path % paths.length] ?? '/';
    const filled = template.replace(
      /\{(\w+)\}/g,
      (_, name: string) => (isThere ? there[name] : undefined) ?? (id || 'x'),
    );
    const address = known ? filled : `/${other.join('/')}`;
    const credential = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const isEmpty = method === 'GET' || method === 'HEAD';
    return {
      ...{ method, path: `${address.replace(/^\/+/, '/')}${query}` },
      headers: {
        'x-agent-id': key === ADMIN_KEY ? 'fuzz-ops' : 'fuzz',
        'content-type': 'application/json',
        ...credential,
        ...headers,
      },
      ...(isEmpty ? {} : { body: body.toWellFormed() }),
    };
  });

const GOOD = { id: 'm', session: 's', sender: 'Ann', timestamp: '2026-01-01T00:00:00Z', content: 'Hi' };
const FIELDS = [
  ...Object.keys(GOOD),
  'record',
  'to',
  'visibility',
  'parent',
  'metadata',
  'message_type',
  'key',
  'value',
  'scope',
  'purpose',
  'pinned',
];
const line = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record({
        n: fc.nat(20),
        changes: fc.dictionary(
          fc.constantFrom(...FIELDS),
          fc.oneof(fc.constantFrom<unknown>(...HOSTILE, 'memory', 'session', 'message'), fc.jsonValue()),
          { maxKeys: 3 },
        ),
        dropped: fc.option(fc.constantFrom(...FIELDS), { freq: 4 }),
      })
      .map(({ n, changes, dropped }) => {
        const record: Record<string, unknown> = { ...GOOD, id: `m${n}`, ...changes };
        return JSON.stringify(
          Object.fromEntries(Object.entries(record).filter(([name]) => name !== dropped)),
        );
      }),
  },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.json(),
      fc.constantFrom('', '{', '\u0000', '['.repeat(3000), `"${'x'.repeat(200_000)}"`),
    ),
  },
);
const imports = fc
  .record({
    lines: fc.array(line, { maxLength: 8 }),
    end: fc.constantFrom('\n', '\r\n', '\r', '\u2028'),
    encoding: fc.constantFrom<'utf8' | 'utf16le' | 'latin1' | 'gzip'>(
      'utf8',
      'utf8',
      'utf8',
      'utf16le',
      'latin1',
      'gzip',
    ),
    cut: fc.option(fc.nat(500), { freq: 4 }),
    key,
  })
  .map(({ lines, end, encoding, cut, key }): Case => {
    const text = lines.join(end);
    const bytes = encoding === 'gzip' ? gzipSync(text) : Buffer.from(text, encoding);
    return {
      ...{
        path: '/api/v1/import',
        method: 'POST',
        body: new Uint8Array(cut === null ? bytes : bytes.subarray(0, cut)),
      },
      headers: {
        'content-type': 'application/x-ndjson',
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(encoding === 'gzip' ? { 'content-encoding': 'gzip' } : {}),
      },
    };
  });

it(
  `answers ${RUNS} requests (SEED=${SEED}), and works afterwards`,
  async () => {
    const asked = fc.oneof({ weight: 2, arbitrary: anywhere }, { weight: 1, arbitrary: imports });
    const property = fc.asyncProperty(asked, async (one) => {
      expect(await judge(hub, one, tally)).toEqual([]);
    });
    await fc.assert(property, { numRuns: RUNS, seed: SEED });
    await setStage(await openDoor(hub, '2025', { key: AGENT_KEY, agent: 'afterwards' }));
    expect((await hub.request('/health/ready')).status).toBe(200);
  },
  60_000 + RUNS * PER_RUN_MS,
);
