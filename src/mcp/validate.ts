/** Arguments of a call against a tool's schema; the first thing wrong becomes an error that says what would be right. */
import type { z } from 'zod';
import { invalid, type HubError } from '../errors.ts';
import type { JsonSchema } from './surface.ts';

/** Parameters whose values are never shown, however they are misspelt. A number of tokens is no secret. */
const HIDDEN = '(hidden)';
const SECRET = /(?<!^max_?)token|secret|password|api_?key/i;

/** @throws HubError INVALID_INPUT naming the parameter, its value and what is expected. */
export function parseArguments<T extends z.ZodObject>(
  schema: T,
  json: JsonSchema,
  args: unknown,
): z.output<T> {
  const parsed = schema.safeParse(args ?? {});
  if (parsed.success) return parsed.data;
  // A misspelt name explains the missing one, so it comes first.
  const { issues } = parsed.error;
  throw explain(issues.find((issue) => issue.code === 'unrecognized_keys') ?? issues[0], json, args);
}

function explain(issue: z.core.$ZodIssue | undefined, json: JsonSchema, args: unknown): HubError {
  const properties = propertiesOf(json);
  const names = Object.keys(properties).join(', ');
  if (issue === undefined || (issue.path.length === 0 && issue.code !== 'unrecognized_keys')) {
    return invalid('arguments', args, `an object with ${names}`);
  }
  if (issue.code === 'unrecognized_keys') {
    const field = [...issue.path, issue.keys[0]].join('.');
    const expected = `no parameter but ${names}`;
    const value = valueAt(args, [...issue.path, issue.keys[0] ?? '']);
    return invalid(field, SECRET.test(field) ? HIDDEN : value, expected, {
      message: `${field} is not a parameter of this tool; it takes ${names}.`,
      suggestions: [`Call again without ${field}.`],
    });
  }
  const [top] = issue.path;
  const expected =
    issue.code === 'custom' ? issue.message : describe(properties[String(top)], issue.path.slice(1));
  const field = issue.path.join('.');
  const value = valueAt(args, issue.path);
  return invalid(field, value !== undefined && SECRET.test(field) ? HIDDEN : value, expected);
}

function propertiesOf(json: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return (json['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (part, key) =>
      typeof part === 'object' && part !== null ? (part as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  );
}

/** What a JSON schema asks for, in words. */
function describe(schema: JsonSchema | undefined, path: readonly PropertyKey[]): string {
  if (schema === undefined) return 'another value';
  const items = schema['items'] as JsonSchema | undefined;
  if (path.length > 0 && items !== undefined) return describe(items, path.slice(1));
  const {
    type,
    enum: values,
    minimum,
    maximum,
    minLength,
    maxLength,
    minItems,
    maxItems,
    format,
    pattern,
  } = schema as Record<string, string | number | readonly unknown[] | undefined>;
  if (Array.isArray(values)) return `one of ${values.join(', ')}`;
  if (type === 'integer' || type === 'number') return `${article(type)}${range(minimum, maximum)}`;
  if (type === 'array') {
    return `an array${range(minItems, maxItems, ' items')}, each ${describe(items, [])}`;
  }
  if (type !== 'string') return typeof type === 'string' ? article(type) : 'any JSON value';
  if (format === 'date-time') return 'an ISO 8601 time with offset or Z';
  const white = pattern === undefined ? '' : ' without white space';
  if (minLength === 1 && maxLength === undefined) return `a string that is not empty${white}`;
  return `a string${range(minLength, maxLength, ' characters')}${white}`;
}

function article(type: string): string {
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;
}

function range(min: unknown, max: unknown, unit = ''): string {
  if (typeof min !== 'number') return typeof max === 'number' ? ` of at most ${max}${unit}` : '';
  return typeof max === 'number' ? ` of ${min} to ${max}${unit}` : ` of at least ${min}${unit}`;
}
