/**
 * What a store can do, by noun. Services know only this file; a second engine would implement it and pass the same tests.
 * Times are integer milliseconds since the epoch. `seq` is the hub-wide position that rises in commit order; a message's
 * id is its position. A {@link Db} cannot write; everything a {@link Tx} wrote is on disk when `write` resolves, or none of it.
 */
import type { AuditReads, AuditWrites } from './nouns/audit.ts';
import type { BackupReport } from './nouns/backup.ts';
import type { JsonObject, Sight } from './nouns/common.ts';
import type { DeliveryReads, DeliveryWrites } from './nouns/deliveries.ts';
import type { DirectoryReads } from './nouns/directory.ts';
import type { EventReads, EventWrites } from './nouns/events.ts';
import type { IdempotencyWrites } from './nouns/idempotency.ts';
import type { LeaseReads, LeaseWrites } from './nouns/leases.ts';
import type { LoginReads, LoginWrites } from './nouns/logins.ts';
import type { MemoryReads, MemoryWrites } from './nouns/memory.ts';
import type { OverviewReads } from './nouns/overview.ts';
import type { SessionPage, SessionPosition } from './nouns/sessions.ts';
import type { Spoken, SpokenIn } from './nouns/spoken.ts';
import type { HandleReads, HandleWrites, TokenReads, TokenWrites } from './nouns/tokens.ts';

export type { AuditPage, AuditPosition, AuditRow, NewAuditRow } from './nouns/audit.ts';
export type { BackupReport } from './nouns/backup.ts';
export { ALL_WORKSPACES } from './nouns/common.ts';
export type { JsonObject, Sight } from './nouns/common.ts';
export { DELIVERY_WAYS } from './nouns/deliveries.ts';
export type {
  DeliveryWay,
  MessagePreview,
  NamedAgent,
  ReceiptRow,
  Recipient,
  UnreadMessage,
  UnreadPage,
} from './nouns/deliveries.ts';
export type { AgentCard } from './nouns/directory.ts';
export { EVENT_KINDS } from './nouns/events.ts';
export type { CommittedEvent, EventKind, EventPage, EventRow, NewEvent } from './nouns/events.ts';
export type { IdempotencyRow } from './nouns/idempotency.ts';
export { LEASE_ENDS, LEASE_MODES } from './nouns/leases.ts';
export type { EndedLease, LeaseEnd, LeaseMode, LeaseRow } from './nouns/leases.ts';
export type { LoginRow } from './nouns/logins.ts';
export type {
  ChangedMemory,
  MemoryHistoryBounds,
  MemoryListRow,
  MemoryPage,
  MemoryPlace,
  MemoryPosition,
  MemoryRow,
  MemoryVersion,
} from './nouns/memory.ts';
export { NOTES_LOOKED_AT } from './nouns/overview.ts';
export type { Note, PostedPlace } from './nouns/overview.ts';
export { SESSION_ORDERS } from './nouns/sessions.ts';
export type { SessionOrder, SessionPage, SessionPosition } from './nouns/sessions.ts';
export type { Spoken, SpokenIn } from './nouns/spoken.ts';
export type { Grant, HandleRow, RefreshTokenRow, TokenFamilyRow } from './nouns/tokens.ts';

export const VISIBILITIES = ['public', 'private', 'agent_only', 'admin_only'] as const;
export type Visibility = (typeof VISIBILITIES)[number];

export const MESSAGE_TYPES = [
  'message',
  'question',
  'answer',
  'decision',
  'finding',
  'handoff',
  'status',
] as const;
export type MessageType = (typeof MESSAGE_TYPES)[number];

export interface KeyRow {
  readonly keyId: string;
  readonly name: string;
  readonly workspace: string;
  readonly permissions: readonly string[];
  /** The one agent this key acts as, if it is bound to one. */
  readonly agentId: string | null;
  /** Agent types the key may act as; null: any. */
  readonly agentTypes: readonly string[] | null;
  /** Agent ids the key may act as; null: any that are free or its own. */
  readonly agentIds: readonly string[] | null;
  /** Until when the text before the last rotation is good too. */
  readonly oldUntil: number | null;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly lastUsedAt: number | null;
  readonly revokedAt: number | null;
}

