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
  const sight = watchAdminSight(auditor, ctx);
  sight.saw(messages);
  sight.note();
}

/** What an admin was given since the last row about it. */
interface Seen {
  count: number;
  firstId: number;
  lastId: number;
  readonly sessions: Set<string>;
}

export interface AdminSight {
  /** The admin is given these. */
  saw(messages: readonly MessageHead[]): void;
  /** Leaves one row about what it was given since the last, if that was anything. */
  note(): void;
}

/** As {@link noteAdminSight}, for what goes on for long: of many messages one row. */
export function watchAdminSight(auditor: Pick<Auditor, 'note'>, ctx: Ctx): AdminSight {
  let seen: Seen | undefined;
  return {
    saw(messages) {
      if (!may(ctx.principal, 'admin')) return;
      for (const message of messages) {
        if (!isOthersSecret(ctx.principal, message)) continue;
        const { id, sessionId } = message;
        seen ??= { count: 0, firstId: id, lastId: id, sessions: new Set() };
        seen.count++;
        seen.firstId = Math.min(seen.firstId, id);
        seen.lastId = Math.max(seen.lastId, id);
        seen.sessions.add(sessionId);
      }
    },

    note() {
      if (seen === undefined) return;
      const { count, firstId, lastId, sessions } = seen;
      seen = undefined;
      const [sessionId] = sessions;
      auditor.note(actorOf(ctx), {
        type: 'admin.read',
        action: actionOf(ctx),
        ...(sessions.size === 1 && sessionId !== undefined ? { sessionId } : {}),
        details: {
          ...{ count, first_id: firstId, last_id: lastId },
          ...(sessions.size === 1 ? {} : { sessions: sessions.size }),
        },
      });
    },
  };
}
