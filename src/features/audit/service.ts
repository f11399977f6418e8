/** Reading the audit log: for operators, each of its own workspace. */
import {
  ALL_WORKSPACES,
  type AuditPage,
  type AuditPosition,
  type AuditRow,
  type JsonObject,
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
  /**
   * All of it, newest first, a page at a time; what is written meanwhile is left out. The whole is one row of the log, which
   * says what was given, also if it breaks off.
   * @throws HubError PERMISSION_DENIED without admin, before the first page.
   */
  export(
    ctx: Ctx,
    filter: AuditFilter,
    details: JsonObject,
  ): AsyncGenerator<readonly AuditRow[], void, undefined>;
}

/** What an export of the log holds of it. */
export type AuditFilter = Omit<AuditQuery, 'limit' | 'before'>;

export interface AuditDeps {
  readonly store: Store;
  readonly auditor: Auditor;
}

const EXPORTED_AT_ONCE = 200;

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

    export(ctx, filter, details) {
      demand(ctx, 'admin');
      return pages();

      async function* pages(): AsyncGenerator<readonly AuditRow[], void, undefined> {
        const { agentId, ...where } = filter;
        const asked = { ...where, ...(agentId === undefined ? {} : { actor: agentId }) };
        const workspaces = workspacesOf(ctx);
        let entries = 0;
        try {
          for (let before: AuditPosition | null | undefined; before !== null;) {
            ctx.signal.throwIfAborted();
            const page = await store.read.audit.page({
              ...{ ...asked, workspaces, limit: EXPORTED_AT_ONCE },
              ...(before === undefined ? {} : { before }),
            });
            before = page.next;
            entries += page.rows.length;
            if (page.rows.length > 0) yield page.rows;
          }
        } finally {
          const event = { action: actionOf(ctx), resource: 'audit_log', details: { ...details, entries } };
          auditor.note(actorOf(ctx), { type: 'export', ...event });
        }
      }
    },
  };
}

/** Strangers belong to no workspace: who looks after the hub as a whole sees what they tried. */
function workspacesOf({ principal: { workspace } }: Ctx): AuditPage['workspaces'] {
  if (workspace === ALL_WORKSPACES) return 'all';
  return workspace === DEFAULT_WORKSPACE ? [workspace, null] : [workspace];
}
