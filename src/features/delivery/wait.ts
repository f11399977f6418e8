/** Waiting for messages: nothing runs until the bus tells of one that counts, and then the log says what there is. */
import type { Ctx } from '../../context.ts';
import { HubError } from '../../errors.ts';
import type { EventBus } from '../../events/bus.ts';
import type { CommittedEvent, MessageRow, Store } from '../../store/port.ts';
import type { Auditor } from '../audit/auditor.ts';
import { noteAdminSight } from '../messages/admin-sight.ts';
import { namesOf } from '../messages/addressing.ts';
import { sightOf } from '../messages/visibility.ts';
import { demand } from '../permissions.ts';
import { tellProgress } from '../progress.ts';
import type { Presence } from '../agents/presence.ts';
import { requireSession } from '../sessions/service.ts';
import { Alarm } from './alarm.ts';
import type { DeliveryCursor } from './cursor.ts';
import { LogReader } from './log-reader.ts';
import type { UnreadMessages } from './unread.ts';

export interface WaitQuery {
  readonly sessionId?: string;
  readonly cursor?: string;
  /** 0: answers what there is. */
  readonly timeoutMs: number;
  readonly limit: number;
  readonly addressedOnly: boolean;
}

/** A message, and where a reader goes on that has seen all up to it. */
export interface Arrived {
  readonly message: MessageRow;
  readonly position: number;
}

export interface Waited {
  /** What was not acknowledged and is behind the reader, then what came after, in the order of the log. */
  readonly arrived: readonly Arrived[];
  /** Where the reader was, and where it goes on if it has seen all of `arrived`. */
  readonly from: number;
  readonly upTo: number;
  /** Messages that were shown cut before; they are for the next cursor to remember. */
  readonly cut: readonly number[];
  /** Nothing of anybody else came in time. */
  readonly timedOut: boolean;
}

export interface WaitDeps {
  readonly presence: Pick<Presence, 'reads'>;
  readonly store: Pick<Store, 'read'>;
  readonly bus: Pick<EventBus, 'listen'>;
  readonly auditor: Pick<Auditor, 'note'>;
  readonly unread: UnreadMessages;
  readonly accept: (principal: Ctx['principal'], cursor: string) => Promise<DeliveryCursor>;
  /** Ends all waits with what there is. */
  readonly closing: AbortSignal;
  /** How often a client that asked for it hears that the call goes on. */
  readonly progressMs?: number;
}

export const PROGRESS_MS = 10_000;
/** More agents than that do not wait at once; each takes memory while it does. */
const MAX_WAITING = 10_000;
const NONE: ReadonlySet<number> = new Set();
const RETRY_SECONDS = 1;

export interface Waits {
  readonly wait: (ctx: Ctx, query: WaitQuery) => Promise<Waited>;
  /** How many wait now. */
  readonly size: number;
}

