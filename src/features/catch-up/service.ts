/** Catching up: what an agent that comes back has to know, within as many tokens as it has for it. */
import type { Ctx } from '../../context.ts';
import { tokenCounter } from '../../lib/tokens.ts';
import type { DeliveryWay, Store } from '../../store/port.ts';
import type { Presence } from '../agents/presence.ts';
import type { Auditor } from '../audit/auditor.ts';
import type { DeliveryService } from '../delivery/service.ts';
import type { LeaseService } from '../leases/types.ts';
import { noteAdminSight } from '../messages/admin-sight.ts';
import { demand } from '../permissions.ts';
import { compose } from './compose.ts';
import { frameOf } from './sections.ts';
import { readState } from './state.ts';
import type { Composed } from './types.ts';

export interface CatchUpDeps {
  readonly presence: Pick<Presence, 'reads'>;
  readonly store: Store;
  readonly auditor: Auditor;
  readonly delivery: Pick<DeliveryService, 'unread' | 'delivered' | 'cursorOf'>;
  readonly leases: Pick<LeaseService, 'list'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface CatchUp extends Composed {
  /** Where wait_for_messages goes on; given back, it acknowledges what the text holds in full. */
  readonly cursor: string;
}

export interface CatchUpService {
  /**
   * Of one session, or of those that matter to the caller. The text takes at most `maxTokens`; what it shows in full of
   * unread messages counts as delivered.
   * @throws HubError SESSION_NOT_FOUND
   */
  tell(
    ctx: Ctx,
    options: { readonly sessionId?: string; readonly maxTokens: number; readonly by: DeliveryWay },
  ): Promise<CatchUp>;
}

export function createCatchUpService(deps: CatchUpDeps): CatchUpService {
  const { store, auditor, delivery, now, presence } = deps;
  return {
    async tell(ctx, { sessionId, maxTokens, by }) {
      demand(ctx, 'read');
      const count = await tokenCounter();
      // Before anything is read: what comes meanwhile is rather told twice than never.
      const position = await store.read.events.head();
      const state = await readState(deps, ctx, sessionId);
      if (sessionId !== undefined) for (const { pk } of state.sessions) presence.reads(ctx.principal, pk);
      const noted = new Set(state.unread.messages.map(({ id }) => id));
      noteAdminSight(
        auditor,
        ctx,
        [
          ...new Map([...state.notes, ...state.questions, ...state.recent].map((m) => [m.id, m])).values(),
        ].filter(({ id }) => !noted.has(id)),
      );
      const composed = compose(frameOf(state, { maxTokens, now: now(), count }), count);
      await delivery.delivered(ctx.principal, composed.shown, by);
      const cursor = await delivery.cursorOf(ctx.principal, { position, ids: composed.shown });
      return { ...composed, cursor };
    },
  };
}
