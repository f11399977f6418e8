/** What an admin was given of others' secrets, for the audit log. */
import { may, type Ctx } from '../../context.ts';
import type { MessageHead } from '../../store/port.ts';
import { actionOf, actorOf, type Auditor } from '../audit/auditor.ts';
import { isOthersSecret } from './visibility.ts';

/**
 * Notes that an admin is given messages which are hidden from the agent it is: once per request, of all that leaves the
 * service. Who asks for little in tokens or bytes may be shown less than the row says, never more.
 */
export function noteAdminSight(
  auditor: Pick<Auditor, 'note'>,
  ctx: Ctx,
  messages: readonly MessageHead[],
): void {
  if (!may(ctx.principal, 'admin')) return;
  const secret = messages.filter((message) => isOthersSecret(ctx.principal, message));
  if (secret.length === 0) return;
  const ids = secret.map(({ id }) => id);
  const sessions = [...new Set(secret.map(({ sessionId }) => sessionId))];
  const [sessionId] = sessions;
  auditor.note(actorOf(ctx), {
    type: 'admin.read',
    action: actionOf(ctx),
    ...(sessions.length === 1 && sessionId !== undefined ? { sessionId } : {}),
    details: {
      ...{ count: ids.length, first_id: Math.min(...ids), last_id: Math.max(...ids) },
      ...(sessions.length === 1 ? {} : { sessions: sessions.length }),
    },
  });
}
