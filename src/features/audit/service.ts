/** Reading the audit log: for operators, each of its own workspace. */
import {
  ALL_WORKSPACES,
  type AuditPage,
  type AuditPosition,
  type AuditRow,
  type Store,
} from '../../store/port.ts';
import type { Ctx } from '../../context.ts';
import { demand } from '../permissions.ts';
import { DEFAULT_WORKSPACE } from '../sessions/service.ts';
import { actionOf, actorOf, type AuditEventType, type Auditor } from './auditor.ts';

export interface AuditQuery {
  readonly agentId?: string;
  readonly eventType?: AuditEventType;
  readonly sessionId?: string;
  /** Milliseconds since the epoch, both included. */
  readonly since?: number;
  readonly until?: number;
  readonly limit: number;
  readonly before?: AuditPosition;
}

export interface AuditService {
  /**
   * Newest first; each reading is a row of the log itself.
   * @throws HubError PERMISSION_DENIED without admin.
   */
  list(
    ctx: Ctx,
    query: AuditQuery,
  ): Promise<{ readonly rows: readonly AuditRow[]; readonly next: AuditPosition | null }>;
}

export interface AuditDeps {
  readonly store: Store;
  readonly auditor: Auditor;
}

export function createAuditService({ store, auditor }: AuditDeps): AuditService {
  return {
    async list(ctx, { agentId, ...query }) {
      demand(ctx, 'admin');
      const page = await store.read.audit.page({
        ...query,
        workspaces: workspacesOf(ctx),
        ...(agentId === undefined ? {} : { actor: agentId }),
      });
      const event = { action: actionOf(ctx), resource: 'audit_log', details: { count: page.rows.length } };
      auditor.note(actorOf(ctx), { type: 'admin.read', ...event });
      return page;
    },
  };
}

/** Strangers belong to no workspace: who looks after the hub as a whole sees what they tried. */
function workspacesOf({ principal: { workspace } }: Ctx): AuditPage['workspaces'] {
  if (workspace === ALL_WORKSPACES) return 'all';
  return workspace === DEFAULT_WORKSPACE ? [workspace, null] : [workspace];
}
