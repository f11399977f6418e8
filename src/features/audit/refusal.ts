/** Refusals for want of a permission, or of the right to be who one says. */
import type { Ctx } from '../../context.ts';
import { HubError } from '../../errors.ts';
import { actionOf, actorOf, type Auditor } from './auditor.ts';

/** Notes an error that says: you may not. Any other thrown value is none of the audit log's business. */
export function noteRefusal(
  services: { readonly auditor: Pick<Auditor, 'note'> },
  ctx: Pick<Ctx, 'principal' | 'requestId' | 'action'>,
  thrown: unknown,
): void {
  if (!(thrown instanceof HubError) || thrown.code !== 'PERMISSION_DENIED') return;
  const needed = thrown.details.context?.['needed'];
  services.auditor.note(actorOf(ctx), {
    ...{ type: 'access.refused', action: actionOf(ctx), result: 'refused' },
    ...(typeof needed === 'string' ? { details: { needed } } : {}),
  });
}
