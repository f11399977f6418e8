/**
 * The one way into the audit log. What changes something is written in the transaction of the change, so that neither is
 * there without the other; what only reads or is refused is noted aside, and never delays or fails its answer.
 */
import type { Ctx } from '../../context.ts';
import type { JsonObject, NewAuditRow, Store, Tx } from '../../store/port.ts';
import type { Logger } from '../../telemetry/log.ts';

export const AUDIT_EVENTS = [
  'auth.login',
  'auth.refused',
  'auth.logout',
  'key.created',
  'key.rotated',
  'key.revoked',
  'token.issued',
  'token.refreshed',
  'token.revoked',
  'agent.released',
  'agent.transferred',
  'session.created',
  'session.updated',
  'message.added',
  'message.visibility_changed',
  'memory.set',
  'memory.deleted',
  'lease.released',
  'access.refused',
  'admin.read',
  'export',
  'import',
  'session.removed',
  'hub.restored',
  'hub.profiled',
] as const;
export type AuditEventType = (typeof AUDIT_EVENTS)[number];

/** Who did it; nulls for a stranger. */
export interface Actor {
  readonly agentId: string | null;
  readonly keyId: string | null;
  readonly workspace: string | null;
  readonly requestId: string;
}

export interface AuditEvent {
  readonly type: AuditEventType;
  /** The tool, the method and route, or the command. */
  readonly action: string;
  /** What it was done to, as `key:key_1`, `message:17`, `memory:plan`, `agent:reviewer`. */
  readonly resource?: string;
  readonly sessionId?: string;
  readonly result?: 'ok' | 'refused';
  /** Never secrets, never contents. */
  readonly details?: JsonObject;
}

export interface Auditor {
  /** Together with what `tx` changes. */
  write(tx: Tx, actor: Actor, event: AuditEvent): Promise<void>;
  /** Soon, on its own. Lost where the disk takes no writes, of which the log tells, or too many wait already. */
  note(actor: Actor, event: AuditEvent): void;
  /** Resolves when all that was noted so far is stored, or lost. */
  settled(): Promise<void>;
}

export interface AuditorDeps {
  readonly store: Pick<Store, 'write'>;
  readonly now: () => number;
  readonly log: Logger;
}

export function actorOf({ principal, requestId }: Pick<Ctx, 'principal' | 'requestId'>): Actor {
  const { agentId, keyId, workspace } = principal;
  return { agentId, keyId, workspace, requestId };
}

/** For contexts that come by no door. */
const NO_DOOR = 'hub';

export function actionOf({ action = NO_DOOR }: Pick<Ctx, 'action'>): string {
  return action;
}

/** Notes that wait at most; with a disk that takes no writes they must not grow. */
const MAX_WAITING = 10_000;

export function createAuditor({ store, now, log }: AuditorDeps): Auditor {
  let waiting: NewAuditRow[] = [];
  let storing: Promise<void> | undefined;

  const rowOf = (actor: Actor, event: AuditEvent): NewAuditRow => ({
    at: now(),
    workspace: actor.workspace,
    actor: actor.agentId,
    keyId: actor.keyId,
    eventType: event.type,
    action: event.action,
    resource: event.resource ?? null,
    sessionId: event.sessionId ?? null,
    result: event.result ?? 'ok',
    requestId: actor.requestId,
    details: event.details ?? {},
  });

  async function storeAll(): Promise<void> {
    while (waiting.length > 0) {
      const rows = waiting;
      waiting = [];
      try {
        await store.write(async (tx) => {
          for (const row of rows) await tx.audit.append(row);
        });
      } catch (error) {
        log.warn({ err: error, rows: rows.length }, 'rows of the audit log could not be stored');
      }
    }
    storing = undefined;
  }

  return {
    write: (tx, actor, event) => tx.audit.append(rowOf(actor, event)),
    note(actor, event) {
      if (waiting.length >= MAX_WAITING) return;
      waiting.push(rowOf(actor, event));
      storing ??= storeAll();
    },
    settled: async () => {
      await storing;
    },
  };
}
