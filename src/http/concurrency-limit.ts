/** Bounds how many requests are worked on at once. A burst waits its turn for a moment; only what lasts is refused. */
import type { Context, Next } from 'hono';
import { HubError } from '../errors.ts';
import type { Link } from './chain.ts';
import type { HubEnv } from './types.ts';

export interface ConcurrencyLimitOptions {
  readonly max: number;
  readonly exempt: (method: string, path: string) => boolean;
  /** How long a request may wait for its turn. */
  readonly waitMs?: number;
}

const WAIT_MS = 2000;
/** How many may wait, for each that is worked on. */
const WAITING_PER_RUNNING = 8;
const RETRY_SECONDS = 1;

export function limitConcurrency(options: ConcurrencyLimitOptions): Link {
  const { max, exempt, waitMs = WAIT_MS } = options;
  const waiting = new Set<() => void>();
  let running = 0;

  /** Resolves when it is the request's turn. @throws HubError OVERLOADED */
  async function queue(): Promise<void> {
    if (waiting.size >= max * WAITING_PER_RUNNING) throw overloaded(max);
    const turn = Promise.withResolvers<undefined>();
    const go = (): void => {
      turn.resolve(undefined);
    };
    const timer = setTimeout(() => {
      waiting.delete(go);
      turn.reject(overloaded(max));
    }, waitMs);
    waiting.add(go);
    try {
      await turn.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Hands the place on, or gives it back. */
  function leave(): void {
    const [next] = waiting;
    if (next === undefined) {
      running -= 1;
      return;
    }
    waiting.delete(next);
    next();
  }

  function work(c: Context<HubEnv, string>, next: Next): Promise<void> {
    let held = true;
    const release = (): void => {
      if (held) leave();
      held = false;
    };
    c.set('releaseSlot', release);
    return next().finally(release);
  }

  return (c, next) => {
    if (exempt(c.req.method, c.req.path)) return next();
    if (running >= max) return queue().then(() => work(c, next));
    running += 1;
    return work(c, next);
  };
}

function overloaded(max: number): HubError {
  return new HubError('OVERLOADED', `The hub works on ${String(max)} requests already.`, {
    retryAfter: RETRY_SECONDS,
    suggestions: [`Try again in ${String(RETRY_SECONDS)} s.`],
  });
}
