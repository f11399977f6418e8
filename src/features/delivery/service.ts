/** Delivery: what is unread, what has reached whom, and what was acknowledged. */
import type { Ctx, Principal } from '../../context.ts';
import type { EventBus } from '../../events/bus.ts';
import type { CacheMeters } from '../../lib/cache-meter.ts';
import type { DeliveryWay, MessageRow, Reads, Store } from '../../store/port.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Presence } from '../agents/presence.ts';
import type { Auditor } from '../audit/auditor.ts';
import { noteAdminSight } from '../messages/admin-sight.ts';
import { demand } from '../permissions.ts';
import { agentNotFound } from '../messages/insert.ts';
import { homeWorkspace, requireSession } from '../sessions/service.ts';
import { readCursor, writeCursor, type DeliveryCursor } from './cursor.ts';
import { createInbox, type Inbox } from './inbox.ts';
import { createReceipts, type Receipt } from './receipts.ts';
import { createRecorder } from './recorder.ts';
import { createUnreadMessages } from './unread.ts';
import { createWaits, type Waited, type WaitQuery } from './wait.ts';

export interface DeliveryDeps {
  readonly presence: Pick<Presence, 'reads'>;
  readonly store: Store;
  readonly bus: EventBus;
  readonly auditor: Auditor;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
  readonly caches: CacheMeters;
  /** How often a client that waits hears that it still does. */
  readonly progressMs?: number;
}

/** What an answer has shown of messages. */
export interface Shown {
  /** Where the reader goes on in the log. */
  readonly position: number;
  /** Messages that it holds in full; those that are unread are acknowledged by its cursor. */
  readonly ids: readonly number[];
  /** Messages that it holds cut, since no answer has room for them: the cursor remembers that they were shown. */
  readonly cut?: readonly number[];
}

export interface UnreadQuery {
  /** Whose; by default the caller's. Another's is for admins. */
  readonly agentId?: string;
  readonly sessionId?: string;
  readonly limit: number;
  /** Messages that are neither answered nor counted. */
  readonly except?: (id: number) => boolean;
}

export interface DeliveryService {
  /**
   * What speaks to the caller and is not acknowledged, oldest first. `count` goes to 1,000.
   * @throws HubError SESSION_NOT_FOUND, PERMISSION_DENIED and AGENT_NOT_FOUND for other agents
   */
  unread(
    ctx: Ctx,
    query: UnreadQuery,
  ): Promise<{ readonly count: number; readonly messages: readonly MessageRow[] }>;
  /**
   * What an answer says of unread messages besides; undefined if there are none but those in `leaveOut`. Never fails.
   * The previews count as delivered.
   */
  inbox(ctx: Ctx, leaveOut?: readonly number[]): Promise<Inbox | undefined>;
  /** Notes that messages have reached the caller, in full or as a preview; those that do not speak to it are left out. Never fails. */
  delivered(principal: Principal, messageIds: readonly number[], by: DeliveryWay): Promise<void>;
  /** The caller says that it has the messages; those that do not speak to it are left out. */
  acknowledge(principal: Principal, messageIds: readonly number[]): Promise<void>;
  /** What became of messages of one session with those they speak to; only of the caller's own, with admin of all. */
  receipts(ctx: Ctx, messages: readonly MessageRow[]): Promise<ReadonlyMap<number, readonly Receipt[]>>;
  /** The cursor of an answer. */
  cursorOf(principal: Principal, shown: Shown): Promise<string>;
  /**
   * Where the reader goes on who gives a cursor back, which acknowledges what its answer showed this caller.
   * @throws HubError INVALID_CURSOR
   */
  accept(principal: Principal, cursor: string): Promise<DeliveryCursor>;
  /** @throws HubError INVALID_CURSOR */
  parse(cursor: string): DeliveryCursor;
  /**
   * Messages for the caller: at once if there are some, else as soon as one of another agent arrives, else at the end of the
   * time. Costs nothing while it waits. Its own come with others', or at the end of the time.
   * @throws HubError SESSION_NOT_FOUND, INVALID_CURSOR; OVERLOADED when too many wait, or `ctx.signal` aborts.
   */
  wait(ctx: Ctx, query: WaitQuery): Promise<Waited>;
  /** How many wait now. */
  readonly waiting: number;
  /** Answers all who wait now and from now on. */
  endWaits(): void;
  /** Stores what is noted. Nothing may be asked after. */
  close(): Promise<void>;
}

