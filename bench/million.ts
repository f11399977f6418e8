/** A database of a million messages, as it would have grown: made through the store, in memory's order of posting. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { audiencesOf } from '../src/features/messages/visibility.ts';
import type { SessionRow, Visibility } from '../src/store/port.ts';
import { openSqliteStore, type SqliteStore } from '../src/store/sqlite/store.ts';
import { createLogger } from '../src/telemetry/log.ts';

export const WORKSPACE = 'bench';
const AGENTS = 40;
const ORDINARY_SESSIONS = 400;
const BATCH = 1000;
const CONTENT = 'The parser fails on nested quotes; I take it from here. '.repeat(3);

export interface Million extends AsyncDisposable {
  readonly path: string;
  /** Sessions of a few thousand messages each, a tenth of them not public. */
  readonly ordinary: readonly SessionRow[];
  /** 100,000 messages, a tenth of them not public. */
  readonly busy: SessionRow;
  /** 100,000 messages between two agents. */
  readonly secret: SessionRow;
}

export const agentAt = (i: number) => ({ agentId: `agent-${i % AGENTS}`, agentType: `type-${i % 4}` });

export async function openBenchStore(path: string, maxConnections: number): Promise<SqliteStore> {
  const log = createLogger({ level: 'error', format: 'json' });
  return openSqliteStore({ path, maxConnections, log });
}

/** @param messages in all; a tenth goes into each of `busy` and `secret`. */
export async function makeMillion(messages = 1_000_000): Promise<Million> {
  const folder = mkdtempSync(join(tmpdir(), 'schub-bench-'));
  const path = join(folder, 'hub.db');
  const store = await openBenchStore(path, 1);
  const sessions = await makeSessions(store);
  const [busy, secret, ...ordinary] = sessions;
  if (busy === undefined || secret === undefined) throw new Error('no sessions');
  for (let done = 0; done < messages; done += BATCH) {
    await store.write(async (tx) => {
      for (let i = done; i < done + BATCH; i++) {
        const session = i % 10 === 0 ? busy : i % 10 === 1 ? secret : ordinary[(i * 7919) % ordinary.length];
        if (session === undefined) throw new Error('no session');
        const sender = session === secret ? agentAt((i >> 4) % 2) : agentAt(i * 31);
        const visibility: Visibility = session === secret || i % 100 === 10 ? 'private' : 'public';
        const to = visibility === 'private' ? [agentAt(session === secret ? ((i >> 4) + 1) % 2 : i)] : [];
        await tx.messages.insert({
          ...{ sessionPk: session.pk, workspace: WORKSPACE, imported: false, pinned: false },
          ...{ sender: sender.agentId, senderType: sender.agentType, content: `${i} ${CONTENT}` },
          ...{
            visibility,
            to: to.map((agent) => agent.agentId),
            messageType: 'message',
            addressees: [] as const,
          },
          ...{ parentId: null, threadId: null, metadata: {}, createdAt: 1_700_000_000_000 + i * 1000 },
          audiences: audiencesOf(visibility, sender, { agents: to, types: [] }),
        });
      }
    });
    if ((done / BATCH) % 100 === 99)
      process.stderr.write(`  ${(done + BATCH).toLocaleString('en-US')} messages\n`);
  }
  await store.close();
  return {
    ...{ path, ordinary, busy, secret },
    async [Symbol.asyncDispose]() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function makeSessions(store: SqliteStore): Promise<readonly SessionRow[]> {
  return store.write(async (tx) => {
    await tx.workspaces.ensure(WORKSPACE, 0);
    const rows: SessionRow[] = [];
    for (let i = 0; i < ORDINARY_SESSIONS + 2; i++) {
      const { row } = await tx.sessions.insert({
        ...{ sessionId: `session_${i}`, workspace: WORKSPACE, purpose: `bench ${i}`, createdBy: 'agent-0' },
        ...{ createdAt: 0, updatedAt: 0, isActive: true, metadata: {} },
      });
      rows.push(row);
    }
    return rows;
  });
}
