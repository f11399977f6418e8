/** One line of an import file: a message, a session or a memory entry of another system. */
import { z } from 'zod';
import { HubError } from '../../errors.ts';
import { MAX_JSON_DEPTH, jsonDepthExceeds } from '../../lib/json-depth.ts';
import {
  MESSAGE_TYPES,
  VISIBILITIES,
  type JsonObject,
  type MessageType,
  type Visibility,
} from '../../store/port.ts';
import { jsonBytes, type Limits } from '../limits.ts';
import { withLabels } from './labels.ts';

export interface ImportedMessage {
  readonly record: 'message';
  readonly externalId: string;
  readonly externalSession: string;
  readonly sender: string;
  readonly timestamp: number;
  readonly content: string;
  readonly parent: string | null;
  readonly to: readonly string[];
  readonly visibility: Visibility;
  readonly messageType: MessageType;
  readonly pinned: boolean;
  /** What the line says besides: nothing is dropped. */
  readonly metadata: JsonObject;
}

export interface ImportedSession {
  readonly record: 'session';
  readonly externalSession: string;
  readonly purpose: string;
  readonly createdAt: number;
  readonly isActive: boolean;
  readonly metadata: JsonObject;
}

export interface ImportedMemory {
  readonly record: 'memory';
  /** Null: shared. */
  readonly agent: string | null;
  readonly externalSession: string | null;
  readonly key: string;
  /** JSON text. */
  readonly value: string;
  readonly version: number;
  /** Null: its agent, or the importer. */
  readonly updatedBy: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly expiresAt: number | null;
  readonly metadata: JsonObject;
}

export type ImportedRecord = ImportedMessage | ImportedSession | ImportedMemory;

/** As `add_message` takes them. */
const MAX_RECIPIENTS = 50;
const MAX_RECIPIENT = 105;
const MAX_PURPOSE = 2000;
const PRINTABLE = /^[^\p{Cc}\p{Cs}]+$/u;
/** Metadata as deep as a tool takes it lies two levels deeper in a line. */
const MAX_DEPTH = MAX_JSON_DEPTH + 2;

const name = (max: number) => z.string().min(1).max(max).regex(PRINTABLE, 'printable characters');
const text = z.string().refine((value) => value.trim() !== '', 'text that is not only white space');
const time = z.iso.datetime({ offset: true });
/** Taken as it is: zod's own records leave out what is named `__proto__`. */
const object = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'an object',
);

const messageSchema = z.looseObject({
  record: z.literal('message').optional(),
  id: name(500),
  session: name(500),
  sender: name(100),
  sender_type: name(100).optional(),
  timestamp: time,
  content: text,
  parent: z.string().nullish(),
  to: z.union([name(MAX_RECIPIENT), z.array(name(MAX_RECIPIENT)).max(MAX_RECIPIENTS)]).nullish(),
  visibility: z.enum(VISIBILITIES).default('public'),
  kind: z.string().nullish(),
  pinned: z.boolean().default(false),
  metadata: z.unknown().optional(),
});

const sessionSchema = z.object({
  record: z.literal('session'),
  session: name(500),
  purpose: text.max(MAX_PURPOSE),
  created_by: name(100).optional(),
  created_at: time,
  is_active: z.boolean().default(true),
  metadata: object.default({}),
});

const memorySchema = z.object({
  record: z.literal('memory'),
  scope: z.enum(['agent', 'shared']).default('agent'),
  agent: name(100).optional(),
  session: name(500).nullish(),
  key: z.string().regex(/^\S{1,255}$/, '1 to 255 characters without white space'),
  value: z.unknown().optional(),
  version: z.int().min(1).default(1),
  updated_by: name(100).optional(),
  created_at: time,
  updated_at: time.optional(),
  expires_at: time.nullish(),
  metadata: object.default({}),
});

/** @throws HubError INVALID_INPUT or CONTENT_TOO_LARGE saying what is wrong with the line. */
export function parseImportLine(line: string, limits: Limits): ImportedRecord {
  const json = parseJson(line);
  switch ((json as { record?: unknown } | null)?.record) {
    case 'session':
      return sessionOf(check(sessionSchema, json), limits);
    case 'memory':
      return memoryOf(check(memorySchema, json), limits);
    default:
      return messageOf(check(messageSchema, json), limits);
  }
}

