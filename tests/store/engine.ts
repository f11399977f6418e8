/** What the contract suite needs of an engine, and the rows it works with. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { AgentRow, KeyRow, NewMessage, SessionRow, Sight, Store } from '../../src/store/port.ts';
import { openSqliteStore, type SqliteStoreOptions } from '../../src/store/sqlite/store.ts';
import { createLogger } from '../../src/telemetry/log.ts';

export interface StoreEngine {
  readonly name: string;
  /** Opens the store of a folder; opened again it holds what was stored. */
  open(folder: string): Promise<Store>;
}

export const silent = createLogger({ level: 'silent', format: 'json' });

export const openSqlite = (folder: string, options: Partial<SqliteStoreOptions> = {}) =>
  openSqliteStore({ path: join(folder, 'hub.db'), maxConnections: 3, log: silent, ...options });

export const sqliteEngine: StoreEngine = { name: 'sqlite', open: (folder) => openSqlite(folder) };

export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'schub-store-'));
}

/** A store for the tests of one `describe`. */
export function useStore(engine: StoreEngine): { readonly store: Store } {
  const folder = newFolder();
  let opened: Store | undefined;
  beforeAll(async () => {
    opened = await engine.open(folder);
  });
  afterAll(async () => {
    await opened?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    get store() {
      if (opened === undefined) throw new Error('the store is not open yet');
      return opened;
    },
  };
}

let made = 0;
/** A name that no other row of the tests has. */
export const unique = (what: string): string => `${what}-${++made}`;

export const T0 = Date.UTC(2026, 0, 1);

export const seesPublic = (workspace: string): Sight => ({ workspace, audiences: ['public'] });

export async function newWorkspace(store: Store): Promise<string> {
  const name = unique('workspace');
  await store.write((tx) => tx.workspaces.ensure(name, T0));
  return name;
}

export function sessionOf(workspace: string, over: Partial<SessionRow> = {}): Omit<SessionRow, 'pk'> {
  return {
    sessionId: unique('session'),
    workspace,
    purpose: 'to test',
    createdBy: 'alice',
    createdAt: T0,
    updatedAt: T0,
    isActive: true,
    metadata: {},
    ...over,
  };
}

export async function newSession(
  store: Store,
  workspace: string,
  over: Partial<SessionRow> = {},
): Promise<SessionRow> {
  return (await store.write((tx) => tx.sessions.insert(sessionOf(workspace, over)))).row;
}

export function messageOf(session: SessionRow, over: Partial<NewMessage> = {}): NewMessage {
  return {
    sessionPk: session.pk,
    workspace: session.workspace,
    sender: 'alice',
    senderType: 'coder',
    imported: false,
    content: 'hello',
    visibility: 'public',
    to: [],
    messageType: 'message',
    parentId: null,
    threadId: null,
    metadata: {},
    pinned: false,
    createdAt: T0,
    audiences: ['public'],
    addressees: [],
    ...over,
  };
}

export function post(store: Store, session: SessionRow, over: Partial<NewMessage> = {}): Promise<number> {
  return store.write((tx) => tx.messages.insert(messageOf(session, over)));
}

export function keyOf(over: Partial<KeyRow> = {}): KeyRow & { readonly hash: string } {
  const name = unique('key');
  return {
    keyId: `id of ${name}`,
    name,
    workspace: 'default',
    permissions: ['read', 'write'],
    agentId: null,
    agentTypes: null,
    agentIds: null,
    oldUntil: null,
    createdAt: T0,
    expiresAt: null,
    lastUsedAt: null,
    revokedAt: null,
    hash: `hash of ${name}`,
    ...over,
  };
}

export function newAgent(store: Store, workspace: string, over: Partial<AgentRow> = {}): Promise<AgentRow> {
  const key = keyOf();
  return store.write(async (tx) => {
    await tx.keys.insert(key);
    return tx.agents.insert(workspace, {
      agentId: unique('agent'),
      agentType: 'coder',
      keyId: key.keyId,
      firstSeenAt: T0,
      lastSeenAt: T0,
      client: null,
      releasedAt: null,
      ...over,
    });
  });
}