export function createWaits(deps: WaitDeps): Waits {
  const { store, bus, auditor, unread, accept, closing, progressMs = PROGRESS_MS } = deps;
  /** Of those who wait. One listener ends them all: a signal looks at all it has for each that comes or goes. */
  const alarms = new Set<Alarm>();
  closing.addEventListener('abort', () => {
    for (const alarm of alarms) alarm.end();
  });

  async function wait(ctx: Ctx, query: WaitQuery): Promise<Waited> {
    demand(ctx, 'read');
    const { principal, signal } = ctx;
    const { sessionId, limit, addressedOnly, timeoutMs } = query;
    const session = sessionId === undefined ? undefined : await requireSession(store.read, ctx, sessionId);
    if (session !== undefined) deps.presence.reads(principal, session.pk);
    const given = query.cursor === undefined ? undefined : await accept(principal, query.cursor);
    const sight = sightOf(principal);
    const cut = given === undefined || given.cut.length === 0 ? NONE : new Set(given.cut);

    /** Unread messages of what is asked for, oldest first. */
    const unreadIds = async (): Promise<number[]> => {
      const mine = await unread.of(principal);
      return [...(mine?.messages ?? [])]
        .filter(([id, { sessionPk }]) => !cut.has(id) && (session === undefined || sessionPk === session.pk))
        .map(([id]) => id);
    };
    const [first] = given === undefined ? await unreadIds() : [];
    const from = given?.position ?? (first === undefined ? await store.read.events.head() : first - 1);
    const log = new LogReader(store.read, {
      ...{ sight, from, limit, agentId: principal.agentId },
      ...(session === undefined ? {} : { sessionPk: session.pk }),
    });

    /** What there is now; undefined as long as it is nothing to come back with. */
    const look = async (isOver: boolean): Promise<Waited | undefined> => {
      const ids = await unreadIds();
      const again = (addressedOnly ? ids : ids.filter((id) => id <= from)).slice(0, limit);
      if (!addressedOnly && again.length < limit) await log.read();
      const timedOut = again.length === 0 && !log.othersSpoke;
      if (timedOut && !isOver) return undefined;
      const shown = new Set(again);
      const fresh = addressedOnly ? [] : log.found.filter(({ id }) => !shown.has(id));
      const chosen = [...again.map((id) => ({ id, position: from })), ...fresh].slice(0, limit);
      const arrived = await load(chosen);
      const complete = arrived.length === again.length + fresh.length;
      noteAdminSight(
        auditor,
        ctx,
        arrived.map(({ message }) => message),
      );
      const upTo = addressedOnly ? from : complete ? log.upTo : (arrived.at(-1)?.position ?? from);
      return { arrived, from, upTo, cut: [...cut], timedOut };
    };

    /** Who sees them is asked now. */
    const load = async (chosen: readonly { readonly id: number; readonly position: number }[]) => {
      const rows = await store.read.messages.rows(
        chosen.map(({ id }) => id),
        sight,
      );
      const byId = new Map(rows.map((row) => [row.id, row]));
      return chosen.flatMap(({ id, position }): Arrived[] => {
        const message = byId.get(id);
        return message === undefined ? [] : [{ message, position }];
      });
    };

    const names = namesOf(principal);
    /** Whether an event is worth a look. */
    const counts = ({ kind, sessionPk, sender, addressees = [] }: CommittedEvent): boolean =>
      (session === undefined || sessionPk === session.pk) &&
      (kind === 'message.updated' ||
        (kind === 'message.added' &&
          sender?.toLowerCase() !== principal.agentId.toLowerCase() &&
          (!addressedOnly || addressees.some((name) => names.includes(name)))));

    if (alarms.size >= MAX_WAITING) throw tooMany();
    using alarm = new Alarm({ ms: closing.aborted ? 0 : timeoutMs, signal });
    using _telling = tellProgress(ctx, timeoutMs / 1000, progressMs);
    using _listening = bus.listen(sight, (events) => {
      if (events.some(counts)) alarm.ring();
    });
    alarms.add(alarm);
    try {
      for (let looks = 1; ; looks++) {
        // Before there is anything to read: what is committed from here on rings.
        alarm.set();
        const waited = await look(alarm.isOver);
        if (signal.aborted) throw gone();
        if (waited !== undefined) return waited;
        if (looks === 1) ctx.onWait?.();
        if (!alarm.isOver) await alarm.sleep();
      }
    } finally {
      alarms.delete(alarm);
    }
  }

  return {
    wait,
    get size() {
      return alarms.size;
    },
  };
}

/** Read by nobody. */
function gone(): HubError {
  return new HubError('OVERLOADED', 'The call ended before there was a message: its caller waits no more.');
}

function tooMany(): HubError {
  return new HubError('OVERLOADED', `${MAX_WAITING} calls wait for messages already.`, {
    retryAfter: RETRY_SECONDS,
    suggestions: [`Try again in ${RETRY_SECONDS} s.`],
  });
}
