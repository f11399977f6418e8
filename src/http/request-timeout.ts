/** Bounds how long a request may take until it is answered; the stream of an answer that has begun may go on. */
import type { Context } from 'hono';
import { HubError } from '../errors.ts';
import type { Link } from './chain.ts';
import type { HubEnv } from './types.ts';

export interface RequestTimeoutOptions {
  readonly timeoutMs: number;
  readonly exempt: (method: string, path: string) => boolean;
}

const RETRY_SECONDS = 1;

export function limitTime({ timeoutMs, exempt }: RequestTimeoutOptions): Link {
  return (c, next) => {
    if (exempt(c.req.method, c.req.path)) return next();
    let deadline: AbortController | undefined;
    c.set('deadline', () => (deadline ??= new AbortController()).signal);
    return new Promise<void>((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined = setTimeout(() => {
        const error = tookTooLong(timeoutMs);
        reject(error);
        (deadline ??= new AbortController()).abort(error);
      }, timeoutMs);
      const cancel = (): void => {
        clearTimeout(timer);
        timer = undefined;
      };
      c.set('cancelTimeout', cancel);
      next().finally(cancel).then(resolve, reject);
    });
  };
}

/** Takes a request that waits, on purpose or for its client, out of the limits on time and number. */
export function exemptFromLimits(c: Context<HubEnv>): void {
  c.get('releaseSlot')?.();
  c.get('cancelTimeout')?.();
}

/** Aborts when the client has gone or the request has taken too long. */
export function requestSignal(c: Context<HubEnv>): AbortSignal {
  const deadline = c.get('deadline')?.();
  return deadline === undefined ? c.req.raw.signal : AbortSignal.any([c.req.raw.signal, deadline]);
}

function tookTooLong(timeoutMs: number): HubError {
  return new HubError('OVERLOADED', `The request took longer than ${String(timeoutMs / 1_000)} s.`, {
    retryAfter: RETRY_SECONDS,
    suggestions: ['What it was to write may be stored: try again with the same idempotency_key.'],
  });
}
