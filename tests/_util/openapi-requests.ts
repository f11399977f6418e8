/** Requests to an operation, made from what the document says of it: fitting ones, real ones, and hostile ones. */
import fc from 'fast-check';
import type { Parameter } from '../../src/http/api/openapi/document.ts';
import type { JsonSchema } from '../../src/mcp/surface.ts';
import type { Described } from './openapi.ts';
import { ADMIN_KEY, AGENT_KEY, type TestHub } from './test-hub.ts';

export interface Asked {
  readonly path: string;
  readonly init: RequestInit;
}

/** Things of the hub, by the name of the parameter that takes one, and who may ask. */
export interface Pool {
  readonly of: ReadonlyMap<string, unknown[]>;
  readonly keys: readonly (string | undefined)[];
  /** Remembers what an answer gives to go on with. */
  learn(operationId: string, text: string): void;
}

const MEMBERS = 4;
const MOST_LEARNT = 200;

/** A hub in which something of everything is there. */
export async function fillHub(hub: TestHub): Promise<Pool> {
  const ask = async (path: string, body: object, key = ADMIN_KEY, method = 'POST') => {
    const headers = { authorization: `Bearer ${key}`, 'x-agent-id': ownAgent(key) };
    const response = await hub.request(path, { method, headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return (await response.json()) as Record<string, unknown>;
  };
  const of = new Map<string, unknown[]>();
  const put = (name: string, ...values: unknown[]): unknown[] =>
    of.set(name, [...(of.get(name) ?? []), ...values]).get(name) ?? [];
  for (let i = 0; i < MEMBERS; i++) {
    const { session_id } = await ask('/api/v1/sessions', { purpose: `Parser ${i}` });
    put('session_id', session_id);
    for (let m = 0; m < MEMBERS; m++) {
      const parent = of.get('message_id')?.at(-1);
      const visibility = ['public', 'private', 'agent_only', 'admin_only'][m];
      const { message_id } = await ask(`/api/v1/sessions/${session_id as string}/messages`, {
        ...{ content: `tokenizer ${i} ${m}`, visibility, ...(m > 0 ? { parent_message_id: parent } : {}) },
      });
      put('message_id', message_id);
    }
    for (const scope of ['shared', 'agent'])
      await ask(`/api/v1/memory/key-${i}`, { value: { i }, scope }, ADMIN_KEY, 'PUT');
    put('key', `key-${i}`);
    put('version', 1);
    const { key_id, name } = await ask('/api/v1/keys', { name: `spare-${i}` });
    put('key_id', key_id, name);
  }
  const { refresh_token } = await ask('/auth/token', { agent_id: 'fuzz-token', agent_type: 'fuzz' });
  put('refresh_token', refresh_token);
  put('scope', 'shared');
  // It may be closed: others must stay open.
  put('updateSession.session_id', of.get('session_id')?.at(-1));
  put('transferAgent.key', 'key_admin');
  put('agent_id', ownAgent(ADMIN_KEY));
  put('sender', ownAgent(ADMIN_KEY));
  put('issueToken.agent_id', 'fuzz-token');
  put('issueToken.agent_type', 'fuzz');
  put('to', [ownAgent(ADMIN_KEY)]);
  for (const name of ['parent_message_id', 'after_id', 'before_id'])
    put(name, ...(of.get('message_id') ?? []));
  const holder = await hub.connect('2026', { key: ADMIN_KEY, agent: 'fuzz-holder', type: 'fuzz' });
  for (let i = 0; i < MEMBERS; i++) {
    const { structuredContent } = await holder.client.callTool({
      ...{ name: 'acquire_lease', arguments: { resources: [`file-${i}`] } },
    });
    put('lease_id', (structuredContent as { lease: { lease_id: string } }).lease.lease_id);
  }
  await holder.client.close();
  put('takeProfile.seconds', 0.1, 0.2);
  put('token', refresh_token);
  const keys = [
    ...[ADMIN_KEY, AGENT_KEY, await hub.makeKey('reader', { permissions: ['read'] })],
    await hub.makeKey('stranger', { workspace: 'elsewhere', permissions: ['read', 'write', 'admin'] }),
    await hub.makeKey('everywhere', { workspace: '*', permissions: ['read', 'write', 'admin'] }),
    ...['schk_nonsense', undefined],
  ];
  return {
    ...{ of, keys },
    learn(operationId, text) {
      const remember = (name: string, value: unknown): void => {
        if ((of.get(name)?.length ?? 0) < MOST_LEARNT) put(name, value);
      };
      for (const [, cursor] of text.matchAll(/"next_cursor":"([\w-]+)"/g))
        remember(`${operationId}.cursor`, cursor);
      for (const [, token] of text.matchAll(/"(?:access|refresh)_token":"([^"]+)"/g))
        remember('token', token);
    },
  };
}

/** The agent of the key's own. */
const OWN = 'own';
const ownAgent = (key: string): string => `fuzz-${key.slice(5, 15)}`;

/** A value, or the n-th of the pool. */
type Planned = { readonly value: unknown } | { readonly nth: number };
interface Plan {
  readonly calm: boolean;
  readonly key: number;
  readonly agent: string | undefined;
  readonly fields: Readonly<Record<string, Planned>>;
  readonly body: 'fields' | 'other';
  readonly other: string;
  readonly rest: Readonly<Record<string, string>>;
}

export const HOSTILE: readonly unknown[] = [
  ...['', ' ', '\u0000', '\ud800', '../..', '%', '%ff', '*', "' OR 1=1 --", '"', '\r\nx: y', '1e309', '-1'],
  ...['99999999999999999999', 'true', 'null', '__proto__', 'constructor', '\u202e', 'x'.repeat(5000)],
  ...[null, true, -1, 0, 1.5, 1e308, Number.MAX_SAFE_INTEGER, [], [[]], {}, { __proto__: null, a: 1 }],
];
const BODIES = ['', '{', '[]', 'null', '1', '"x"', '{"a":1}', '['.repeat(5000), '\u0000', '{"__proto__":{}}'];

export function requestsOf({ method, path, operation }: Described, pool: Pool) {
  const parameters = operation.parameters.filter((one): one is Parameter => !('$ref' in one));
  const [type, media] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  const bodySchema = media?.schema ?? {};
  const parts: Readonly<Record<string, JsonSchema>> = {
    ...Object.fromEntries(parameters.map(({ name, schema }) => [name, schema])),
    ...(bodySchema['properties'] as Readonly<Record<string, JsonSchema>> | undefined),
  };
  const inBody = new Set(Object.keys(bodySchema['properties'] ?? {}));
  const required = new Set([
    ...parameters.filter((one) => one.required).map(({ name }) => name),
    ...((bodySchema['required'] as readonly string[] | undefined) ?? []),
  ]);
  const pooled = (name: string): readonly unknown[] =>
    pool.of.get(`${operation.operationId}.${name}`) ?? pool.of.get(name) ?? [];

  // Seconds are waited for: only few are asked for.
  const made = (name: string, schema: JsonSchema): fc.Arbitrary<Planned> =>
    fc.oneof(
      {
        weight: name === 'seconds' ? 0 : 1,
        arbitrary: fitting(schema).map((value) => ({ value })),
      },
      {
        weight: pooled(name).length > 0 || name === 'cursor' ? 12 : 0,
        arbitrary: fc.nat(1e6).map((nth) => ({ nth })),
      },
    );
  const hostile = fc.constantFrom(...HOSTILE).map((value): Planned => ({ value }));
  const fieldsOf = (one: (name: string, schema: JsonSchema) => fc.Arbitrary<Planned>) =>
    fc.record(Object.fromEntries(Object.entries(parts).map(([name, schema]) => [name, one(name, schema)])), {
      requiredKeys: [...required],
    }) as fc.Arbitrary<Plan['fields']>;
  const lines =
    type === 'application/json' || type === undefined
      ? fc.oneof(fc.constantFrom(...BODIES), fc.json())
      : fc.array(fc.oneof(fc.json(), lineOf(media?.example)), { maxLength: 5 }).map((all) => all.join('\n'));
  /** Of somebody who may, with what fits. */
  const calm: fc.Arbitrary<Plan> = fc.record({
    calm: fc.constant(true),
    key: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(1e6) }),
    agent: fc.constantFrom(undefined, OWN),
    fields: fieldsOf(made),
    body: fc.constant('fields' as const),
    other: lines,
    rest: fc.constant({}),
  });
  const wild: fc.Arbitrary<Plan> = fc.record({
    calm: fc.constant(false),
    key: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(1e6) }),
    agent: fc.constantFrom(undefined, OWN, OWN, 'fuzz-one', 'no name', 'x'.repeat(200)),
    fields: fieldsOf((name, schema) =>
      fc.oneof({ weight: 4, arbitrary: made(name, schema) }, { weight: 1, arbitrary: hostile }),
    ),
    body: fc.constantFrom('fields', 'fields', 'fields', 'other'),
    other: lines,
    rest: fc.constantFrom({}, {}, {}, { nonsense: 'x' }),
  });
  const any = fc.oneof({ weight: 3, arbitrary: calm }, { weight: 2, arbitrary: wild });

  function asked(
    values: ReadonlyMap<string, unknown>,
    { key, agent, body, other, rest }: Omit<Plan, 'fields' | 'calm'>,
  ) {
    const names = [...values.keys()];
    const headers = new Headers();
    const secret = pool.keys[key % pool.keys.length];
    if (secret !== undefined) headers.set('authorization', `Bearer ${secret}`);
    if (agent !== undefined) headers.set('x-agent-id', agent === OWN ? ownAgent(secret ?? '') : agent);
    for (const { name, in: where } of parameters) {
      const value = text(values.get(name));
      if (where === 'header' && values.has(name) && /^[\x20-\x7e]*$/.test(value)) headers.set(name, value);
    }
    const query = new URLSearchParams(rest);
    for (const { name, in: where } of parameters)
      if (where === 'query' && values.has(name)) query.set(name, text(values.get(name)));
    const address = path.replace(/\{(\w+)\}/g, (_, name: string) => pathPart(values.get(name)));
    const fields = Object.fromEntries(
      names.filter((name) => inBody.has(name)).map((name) => [name, values.get(name)]),
    );
    const json = type === undefined || type === 'application/json';
    const content = json && body === 'fields' ? JSON.stringify(fields) : other;
    return {
      path: `${address}${query.size > 0 ? `?${query.toString()}` : ''}`,
      init: { method, headers, ...(method === 'GET' || method === 'DELETE' ? {} : { body: content }) },
    };
  }

  return {
    any,
    resolve({ fields, ...plan }: Plan): Asked {
      const values = new Map<string, unknown>();
      for (const [name, planned] of Object.entries(fields)) {
        const real = pooled(name);
        if ('value' in planned) values.set(name, planned.value);
        else if (real.length > 0) values.set(name, real[planned.nth % real.length]);
      }
      if (plan.calm && values.has('after_id')) values.delete('before_id');
      return asked(values, plan);
    },
    /** What the document shows, about things that are there. */
    example(): Asked {
      const values = new Map<string, unknown>();
      for (const { name, required: must, example } of parameters)
        if (must || example !== undefined) values.set(name, pooled(name)[0] ?? example);
      const shown = media?.example;
      if (typeof shown === 'object' && shown !== null)
        for (const [name, value] of Object.entries(shown)) values.set(name, pooled(name)[0] ?? value);
      const other = typeof shown === 'string' ? shown : '';
      return asked(values, {
        key: 0,
        agent: ownAgent(ADMIN_KEY),
        body: 'fields',
        other,
        rest: {},
      });
    },
  };
}

