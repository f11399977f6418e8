/** Where operators tell agents what has become of their leases, if those belong to no session: one session per workspace. */
import { createHash } from 'node:crypto';
import type { Ctx } from '../../context.ts';
import type { SessionRow, Tx } from '../../store/port.ts';
import { noteSessionEvent } from '../sessions/service.ts';

const PURPOSE = 'Notices of operators to single agents';
const ID_DIGITS = 16;

/** Makes it at the first notice. */
export async function noticesSession(tx: Tx, ctx: Ctx, workspace: string, now: number): Promise<SessionRow> {
  const digest = createHash('sha256').update(`notices\u0000${workspace}`).digest('hex');
  const { row, created } = await tx.sessions.insert({
    ...{ sessionId: `session_${digest.slice(0, ID_DIGITS)}`, workspace, purpose: PURPOSE },
    ...{ createdBy: ctx.principal.agentId, createdAt: now, updatedAt: now, isActive: true, metadata: {} },
  });
  if (created) await noteSessionEvent(tx, 'session.created', row);
  return row;
}
