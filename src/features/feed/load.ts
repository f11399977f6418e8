/** From events as the log has them to what they are about, as the caller sees it now. */
import type {
  EventKind,
  EventRow,
  JsonObject,
  MemoryListRow,
  MessageRow,
  SessionView,
  Sight,
  Store,
} from '../../store/port.ts';

/** What an event is about; of what is gone or was written down with it, the event's own words. */
export type Told =
  | { readonly message: MessageRow }
  | { readonly session: SessionView }
  | { readonly entry: MemoryListRow }
  | { readonly words: JsonObject };

export type FeedEvent = {
  readonly seq: number;
  readonly kind: EventKind;
  /** The agent that changed it, which the message or session does not say. Inside the hub only: clients are not told. */
  readonly by?: string;
} & Told;

export interface LoadDeps {
  readonly store: Pick<Store, 'read'>;
  readonly now: () => number;
}

/** Content and metadata of messages that are held at once, in bytes, unless one alone has more. */
const BYTES_AT_ONCE = 128 * 1024;

/** In order, a part at a time. What the caller no longer sees is left out. */
export async function* load(
  deps: LoadDeps,
  sight: Sight,
  events: readonly EventRow[],
): AsyncGenerator<readonly FeedEvent[], void> {
  const [sessions, entries] = [await sessionsOf(deps, sight, events), await entriesOf(deps, events)];
  let rest = events;
  while (rest.length > 0) {
    const ids = [...new Set(rest.flatMap(({ messageId }) => messageId ?? []))];
    const rows = await deps.store.read.messages.rows(ids, sight, BYTES_AT_ONCE);
    const messages = new Map(rows.map((row) => [row.id, row]));
    // Those after the last one are hidden or had no room: the next part tells which.
    const reached = ids.indexOf(rows.at(-1)?.id ?? Infinity);
    const left = new Set(reached === -1 ? [] : ids.slice(reached + 1));
    const end = rest.findIndex(({ messageId }) => messageId !== null && left.has(messageId));
    const part = end === -1 ? rest : rest.slice(0, end);
    rest = rest.slice(part.length);
    yield part.flatMap((event): FeedEvent[] => {
      const { seq, kind, messageId, sessionPk } = event;
      if (kind.startsWith('message.')) {
        const message = messageId === null ? undefined : messages.get(messageId);
        return message === undefined ? [] : [{ seq, kind, message, ...byOf(event) }];
      }
      if (kind.startsWith('session.')) {
        const session = sessionPk === null ? undefined : sessions.get(sessionPk);
        return session === undefined ? [] : [{ seq, kind, session, ...byOf(event) }];
      }
      const entry = entries.get(seq);
      if (entry !== undefined) return [{ seq, kind, entry }];
      const { entry: _, ...words } = wordsOf(event);
      return [{ seq, kind, words }];
    });
  }
}

async function sessionsOf(
  { store: { read } }: LoadDeps,
  sight: Sight,
  events: readonly EventRow[],
): Promise<ReadonlyMap<number, SessionView>> {
  const pks = new Set(
    events.flatMap(({ kind, sessionPk }) => (kind.startsWith('session.') ? (sessionPk ?? []) : [])),
  );
  if (pks.size === 0) return new Map();
  const views = new Map<number, SessionView>();
  for (const { pk, sessionId } of await read.sessions.labels(sight.workspace, [...pks])) {
    const view = await read.sessions.view(sight.workspace, sessionId, sight);
    if (view !== undefined) views.set(pk, view);
  }
  return views;
}

/** Where a memory event says that its entry is. */
interface EntryPlace {
  readonly pk: number;
  readonly workspace: string;
  readonly owner: number | null;
}

/** The entries that were set and are still there, by the position of their event. */
async function entriesOf(
  { store: { read }, now }: LoadDeps,
  events: readonly EventRow[],
): Promise<ReadonlyMap<number, MemoryListRow>> {
  const set = events.flatMap((event) => {
    const place = event.kind === 'memory.set' ? (wordsOf(event)['entry'] as EntryPlace) : undefined;
    return place === undefined ? [] : [{ ...place, seq: event.seq }];
  });
  const found = new Map<number, MemoryListRow>();
  for (const [workspace, places] of Map.groupBy(set, (place) => place.workspace)) {
    const owners = [...new Set(places.map(({ owner }) => owner))];
    const pks = [...new Set(places.map(({ pk }) => pk))];
    const rows = await read.memory.some(pks, { workspace, owners, now: now() });
    const byPk = new Map(rows.map((row) => [row.pk, row]));
    for (const { seq, pk } of places) {
      const row = byPk.get(pk);
      if (row !== undefined) found.set(seq, row);
    }
  }
  return found;
}

function byOf(event: EventRow): { readonly by?: string } {
  const { by } = wordsOf(event);
  return typeof by === 'string' ? { by } : {};
}

function wordsOf({ data }: EventRow): JsonObject {
  return data === null ? {} : (JSON.parse(data) as JsonObject);
}