export function createDeliveryService(deps: DeliveryDeps): DeliveryService {
  const { store, bus, auditor, log } = deps;
  const { read, epoch } = store;
  const closing = new AbortController();
  const recorder = createRecorder(deps);
  const unread = createUnreadMessages({ store, bus, recorder, caches: deps.caches });

  async function delivered(
    principal: Principal,
    messageIds: readonly number[],
    by: DeliveryWay,
  ): Promise<void> {
    try {
      const mine = await unread.of(principal);
      if (mine === undefined || (mine.complete && mine.messages.size === 0)) return;
      const found = await mine.among(messageIds);
      for (const [id, known] of found) if (!known.delivered) recorder.delivered(mine.recipient, id, by);
      unread.markDelivered(mine, found.keys());
    } catch (error) {
      log.warn({ err: error }, 'a delivery could not be noted');
    }
  }

  const parse = (cursor: string): DeliveryCursor => readCursor(epoch, cursor);

  async function acknowledge(principal: Principal, messageIds: readonly number[]): Promise<void> {
    const mine = await unread.of(principal);
    if (mine === undefined || messageIds.length === 0) return;
    const ids = [...(await mine.among(messageIds)).keys()];
    for (const id of ids) recorder.acknowledged(mine.recipient, id);
    unread.remove(mine.recipient, ids);
  }

  async function accept(principal: Principal, cursor: string): Promise<DeliveryCursor> {
    const given = readCursor(epoch, cursor, await read.events.head());
    const mine = await unread.of(principal);
    if (mine?.recipient.pk !== given.agentPk) return { ...given, ids: [], cut: [] };
    await acknowledge(principal, given.ids);
    return given;
  }

  const waits = createWaits({ ...deps, unread, accept, closing: closing.signal });

  return {
    async unread(ctx, { agentId, sessionId, limit, except = () => false }) {
      const reader = await readerOf(read, ctx, agentId);
      const session = sessionId === undefined ? undefined : await requireSession(read, ctx, sessionId);
      const mine = await unread.of(reader);
      if (mine === undefined) return { count: 0, messages: [] };
      const ids = [...mine.messages]
        .filter(([id, { sessionPk }]) => (session === undefined || sessionPk === session.pk) && !except(id))
        .map(([id]) => id);
      const messages = await read.messages.rows(ids.slice(0, limit), mine.sight);
      noteAdminSight(auditor, ctx, messages);
      return { count: ids.length, messages };
    },

    inbox: createInbox({ ...deps, unread, recorder }),
    receipts: createReceipts({ store, recorder }),
    delivered,
    acknowledge,
    parse,

    async cursorOf(principal, { position, ids, cut = [] }) {
      const mine = await unread.of(principal);
      const agentPk = mine?.recipient.pk ?? 0;
      if (mine === undefined) return writeCursor(epoch, { position, agentPk, ids: [], cut: [] });
      const shown = [...(await mine.among(ids)).keys()];
      const remembered = [...(await mine.among(cut)).keys()];
      return writeCursor(epoch, { position, agentPk, ids: shown, cut: remembered });
    },

    accept,
    wait: waits.wait,
    get waiting() {
      return waits.size;
    },
    endWaits: () => closing.abort(),
    close: () => recorder.close(),
  };
}

/** Whose inbox is read: what an admin sees of another's is what that one sees. */
async function readerOf(
  db: Pick<Reads, 'agents'>,
  ctx: Ctx,
  agentId: string | undefined,
): Promise<Principal> {
  const { principal } = ctx;
  const own = agentId === undefined || agentId.toLowerCase() === principal.agentId.toLowerCase();
  demand(ctx, own ? 'read' : 'admin');
  if (own) return principal;
  const workspace = homeWorkspace(principal);
  const agent = await db.agents.get(workspace, agentId);
  if (agent === undefined) throw agentNotFound([agentId]);
  const { agentId: id, agentType } = agent;
  return { ...principal, workspace, agentId: id, agentType, permissions: new Set(['read']) };
}
