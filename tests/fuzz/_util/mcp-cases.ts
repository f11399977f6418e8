/** Requests to `/mcp` of both eras, from the tools' own schemas and from calls that are good, each damaged here or there. */
import fc from 'fast-check';
import { GOOD_CALLS, type Stage } from '../../_util/scenario-calls.ts';
import { fitting, HOSTILE } from '../../_util/openapi-requests.ts';
import type { JsonSchema } from '../../../src/mcp/surface.ts';
import type { Case } from './verdict.ts';

export interface Ground {
  readonly tools: readonly { readonly name: string; readonly inputSchema: JsonSchema }[];
  readonly stage: Stage;
  readonly keys: readonly string[];
  /** Things that are there, by the name of a parameter. */
  readonly pool: Readonly<Record<string, readonly unknown[]>>;
  /** What a session of 2025 needs. */
  readonly session: Readonly<Record<string, string>>;
  readonly agent: string;
}

type Fields = Readonly<Record<string, unknown>>;
type Era = '2025' | '2026';
const REVISIONS: Readonly<Record<Era, string>> = { '2025': '2025-11-25', '2026': '2026-07-28' };

const DEEP = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
const hostile = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<unknown>(...HOSTILE) },
  { weight: 2, arbitrary: fc.anything({ maxDepth: 2, withBigInt: false, withDate: false }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 200 }).map(DEEP) },
  { weight: 1, arbitrary: fc.integer({ min: 1000, max: 200_000 }).map((length) => 'ä'.repeat(length)) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 50 }) },
);

/** Waits are not waited for. */
function quick(tool: unknown, args: unknown): unknown {
  if (typeof args !== 'object' || args === null || Array.isArray(args)) return args;
  const given = args as Fields;
  const short = (name: string): Fields => (Number.isInteger(given[name]) ? { [name]: 0 } : {});
  const waits = tool === 'wait_for_messages' && given['timeout_seconds'] === undefined;
  return {
    ...given,
    ...short('timeout_seconds'),
    ...short('wait_seconds'),
    ...(waits ? { timeout_seconds: 0 } : {}),
  };
}

/** Arguments as the schema has them, some of them of what is there. */
function argumentsOf({ pool }: Ground, schema: JsonSchema): fc.Arbitrary<Fields> {
  const parts = Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>);
  const value = (name: string, of: JsonSchema): fc.Arbitrary<unknown> => {
    const there = pool[name];
    if (there === undefined) return fitting(of);
    return fc.oneof(
      { weight: 1, arbitrary: fitting(of) },
      { weight: 2, arbitrary: fc.constantFrom(...there) },
    );
  };
  const isRequired = (name: string): boolean =>
    (schema['required'] as readonly string[] | undefined)?.includes(name) === true;
  return fc.record(Object.fromEntries(parts.map(([name, of]) => [name, value(name, of)])), {
    requiredKeys: parts.map(([name]) => name).filter(isRequired),
  });
}

/** One field taken away, added, or made another. */
const mutation = fc.record({
  kind: fc.constantFrom('none', 'none', 'drop', 'put', 'put', 'add'),
  nth: fc.nat(20),
  value: hostile,
});
type Mutation = typeof mutation extends fc.Arbitrary<infer M> ? M : never;
function mutated(fields: Fields, { kind, nth, value }: Mutation): Fields {
  const names = Object.keys(fields);
  const name = names[nth % names.length] ?? 'nonsense';
  if (kind === 'drop') return Object.fromEntries(Object.entries(fields).filter(([one]) => one !== name));
  if (kind === 'put') return { ...fields, [name]: value };
  return kind === 'add' ? { ...fields, [`x${name}`]: value } : fields;
}

