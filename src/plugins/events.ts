/**
 * What plugins are told. What is in the log of events they follow there, each with its own sight and as fast as it can: the
 * log is the buffer. The rest (calls, agents, figures) waits in a bounded queue.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { FeedEvent } from '../features/feed/load.ts';
import type { Services } from '../features/services.ts';
import { toEntry, toMessage, toSession } from '../mcp/shapes.ts';
import type { HubEvents, Lease, MemoryEntry } from './objects.ts';
import { createQueue, type Queue } from './queue.ts';
import type { RunningPlugin } from './running.ts';

type Name = keyof HubEvents;
type Handler = (event: object, my: object) => unknown;
type Told = { [E in Name]: { readonly name: E; readonly event: HubEvents[E] } }[Name];

/** Events that wait for one plugin. */
export const MAX_WAITING = 1000;
/** How long it waits before it follows the log again that it could not read. */
const AGAIN_MS = 1000;

const IN_LOG = {
  'session.created': ['session.created'],
  'session.updated': ['session.updated'],
  'message.added': ['message.added'],
  'message.updated': ['message.updated'],
  'memory.changed': ['memory.set', 'memory.deleted'],
  'lease.granted': ['lease.granted'],
  'lease.released': ['lease.released'],
} as const;

export interface Listening {
  /** Hands over what is in no log. Never throws. */
  readonly tell: <E extends Name>(name: E, event: HubEvents[E]) => void;
  readonly queue: Pick<Queue<unknown>, 'losing'>;
  /** Resolves when what was told has been handled. */
  readonly idle: () => Promise<void>;
  /** Ends the following of the log, after the event that is being handled. */
  end(): Promise<void>;
}

export function listensTo({ definition }: Pick<RunningPlugin, 'definition'>, name: Name): boolean {
  return definition.on?.[name] !== undefined;
}

export async function listen(plugin: RunningPlugin, { feed }: Pick<Services, 'feed'>): Promise<Listening> {
  const { guard, log, definition } = plugin;
  const queue = createQueue<Told>(MAX_WAITING, handle);
  const ended = new AbortController();
  const signal = AbortSignal.any([ended.signal, guard.signal]);
  const isOver = (): boolean => signal.aborted;
  const names = (Object.keys(IN_LOG) as (keyof typeof IN_LOG)[]).filter((name) => listensTo(plugin, name));
  const kinds = new Set(names.flatMap((name) => IN_LOG[name]));
  let after = kinds.size === 0 ? 0 : (await feed.open(plugin.ctx(), {})).start;
  const following = kinds.size === 0 ? undefined : follow();

  /** One after the other, each awaited; what a handler throws is its guard's matter. */
  async function handle({ name, event }: Told): Promise<void> {
    const handler = Reflect.get(definition.on ?? {}, name) as Handler | undefined;
    if (handler === undefined || guard.signal.aborted) return;
    const work = { part: `on ${name}`, limitMs: plugin.grant.limitMs, sawContents: true } as const;
    await guard.run(work, () => handler(structuredClone(event), plugin.my())).catch(() => undefined);
  }

  async function follow(): Promise<void> {
    while (!isOver()) {
      try {
        const opened = await feed.open(plugin.ctx(), { after, kinds });
        for await (const part of opened.parts(signal)) {
          for (const event of part.events) {
            if (isOver()) return;
            const told = toldOf(event, plugin.ctx().principal.agentId);
            if (told !== undefined) await handle(told);
            after = event.seq;
          }
          part.taken();
        }
      } catch (err) {
        log.warn({ err }, 'the events of a plugin could not be read; it goes on from there');
        await delay(AGAIN_MS, undefined, { signal, ref: false }).catch(() => undefined);
      }
    }
  }

  return {
    queue,
    tell(name, event) {
      if (!listensTo(plugin, name) || guard.signal.aborted) return;
      const lost = queue.losing;
      if (!queue.add({ name, event } as Told) && !lost)
        log.warn({ event: name }, 'a plugin is too slow: events that wait for it are dropped');
    },
    idle: queue.idle,
    async end() {
      ended.abort();
      await following;
    },
  };
}

/** Undefined for what the plugin did itself: it would answer itself for ever. */
function toldOf(event: FeedEvent, own: string): Told | undefined {
  if (event.by === own) return undefined;
  if ('message' in event) {
    const name = event.kind === 'message.added' ? 'message.added' : 'message.updated';
    const message = toMessage(event.message);
    return name === 'message.added' && message.sender === own ? undefined : { name, event: { message } };
  }
  if ('session' in event) {
    const session = toSession(event.session);
    if (event.kind === 'session.updated') return { name: 'session.updated', event: { session } };
    return session.created_by === own ? undefined : { name: 'session.created', event: { session } };
  }
  if ('entry' in event || event.kind.startsWith('memory.')) {
    const entry = 'entry' in event ? toEntry(event.entry) : (event.words as unknown as MemoryEntry);
    const change = event.kind === 'memory.set' ? 'set' : 'deleted';
    return entry.updated_by === own ? undefined : { name: 'memory.changed', event: { change, entry } };
  }
  const { ended, ended_by: by, ...words } = event.words;
  const lease = words as unknown as Lease;
  if (event.kind === 'lease.released')
    return by === own ? undefined : { name: 'lease.released', event: { lease, ended: String(ended) } };
  return lease.holder === own ? undefined : { name: 'lease.granted', event: { lease } };
}
