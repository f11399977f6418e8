/**
 * Tables of hub.db. Times are integer milliseconds; JSON is text. Tables marked WITHOUT ROWID are made so in the migration:
 * drizzle-kit cannot say it, a test checks it.
 */
import { isNotNull, sql } from 'drizzle-orm';
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';

/** One row: the last position given out (never given again, whatever is deleted) and the epoch of cursors. */
export const hub = sqliteTable('hub', {
  id: integer().primaryKey(),
  lastSeq: integer('last_seq').notNull(),
  epoch: text().notNull(),
});

export const workspaces = sqliteTable('workspaces', {
  id: integer().primaryKey(),
  name: text().notNull().unique(),
  createdAt: integer('created_at').notNull(),
});

export const keys = sqliteTable('keys', {
  keyId: text('key_id').primaryKey(),
  name: text().notNull().unique(),
  /** A workspace's name, or `*` for all. */
  workspace: text().notNull(),
  permissions: text({ mode: 'json' }).$type<string[]>().notNull(),
  hash: text().notNull().unique(),
  agentId: text('agent_id'),
  agentTypes: text('agent_types', { mode: 'json' }).$type<string[]>(),
  createdAt: integer('created_at').notNull(),
  expiresAt: integer('expires_at'),
  lastUsedAt: integer('last_used_at'),
  revokedAt: integer('revoked_at'),
  /** Agent ids the key may use; null: any that are free or its own. */
  agentIds: text('agent_ids', { mode: 'json' }).$type<string[]>(),
  /** The text before the last rotation, good until `old_until`. */
  oldHash: text('old_hash').unique(),
  oldUntil: integer('old_until'),
});

export const agents = sqliteTable(
  'agents',
  {
    id: integer().primaryKey(),
    workspaceId: integer('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    agentId: text('agent_id').notNull(),
    /** Lower case: ids are compared without it. */
    agentKey: text('agent_key').notNull(),
    agentType: text('agent_type').notNull(),
    keyId: text('key_id')
      .notNull()
      .references(() => keys.keyId),
    firstSeenAt: integer('first_seen_at').notNull(),
    lastSeenAt: integer('last_seen_at').notNull(),
    client: text(),
    /** Since when the id is free for the next key that uses it; null: it belongs to `key_id`. */
    releasedAt: integer('released_at'),
  },
  (t) => [uniqueIndex('agents_by_key').on(t.workspaceId, t.agentKey)],
);

/** Whoever is named as the sender of a message: agents, and labels of imported messages. */
export const senders = sqliteTable(
  'senders',
  {
    id: integer().primaryKey(),
    workspaceId: integer('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    name: text().notNull(),
    type: text().notNull(),
    imported: integer({ mode: 'boolean' }).notNull(),
    /** The name without case, `_`, `-` and spaces: what a search by sender compares. */
    norm: text().notNull(),
  },
  (t) => [
    uniqueIndex('senders_by_name').on(t.workspaceId, t.name, t.type, t.imported),
    index('senders_by_norm').on(t.norm, t.workspaceId),
  ],
);

/** Names that visibility speaks of (`public`, `admin`, `type:T`, `agent:A`), as small numbers. */
export const audiences = sqliteTable(
  'audiences',
  {
    id: integer().primaryKey(),
    workspaceId: integer('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    name: text().notNull(),
  },
  (t) => [
    uniqueIndex('audiences_by_workspace').on(t.workspaceId, t.name),
    index('audiences_by_name').on(t.name),
  ],
);

export const sessions = sqliteTable(
  'sessions',
  {
    id: integer().primaryKey(),
    sessionId: text('session_id').notNull().unique(),
    workspaceId: integer('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    purpose: text().notNull(),
    createdBy: text('created_by').notNull(),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    isActive: integer('is_active', { mode: 'boolean' }).notNull(),
    metadata: text().notNull(),
    /** Position of its creation. */
    seq: integer().notNull(),
  },
  (t) => [index('sessions_by_creator').on(t.workspaceId, t.createdBy)],
);

/** WITHOUT ROWID. What one audience sees of one session; every session has a row for `public`. */
export const sessionAudiences = sqliteTable(
  'session_audiences',
  {
    audienceId: integer('audience_id').notNull(),
    sessionId: integer('session_id').notNull(),
    messageCount: integer('message_count').notNull(),
    lastSeq: integer('last_seq').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.audienceId, t.sessionId] }),
    index('session_audiences_by_seq').on(t.audienceId, t.lastSeq),
  ],
);

/** WITHOUT ROWID. Who posted how much in a session, as one audience sees it. */
export const participants = sqliteTable(
  'participants',
  {
    sessionId: integer('session_id').notNull(),
    audienceId: integer('audience_id').notNull(),
    senderId: integer('sender_id').notNull(),
    messageCount: integer('message_count').notNull(),
    /** No message of theirs here has a higher id; not an index, which every message would have to write to. */
    lastId: integer('last_id').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.sessionId, t.audienceId, t.senderId] }),
    index('participants_by_sender').on(t.senderId, t.audienceId),
  ],
);

