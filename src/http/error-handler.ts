/** Turns whatever is thrown into an answer. What is not a HubError goes to the log in full and nowhere else. */
import type { Context, ErrorHandler } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { HTTPException } from 'hono/http-exception';
import { HubError, errorObject, publicError } from '../errors.ts';
import { asError } from '../lib/as-error.ts';
import type { Logger } from '../telemetry/log.ts';
import type { OnRefused } from './audit-refusals.ts';
import type { Link } from './chain.ts';
import type { HubEnv } from './types.ts';

export interface ErrorHandlerOptions {
  readonly log: Logger;
  readonly now: () => number;
  readonly onRefused?: OnRefused;
}

/** For the log only: nobody is left to answer. */
const CLIENT_GONE = 499;

export function answerErrors({ log, now, onRefused }: ErrorHandlerOptions): ErrorHandler<HubEnv> {
  return (thrown, c) => {
    const error = fromFramework(thrown);
    const requestId = c.get('requestId');
    if (!(error instanceof HubError)) {
      if (c.req.raw.signal.aborted) return new Response(null, { status: CLIENT_GONE });
      log.error(
        { err: thrown, request_id: requestId, method: c.req.method, path: c.req.path },
        'request failed',
      );
    } else if (error.status >= 500 && error.cause !== undefined) {
      log.warn({ err: error.cause, request_id: requestId, code: error.code }, error.message);
    }
    if (error instanceof HubError) onRefused?.(c, error);
    return answer(c, publicError(error), requestId, now());
  };
}

/** Hono hands only Errors to its error handler. */
export const throwErrorsOnly: Link = (_c, next) =>
  next().catch((thrown: unknown) => {
    throw asError(thrown);
  });

function answer(c: Context<HubEnv>, error: HubError, requestId: string, now: number): Response {
  // Without resource_metadata: OAuth is not offered, and clients that read of it would go and look for it.
  if (error.status === 401) c.header('WWW-Authenticate', 'Bearer');
  const { retryAfter } = error.details;
  if (retryAfter !== undefined) c.header('Retry-After', String(Math.ceil(retryAfter)));
  return c.json(errorObject(error, requestId, now), error.status as ContentfulStatusCode);
}

/** Hono's own refusals carry a status; those of the 4xx are the caller's. */
function fromFramework(thrown: unknown): unknown {
  if (!(thrown instanceof HTTPException) || thrown.status >= 500) return thrown;
  const message = thrown.message === '' ? 'The request is malformed.' : thrown.message;
  return new HubError('INVALID_INPUT', message, { status: thrown.status, cause: thrown });
}
