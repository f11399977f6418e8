/** The tools' reference, made from the tool table. */
import type { JsonSchema, ToolDescriptor } from './surface.ts';

interface Property extends JsonSchema {
  readonly description?: string;
}

/** Markdown with a section per tool: what it does, its parameters, its answer. */
export function docsMarkdown(tools: readonly ToolDescriptor[]): string {
  return `${['# Tools', ...tools.map(section)].join('\n\n')}\n`;
}

function section({
  name,
  title,
  description,
  inputSchema,
  outputSchema,
  annotations,
}: ToolDescriptor): string {
  const hints = [
    annotations['readOnlyHint'] === true ? 'read-only' : 'writes',
    ...(annotations['idempotentHint'] === true ? ['idempotent'] : []),
    ...(annotations['destructiveHint'] === true ? ['destructive'] : []),
  ];
  const required = (inputSchema['required'] ?? []) as readonly string[];
  const rows = Object.entries(propertiesOf(inputSchema)).map(
    ([parameter, schema]) =>
      `| \`${parameter}\`${required.includes(parameter) ? ' (required)' : ''} | ${cell(typeText(schema))} | ${cell(schema.description ?? '')} |`,
  );
  const fields = Object.entries(propertiesOf(outputSchema)).map(
    ([field, schema]) => `\`${field}\` (${typeText(schema)})`,
  );
  const table = ['| parameter | type | |', '| --- | --- | --- |', ...rows].join('\n');
  return [
    `## ${name}`,
    `${title}: ${description} (${hints.join(', ')})`,
    ...(rows.length === 0 ? [] : [table]),
    `Answers ${fields.join(', ')}.`,
  ].join('\n\n');
}

function propertiesOf(schema: JsonSchema): Readonly<Record<string, Property>> {
  return (schema['properties'] ?? {}) as Readonly<Record<string, Property>>;
}

/** A schema in a few words: type, choices, bounds, default. */
function typeText(schema: JsonSchema): string {
  const { enum: values, anyOf, type, items, const: fixed } = schema as Record<string, unknown>;
  if (fixed !== undefined) return JSON.stringify(fixed);
  if (Array.isArray(anyOf)) return anyOf.map((part: JsonSchema) => typeText(part)).join(' or ');
  const base = Array.isArray(values)
    ? values.map((value) => JSON.stringify(value)).join(', ')
    : type === 'array'
      ? `array of ${typeText((items ?? {}) as JsonSchema)}`
      : typeof type === 'string'
        ? type
        : 'any JSON';
  return [base, bounds(schema), byDefault(schema)].filter((part) => part !== '').join(', ');
}

function bounds(schema: JsonSchema): string {
  const { minimum, maximum, minLength, maxLength, maxItems } = schema as Record<string, number | undefined>;
  const text = (min: number | undefined, max: number | undefined, unit: string): string => {
    if (min === undefined && max === undefined) return '';
    if (max === undefined) return `≥ ${min}${unit}`;
    return min === undefined ? `≤ ${max}${unit}` : `${min}–${max}${unit}`;
  };
  return (
    text(minimum, maximum, '') ||
    text(minLength, maxLength, ' characters') ||
    text(undefined, maxItems, ' items')
  );
}

function byDefault(schema: JsonSchema): string {
  return schema['default'] === undefined ? '' : `default ${JSON.stringify(schema['default'])}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
