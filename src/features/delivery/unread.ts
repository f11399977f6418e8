/**
 * The unread messages of agents, remembered: every answer of a tool asks for them. What is posted, acknowledged or shown to
 * others is told to it, so that whoever has nothing unread costs a look into a map.
 */
import { LRUCache } from 'lru-cache';
import type { Principal } from '../../context.ts';
import { may } from '../../context.ts';
import type { EventBus } from '../../events/bus.ts';
import type { CacheMeters } from '../../lib/cache-meter.ts';
import { Groups } from '../../lib/groups.ts';
import { ALL_WORKSPACES } from '../../store/port.ts';
import type { CommittedEvent, MessagePreview, Recipient, Sight, Store } from '../../store/port.ts';
import { namesOf } from '../messages/addressing.ts';
import { sightOf } from '../messages/visibility.ts';
import { PREVIEW_SOURCE_CHARS } from './preview.ts';
import type { Recorder } from './recorder.ts';

/** What an agent has not acknowledged, under one set of permissions. */
export interface Unread {
  readonly recipient: Recipient;
  readonly sight: Sight;
  /** By id, oldest first; the value says what of it has reached the agent. */
  readonly messages: ReadonlyMap<number, Readonly<Known>>;
  /** False: there are more than {@link MAX_KEPT}, of which these are the oldest. */
  readonly complete: boolean;
  /** Those of `ids` that are unread, and whether they have reached the agent. */
  among(ids: readonly number[]): Promise<ReadonlyMap<number, Readonly<Known>>>;
  /** Beginnings of some of them, as the agent may see them. */
  previews(ids: readonly number[]): Promise<readonly MessagePreview[]>;
  /** The newest `count` that `leaveOut` does not hold, oldest first. */
  newest(count: number, leaveOut: ReadonlySet<number>): Promise<readonly number[]>;
}

interface Known {
  readonly sessionPk: number;
  delivered: boolean;
}

export interface UnreadMessages {
  /** Undefined for whom nothing is addressed to: operators of all workspaces. */
  of(principal: Principal): Promise<Unread | undefined>;
  /** These have reached the agent. */
  markDelivered(unread: Unread, ids: Iterable<number>): void;
  /** These are no longer unread. */
  remove(recipient: Recipient, ids: readonly number[]): void;
}

export interface UnreadDeps {
  readonly store: Pick<Store, 'read'>;
  readonly bus: Pick<EventBus, 'listen'>;
  readonly recorder: Pick<Recorder, 'pending'>;
  readonly caches: CacheMeters;
  /** Of all agents together; whoever asked longest ago is forgotten for more. */
  readonly maxMessages?: number;
}

/** Of one agent: who has more has not looked for long. */
export const MAX_KEPT = 1000;
const MAX_PREVIEWS = 16;
const MAX_AGENTS = 20_000;
const MAX_MESSAGES = 500_000;
/** Rows that one query looks at. */
const PER_READ = 250;
/** Every event has one of these audiences. */
const EVERYTHING: Sight = { workspace: ALL_WORKSPACES, audiences: ['public', 'admin'] };

const NONE: ReadonlyMap<number, Known> = new Map();

/** What must be read before the entry is true again. */
type Stale = 'nothing' | 'newer' | 'all';

class Entry implements Unread {
  readonly recipient: Recipient;
  readonly sight: Sight;
  // Most agents that wait have nothing unread, and many wait.
  #messages: Map<number, Known> | undefined;
  #previews: Map<number, MessagePreview> | undefined;
  readonly #deps: UnreadDeps;
  #stale: Stale = 'all';
  #reading: Promise<void> | undefined;
  #upTo = 0;
  complete = true;

  constructor(recipient: Recipient, sight: Sight, deps: UnreadDeps) {
    this.recipient = recipient;
    this.sight = sight;
    this.#deps = deps;
  }

  get messages(): ReadonlyMap<number, Known> {
    return this.#messages ?? NONE;
  }

