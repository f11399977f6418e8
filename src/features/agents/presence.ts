/**
 * Who is there, from what agents do: in memory, and bounded. When an agent was last seen is stored with it as well; what it
 * called, and over how many connections it is there, is known since the start of the hub.
 */
import { boundedCache } from '../../lib/bounded-cache.ts';
import type { Principal } from '../../context.ts';
import { RequestIds } from './request-ids.ts';

export const AGENT_STATUSES = ['online', 'idle', 'offline'] as const;
export type AgentStatus = (typeof AGENT_STATUSES)[number];

/** What a request says of the connection it came over. */
export type Connection =
  | { readonly session: string }
  /** Without a session: the request's id in the client's own count, which client, and whether it is a stream that stays open. */
  | { readonly request: unknown; readonly client: Client | undefined; readonly stream: boolean };

export interface Client {
  readonly name: string;
  readonly version: string;
}

/** Times in milliseconds since the epoch. */
export interface Present {
  readonly workspace: string;
  readonly agentId: string;
  readonly agentType: string;
  readonly lastSeenAt: number;
  readonly lastTool: string | null;
  readonly client: string | null;
  /** Sessions and streams that it holds open or has used since it would have been idle. */
  readonly connections: number;
  /** Whether a request of it is being answered: a wait or a stream, for as long as it is open. */
  readonly busy: boolean;
}

type Who = Pick<Principal, 'workspace' | 'agentId' | 'agentType'>;

export interface Presence {
  /** It asks for something. */
  seen(who: Who, client?: Client): void;
  /** A request of it is being answered; call what comes back when that is over, once. */
  open(who: Who, connection?: Connection): () => void;
  /** It calls a tool, and is busy until disposed of. */
  calls(who: Who, tool: string): Disposable;
  /** It reads or waits in a session. */
  reads(who: Who, sessionPk: number): void;
  /** Who has read or waited in a session, the last one first. */
  readersOf(sessionPk: number): readonly Reader[];
  of(workspace: string, agentId: string): Present | undefined;
  /** All of a workspace that were seen since the start, as many as are remembered. */
  all(workspace: string): readonly Present[];
  /** `lastSeenAt` as stored, for agents that have not been seen since the start. */
  status(lastSeenAt: number, present: Present | undefined): AgentStatus;
}

export interface PresenceDeps {
  readonly now: () => number;
  /** Milliseconds without a sign after which an agent is idle, and after which it is offline. */
  readonly times: { readonly idleMs: number; readonly offlineMs: number };
}

/** Something that requests use: how many do now, and when the last one did. */
interface Used {
  open: number;
  lastAt: number;
}

interface Entry extends Who, Used {
  lastTool: string | null;
  client: string | null;
  /** None: most clients of today have no sessions. */
  sessions: Map<string, Used> | undefined;
  /** Streams without a session. */
  readonly streams: Used;
  readonly requests: RequestIds;
}

/** The last one last. */
type Readers = Map<string, Reader>;
type Reader = Pick<Who, 'workspace' | 'agentId'>;

const MAX_AGENTS = 20_000;
const MAX_SESSIONS_OF_AGENT = 100;
const MAX_PLACES = 5_000;
const MAX_READERS = 200;
const MAX_CLIENT_PART = 50;
/** Others are shown it: no more than a name and a number can be said in it. */
const OUTSIDE = /[^A-Za-z0-9._@+-]+/g;

/** `name/version`; at most 101 characters. */
export function clientText({ name, version }: Client): string {
  const part = (text: string): string => text.replace(OUTSIDE, '-').slice(0, MAX_CLIENT_PART);
  return version === '' ? part(name) : `${part(name)}/${part(version)}`;
}

export function createPresence({ now, times: { idleMs, offlineMs } }: PresenceDeps): Presence {
  const entries = boundedCache<string, Entry>(MAX_AGENTS);
  const readers = boundedCache<number, Readers>(MAX_PLACES);

  const keyOf = (workspace: string, agentId: string): string => `${workspace}\u0000${agentId.toLowerCase()}`;

  function entryOf({ workspace, agentId, agentType }: Who): Entry {
    const key = keyOf(workspace, agentId);
    const lastAt = now();
    const entry = entries.get(key) ?? {
      ...{ workspace, agentId, agentType, lastAt, open: 0, lastTool: null, client: null },
      ...{ sessions: undefined, streams: { open: 0, lastAt }, requests: new RequestIds() },
    };
    entry.lastAt = lastAt;
    entries.set(key, entry);
    return entry;
  }

  function usedBy(entry: Entry, connection: Connection | undefined): readonly Used[] {
    if (connection === undefined) return [entry];
    if ('session' in connection) {
      entry.sessions ??= new Map();
      const session = entry.sessions.get(connection.session) ?? { open: 0, lastAt: 0 };
      putLast(entry.sessions, connection.session, session, MAX_SESSIONS_OF_AGENT);
      return [entry, session];
    }
    const { request, client } = connection;
    entry.requests.came(request, client === undefined ? '' : clientText(client), now());
    return connection.stream ? [entry, entry.streams] : [entry];
  }

  function hold(all: readonly Used[]): () => void {
    for (const used of all) used.open++;
    return () => {
      const lastAt = now();
      for (const used of all) Object.assign(used, { open: used.open - 1, lastAt });
    };
  }

  function toPresent(entry: Entry): Present {
    const { workspace, agentId, agentType, lastTool, client, sessions, streams, requests } = entry;
    const busy = entry.open > 0;
    const since = now() - idleMs;
    const live = [...(sessions?.values() ?? [])].filter(({ open, lastAt }) => open > 0 || lastAt > since);
    // Streams are counted for sure; without any the requests must tell. Clients of other kinds are others in any case.
    const stateless =
      streams.open > 0 ? Math.max(streams.open, requests.kinds(since)) : requests.clients(since);
    const connections = live.length + stateless;
    const lastSeenAt = busy ? now() : entry.lastAt;
    return { workspace, agentId, agentType, lastSeenAt, lastTool, client, connections, busy };
  }

  return {
    seen(who, client) {
      const entry = entryOf(who);
      if (client !== undefined) entry.client = clientText(client);
    },

    open: (who, connection) => hold(usedBy(entryOf(who), connection)),

    calls(who, tool) {
      const entry = entryOf(who);
      entry.lastTool = tool;
      return { [Symbol.dispose]: hold([entry]) };
    },

    reads({ workspace, agentId }, sessionPk) {
      const there = readers.get(sessionPk) ?? new Map<string, Reader>();
      putLast(there, keyOf(workspace, agentId), { workspace, agentId }, MAX_READERS);
      readers.set(sessionPk, there);
    },

    readersOf: (sessionPk) => [...(readers.get(sessionPk)?.values() ?? [])].reverse(),

    of(workspace, agentId) {
      // Who is asked about is not more there for it.
      const entry = entries.peek(keyOf(workspace, agentId));
      return entry && toPresent(entry);
    },

    all: (workspace) => [...entries.values()].filter((entry) => entry.workspace === workspace).map(toPresent),

    status(stored, present) {
      if (present?.busy === true) return 'online';
      const silence = now() - Math.max(stored, present?.lastSeenAt ?? 0);
      if (silence < idleMs) return 'online';
      return silence < offlineMs ? 'idle' : 'offline';
    },
  };
}

/** Puts it behind all others, the first of which has to go where there would be more than `max`. */
function putLast<T>(map: Map<string, T>, key: string, value: T, max: number): void {
  map.delete(key);
  map.set(key, value);
  const [first] = map.keys();
  if (map.size > max && first !== undefined) map.delete(first);
}
