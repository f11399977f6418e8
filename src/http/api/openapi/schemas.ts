/** JSON schemas of answers. Objects that many answers hold are described once, by name. */
import { z } from 'zod';
import { ERRORS, type ErrorCode } from '../../../errors.ts';
import { outputJsonSchema } from '../../../mcp/json-schema.ts';
import {
  agentShape,
  auditEntryShape,
  entryShape,
  headShape,
  leaseShape,
  messageShape,
  receiptShape,
  sessionShape,
} from '../../../mcp/shapes.ts';
import type { JsonSchema } from '../../../mcp/surface.ts';
import { ownedAgentShape } from '../agents.ts';
import { keyShape } from '../keys.ts';

const CODES = Object.keys(ERRORS) as ErrorCode[];

const errorShape = z.object({
  success: z.literal(false),
  error: z.string().describe('what was wrong with which value, in one sentence'),
  code: z.enum(CODES),
  number: z.string(),
  severity: z.enum(['warning', 'error', 'critical']),
  recoverable: z.boolean().describe('whether other input, or trying again, can mend it'),
  retry_after: z.number().describe('seconds').optional(),
  suggestions: z.array(z.string()),
  context: z.record(z.string(), z.unknown()),
  related_resources: z.array(z.string()),
  request_id: z.string(),
  timestamp: z.string(),
});

const NAMED: readonly (readonly [string, z.ZodType])[] = [
  ['Session', sessionShape],
  ['Message', messageShape],
  ['MessageHead', headShape],
  ['Receipt', receiptShape],
  ['MemoryEntry', entryShape],
  ['Agent', agentShape],
  ['OwnedAgent', ownedAgentShape],
  ['Lease', leaseShape],
  ['AuditEntry', auditEntryShape],
  ['Key', keyShape],
  ['Error', errorShape],
];

const REFS = new Map<unknown, string>(
  NAMED.map(([name, schema]) => [schema, `#/components/schemas/${name}`]),
);
const refOf = (schema: unknown): string | undefined => REFS.get(schema);

/** What is called by name in {@link answerSchema}. */
export const componentSchemas = (): Readonly<Record<string, JsonSchema>> =>
  Object.fromEntries(NAMED.map(([name, schema]) => [name, outputJsonSchema(schema, refOf)]));

export function answerSchema(schema: z.ZodType): JsonSchema {
  const ref = refOf(schema);
  return ref === undefined ? outputJsonSchema(schema, refOf) : { $ref: ref };
}

/** The error object, with one of these codes. */
export function errorSchema(codes: readonly ErrorCode[]): JsonSchema {
  return {
    allOf: [
      { $ref: '#/components/schemas/Error' },
      { type: 'object', properties: { code: { enum: codes } } },
    ],
  };
}
