/** Removes sessions in which nothing has happened for as long as is set. */
import type { SessionRow, Store } from '../../store/port.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Actor, Auditor } from '../audit/auditor.ts';

export interface SweeperDeps {
  readonly store: Store;
  readonly now: () => number;
  readonly log: Logger;
  readonly auditor: Pick<Auditor, 'write'>;
}

/** Sessions that a round looks at, and rows that one write removes: others wait no longer than that. */
const SESSIONS_PER_ROUND = 200;
const ROWS_PER_WRITE = 200;

/** The hub itself. */
const actorIn = (workspace: string): Actor => ({ agentId: null, keyId: null, workspace, requestId: '' });

/** `keptMs`: for how long. Each round goes on where the last one ended, and begins again at the end. */
export function createSweeper(
  deps: SweeperDeps,
  keptMs: number,
): { sweep(signal: AbortSignal): Promise<void> } {
  const { store, now, log, auditor } = deps;
  let after = 0;

  /** Null if it is not idle any more; a removal that was begun has closed it, so that it stays idle. */
  function step(session: SessionRow, removed: number): Promise<{ messages: number; done: boolean } | null> {
    const before = now() - keptMs;
    return store.write(async (tx) => {
      const { sessions } = await tx.sessions.idle({ before, after: session.pk - 1, limit: 1 });
      if (sessions[0]?.pk !== session.pk) return null;
      const { messages, done } = await tx.sessions.removeSome(session.pk, ROWS_PER_WRITE);
      if (done) {
        await auditor.write(tx, actorIn(session.workspace), {
          ...{ type: 'session.removed', action: 'retention', sessionId: session.sessionId },
          details: { messages: removed },
        });
      }
      return { messages, done };
    });
  }

  async function remove(session: SessionRow, signal: AbortSignal): Promise<void> {
    for (let removed = 0; !signal.aborted;) {
      const taken = await step(session, removed);
      if (taken === null) return;
      removed += taken.messages;
      if (!taken.done) continue;
      log.info({ session_id: session.sessionId, messages: removed }, 'an inactive session was removed');
      return;
    }
  }

  return {
    async sweep(signal) {
      const found = await store.read.sessions.idle({
        before: now() - keptMs,
        after,
        limit: SESSIONS_PER_ROUND,
      });
      for (const session of found.sessions) await remove(session, signal);
      after = found.next ?? 0;
    },
  };
}
