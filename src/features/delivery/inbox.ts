/** What every answer of a tool says of unread messages. */
import { may, type Ctx } from '../../context.ts';
import type { Store } from '../../store/port.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Auditor } from '../audit/auditor.ts';
import { noteAdminSight } from '../messages/admin-sight.ts';
import { previewOf } from './preview.ts';
import type { Recorder } from './recorder.ts';
import type { UnreadMessages } from './unread.ts';

export interface Inbox {
  readonly unread: number;
  /** The newest, oldest first; at most three. */
  readonly latest: readonly {
    readonly id: number;
    readonly session_id: string;
    readonly sender: string;
    readonly preview: string;
  }[];
}

export interface InboxDeps {
  readonly store: Pick<Store, 'read'>;
  readonly auditor: Pick<Auditor, 'note'>;
  readonly unread: UnreadMessages;
  readonly recorder: Pick<Recorder, 'delivered'>;
  readonly log: Logger;
}

const LATEST = 3;

export function createInbox({ store, auditor, unread, recorder, log }: InboxDeps) {
  return async (ctx: Ctx, leaveOut: readonly number[] = []): Promise<Inbox | undefined> => {
    if (!may(ctx.principal, 'read')) return undefined;
    try {
      const mine = await unread.of(ctx.principal);
      if (mine === undefined || (mine.complete && mine.messages.size === 0)) return undefined;
      const left = new Set(leaveOut);
      const count = mine.messages.size - leaveOut.filter((id) => mine.messages.has(id)).length;
      const ids = await mine.newest(LATEST, left);
      const previews = await mine.previews(ids);
      if (count === 0 || previews.length === 0) return undefined;
      if (may(ctx.principal, 'admin'))
        noteAdminSight(auditor, ctx, await store.read.messages.heads(ids, mine.sight));
      // One that was hidden or removed since it was counted has reached nobody.
      const shown = previews.map(({ id }) => id);
      for (const id of shown)
        if (mine.messages.get(id)?.delivered !== true) recorder.delivered(mine.recipient, id, 'inbox');
      unread.markDelivered(mine, shown);
      return {
        unread: count,
        latest: previews.map(({ id, sessionId, sender, text }) => ({
          ...{ id, session_id: sessionId, sender, preview: previewOf(text) },
        })),
      };
    } catch (error) {
      log.warn({ err: error }, 'an inbox could not be read');
      return undefined;
    }
  };
}