/** Where a listing of keys goes on. */
export type KeyPosition = Pick<KeyRow, 'createdAt' | 'keyId'>;

export interface AgentRow {
  readonly pk: number;
  readonly agentId: string;
  readonly agentType: string;
  /** The key that owns this id. */
  readonly keyId: string;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
  readonly client: string | null;
  /** Since when the id is free for the next key that uses it; null: it belongs to `keyId`. */
  readonly releasedAt: number | null;
}

export interface SessionRow {
  readonly pk: number;
  readonly sessionId: string;
  readonly workspace: string;
  readonly purpose: string;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly isActive: boolean;
  readonly metadata: JsonObject;
}

export type SessionLabel = Pick<SessionRow, 'pk' | 'sessionId' | 'purpose'>;

/** A session as far as a caller sees it. */
export interface SessionView extends SessionRow {
  readonly messageCount: number;
  readonly lastMessageAt: number | null;
  readonly participants: readonly string[];
  /** Position of the last thing in it that the caller sees. */
  readonly lastSeq: number;
}

export interface MessageRow {
  readonly id: number;
  readonly sessionPk: number;
  readonly sessionId: string;
  readonly sender: string;
  readonly senderType: string;
  readonly imported: boolean;
  readonly content: string;
  readonly visibility: Visibility;
  readonly to: readonly string[];
  readonly messageType: MessageType;
  /** Null too if the caller does not see the parent. */
  readonly parentId: number | null;
  /**
   * Id of the first message of the thread, whether the caller sees that one or not: for the hub, never for an answer. Null
   * for a message outside of any.
   */
  readonly threadId: number | null;
  readonly metadata: JsonObject;
  readonly pinned: boolean;
  readonly createdAt: number;
}

export interface NewMessage extends Omit<MessageRow, 'id' | 'sessionId'> {
  readonly workspace: string;
  /** Disjoint for every caller but admins, who read only `public` and `admin`: counts are sums. */
  readonly audiences: readonly string[];
  /** Whom it speaks to, whether they see it or not: `agent:A`, `type:T`. */
  readonly addressees: readonly string[];
}

export interface MessageFilters {
  readonly visibility?: Visibility;
  /** Compared without case and without `_`, `-` and spaces. */
  readonly sender?: string;
  readonly messageType?: MessageType;
}

/** Content and metadata that one answer of messages holds, in bytes, unless one message alone has more. */
export const PAGE_BYTES = 1_500_000;

export interface MessagePage {
  readonly sessionPk: number;
  readonly sight: Sight;
  readonly limit: number;
  /** Exclusive bounds by message id. With `after` the oldest come first, otherwise the newest `limit` are chosen. */
  readonly after?: number;
  readonly before?: number;
  /** Only the thread that begins with this message. */
  readonly threadId?: number;
  readonly filters?: MessageFilters;
  /** Of content and metadata, by default {@link PAGE_BYTES}; one message comes in any case. */
  readonly maxBytes?: number;
}

/** A message without its content. */
export type MessageHead = Omit<MessageRow, 'content'>;

export interface FoundMessages {
  readonly messages: readonly MessageRow[];
  /** Whether there are others: beyond the limit, or beyond the bytes. */
  readonly more: boolean;
}

