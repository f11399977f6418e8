/** What operators change with the tools of agents. What agents change is told by the log of events, and would be most of this one. */
import { may, type Ctx } from '../../context.ts';
import type { Tx } from '../../store/port.ts';
import { actionOf, actorOf, type AuditEvent, type Auditor } from './auditor.ts';

/** Together with what `tx` changes; nothing for who is no admin. */
export async function noteDeed(
  auditor: Pick<Auditor, 'write'>,
  tx: Tx,
  ctx: Ctx,
  deed: Omit<AuditEvent, 'action'>,
): Promise<void> {
  if (may(ctx.principal, 'admin')) await auditor.write(tx, actorOf(ctx), { ...deed, action: actionOf(ctx) });
}