  outdate(stale: Exclude<Stale, 'nothing'>): void {
    if (this.#stale !== 'all') this.#stale = stale;
  }

  /** Whether there was anything to do. */
  get current(): boolean {
    return this.#stale === 'nothing' && this.#reading === undefined;
  }

  async refresh(): Promise<void> {
    while (!this.current) {
      this.#reading ??= this.#read().finally(() => {
        this.#reading = undefined;
      });
      await this.#reading;
    }
  }

  remove(id: number): void {
    if (this.#messages?.delete(id) !== true) return;
    this.#previews?.delete(id);
    if (!this.complete) this.outdate('all');
  }

  async among(ids: readonly number[]): Promise<ReadonlyMap<number, Known>> {
    const found = new Map<number, Known>();
    for (const id of ids) {
      const known = this.messages.get(id) ?? (this.complete ? undefined : await this.#look(id));
      if (known !== undefined) found.set(id, known);
    }
    return found;
  }

  async previews(ids: readonly number[]): Promise<readonly MessagePreview[]> {
    if (ids.length === 0) return [];
    const known = (this.#previews ??= new Map<number, MessagePreview>());
    const missing = ids.filter((id) => !known.has(id));
    if (missing.length > 0) {
      const { deliveries } = this.#deps.store.read;
      for (const one of await deliveries.previews(missing, this.sight, PREVIEW_SOURCE_CHARS))
        known.set(one.id, one);
      if (known.size > MAX_PREVIEWS) for (const id of known.keys()) if (!ids.includes(id)) known.delete(id);
    }
    return ids.flatMap((id) => known.get(id) ?? []);
  }

  async newest(count: number, leaveOut: ReadonlySet<number>): Promise<readonly number[]> {
    const found: number[] = [];
    const ids = this.complete ? [...this.messages.keys()].reverse() : await this.#newestOfAll();
    for (const id of ids) {
      if (found.length === count) break;
      if (!leaveOut.has(id)) found.unshift(id);
    }
    return found;
  }

  async #look(id: number): Promise<Known | undefined> {
    const { recipient, sight } = this;
    const where = { after: id - 1, before: id + 1, limit: 1 };
    const { messages } = await this.#deps.store.read.deliveries.unread({ recipient, sight, ...where });
    const pending = this.#deps.recorder.pending(id, recipient.pk);
    const [found] = pending?.acknowledgedAt == null ? messages : [];
    return found && { ...found };
  }

  async #newestOfAll(): Promise<readonly number[]> {
    const { recipient, sight } = this;
    const { messages } = await this.#deps.store.read.deliveries.unread({ recipient, sight, limit: PER_READ });
    const isOver = (id: number) => this.#deps.recorder.pending(id, recipient.pk)?.acknowledgedAt != null;
    return messages.map(({ id }) => id).filter((id) => !isOver(id));
  }

  async #read(): Promise<void> {
    const { recipient, sight } = this;
    const { store, recorder } = this.#deps;
    const anew = this.#stale === 'all' || !this.complete;
    // What is told from here on is for the next time.
    this.#stale = 'nothing';
    try {
      const head = await store.read.events.head();
      if (anew) {
        this.#messages = undefined;
        this.#previews = undefined;
      }
      let after: number | null = anew ? 0 : this.#upTo;
      while (after !== null && this.messages.size < MAX_KEPT) {
        const page = await store.read.deliveries.unread({ recipient, sight, after, limit: PER_READ });
        for (const { id, sessionPk, delivered } of page.messages) {
          const pending = recorder.pending(id, recipient.pk);
          if (pending?.acknowledgedAt != null) continue;
          (this.#messages ??= new Map()).set(id, {
            sessionPk,
            delivered: delivered || pending !== undefined,
          });
        }
        after = page.upTo;
        // A long past is read a piece at a time.
        if (after !== null) await new Promise(setImmediate);
      }
      this.complete = after === null;
      this.#upTo = head;
    } catch (error) {
      this.#stale = 'all';
      throw error;
    }
  }
}

export function createUnreadMessages(deps: UnreadDeps): UnreadMessages {
  const { store, bus, caches, maxMessages = MAX_MESSAGES } = deps;
  /** By workspace and each name that speaks to the agent. */
  const named = new Groups<string, Entry>();
  /** In an object of its own each time it is put: a cache does not measure again what it has. */
  const entries = new LRUCache<string, { readonly entry: Entry }>({
    max: MAX_AGENTS,
    maxSize: maxMessages,
    sizeCalculation: ({ entry: { messages } }) => Math.max(messages.size, 1),
    dispose: ({ entry }, _key, reason) => {
      if (reason !== 'set') forget(entry);
      meter.disposed(reason);
    },
  });
  const meter = caches.add('unread', () => ({ entries: entries.size }));

  const keysOf = ({ workspace, names: { agent, type } }: Recipient): string[] =>
    [agent, type].map((name) => keyOf(workspace, name));

  function forget(entry: Entry): void {
    for (const key of keysOf(entry.recipient)) named.delete(key, entry);
  }

  function hear(events: readonly CommittedEvent[]): void {
    for (const { kind, workspace, addressees = [] } of events) {
      if (kind === 'message.added') {
        for (const name of addressees)
          for (const entry of named.of(keyOf(workspace, name))) entry.outdate('newer');
      } else if (kind === 'message.updated') {
        for (const { entry } of entries.values())
          if (entry.recipient.workspace === workspace) entry.outdate('all');
      }
    }
  }
  bus.listen(EVERYTHING, hear);

  async function enter(key: string, principal: Principal): Promise<Entry | undefined> {
    const { workspace, agentId } = principal;
    const [agent, type] = namesOf(principal);
    if (agent === undefined || type === undefined) return undefined;
    const found = await store.read.deliveries.agent(workspace, agentId);
    if (found === undefined) return undefined;
    // Another request may have been faster.
    const there = entries.get(key);
    if (there !== undefined) return there.entry;
    const entry = new Entry({ ...found, workspace, names: { agent, type } }, sightOf(principal), deps);
    for (const name of keysOf(entry.recipient)) named.add(name, entry);
    entries.set(key, { entry });
    return entry;
  }

  return {
    async of(principal) {
      const { workspace, agentId } = principal;
      const key = `${keyOf(workspace, agentId.toLowerCase())}\u0000${may(principal, 'admin') ? 'admin' : ''}`;
      const known = entries.get(key)?.entry;
      meter.looked(known?.current === true);
      const entry = known ?? (await enter(key, principal));
      if (entry === undefined || entry.current) return entry;
      await entry.refresh();
      if (entries.peek(key)?.entry === entry) entries.set(key, { entry });
      return entry;
    },

    markDelivered({ messages }, ids) {
      for (const id of ids) {
        const known: Known | undefined = messages.get(id);
        if (known !== undefined) known.delivered = true;
      }
    },

    remove({ workspace, names }, ids) {
      for (const entry of named.of(keyOf(workspace, names.agent))) for (const id of ids) entry.remove(id);
    },
  };
}

const keyOf = (workspace: string, name: string): string => `${workspace}\u0000${name}`;
