/**
 * Tables of hub.db. Times are integer milliseconds; JSON is text. Tables marked WITHOUT ROWID are made so in the migration:
 * drizzle-kit cannot say it, a test checks it.
 */
import { index, integer, isNotNull, sqliteCore, sql, sqliteTable, text, uniqueIndex } from './drizzle.ts';
import { agents, workspaces } from './schema-identity.ts';

export * from './schema-identity.ts';

/** One row: the last position given out (never given again, whatever is deleted) and the epoch of cursors. */
export const hub = sqliteTable('hub', {
  id: integer().primaryKey(),
  lastSeq: integer('last_seq').notNull(),
  epoch: text().notNull(),
});

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
    sqliteCore.primaryKey({ columns: [t.audienceId, t.sessionId] }),
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
    sqliteCore.primaryKey({ columns: [t.sessionId, t.audienceId, t.senderId] }),
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
    pinned: integer({ mode: 'boolean' }).notNull().default(false),
  },
  (t) => [
    sqliteCore.primaryKey({ columns: [t.audienceId, t.sessionId, t.messageId] }),
    // Pinned, or a question, decision or handoff: what whoever comes back is told first. Most messages are none of it.
    index('message_audiences_of_note')
      .on(t.audienceId, t.sessionId, t.messageId)
      .where(sql`pinned = 1 OR message_type IN (1, 3, 5)`),
    index('message_audiences_by_time').on(t.audienceId, t.createdAt, t.messageId),
    // In the order of the log, over all sessions.
    index('message_audiences_by_id').on(t.audienceId, t.messageId),
  ],
);

/**
 * WITHOUT ROWID. The event log, but for messages as they were posted: those are in `message_audiences`, by the same
 * positions. An event has a row per audience that may learn of it.
 */
export const events = sqliteTable(
  'events',
  {
    audienceId: integer('audience_id').notNull(),
    seq: integer().notNull(),
    /** Index into EVENT_KINDS. */
    kind: integer().notNull(),
    /** sessions.id; 0: of no session. */
    sessionId: integer('session_id').notNull(),
    /** The message; 0: none. */
    messageId: integer('message_id').notNull(),
    /** What cannot be read from anywhere else, as JSON; null: nothing. */
    data: text(),
  },
  (t) => [
    sqliteCore.primaryKey({ columns: [t.audienceId, t.seq] }),
    index('events_by_session').on(t.audienceId, t.sessionId, t.seq),
  ],
);

/** WITHOUT ROWID. Whom a message speaks to: `agent:A` and `type:T` of `audiences`, whether they see it or not. */
export const messageAddressees = sqliteTable(
  'message_addressees',
  {
    audienceId: integer('audience_id').notNull(),
    messageId: integer('message_id').notNull(),
    sessionId: integer('session_id').notNull(),
    senderId: integer('sender_id').notNull(),
  },
  (t) => [sqliteCore.primaryKey({ columns: [t.audienceId, t.messageId] })],
);

/** WITHOUT ROWID. What became of a message with an agent that it speaks to. No row: it has not reached it yet. */
export const receipts = sqliteTable(
  'receipts',
  {
    messageId: integer('message_id').notNull(),
    /** agents.id */
    agentId: integer('agent_id').notNull(),
    /** Index into DELIVERY_WAYS. */
    by: integer().notNull(),
    deliveredAt: integer('delivered_at').notNull(),
    acknowledgedAt: integer('acknowledged_at'),
  },
  (t) => [sqliteCore.primaryKey({ columns: [t.messageId, t.agentId] })],
);

/** Who holds what, until when. A lease that is over is in `endedLeases` instead. */
export const leases = sqliteTable(
  'leases',
  {
    leaseId: text('lease_id').primaryKey(),
    workspaceId: integer('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    /** agents.id */
    holderId: integer('holder_id')
      .notNull()
      .references(() => agents.id),
    /** Index into LEASE_MODES. */
    mode: integer().notNull(),
    /** JSON array of names, paths and globs. */
    resources: text().notNull(),
    reason: text(),
    /** A session's id, as a label. */
    sessionId: text('session_id'),
    /** The position of the grant: rises with every grant. */
    fencingToken: integer('fencing_token').notNull(),
    grantedAt: integer('granted_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (t) => [index('leases_by_workspace').on(t.workspaceId), index('leases_by_holder').on(t.holderId)],
);

/** WITHOUT ROWID. Leases that are over, for a while: their holders are told what became of them. */
export const endedLeases = sqliteTable(
  'ended_leases',
  {
    leaseId: text('lease_id').primaryKey(),
    workspaceId: integer('workspace_id').notNull(),
    /** agents.id */
    holderId: integer('holder_id').notNull(),
    fencingToken: integer('fencing_token').notNull(),
    /** Index into LEASE_ENDS. */
    reason: integer().notNull(),
    /** The agent that ended it, where one did. */
    endedBy: text('ended_by'),
    endedAt: integer('ended_at').notNull(),
  },
  (t) => [index('ended_leases_by_age').on(t.endedAt)],
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

/** What memory entries were before; gone with their entry. The value stands last: the rest is read without it. */
export const memoryVersions = sqliteTable(
  'memory_versions',
  {
    id: integer().primaryKey(),
    entryId: integer('entry_id')
      .notNull()
      .references(() => memoryEntries.id, { onDelete: 'cascade' }),
    version: integer().notNull(),
    valueSize: integer('value_size').notNull(),
    updatedAt: integer('updated_at').notNull(),
    updatedBy: text('updated_by').notNull(),
    /** When it would have expired. */
    expiresAt: integer('expires_at'),
    replacedAt: integer('replaced_at').notNull(),
    /** JSON text, exactly as stored. */
    value: text().notNull(),
  },
  (t) => [
    uniqueIndex('memory_versions_by_entry').on(t.entryId, t.version),
    index('memory_versions_by_age').on(t.replacedAt),
    index('memory_versions_by_expiry').on(t.expiresAt).where(isNotNull(t.expiresAt)),
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
  (t) => [
    sqliteCore.primaryKey({ columns: [t.agentId, t.key] }),
    index('idempotency_by_age').on(t.createdAt),
  ],
);

/** WITHOUT ROWID. Which message a line of an imported file became. */
export const importedMessages = sqliteTable(
  'imported_messages',
  {
    sessionId: integer('session_id').notNull(),
    externalId: text('external_id').notNull(),
    messageId: integer('message_id').notNull(),
  },
  (t) => [sqliteCore.primaryKey({ columns: [t.sessionId, t.externalId] })],
);
