/** One line of an import file: a message of another system. */
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

export interface ImportedMessage {
  readonly externalId: string;
  readonly externalSession: string;
  readonly sender: string;
  readonly timestamp: number;
  readonly content: string;
  readonly parent: string | null;
  readonly to: readonly string[];
  readonly visibility: Visibility;
  readonly messageType: MessageType;
  /** What the line says besides: nothing is dropped. */
  readonly metadata: JsonObject;
}

/** As `add_message` takes them. */
const MAX_RECIPIENTS = 50;
const MAX_RECIPIENT = 105;
const PRINTABLE = /^[^\p{Cc}\p{Cs}]+$/u;
const name = (max: number) => z.string().min(1).max(max).regex(PRINTABLE, 'printable characters');

const lineSchema = z.looseObject({
  id: name(500),
  session: name(500),
  sender: name(100),
  timestamp: z.iso.datetime({ offset: true }),
  content: z.string().refine((text) => text.trim() !== '', 'text that is not only white space'),
  parent: z.string().nullish(),
  to: z.union([name(MAX_RECIPIENT), z.array(name(MAX_RECIPIENT)).max(MAX_RECIPIENTS)]).nullish(),
  visibility: z.enum(VISIBILITIES).default('public'),
  kind: z.string().nullish(),
});

const typeOf = (kind: string | null | undefined): MessageType =>
  MESSAGE_TYPES.find((type) => type === kind) ?? 'message';

/** @throws HubError INVALID_INPUT or CONTENT_TOO_LARGE saying what is wrong with the line. */
export function parseImportLine(text: string, limits: Limits): ImportedMessage {
  const parsed = lineSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new HubError(
      'INVALID_INPUT',
      `${issue?.path.join('.') || 'the line'}: ${issue?.message ?? 'not a message'}`,
    );
  }
  const { id, session, sender, timestamp, content, parent, to, visibility, kind, ...rest } = parsed.data;
  if (content.length > limits.maxMessageLength) {
    throw new HubError(
      'CONTENT_TOO_LARGE',
      `content: ${content.length} characters, at most ${limits.maxMessageLength}`,
    );
  }
  const metadata = { ...rest, external_id: id, ...(kind == null ? {} : { kind }) };
  if (jsonBytes(metadata) > limits.maxMetadataBytes) {
    throw new HubError(
      'CONTENT_TOO_LARGE',
      `metadata: more than ${limits.maxMetadataBytes} bytes besides the content`,
    );
  }
  return {
    externalId: id,
    externalSession: session,
    sender,
    timestamp: Date.parse(timestamp),
    content: content.toWellFormed(),
    parent: parent ?? null,
    to: to == null ? [] : [to].flat(),
    visibility,
    messageType: typeOf(kind),
    metadata,
  };
}

function parseJson(text: string): unknown {
  if (jsonDepthExceeds(text, MAX_JSON_DEPTH)) {
    throw new HubError('INVALID_INPUT', `nests deeper than ${MAX_JSON_DEPTH} levels`);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new HubError('INVALID_INPUT', 'not JSON');
  }
}