export const messages = sqliteTable(
  'messages',
  {
    /** The position of its commit. */
    id: integer().primaryKey(),
    sessionId: integer('session_id').notNull(),
    senderId: integer('sender_id').notNull(),
    /** Index into VISIBILITIES. */
    visibility: integer().notNull(),
    /** Index into MESSAGE_TYPES. */
    messageType: integer('message_type').notNull(),
    pinned: integer({ mode: 'boolean' }).notNull(),
    parentId: integer('parent_id'),
    threadId: integer('thread_id'),
    createdAt: integer('created_at').notNull(),
    /** JSON array of recipients as the sender named them; null: none. */
    recipients: text(),
    /** JSON object; null: empty. */
    metadata: text(),
    content: text().notNull(),
  },
  // Partial: most messages are in no thread, and each would have to write to the index.
  (t) => [index('messages_by_thread').on(t.threadId).where(isNotNull(t.threadId))],
);

/**
 * WITHOUT ROWID. Visibility as data: a message has a row per audience, a caller sees it if one of its audiences has one.
 * What listings filter by is repeated here, so that a listing reads no row that it may not show.
 */
export const messageAudiences = sqliteTable(
  'message_audiences',
  {
    audienceId: integer('audience_id').notNull(),
    sessionId: integer('session_id').notNull(),
    messageId: integer('message_id').notNull(),
    senderId: integer('sender_id').notNull(),
    createdAt: integer('created_at').notNull(),
    visibility: integer().notNull(),
    messageType: integer('message_type').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.audienceId, t.sessionId, t.messageId] }),
    index('message_audiences_by_time').on(t.audienceId, t.createdAt, t.messageId),
  ],
);

/**
 * Messages that became other than they were when they were posted, each time at a position of its own: what is derived
 * from messages, and has come as far as a position, finds here what to look at again.
 */
export const messageChanges = sqliteTable('message_changes', {
  seq: integer().primaryKey(),
  messageId: integer('message_id').notNull(),
});

export const memoryEntries = sqliteTable(
  'memory_entries',
  {
    id: integer().primaryKey(),
    workspaceId: integer('workspace_id').notNull(),
    /** agents.id; 0: shared. */
    ownerId: integer('owner_id').notNull(),
    /** sessions.id; 0: global. */
    sessionId: integer('session_id').notNull(),
    key: text().notNull(),
    /** JSON text, exactly as stored. */
    value: text().notNull(),
    valueSize: integer('value_size').notNull(),
    version: integer().notNull(),
    metadata: text().notNull(),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    updatedBy: text('updated_by').notNull(),
    expiresAt: integer('expires_at'),
  },
  (t) => [
    uniqueIndex('memory_by_place').on(t.workspaceId, t.ownerId, t.sessionId, t.key),
    index('memory_by_expiry').on(t.expiresAt),
  ],
);