export interface Reads {
  readonly workspaces: {
    exists(name: string): Promise<boolean>;
  };
  readonly keys: {
    byHash(hash: string): Promise<KeyRow | undefined>;
    /** The key whose text this was before its last rotation. */
    byOldHash(hash: string): Promise<KeyRow | undefined>;
    byName(name: string): Promise<KeyRow | undefined>;
    byId(keyId: string): Promise<KeyRow | undefined>;
    /** Newest first, revoked ones too, strictly after `after`; of one workspace, or of all. */
    list(args: { workspace?: string; after?: KeyPosition; limit: number }): Promise<readonly KeyRow[]>;
  };
  readonly agents: {
    get(workspace: string, agentId: string): Promise<AgentRow | undefined>;
    /** Ids that begin with `prefix`, for completion. */
    idsByPrefix(workspace: string, prefix: string, limit: number): Promise<readonly string[]>;
    /** By id without case, strictly after `after`. */
    list(args: {
      workspace: string;
      after?: string;
      limit: number;
    }): Promise<readonly (AgentRow & { readonly keyName: string; readonly keyWorkspace: string })[]>;
  };
  readonly sessions: {
    get(workspace: string, sessionId: string): Promise<SessionRow | undefined>;
    view(workspace: string, sessionId: string, sight: Sight): Promise<SessionView | undefined>;
    /** By what the caller last saw happen in them, newest first, or in another order. */
    page(
      args: SessionPage,
    ): Promise<{ readonly sessions: readonly SessionView[]; readonly next: SessionPosition | null }>;
    /** In the order of their pks, which never changes, strictly after `after`. */
    inOrder(args: { workspace: string; after: number; limit: number }): Promise<readonly SessionRow[]>;
    /** Those of the next `limit` after pk `after`, of all workspaces, in which nothing has happened since `before`; `next`: the pk to go on after. */
    idle(args: { before: number; after: number; limit: number }): Promise<{
      readonly sessions: readonly SessionRow[];
      readonly next: number | null;
    }>;
    /** Ids that begin with `prefix`, for completion. */
    idsByPrefix(workspace: string, prefix: string, limit: number): Promise<readonly string[]>;
    /** What the sessions with these pks are called, in no order; at most 1,000. */
    labels(workspace: string, pks: readonly number[]): Promise<readonly SessionLabel[]>;
  };
  readonly messages: {
    /** The message, if `sight` meets its audiences. */
    get(id: number, sight: Sight): Promise<MessageRow | undefined>;
    /** Those of `ids` that `sight` meets, in the order of `ids`; at most 1,000. */
    heads(ids: readonly number[], sight: Sight): Promise<readonly MessageHead[]>;
    /** The same in full; as many of them, in their order, as `maxBytes` ({@link PAGE_BYTES}) allow, but one at least. */
    rows(ids: readonly number[], sight: Sight, maxBytes?: number): Promise<readonly MessageRow[]>;
    /** Oldest first; `more` tells whether the page's direction goes on. */
    page(args: MessagePage): Promise<FoundMessages>;
    /** How many messages of a session `sight` meets. */
    count(sessionPk: number, sight: Sight): Promise<number>;
    /** Newest first, of one session or of all. */
    bySender(args: {
      sight: Sight;
      sessionPk?: number;
      sender: string;
      limit: number;
      maxBytes?: number;
    }): Promise<FoundMessages>;
    /** By time and id, oldest first; both ends inclusive, but of time `start` only ids above `after`. */
    byTime(args: {
      sight: Sight;
      sessionPk?: number;
      start: number;
      end: number;
      after?: number;
      limit: number;
      maxBytes?: number;
    }): Promise<FoundMessages>;
    /** Who spoke in a time, and where; of very many messages a part is counted. */
    spoken(args: SpokenIn): Promise<Spoken>;
  };
  readonly memory: MemoryReads;
  readonly overview: OverviewReads;
  readonly handles: HandleReads;
  readonly logins: LoginReads;
  readonly tokens: TokenReads;
  readonly audit: AuditReads;
  readonly events: EventReads;
  readonly leases: LeaseReads;
  readonly deliveries: DeliveryReads;
  readonly directory: DirectoryReads;
}

