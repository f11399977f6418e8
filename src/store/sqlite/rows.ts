/** Rows of SQLite as rows of the port. */
import { MESSAGE_TYPES, VISIBILITIES } from '../port.ts';
import type { JsonObject, MessageHead, MessageRow, SessionRow } from '../port.ts';

export const VISIBILITY_CODE = Object.fromEntries(VISIBILITIES.map((name, code) => [name, code])) as Record<
  (typeof VISIBILITIES)[number],
  number
>;
export const TYPE_CODE = Object.fromEntries(MESSAGE_TYPES.map((name, code) => [name, code])) as Record<
  (typeof MESSAGE_TYPES)[number],
  number
>;

export interface RawHead {
  readonly id: number;
  readonly session_pk: number;
  readonly session_id: string;
  readonly sender: string;
  readonly sender_type: string;
  readonly imported: number;
  readonly visibility: number;
  readonly recipients: string | null;
  readonly message_type: number;
  readonly parent_id: number | null;
  readonly thread_id: number | null;
  readonly metadata: string | null;
  readonly pinned: number;
  readonly created_at: number;
}

export interface RawMessage extends RawHead {
  readonly content: string;
}

export interface RawSession {
  readonly pk: number;
  readonly session_id: string;
  readonly workspace: string;
  readonly purpose: string;
  readonly created_by: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly is_active: number;
  readonly metadata: string;
}

export function jsonObject(text: string | null): JsonObject {
  return text === null ? {} : (JSON.parse(text) as JsonObject);
}

function named<T>(names: readonly T[], code: number): T {
  const name = names[code];
  if (name === undefined) throw new Error(`unknown code ${code}`);
  return name;
}

export function toMessageRow(raw: RawMessage): MessageRow {
  return { ...toMessageHead(raw), content: raw.content };
}

export function toMessageHead(raw: RawHead): MessageHead {
  return {
    id: raw.id,
    sessionPk: raw.session_pk,
    sessionId: raw.session_id,
    sender: raw.sender,
    senderType: raw.sender_type,
    imported: raw.imported === 1,
    visibility: named(VISIBILITIES, raw.visibility),
    to: raw.recipients === null ? [] : (JSON.parse(raw.recipients) as string[]),
    messageType: named(MESSAGE_TYPES, raw.message_type),
    parentId: raw.parent_id,
    threadId: raw.thread_id,
    metadata: jsonObject(raw.metadata),
    pinned: raw.pinned === 1,
    createdAt: raw.created_at,
  };
}

export function toSessionRow(raw: RawSession): SessionRow {
  return {
    pk: raw.pk,
    sessionId: raw.session_id,
    workspace: raw.workspace,
    purpose: raw.purpose,
    createdBy: raw.created_by,
    createdAt: raw.created_at,
    updatedAt: raw.updated_at,
    isActive: raw.is_active === 1,
    metadata: jsonObject(raw.metadata),
  };
}
