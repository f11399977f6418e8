/** What an admin was given of others' secrets, for the audit log. */
import { may, type Ctx } from '../../context.ts';
import type { MessageHead } from '../../store/port.ts';
import { actionOf, actorOf, type Auditor } from '../audit/auditor.ts';
import { isOthersSecret } from './visibility.ts';

export interface AdminSight {
  /** Counts those of the messages that the admin is given that are hidden from the agent it is. */
  add(messages: readonly MessageHead[]): void;
  /** Notes all that was counted, in one row. */
  note(auditor: Pick<Auditor, 'note'>): void;
}

/** For an answer that is made bit by bit. */
export function adminSight(ctx: Ctx): AdminSight {
  const isAdmin = may(ctx.principal, 'admin');
  let [count, first, last] = [0, Infinity, 0];
  const sessions = new Set<string>();
  return {
    add(messages) {
      if (!isAdmin) return;
      for (const message of messages) {
        if (!isOthersSecret(ctx.principal, message)) continue;
        count++;
        first = Math.min(first, message.id);
        last = Math.max(last, message.id);
        sessions.add(message.sessionId);
      }
    },
    note(auditor) {
      if (count === 0) return;
      const [sessionId] = sessions;
      auditor.note(actorOf(ctx), {
        type: 'admin.read',
        action: actionOf(ctx),
        ...(sessions.size === 1 && sessionId !== undefined ? { sessionId } : {}),
        details: {
          ...{ count, first_id: first, last_id: last },
          ...(sessions.size === 1 ? {} : { sessions: sessions.size }),
        },
      });
    },
  };
}

/**
 * Notes that an admin is given messages which are hidden from the agent it is: once per request, of all that leaves the
 * service. Who asks for little in tokens or bytes may be shown less than the row says, never more.
 */
export function noteAdminSight(
  auditor: Pick<Auditor, 'note'>,
  ctx: Ctx,
  messages: readonly MessageHead[],
): void {
  const sight = adminSight(ctx);
  sight.add(messages);
  sight.note(auditor);
}
