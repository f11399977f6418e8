/** The feed: what happens, told to one caller for as long as it listens. */
import type { Ctx } from '../../context.ts';
import type { EventBus } from '../../events/bus.ts';
import { follow, type Followed } from '../../events/follow.ts';
import { createTurns } from '../../events/turns.ts';
import type { EventKind, Store } from '../../store/port.ts';
import type { Auditor } from '../audit/auditor.ts';
import type { DeliveryService } from '../delivery/service.ts';
import { watchAdminSight } from '../messages/admin-sight.ts';
import { sightOf } from '../messages/visibility.ts';
import { demand } from '../permissions.ts';
import { requireSession } from '../sessions/service.ts';
import { load, type FeedEvent } from './load.ts';

export interface FeedDeps {
  readonly store: Pick<Store, 'read'>;
  readonly bus: EventBus;
  readonly auditor: Pick<Auditor, 'note'>;
  readonly delivery: Pick<DeliveryService, 'delivered'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface FeedQuery {
  readonly sessionId?: string;
  /** Position in the log to go on after; absent: from now on. */
  readonly after?: number;
  /** Only events of these; absent: of all. */
  readonly kinds?: ReadonlySet<EventKind>;
  /** Only that something happened, and not what: nothing is looked up, shown or delivered. For admins, who see all. */
  readonly kindsOnly?: boolean;
}

export interface Feed {
  /** The position that it begins after. */
  readonly start: number;
  /** In the order of the log, a part at a time, until `signal` aborts. To be read once. */
  parts(signal: AbortSignal): AsyncGenerator<FeedPart, void>;
}

export interface FeedPart {
  readonly events: readonly FeedEvent[];
  /** To be called when the caller's connection has taken them. */
  taken(): void;
}

export interface FeedService {
  /** @throws HubError PERMISSION_DENIED, SESSION_NOT_FOUND */
  open(ctx: Ctx, query: FeedQuery): Promise<Feed>;
}

const EVENTS_AT_ONCE = 200;
/** How far apart the rows of the audit log are about what one feed shows an admin. */
const AUDIT_EVERY_MS = 10_000;

export function createFeedService({ store, bus, auditor, delivery, now }: FeedDeps): FeedService {
  const turn = createTurns();
  return {
    async open(ctx, { sessionId, after, kinds, kindsOnly = false }) {
      demand(ctx, kindsOnly ? 'admin' : 'read');
      const sight = sightOf(ctx.principal);
      const session = sessionId === undefined ? undefined : await requireSession(store.read, ctx, sessionId);
      const start = after ?? (await store.read.events.head());
      return { start, parts: (signal) => (kindsOnly ? bare(signal) : parts(signal)) };

      function pages(signal: AbortSignal): AsyncGenerator<Followed, void> {
        const where = session === undefined ? {} : { sessionPk: session.pk };
        return follow({ store, bus, turn }, { ...where, sight, after: start, limit: EVENTS_AT_ONCE, signal });
      }

      async function* bare(signal: AbortSignal): AsyncGenerator<FeedPart, void> {
        for await (const { events } of pages(signal)) {
          if (events.length === 0) continue;
          yield {
            events: events.map(({ seq, kind }) => ({ seq, kind, words: {} })),
            taken: () => undefined,
          };
        }
      }

      async function* parts(signal: AbortSignal): AsyncGenerator<FeedPart, void> {
        const adminSight = watchAdminSight(auditor, ctx);
        let notedAt = -Infinity;
        try {
          for await (const page of pages(signal)) {
            const wanted =
              kinds === undefined ? page.events : page.events.filter(({ kind }) => kinds.has(kind));
            for await (const events of load({ store, now }, sight, wanted)) {
              if (events.length === 0) continue;
              const messages = events.flatMap((event) => ('message' in event ? [event.message] : []));
              adminSight.saw(messages);
              if (now() - notedAt >= AUDIT_EVERY_MS) {
                adminSight.note();
                notedAt = now();
              }
              const ids = messages.map(({ id }) => id);
              yield { events, taken: () => void delivery.delivered(ctx.principal, ids, 'event') };
            }
          }
        } finally {
          adminSight.note();
        }
      }
    },
  };
}
