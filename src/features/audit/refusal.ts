/** Refusals for want of a permission, of the right to be who one says, or of a handle that is good. */
import type { Ctx } from '../../context.ts';
import { HubError } from '../../errors.ts';
import { actionOf, actorOf, type Auditor } from './auditor.ts';

const REFUSED_HANDLES: ReadonlySet<string> = new Set([
  'AUTHENTICATION_FAILED',
  'TOKEN_EXPIRED',
  'TOKEN_REVOKED',
]);

/** Notes an error that says: you may not. Any other thrown value is none of the audit log's business. */
export function noteRefusal(
  services: { readonly auditor: Pick<Auditor, 'note'> },
  ctx: Pick<Ctx, 'principal' | 'requestId' | 'action'>,
  thrown: unknown,
): void {
  if (!(thrown instanceof HubError)) return;
  if (REFUSED_HANDLES.has(thrown.code)) {
    const event = { action: actionOf(ctx), details: { reason: thrown.code } };
    services.auditor.note(actorOf(ctx), { type: 'auth.refused', result: 'refused', ...event });
  }
  if (thrown.code !== 'PERMISSION_DENIED') return;
  const needed = thrown.details.context?.['needed'];
  services.auditor.note(actorOf(ctx), {
    ...{ type: 'access.refused', action: actionOf(ctx), result: 'refused' },
    ...(typeof needed === 'string' ? { details: { needed } } : {}),
  });
}
