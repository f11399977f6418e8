/** Bad arguments of every kind, made from a tool's JSON schema. */

interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly format?: string;
  readonly pattern?: string;
  readonly items?: Schema;
}

export interface ToolSchema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

export interface BadArguments {
  readonly what: string;
  readonly args: Record<string, unknown>;
  /** The parameter that the error must name. */
  readonly field: string;
}

interface BadValue {
  readonly what: string;
  readonly value: unknown;
  /** Below the parameter, for items of an array. */
  readonly at?: string;
}

const OF_TYPE: Readonly<Record<string, unknown>> = {
  string: 'text',
  integer: 1,
  number: 1.5,
  boolean: true,
  array: ['a'],
  object: { a: 1 },
};

function wrongTypes({ type }: Schema): BadValue[] {
  if (type === undefined) return [];
  const others = Object.entries(OF_TYPE).filter(
    ([name]) => name !== type && !(type === 'number' && name === 'integer'),
  );
  return [
    { what: 'null', value: null },
    ...others.map(([name, value]) => ({ what: `of type ${name}`, value })),
    // Nothing is coerced.
    ...(type === 'integer' ? [{ what: 'a number as text', value: '5' }] : []),
    ...(type === 'boolean'
      ? [
          { what: 'a boolean as text', value: 'true' },
          { what: '0', value: 0 },
        ]
      : []),
  ];
}

function badText({ minLength = 0, maxLength, enum: values, format, pattern }: Schema): BadValue[] {
  const bad: BadValue[] = [];
  if (minLength > 0) bad.push({ what: 'too short', value: 'x'.repeat(minLength - 1) });
  if (maxLength !== undefined) bad.push({ what: 'too long', value: 'x'.repeat(maxLength + 1) });
  if (values !== undefined) {
    bad.push(
      { what: 'no choice', value: 'nonsense' },
      { what: 'a choice in other case', value: values[0]?.toUpperCase() },
    );
  }
  if (pattern !== undefined)
    bad.push({ what: 'with white space', value: 'a b' }, { what: 'with a tab', value: 'a\tb' });
  if (format === 'date-time') {
    for (const value of ['yesterday', '2026-01-01', '2026-01-01T00:00:00', '2026-02-30T00:00:00Z', '']) {
      bad.push({ what: `no time: ${value}`, value });
    }
  }
  return bad;
}

function outside({ minimum, maximum }: Schema): BadValue[] {
  return [
    ...(minimum === undefined ? [] : [{ what: 'too small', value: minimum - 1 }]),
    { what: 'too large', value: maximum === undefined ? Number.MAX_SAFE_INTEGER + 1 : maximum + 1 },
  ];
}

function badItems({ maxItems, items = {} }: Schema): BadValue[] {
  const tooMany =
    maxItems === undefined ? [] : [{ what: 'too many', value: Array<string>(maxItems + 1).fill('a') }];
  const wrong = badValues(items).map(({ what, value }) => ({
    what: `an item ${what}`,
    value: [items.enum?.[0] ?? 'good', value],
    at: '1',
  }));
  return [...tooMany, ...wrong];
}

function badValues(schema: Schema): BadValue[] {
  const { type } = schema;
  return [
    ...wrongTypes(schema),
    ...(type === 'string' ? badText(schema) : []),
    ...(type === 'integer' || type === 'number' ? outside(schema) : []),
    ...(type === 'array' ? badItems(schema) : []),
  ];
}

/** `good` are arguments that would succeed. */
export function badArguments(
  { properties = {}, required = [] }: ToolSchema,
  good: Record<string, unknown>,
): BadArguments[] {
  const missing = required.map((field) => {
    const { [field]: _, ...args } = good;
    return { what: `without ${field}`, args, field };
  });
  const wrong = Object.entries(properties).flatMap(([name, schema]) =>
    badValues(schema).map(({ what, value, at }) => ({
      what: `${name} ${what}`,
      args: { ...good, [name]: value },
      field: at === undefined ? name : `${name}.${at}`,
    })),
  );
  const unknown = ['sender', 'agent_id', 'nonsense', 'toString', 'constructor'].map((name) => ({
    what: `with ${name}`,
    args: { ...good, [name]: 'x' },
    field: name,
  }));
  return [...missing, ...wrong, ...unknown.filter(({ field }) => !(field in properties))];
}
