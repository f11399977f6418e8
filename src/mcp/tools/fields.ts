/** Parameters that several tools share, in one wording. */
import { z } from 'zod';
import { PERMISSIONS } from '../../context.ts';
import { MESSAGE_TYPES, VISIBILITIES } from '../../store/port.ts';

const notBlank = (text: string): boolean => text.trim() !== '';

export const sessionId = z.string().min(1).max(100);
export const messageId = z.int().min(1);
export const visibility = z.enum(VISIBILITIES);
export const messageType = z.enum(MESSAGE_TYPES);
export const purpose = z.string().min(1).max(2000).refine(notBlank, 'text that is not only white space');
/** Its length is a setting, which the service checks. */
export const content = z.string().min(1);
export const sender = z.string().min(1).max(100).refine(notBlank, 'a name that is not only white space');
export const query = z.string().min(1).max(500).refine(notBlank, 'text that is not only white space');
/** One of list_memory holds a key, whose characters may take eight each in it. */
export const cursor = z.string().min(1).max(4000);
export const metadata = z
  .custom<Readonly<Record<string, unknown>>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'an object',
  )
  .meta({ type: 'object' });
export const maxTokens = z.int().min(200).max(200_000).default(20_000);
export const limit = (max: number, byDefault: number) => z.int().min(1).max(max).default(byDefault);
export const reason = z.string().min(1).max(500);
export const memoryKey = z
  .string()
  .min(1)
  .max(255)
  .regex(/^\S+$/, 'a key without white space')
  // SQLite would take all halves of characters for one and the same.
  .refine((key) => key.isWellFormed(), 'a key of whole characters');
export const memoryScope = z.enum(['agent', 'shared']);
export const ifVersion = z
  .int()
  .min(0)
  .describe('write only if this is the current version; 0: only if absent');
export const time = z.iso.datetime({ offset: true }).describe('ISO 8601 with offset or Z');
const NAME = /^[A-Za-z0-9._@-]+$/;
/** An agent's id or type. The pattern stays out of the JSON schema: agents pay for it. */
export const agentName = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((name) => NAME.test(name), 'a name of letters, digits and . _ - @');
export const permissions = z.array(z.enum(PERMISSIONS)).min(1).default(['read', 'write']);