function callOf(ground: Ground): fc.Arbitrary<{ method: string; params: Fields }> {
  const toolCall = fc.constantFrom(...ground.tools).chain(({ name, inputSchema }) => {
    const good = fc.constantFrom<Fields>(...(GOOD_CALLS[name]?.(ground.stage) ?? [{}]));
    return fc
      .tuple(fc.oneof({ weight: 2, arbitrary: argumentsOf(ground, inputSchema) }, good), mutation, mutation)
      .map(([args, one, two]) => ({ name, arguments: quick(name, mutated(mutated(args, one), two)) }));
  });
  const { sessionId } = ground.stage;
  const uri = fc.oneof(
    fc.constantFrom('hub://info', 'docs://tools', 'performance://metrics', `session://${sessionId}`),
    fc.constantFrom(
      `session://${sessionId}/messages`,
      `agent://${ground.agent}/memory`,
      `agent://${ground.agent}/inbox`,
    ),
    fc.string({ unit: 'binary', maxLength: 40 }).map((text) => `session://${text}`),
    fc.webUrl(),
  );
  const text = fc.oneof(
    fc.constantFrom(sessionId, ground.agent, 'review'),
    fc.string({ unit: 'binary', maxLength: 30 }),
  );
  const prompt = fc.record({
    name: fc.constantFrom('setup-collaboration', 'debug-session', 'catch-up', 'handoff', 'none'),
    arguments: fc.dictionary(
      fc.constantFrom('session_id', 'to', 'purpose', 'expert_roles', 'iteration_rounds'),
      text,
    ),
  });
  const completion = fc.record({
    ref: fc.oneof(
      fc.record({ type: fc.constant('ref/prompt'), name: fc.constantFrom('handoff', 'none') }),
      fc.record({ type: fc.constant('ref/resource'), uri: fc.constantFrom('session://{session_id}', 'x') }),
    ),
    argument: fc.record({ name: fc.constantFrom('session_id', 'to', 'x'), value: text }),
  });
  const asked = <T extends object>(method: string, params: fc.Arbitrary<T>) =>
    params.map((given) => ({ method, params: { ...given } as Fields }));
  const none = fc.constant({});
  const others = fc.oneof(
    asked('resources/read', fc.record({ uri })),
    asked('prompts/get', prompt),
    asked('completion/complete', completion),
    ...['tools/list', 'resources/list', 'resources/templates/list', 'prompts/list'].map((method) =>
      asked(method, fc.oneof(none, fc.record({ cursor: text }))),
    ),
    ...['ping', 'server/discover', 'logging/setLevel', 'notifications/initialized'].map((method) =>
      asked(method, none),
    ),
    asked('resources/subscribe', fc.record({ uri })),
    asked('resources/unsubscribe', fc.record({ uri })),
    asked('notifications/cancelled', fc.record({ requestId: fc.oneof(fc.nat(5), text) })),
    fc.record({
      method: fc.string({ maxLength: 20 }),
      params: fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue()),
    }),
  );
  const damaged = fc
    .tuple(others, mutation)
    .map(([{ method, params }, change]) => ({ method, params: mutated(params, change) }));
  return fc.oneof({ weight: 3, arbitrary: asked('tools/call', toolCall) }, { weight: 2, arbitrary: damaged });
}

/** How the text of a body is spoilt. */
const spoiling = fc.oneof(
  { weight: 12, arbitrary: fc.constant(null) },
  {
    weight: 1,
    arbitrary: fc.record({
      how: fc.constantFrom('cut', 'put', 'byte order mark', 'utf-16', 'latin-1', 'twice', 'batch'),
      at: fc.nat(400),
      text: fc.constantFrom('\u0000', ',', '}', '[', '"', '\\u', '\ud800', '1e999', ' '),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      how: fc.constant('deep'),
      at: fc.integer({ min: 60, max: 5000 }),
      text: fc.constant('['),
    }),
  },
);
type Spoiling = typeof spoiling extends fc.Arbitrary<infer S> ? S : never;
const bytesOf = (text: string, encoding: BufferEncoding): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.from(text, encoding));

function spoilt(json: string, spoiling: Spoiling): string | Uint8Array<ArrayBuffer> {
  if (spoiling === null) return json;
  const { how, at, text } = spoiling;
  const place = at % json.length;
  if (how === 'cut') return json.slice(0, place);
  if (how === 'put') return json.slice(0, place) + text + json.slice(place);
  if (how === 'byte order mark') return `\ufeff${json}`;
  if (how === 'twice') return json + json;
  if (how === 'batch') return `[${json},${json}]`;
  if (how === 'deep')
    return `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":${text.repeat(at)}${']'.repeat(at)}}}`;
  return bytesOf(json, how === 'utf-16' ? 'utf16le' : 'latin1');
}