export interface Writes {
  readonly workspaces: {
    /** Makes it if it does not exist. */
    ensure(name: string, now: number): Promise<void>;
  };
  readonly keys: {
    insert(key: KeyRow & { readonly hash: string }): Promise<void>;
    /** Gives the key another text; it is no longer revoked or expired. */
    renew(keyId: string, hash: string, bounds?: Pick<KeyRow, 'workspace' | 'permissions'>): Promise<void>;
    /** Gives the key another text. Its last one is good too until `oldUntil` (null: no longer), the one before is not. */
    rotate(keyId: string, hash: string, oldUntil: number | null): Promise<void>;
    revoke(keyId: string, now: number): Promise<void>;
    touch(keyId: string, now: number): Promise<void>;
  };
  readonly agents: {
    insert(workspace: string, agent: Omit<AgentRow, 'pk'>): Promise<AgentRow>;
    touch(pk: number, now: number, client: string | null): Promise<void>;
    /** The id is free for the next key that uses it. */
    release(pk: number, now: number): Promise<void>;
    /** The id belongs to this key. */
    give(pk: number, keyId: string): Promise<void>;
  };
  readonly sessions: {
    /** Does nothing and answers the existing one if the session id is taken. */
    insert(session: Omit<SessionRow, 'pk'>): Promise<{ readonly row: SessionRow; readonly created: boolean }>;
    update(
      pk: number,
      change: { purpose?: string; metadata?: JsonObject; isActive?: boolean; updatedAt: number },
    ): Promise<void>;
    /** Closes a session and removes at most `limit` rows of what belongs to it, in the end itself. */
    removeSome(pk: number, limit: number): Promise<{ readonly messages: number; readonly done: boolean }>;
    /** Sessions that an agent created, counted up to `atMost`: for quotas. */
    countBy(workspace: string, createdBy: string, atMost: number): Promise<number>;
  };
  readonly messages: {
    /** Answers the new id. */
    insert(message: NewMessage): Promise<number>;
    /** Answers the audiences it had. */
    setVisibility(
      id: number,
      visibility: Visibility,
      audiences: readonly string[],
    ): Promise<readonly string[]>;
    /** Forgets up to `limit` changes of messages up to position `upTo`, if there are many; the last stays, as a sign. */
    forgetChanges(upTo: number, limit: number): Promise<number>;
    /** All messages of a session, whoever sees them: for quotas only. */
    countAll(sessionPk: number): Promise<number>;
  };
  readonly memory: MemoryWrites;
  readonly idempotency: IdempotencyWrites;
  readonly handles: HandleWrites;
  readonly logins: LoginWrites;
  readonly tokens: TokenWrites;
  readonly audit: AuditWrites;
  readonly events: EventWrites;
  readonly leases: LeaseWrites;
  readonly deliveries: DeliveryWrites;
  readonly imports: {
    /** The message that a line of an imported file became. */
    find(sessionPk: number, externalId: string): Promise<number | undefined>;
    remember(sessionPk: number, externalId: string, messageId: number): Promise<void>;
  };
}

export type Db = Reads;
/** Reads see what the transaction wrote. */
export type Tx = Reads & Writes;

export interface StoreHealth {
  readonly writable: boolean;
  /** Nothing has failed: writes are refused before something does. */
  readonly paused?: true;
  readonly reason?: string;
}

export interface StoreLoad {
  /** Writes that wait for their commit. */
  readonly writesWaiting: number;
  /** Threads for long queries, those of them at work, and queries that wait for one. */
  readonly readers: number;
  readonly readersBusy: number;
  readonly readsWaiting: number;
  /** Whether such a thread died, and none has answered since. */
  readonly readersFailing: boolean;
  /** Null where there is no such file. */
  readonly databaseBytes: number | null;
  readonly walBytes: number | null;
}

export interface Store {
  /** Reads; each query sees one consistent state. */
  readonly read: Db;
  /**
   * Runs `work` in a transaction of its own fate and resolves after the commit is on disk.
   * `work` must wait for nothing but the store, and do nothing outside of it: it may be undone and run again.
   * @throws HubError STORE_UNAVAILABLE (nothing was stored), OVERLOADED (too many writes wait), or what `work` threw.
   */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Copies the database as it is now, verified, to a file that appears when it is whole. Writes go on meanwhile. */
  backup(file: string): Promise<BackupReport>;
  /** Part of every cursor; a restored database gets another. */
  readonly epoch: string;
  health(): StoreHealth;
  /** How busy it is, and how large. */
  load(): Promise<StoreLoad>;
  /** Refuses writes, saying why in words for everybody, until it is called without a reason. */
  pauseWrites(reason: string | undefined): void;
  /** Finishes what is queued, tidies the file and closes it. */
  close(): Promise<void>;
}