/** A line of the example, with one of its fields another. */
function lineOf(example: unknown): fc.Arbitrary<string> {
  const line = JSON.parse(String(example)) as Record<string, unknown>;
  return fc
    .record({
      name: fc.constantFrom(...Object.keys(line), 'record'),
      value: fc.constantFrom(...HOSTILE, 'memory'),
    })
    .map(({ name, value }) => JSON.stringify({ ...line, [name]: value }));
}

const text = (value: unknown): string =>
  (typeof value === 'string' ? value : JSON.stringify(value ?? null)).toWellFormed();

/** Never empty, nor a step in the path: that would be another address. */
function pathPart(value: unknown): string {
  const part = encodeURIComponent(text(value)).replaceAll('.', '%2E');
  return part === '' || /^(%2E){1,2}$/.test(part) ? 'none' : part;
}

const MOST = 1000;
const YEARS = { min: new Date(0), max: new Date('2100-01-01') };

/** Values that fit a schema. */
export function fitting(schema: JsonSchema): fc.Arbitrary<unknown> {
  const { type, enum: values, anyOf, format, pattern, items } = schema;
  const number = (name: string, byDefault: number): number =>
    typeof schema[name] === 'number' ? schema[name] : byDefault;
  if ('const' in schema) return fc.constant(schema['const']);
  if (Array.isArray(values)) return fc.constantFrom(...(values as unknown[]));
  if (Array.isArray(anyOf)) return fc.oneof(...anyOf.map((part) => fitting(part as JsonSchema)));
  if (type === 'boolean') return fc.boolean();
  if (type === 'integer' || type === 'number') {
    const min = number('minimum', 0);
    const max = number('maximum', Number.MAX_SAFE_INTEGER);
    const within = fc.integer({ min: Math.ceil(min), max: Math.floor(Math.min(max, min + MOST)) });
    return fc.oneof(fc.constantFrom(min, max), within);
  }
  if (type === 'array')
    return fc.array(fitting((items ?? {}) as JsonSchema), { minLength: number('minItems', 0), maxLength: 3 });
  if (type === 'object') return fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue(), { maxKeys: 3 });
  if (type !== 'string') return fc.jsonValue();
  if (format === 'date-time')
    return fc.date({ ...YEARS, noInvalidDate: true }).map((date) => date.toISOString());
  if (typeof pattern === 'string') return fc.stringMatching(new RegExp(pattern, 'u'), { maxLength: 20 });
  return fc.string({ unit: 'binary', minLength: number('minLength', 0), maxLength: 20 });
}