const printable = fc.string({ maxLength: 30 }).map((text) => text.trim());
/** Headers that are put over the good ones; an empty one is taken away. */
const otherHeaders = fc.oneof(
  { weight: 5, arbitrary: fc.constant({}) },
  {
    weight: 2,
    arbitrary: fc.dictionary(
      fc.constantFrom(
        'mcp-protocol-version',
        'mcp-method',
        'mcp-name',
        'mcp-session-id',
        'accept',
        'content-type',
        'content-encoding',
        'x-agent-id',
        'x-agent-type',
        'last-event-id',
        'x-forwarded-for',
        'origin',
        'if-none-match',
      ),
      fc.oneof(
        fc.constantFrom(
          '',
          '*/*',
          'text/plain',
          'application/json; charset=utf-16',
          'gzip',
          'null',
          '2024-11-05',
          '1999-01-01',
          'tools/call',
        ),
        printable,
      ),
      { maxKeys: 2 },
    ),
  },
);

/** Requests as they are sent; few are good, most are nearly. */
export function mcpCases(ground: Ground): fc.Arbitrary<Case> {
  const id = fc.oneof(
    { weight: 6, arbitrary: fc.nat(9) },
    fc.constantFrom<unknown>(undefined, null, 'a', 1.5, -1, {}, [], true, 'x'.repeat(500)),
  );
  return fc
    .record({
      era: fc.constantFrom<Era>('2025', '2026', '2026'),
      call: callOf(ground),
      id,
      jsonrpc: fc.oneof(
        { weight: 12, arbitrary: fc.constant<unknown>('2.0') },
        fc.constantFrom<unknown>('1.0', 2, undefined),
      ),
      whole: fc.oneof({ weight: 15, arbitrary: fc.constant(true) }, fc.constant(false)),
      meta: fc.oneof({ weight: 12, arbitrary: fc.constant(null) }, fc.record({ value: hostile })),
      key: fc.oneof({ weight: 10, arbitrary: fc.constant(0) }, fc.nat(ground.keys.length - 1)),
      path: fc.oneof(
        { weight: 8, arbitrary: fc.constant('/mcp') },
        fc.constantFrom('/mcp/', '/mcp/2025', '/mcp?tools=core', '/mcp?tools=x'),
      ),
      method: fc.oneof(
        { weight: 30, arbitrary: fc.constant('POST') },
        fc.constantFrom('GET', 'PUT', 'OPTIONS', 'PATCH'),
      ),
      spoiling,
      otherHeaders,
      junk: hostile,
    })
    .map(({ era, call, id, jsonrpc, whole, meta, key, path, method, spoiling, otherHeaders, junk }): Case => {
      const { params } = call;
      const _meta = meta === null ? metaOf() : meta.value;
      const message = {
        jsonrpc,
        id,
        method: call.method,
        params: era === '2026' ? { ...params, _meta } : params,
      };
      const json = (JSON.stringify(whole ? message : junk) as string | undefined) ?? 'undefined';
      const target = params['name'] ?? params['uri'];
      const headers: Record<string, string> = {
        ...{ 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
        ...{ authorization: `Bearer ${ground.keys[key] ?? ''}`, 'x-agent-id': ground.agent },
        'mcp-protocol-version': REVISIONS[era],
        ...(era === '2025' ? ground.session : { 'mcp-method': latin(call.method) }),
        ...(era === '2026' && typeof target === 'string' ? { 'mcp-name': latin(target) } : {}),
        ...Object.fromEntries(Object.entries(otherHeaders).map(([name, value]) => [name, latin(value)])),
      };
      const sent = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ''));
      const body = method === 'GET' ? {} : { body: spoilt(json, spoiling) };
      return { path, method, headers: sent, ...body };
    });
}

const metaOf = (): Fields => ({
  'io.modelcontextprotocol/protocolVersion': REVISIONS['2026'],
  'io.modelcontextprotocol/clientInfo': { name: 'fuzz', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
});
/** A header holds no other characters. */
const latin = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').trim();
