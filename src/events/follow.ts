/** Follows the log from a position: what is there already, then what comes, without a gap between them. */
import type { EventRow, Sight, Store } from '../store/port.ts';
import type { EventBus } from './bus.ts';

export interface FollowDeps {
  readonly store: Pick<Store, 'read'>;
  readonly bus: Pick<EventBus, 'listen'>;
  /** Resolves when a page may be read; absent: at once. */
  readonly turn?: () => Promise<void>;
}

export interface FollowOptions {
  readonly sight: Sight;
  /** Position, exclusive. */
  readonly after: number;
  readonly sessionPk?: number;
  /** Events per page, at most. */
  readonly limit: number;
  readonly signal: AbortSignal;
}

export interface Followed {
  /** In the order of the log; may be empty, where the log went on with what is hidden. */
  readonly events: readonly EventRow[];
  /** All there is for this sight up to here has been given. */
  readonly upTo: number;
}

/**
 * Ends when `signal` aborts. The log itself is the buffer: a consumer that is slow is only behind, and what comes
 * meanwhile is given to it in larger pages.
 */
export async function* follow(
  { store, bus, turn }: FollowDeps,
  { signal, after, ...where }: FollowOptions,
): AsyncGenerator<Followed, void> {
  let news = createNews();
  using _listening = bus.listen(where.sight, () => news.tell());
  const stop = (): void => news.tell();
  const isOver = (): boolean => signal.aborted;
  signal.addEventListener('abort', stop, { once: true });
  try {
    for (let position = after; ;) {
      await turn?.();
      if (isOver()) return;
      // Before the log is read: what is committed from here on is told of.
      news = createNews();
      const { events, upTo, more } = await store.read.events.page({ ...where, after: position });
      if (isOver()) return;
      const moved = upTo > position;
      position = upTo;
      if (moved) yield { events, upTo };
      if (!more) await news.told;
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function createNews(): { readonly told: Promise<unknown>; readonly tell: () => void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  return { told: promise, tell: () => resolve(undefined) };
}
