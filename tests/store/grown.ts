/** A database that has been used for a while, for plans: many of everything, and statistics about it. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Ctx, Permission } from '../../src/context.ts';
import { createImportService } from '../../src/features/import/service.ts';
import type { SessionRow, Store } from '../../src/store/port.ts';
import { keyOf, messageOf, newFolder, newWorkspace, openSqlite, sessionOf, silent, T0 } from './engine.ts';

const WORKSPACES = 3;
const AGENTS = 40;
const SESSIONS = 30;
const MESSAGES = 4000;

export interface Grown {
  readonly db: Database.Database;
  /** Has the planner forget the statistics it has read. */
  reopen(): void;
  close(): void;
}

export async function grownDatabase(): Promise<Grown> {
  const folder = newFolder();
  const store = await openSqlite(folder);
  for (let i = 0; i < WORKSPACES; i++) await fill(store, await newWorkspace(store));
  await importLines(store);
  await store.close();
  const path = join(folder, 'hub.db');
  let db = new Database(path);
  db.exec('ANALYZE');
  return {
    get db() {
      return db;
    },
    reopen() {
      db.close();
      db = new Database(path);
    },
    close() {
      db.close();
      rmSync(folder, { recursive: true });
    },
  };
}

async function fill(store: Store, workspace: string): Promise<void> {
  const agent = (i: number) => ({ agentId: `agent-${i % AGENTS}`, agentType: `type-${i % 4}` });
  const sessions = await store.write(async (tx) => {
    const key = keyOf();
    await tx.keys.insert(key);
    const seen = { keyId: key.keyId, firstSeenAt: T0, lastSeenAt: T0, client: null, releasedAt: null };
    for (let i = 0; i < AGENTS; i++) await tx.agents.insert(workspace, { ...agent(i), ...seen });
    const rows: SessionRow[] = [];
    for (let i = 0; i < SESSIONS; i++) {
      rows.push((await tx.sessions.insert(sessionOf(workspace, { createdBy: `agent-${i % 5}` }))).row);
    }
    return rows;
  });
  await store.write(async (tx) => {
    for (let i = 0; i < MESSAGES; i++) {
      const { agentId, agentType } = agent(i * 7);
      const session = sessions[(i * i) % SESSIONS];
      if (session === undefined) throw new Error('there are sessions');
      const hidden = ['admin', `type:${agentType}`, `agent:agent-${(i * 3) % AGENTS}`];
      const audiences = i % 3 === 0 ? hidden.slice(0, 2 + (i % 2)) : ['public'];
      const over = { sender: agentId, senderType: agentType, audiences, createdAt: T0 + i * 1000 };
      const id = await tx.messages.insert(messageOf(session, over));
      if (i % 4 === 0) await tx.messages.insert(messageOf(session, { ...over, parentId: id, threadId: id }));
      if (i % 5 === 0) {
        const row = { tool: 'add_message', argsHash: 'h', result: '{}', createdAt: T0 + i };
        await tx.idempotency.put(workspace, agentId, `key ${i}`, row);
        const event = { kind: 'memory.set', workspace, audiences, messageId: null, data: '{}' } as const;
        await tx.events.append({ ...event, sessionPk: i % 2 === 0 ? session.pk : null });
      }
    }
  });
  await store.write(async (tx) => {
    for (let i = 0; i < AGENTS; i++) {
      const owner = await tx.agents.get(workspace, `agent-${i}`);
      for (let k = 0; k < 30; k++) {
        const sessionPk = k % 3 === 0 ? (sessions[k]?.pk ?? null) : null;
        const expiresAt = k % 2 === 0 ? T0 + k : null;
        await tx.memory.put(
          { workspace, agentPk: k % 5 === 0 ? null : (owner?.pk ?? null), sessionPk },
          {
            ...{
              key: `key-${i}-${k}`,
              value: '1',
              valueSize: 1,
              version: 1,
              metadata: {},
              updatedBy: 'agent',
            },
            ...{ createdAt: T0, updatedAt: T0, expiresAt },
          },
        );
      }
    }
  });
}

async function importLines(store: Store): Promise<void> {
  await newWorkspace(store);
  await store.write((tx) => tx.workspaces.ensure('default', T0));
  const limits = {
    ...{ maxMessagesPerSession: 1e6, maxMessageLength: 1e5, maxMetadataBytes: 1e4 },
    ...{
      maxMemoryEntriesPerAgent: 1e4,
      maxMemoryValueBytes: 1e5,
      maxMemoryVersions: 20,
      maxMemoryHistoryBytes: 2e5,
      maxSessionsPerAgent: 1e4,
      maxStreamsPerKey: 100,
    },
  };
  const ctx: Ctx = {
    principal: {
      ...{ keyId: 'k', keyName: 'k', workspace: 'default', agentId: 'root', agentType: 'human' },
      permissions: new Set<Permission>(['read', 'write', 'admin']),
    },
    requestId: 'r',
    signal: new AbortController().signal,
    log: silent,
  };
  async function* lines() {
    for (let i = 0; i < 1000; i++) {
      const parent = i > 0 && i % 3 === 0 ? `line-${i - 3}` : null;
      const at = { session: 'old talk', timestamp: '2020-01-01T00:00:00Z', parent };
      yield {
        text: JSON.stringify({ id: `line-${i}`, sender: `Old Name ${i % 9}`, content: 'text', ...at }),
      };
    }
  }
  const report = await createImportService({
    store,
    limits,
    now: () => T0,
    auditor: { note: () => undefined },
  }).run(ctx, lines());
  if (report.imported !== 1000) throw new Error(JSON.stringify(report));
}
