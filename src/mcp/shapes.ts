/** The objects of the public contract, as schemas and as made from what the services answer. */
import { z } from 'zod';
import type { Receipt } from '../features/delivery/receipts.ts';
import type { ListedPresence } from '../features/agents/directory.ts';
import { AGENT_STATUSES } from '../features/agents/presence.ts';
import { leaseObject } from '../features/leases/lease-object.ts';
import { DELIVERY_WAYS, LEASE_MODES, MESSAGE_TYPES, VISIBILITIES } from '../store/port.ts';
import type {
  AuditRow,
  LeaseRow,
  MemoryListRow,
  MemoryRow,
  MemoryVersion as MemoryVersionRow,
  MessageHead,
  MessageRow,
  SessionView,
} from '../store/port.ts';

const time = z.string();
const metadata = z.record(z.string(), z.unknown());

export const sessionShape = z.object({
  session_id: z.string(),
  purpose: z.string(),
  created_by: z.string(),
  created_at: time,
  updated_at: time,
  last_message_at: time.nullable(),
  is_active: z.boolean(),
  metadata,
  message_count: z.number(),
  participants: z.array(z.string()),
});
export type Session = z.infer<typeof sessionShape>;

export const receiptShape = z.object({
  agent_id: z.string(),
  state: z.enum(['queued', 'delivered', 'acknowledged']),
  by: z.enum(DELIVERY_WAYS).nullable(),
  at: time.nullable(),
});

export const messageShape = z.object({
  id: z.number(),
  session_id: z.string(),
  sender: z.string(),
  sender_type: z.string(),
  content: z.string(),
  visibility: z.enum(VISIBILITIES),
  to: z.array(z.string()),
  message_type: z.enum(MESSAGE_TYPES),
  parent_message_id: z.number().nullable(),
  metadata,
  pinned: z.boolean(),
  timestamp: time,
  imported: z.literal(true).optional(),
  /** On the caller's own messages, if it asked for them. */
  receipts: z.array(receiptShape).optional(),
  /** The content was cut to fit the answer. */
  content_truncated: z.literal(true).optional(),
  /** The metadata was left out, for the same reason. */
  metadata_truncated: z.literal(true).optional(),
});
export type Message = z.infer<typeof messageShape>;

/** A message without its content. */
export const headShape = messageShape.omit({ content: true, content_truncated: true, receipts: true });
export type Head = z.infer<typeof headShape>;

/** Unread messages, beside whatever a tool answers. */
export const inboxShape = z.object({
  unread: z.number(),
  latest: z.array(
    z.object({ id: z.number(), session_id: z.string(), sender: z.string(), preview: z.string() }),
  ),
});

export const entryShape = z.object({
  key: z.string(),
  scope: z.enum(['agent', 'shared']),
  session_id: z.string().nullable(),
  value: z.unknown().optional(),
  value_size: z.number(),
  version: z.number(),
  metadata,
  created_at: time,
  updated_at: time,
  updated_by: z.string(),
  expires_at: time.nullable(),
});
export type MemoryEntry = z.infer<typeof entryShape>;

/** What an entry is or was. */
export const versionShape = entryShape.pick({
  version: true,
  value_size: true,
  updated_at: true,
  updated_by: true,
  expires_at: true,
});
export type MemoryVersion = z.infer<typeof versionShape>;

export const auditEntryShape = z.object({
  id: z.number(),
  at: time,
  actor: z.string().nullable(),
  key_id: z.string().nullable(),
  event_type: z.string(),
  action: z.string(),
  resource: z.string().nullable(),
  session_id: z.string().nullable(),
  result: z.enum(['ok', 'refused']),
  request_id: z.string(),
  details: metadata,
});
export type AuditEntry = z.infer<typeof auditEntryShape>;

export const agentShape = z.object({
  agent_id: z.string(),
  agent_type: z.string(),
  status: z.enum(AGENT_STATUSES),
  last_seen: time,
  last_tool: z.string().nullable(),
  client: z.string().nullable(),
  unread: z.number(),
  connections: z.number(),
});
export type Agent = z.infer<typeof agentShape>;

export const leaseShape = z.object({
  lease_id: z.string(),
  resources: z.array(z.string()),
  mode: z.enum(LEASE_MODES),
  holder: z.string(),
  reason: z.string().nullable(),
  session_id: z.string().nullable(),
  fencing_token: z.number(),
  granted_at: time,
  expires_at: time,
  /** Some of the resources, and the reason, were left out to fit the answer. */
  truncated: z.literal(true).optional(),
});
export type Lease = z.infer<typeof leaseShape>;

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

