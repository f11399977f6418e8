/** Refused requests, for the audit log: of strangers in numbers, of known keys one by one. */
import type { Context } from 'hono';
import { routePath } from 'hono/route';
import type { HubError } from '../errors.ts';
import type { Auditor } from '../features/audit/auditor.ts';
import type { Visits } from '../features/audit/visits.ts';
import type { HubEnv } from './types.ts';

export interface AuditRefusalsOptions {
  readonly auditor: Pick<Auditor, 'note'>;
  readonly visits: Pick<Visits, 'refused'>;
  /** Where a request comes from. */
  readonly addressOf: (c: Context) => string;
}

/** Told of each HubError that becomes an answer. */
export type OnRefused = (c: Context<HubEnv>, error: HubError) => void;

export function auditRefusals(options: AuditRefusalsOptions): OnRefused {
  const { auditor, visits, addressOf } = options;
  return (c, { code }) => {
    const requestId = c.get('requestId');
    const action = actionOf(c);
    if (code === 'AUTHENTICATION_FAILED') visits.refused(addressOf(c), { requestId, action });
    const credential = c.get('credential');
    // Without one it is a guard that refuses, before anybody is known.
    if (code !== 'PERMISSION_DENIED' || credential === undefined) return;
    const { keyId, workspace } = credential;
    const agentId = c.get('principal')?.agentId ?? null;
    auditor.note(
      { agentId, keyId, workspace, requestId },
      { type: 'access.refused', action, result: 'refused' },
    );
  };
}

/** A request as the audit log names it: by its route, so without ids. */
export function actionOf(c: Context): string {
  return `${c.req.method} ${routePath(c, -1)}`;
}
