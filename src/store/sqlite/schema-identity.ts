/** Tables of who may do what, and of who did: workspaces, keys, agents, tokens, audit. See schema.ts. */
import { index, integer, sql, sqliteTable, text, uniqueIndex } from './drizzle.ts';

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
    /** Of the messages to its type, it has acknowledged all up to this one. */
    typeReadTo: integer('type_read_to').notNull().default(0),
  },
  (t) => [uniqueIndex('agents_by_key').on(t.workspaceId, t.agentKey)],
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

/** Operators that look at the hub in a browser: what their cookies say, without its text. */
export const logins = sqliteTable(
  'logins',
  {
    hash: text().primaryKey(),
    /** Hash of the text of the key it came from, which may be gone from `keys` by now. */
    keyHash: text('key_hash').notNull(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (t) => [index('logins_by_expiry').on(t.expiresAt)],
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