export function toSession(view: SessionView): Session {
  return {
    session_id: view.sessionId,
    purpose: view.purpose,
    created_by: view.createdBy,
    created_at: isoTime(view.createdAt),
    updated_at: isoTime(view.updatedAt),
    last_message_at: view.lastMessageAt === null ? null : isoTime(view.lastMessageAt),
    is_active: view.isActive,
    metadata: { ...view.metadata },
    message_count: view.messageCount,
    participants: [...view.participants],
  };
}

export function toMessage(row: MessageRow): Message {
  return { ...toHead(row), content: row.content };
}

export function toReceipt({ at, ...receipt }: Receipt): z.infer<typeof receiptShape> {
  return { ...receipt, at: at === null ? null : isoTime(at) };
}

export function toHead(row: MessageHead): Head {
  return {
    id: row.id,
    session_id: row.sessionId,
    sender: row.sender,
    sender_type: row.senderType,
    visibility: row.visibility,
    to: [...row.to],
    message_type: row.messageType,
    parent_message_id: row.parentId,
    metadata: { ...row.metadata },
    pinned: row.pinned,
    timestamp: isoTime(row.createdAt),
    ...(row.imported ? { imported: true as const } : {}),
  };
}

export function toEntry(row: MemoryListRow): MemoryEntry {
  return {
    key: row.key,
    scope: row.scope,
    session_id: row.sessionId,
    value_size: row.valueSize,
    version: row.version,
    metadata: { ...row.metadata },
    created_at: isoTime(row.createdAt),
    updated_at: isoTime(row.updatedAt),
    updated_by: row.updatedBy,
    expires_at: row.expiresAt === null ? null : isoTime(row.expiresAt),
  };
}

export function toVersion(row: MemoryVersionRow): MemoryVersion {
  return {
    version: row.version,
    value_size: row.valueSize,
    updated_at: isoTime(row.updatedAt),
    updated_by: row.updatedBy,
    expires_at: row.expiresAt === null ? null : isoTime(row.expiresAt),
  };
}

export function toFullEntry(row: MemoryRow): MemoryEntry {
  return { ...toEntry(row), value: JSON.parse(row.value) as unknown };
}

export function toAuditEntry(row: AuditRow): AuditEntry {
  return {
    id: row.id,
    at: isoTime(row.at),
    actor: row.actor,
    key_id: row.keyId,
    event_type: row.eventType,
    action: row.action,
    resource: row.resource,
    session_id: row.sessionId,
    result: row.result,
    request_id: row.requestId,
    details: { ...row.details },
  };
}

export function toAgent(listed: ListedPresence): Agent {
  return {
    agent_id: listed.agentId,
    agent_type: listed.agentType,
    status: listed.status,
    last_seen: isoTime(listed.lastSeenAt),
    last_tool: listed.lastTool,
    client: listed.client,
    unread: listed.unread,
    connections: listed.connections,
  };
}

/** Those of an answer's messages that it holds in full. */
export function idsInFull(messages: readonly Message[]): readonly number[] {
  return messages
    .filter((message) => message.content_truncated !== true && message.metadata_truncated !== true)
    .map(({ id }) => id);
}

export function toLease(row: LeaseRow): Lease {
  return leaseObject(row);
}

/** A lease cut so that its JSON takes about `chars` characters, or as little as it can. */
export function shortenLease(lease: Lease, chars: number): Lease {
  const cut: Lease = { ...lease, reason: null, truncated: true };
  while (cut.resources.length > 0 && JSON.stringify(cut).length > chars)
    cut.resources = cut.resources.slice(0, -1);
  return cut;
}

/** A message cut so that its JSON takes about `chars` characters: without metadata that fills most of them, with less content. */
export function shortenMessage(message: Message, chars: number): Message {
  const heavy = JSON.stringify(message.metadata).length > chars / 2;
  const kept: Message = heavy ? { ...message, metadata: {}, metadata_truncated: true } : message;
  if (JSON.stringify(kept).length <= chars) return kept;
  const rest = JSON.stringify({ ...kept, content: '' }).length;
  const room = Math.max(chars - rest - 50, 0);
  // Escaping at worst makes six characters of one.
  const content = kept.content.slice(
    0,
    JSON.stringify(kept.content.slice(0, room)).length > room + 2 ? room / 6 : room,
  );
  return { ...kept, content: content.toWellFormed(), content_truncated: true };
}

/** A session too large for the answer, without what makes it so. */
export function shortenSession(session: Session): Session {
  return { ...session, purpose: session.purpose.slice(0, 100), metadata: {}, participants: [] };
}