/** WITHOUT ROWID. First answers of writes that carried an idempotency key. */
export const idempotency = sqliteTable(
  'idempotency',
  {
    agentId: integer('agent_id').notNull(),
    key: text().notNull(),
    tool: text().notNull(),
    argsHash: text('args_hash').notNull(),
    result: text().notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.agentId, t.key] }), index('idempotency_by_age').on(t.createdAt)],
);

/** WITHOUT ROWID. Which message a line of an imported file became. */
export const importedMessages = sqliteTable(
  'imported_messages',
  {
    sessionId: integer('session_id').notNull(),
    externalId: text('external_id').notNull(),
    messageId: integer('message_id').notNull(),
  },
  (t) => [primaryKey({ columns: [t.sessionId, t.externalId] })],
);

/** Agents that act over a connection of another: what `authenticate_agent` gave out, without its text. */
export const handles = sqliteTable(
  'handles',
  {
    hash: text().primaryKey(),
    keyId: text('key_id')
      .notNull()
      .references(() => keys.keyId),
    workspace: text().notNull(),
    agentId: text('agent_id').notNull(),
    agentType: text('agent_type').notNull(),
    permissions: text({ mode: 'json' }).$type<string[]>().notNull(),
    createdAt: integer('created_at').notNull(),
    /** Moves on with use; a handle that was replaced ends soon after. */
    expiresAt: integer('expires_at').notNull(),
    replacedAt: integer('replaced_at'),
    revokedAt: integer('revoked_at'),
  },
  (t) => [index('handles_by_key').on(t.keyId), index('handles_by_expiry').on(t.expiresAt)],
);

/** All refresh tokens that came one from the other: one login. */
export const tokenFamilies = sqliteTable(
  'token_families',
  {
    familyId: text('family_id').primaryKey(),
    keyId: text('key_id')
      .notNull()
      .references(() => keys.keyId),
    workspace: text().notNull(),
    agentId: text('agent_id').notNull(),
    agentType: text('agent_type').notNull(),
    permissions: text({ mode: 'json' }).$type<string[]>().notNull(),
    createdAt: integer('created_at').notNull(),
    /** When its newest refresh token expires. */
    expiresAt: integer('expires_at').notNull(),
    revokedAt: integer('revoked_at'),
  },
  (t) => [index('token_families_by_key').on(t.keyId), index('token_families_by_expiry').on(t.expiresAt)],
);

export const refreshTokens = sqliteTable(
  'refresh_tokens',
  {
    hash: text().primaryKey(),
    familyId: text('family_id')
      .notNull()
      .references(() => tokenFamilies.familyId),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    /** When it was exchanged for the next one. */
    usedAt: integer('used_at'),
  },
  (t) => [
    index('refresh_tokens_by_family').on(t.familyId),
    index('refresh_tokens_by_expiry').on(t.expiresAt),
  ],
);

/** Access tokens that were revoked before their time, until it is over. */
export const revokedTokens = sqliteTable(
  'revoked_tokens',
  { jti: text().primaryKey(), expiresAt: integer('expires_at').notNull() },
  (t) => [index('revoked_tokens_by_expiry').on(t.expiresAt)],
);

/** Append-only. Who did, or was refused, what. */
export const auditLog = sqliteTable(
  'audit_log',
  {
    id: integer().primaryKey(),
    at: integer().notNull(),
    /** Null: nobody that the hub knows. */
    workspace: text(),
    actor: text(),
    keyId: text('key_id'),
    eventType: text('event_type').notNull(),
    action: text().notNull(),
    resource: text(),
    sessionId: text('session_id'),
    result: text().notNull(),
    requestId: text('request_id').notNull(),
    /** JSON object; null: empty. */
    details: text(),
  },
  (t) => [
    index('audit_log_by_time').on(t.at),
    index('audit_log_by_workspace').on(t.workspace, t.at),
    index('audit_log_by_actor').on(sql`${t.actor} COLLATE NOCASE`, t.at),
    index('audit_log_by_type').on(t.eventType, t.at),
    index('audit_log_by_session').on(t.sessionId, t.at),
  ],
);