function messageOf(line: z.infer<typeof messageSchema>, limits: Limits): ImportedMessage {
  const {
    record: _,
    id,
    session,
    sender,
    timestamp,
    content,
    parent,
    to,
    visibility,
    pinned,
    ...others
  } = line;
  const { kind, sender_type, ...rest } = others;
  if (content.length > limits.maxMessageLength) {
    throw new HubError(
      'CONTENT_TOO_LARGE',
      `content: ${content.length} characters, at most ${limits.maxMessageLength}`,
    );
  }
  const metadata = flattened(rest);
  demandFits(metadata, limits);
  return {
    record: 'message',
    externalId: id,
    externalSession: session,
    sender,
    timestamp: Date.parse(timestamp),
    content: content.toWellFormed(),
    parent: parent ?? null,
    to: to == null ? [] : [to].flat(),
    visibility,
    messageType: MESSAGE_TYPES.find((type) => type === kind) ?? 'message',
    pinned,
    metadata: withLabels(metadata, {
      external_id: id,
      ...(kind == null ? {} : { kind }),
      ...(sender_type === undefined ? {} : { sender_type }),
    }),
  };
}

/** Fields that the hub has no place for are metadata, as those below `metadata` are. */
function flattened({ metadata, ...rest }: Readonly<Record<string, unknown>>): JsonObject {
  if (metadata === undefined) return rest;
  const parsed = object.safeParse(metadata);
  return parsed.success ? { ...rest, ...parsed.data } : { ...rest, metadata };
}

function sessionOf(line: z.infer<typeof sessionSchema>, limits: Limits): ImportedSession {
  demandFits(line.metadata, limits);
  return {
    record: 'session',
    externalSession: line.session,
    purpose: line.purpose,
    createdAt: Date.parse(line.created_at),
    isActive: line.is_active,
    metadata: withLabels(line.metadata, {
      imported: true,
      external_session: line.session,
      ...(line.created_by === undefined ? {} : { external_creator: line.created_by }),
    }),
  };
}

function memoryOf(line: z.infer<typeof memorySchema>, limits: Limits): ImportedMemory {
  const { scope, agent } = line;
  if (scope === 'agent' && agent === undefined) throw new HubError('INVALID_INPUT', 'agent: missing');
  if (scope === 'shared' && agent !== undefined)
    throw new HubError('INVALID_INPUT', 'agent: shared memory is of none');
  if (line.value === undefined) throw new HubError('INVALID_INPUT', 'value: missing');
  const value = JSON.stringify(line.value);
  if (Buffer.byteLength(value) > limits.maxMemoryValueBytes) {
    throw new HubError('CONTENT_TOO_LARGE', `value: more than ${limits.maxMemoryValueBytes} bytes`);
  }
  demandFits(line.metadata, limits);
  return {
    record: 'memory',
    agent: agent ?? null,
    version: line.version,
    updatedBy: line.updated_by ?? null,
    externalSession: line.session ?? null,
    key: line.key,
    value,
    createdAt: Date.parse(line.created_at),
    updatedAt: Date.parse(line.updated_at ?? line.created_at),
    expiresAt: line.expires_at == null ? null : Date.parse(line.expires_at),
    metadata: line.metadata,
  };
}

function demandFits(metadata: JsonObject, limits: Limits): void {
  if (jsonBytes(metadata) <= limits.maxMetadataBytes) return;
  throw new HubError(
    'CONTENT_TOO_LARGE',
    `metadata: more than ${limits.maxMetadataBytes} bytes besides the content`,
  );
}

function check<T>(schema: z.ZodType<T>, json: unknown): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new HubError(
    'INVALID_INPUT',
    `${issue?.path.join('.') || 'the line'}: ${issue?.message ?? 'not a message'}`,
  );
}

function parseJson(line: string): unknown {
  if (jsonDepthExceeds(line, MAX_DEPTH)) {
    throw new HubError('INVALID_INPUT', `nests deeper than ${MAX_DEPTH} levels`);
  }
  try {
    return JSON.parse(line) as unknown;
  } catch {
    throw new HubError('INVALID_INPUT', 'not JSON');
  }
}
