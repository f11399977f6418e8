/**
 * Tells of events after their commit. Nothing is kept here: whoever misses a call reads the log from where it is. So there
 * is nothing to overflow, and no gap between what was stored before and what comes now.
 */
import { Groups } from '../lib/groups.ts';
import { ALL_WORKSPACES, type CommittedEvent, type Sight } from '../store/port.ts';

/** The events of one commit that the listener's sight meets, in the order of the log. */
export type Listener = (events: readonly CommittedEvent[]) => void;

export interface EventBus {
  /** To be called after each commit. */
  publish(events: readonly CommittedEvent[]): void;
  /** Calls `listener` until it is disposed of. A listener must not throw, and not do long work. */
  listen(sight: Sight, listener: Listener): Disposable;
  /** As `listen`, for all events, whoever may learn of them: the listener asks that itself. */
  listenToAll(listener: Listener): Disposable;
  /** How many listen. */
  readonly size: number;
}

export function createEventBus(): EventBus {
  /** By workspace and audience. */
  const listeners = new Groups<string, Listener>();
  const toAll = new Set<Listener>();
  let size = 0;

  return {
    get size() {
      return size;
    },

    publish(events) {
      if (size === 0) return;
      for (const listener of toAll) listener(events);
      const told = new Map<Listener, CommittedEvent[]>();
      for (const event of events) {
        const hearing = new Set(
          [event.workspace, ALL_WORKSPACES].flatMap((workspace) =>
            event.audiences.flatMap((audience) => [...listeners.of(keyOf(workspace, audience))]),
          ),
        );
        for (const listener of hearing) {
          const heard = told.get(listener);
          if (heard === undefined) told.set(listener, [event]);
          else heard.push(event);
        }
      }
      for (const [listener, heard] of told) listener(heard);
    },

    listen({ workspace, audiences }, given) {
      // One of its own: the same function may listen twice.
      const listener: Listener = (events) => given(events);
      const keys = audiences.map((audience) => keyOf(workspace, audience));
      for (const key of keys) listeners.add(key, listener);
      size++;
      let open = true;
      return {
        [Symbol.dispose]() {
          if (!open) return;
          open = false;
          size--;
          for (const key of keys) listeners.delete(key, listener);
        },
      };
    },

    listenToAll(given) {
      const listener: Listener = (events) => given(events);
      toAll.add(listener);
      size++;
      return {
        [Symbol.dispose]() {
          if (toAll.delete(listener)) size--;
        },
      };
    },
  };
}

const keyOf = (workspace: string, audience: string): string => `${workspace}\u0000${audience}`;
