/** Catching up at 100,000 messages: in a session that holds them all, and over all sessions. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ctx, Principal } from '../src/context.ts';
import { agentAudience, audiencesOf } from '../src/features/messages/visibility.ts';
import type { MessageType, SessionRow, Visibility } from '../src/store/port.ts';
import { createLogger } from '../src/telemetry/log.ts';
import { createBenchHub } from './bench-hub.ts';
import { agentAt, openBenchStore } from './million.ts';
import { quantile, type Report } from './report.ts';

const MESSAGES = 100_000;
const SESSIONS = 50;
const BATCH = 1000;
const CALLS = 100;
const P95_MS_AT_MOST = 20;
const WORKSPACE = 'default';
const READER: Principal = {
  ...{ keyId: 'bench', keyName: 'bench', workspace: WORKSPACE, permissions: new Set(['read', 'write']) },
  ...agentAt(1),
};
const CONTENT = 'The parser fails on nested quotes; I take it from here, see src/parser/quote.ts. '.repeat(3);

export async function benchCatchUp(report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'schub-bench-'));
  try {
    const busy = await fill(join(folder, 'hub.db'));
    const { hub } = await createBenchHub(folder, {});
    const log = createLogger({ level: 'silent', format: 'json' });
    const ctx: Ctx = { principal: READER, requestId: 'bench', signal: new AbortController().signal, log };
    const bench = `catch_up, ${MESSAGES.toLocaleString('en-US')} messages`;
    const from = performance.now();
    await hub.services.catchUp.tell(ctx, { maxTokens: 1500, by: 'tool' });
    report.add({
      bench,
      figure: 'the first, which loads the tokenizer',
      value: performance.now() - from,
      unit: 'ms',
    });
    for (const [figure, options] of [
      ['one session', { maxTokens: 1500, sessionId: busy }],
      ['all sessions', { maxTokens: 1500 }],
      ['all sessions, 20,000 tokens', { maxTokens: 20_000 }],
    ] as const) {
      const times: number[] = [];
      for (let i = 0; i < CALLS; i++) {
        const start = performance.now();
        await hub.services.catchUp.tell(ctx, { ...options, by: 'tool' });
        times.push(performance.now() - start);
      }
      const promised = options.maxTokens === 1500 ? { atMost: P95_MS_AT_MOST } : {};
      report.add({ bench, figure: `${figure}, p50`, value: quantile(times, 0.5), unit: 'ms' });
      report.add({ bench, figure: `${figure}, p95`, value: quantile(times, 0.95), unit: 'ms', ...promised });
    }
    await hub.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Half of all is in one session; of note is one message in fifty, addressed one in a hundred. */
async function fill(path: string): Promise<string> {
  const store = await openBenchStore(path, 1);
  const sessions = await store.write(async (tx) => {
    await tx.workspaces.ensure(WORKSPACE, 0);
    const none = { agentId: null, agentTypes: null, agentIds: null, oldUntil: null, expiresAt: null };
    await tx.keys.insert({
      ...{
        keyId: 'bench',
        name: 'bench',
        workspace: WORKSPACE,
        permissions: ['read', 'write'],
        hash: 'bench',
      },
      ...{ ...none, createdAt: 0, lastUsedAt: null, revokedAt: null },
    });
    await tx.agents.insert(WORKSPACE, {
      ...{ agentId: READER.agentId, agentType: READER.agentType, keyId: 'bench' },
      ...{ firstSeenAt: 0, lastSeenAt: 0, client: null, releasedAt: null },
    });
    const rows: SessionRow[] = [];
    for (let i = 0; i < SESSIONS; i++) {
      const session = {
        sessionId: `session_${i}`,
        workspace: WORKSPACE,
        purpose: `bench ${i}`,
        createdBy: 'a',
      };
      rows.push(
        (await tx.sessions.insert({ ...session, createdAt: 0, updatedAt: 0, isActive: true, metadata: {} }))
          .row,
      );
    }
    return rows;
  });
  const [busy] = sessions;
  if (busy === undefined) throw new Error('no sessions');
  for (let done = 0; done < MESSAGES; done += BATCH) {
    await store.write(async (tx) => {
      for (let i = done; i < done + BATCH; i++) {
        const session = sessions[i % 2 === 0 ? 0 : (i * 7919) % SESSIONS] ?? busy;
        const sender = agentAt(i * 31);
        const visibility: Visibility = i % 20 === 0 ? 'private' : 'public';
        const messageType: MessageType =
          i % 50 !== 0
            ? 'message'
            : ((['decision', 'question', 'handoff'] as const)[(i / 50) % 3] ?? 'message');
        const to = i % 100 === 0 ? [agentAt(1)] : [];
        await tx.messages.insert({
          ...{
            sessionPk: session.pk,
            workspace: WORKSPACE,
            imported: false,
            pinned: i % 500 === 0,
            messageType,
          },
          ...{ sender: sender.agentId, senderType: sender.agentType, content: `${i} ${CONTENT}`, visibility },
          ...{
            to: to.map(({ agentId }) => agentId),
            addressees: to.map(({ agentId }) => agentAudience(agentId)),
          },
          ...{ parentId: null, threadId: null, metadata: {}, createdAt: 1_700_000_000_000 + i * 1000 },
          audiences: audiencesOf(visibility, sender, { agents: to, types: [] }),
        });
      }
    });
  }
  await store.close();
  return busy.sessionId;
}
