/** Schemas as agents read them: what zod says, without what costs tokens and tells nothing. */
import { z } from 'zod';
import type { JsonSchema } from './surface.ts';

const SAFE_INTEGERS: readonly unknown[] = [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];

/** What stands in the place of a part of a schema, where it is described elsewhere. */
export type RefOf = (part: z.core.$ZodType) => string | undefined;

/** JSON schema of a tool's parameters. */
export function inputJsonSchema(schema: z.ZodType): JsonSchema {
  return clean(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }), false);
}

/** JSON schema of a tool's success; further fields are allowed, so that answers can grow. */
export function outputJsonSchema(schema: z.ZodType, refOf: RefOf = () => undefined): JsonSchema {
  return clean(
    z.toJSONSchema(schema, {
      ...{ io: 'output', unrepresentable: 'any' },
      override({ zodSchema, jsonSchema, path }) {
        const ref = path.length === 0 ? undefined : refOf(zodSchema);
        if (ref === undefined) return;
        for (const name of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, name);
        jsonSchema.$ref = ref;
      },
    }),
    true,
  );
}

function clean(schema: object, open: boolean): JsonSchema {
  return JSON.parse(JSON.stringify(schema), function (this: Record<string, unknown>, name, value: unknown) {
    if (name === '$schema' || SAFE_INTEGERS.includes(value)) return undefined;
    // A format says it shorter than its pattern; a map of anything needs no rule for its names and values.
    if (name === 'pattern' && 'format' in this) return undefined;
    if (name === 'propertyNames') return undefined;
    if (name === 'additionalProperties' && (isEmpty(value) || (open && value === false))) return undefined;
    return oneTypeEach(value);
  }) as JsonSchema;
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** `anyOf` for a list of types: some clients know no other way. */
function oneTypeEach(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('type' in value) || !Array.isArray(value.type))
    return value;
  const { type, ...rest } = value;
  return { ...rest, anyOf: type.map((one: unknown) => ({ type: one })) };
}
