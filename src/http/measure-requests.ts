/** Counts and times every request, by the pattern of its route: addresses themselves are many, and hold what is private. */
import { routePath } from 'hono/route';
import type { ServedRequest } from '../telemetry/metrics.ts';
import type { Link } from './chain.ts';

/** Told of each request that was answered. */
export type OnServed = (request: ServedRequest) => void;

export interface MeasureRequestsOptions {
  readonly onServed: OnServed;
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const OTHER = 'other';

export function measureRequests({ onServed }: MeasureRequestsOptions): Link {
  return (c, next) => {
    const started = performance.now();
    return next().then(() => {
      const { method } = c.req;
      const { status } = c.res;
      onServed({
        method: METHODS.has(method) ? method : OTHER,
        // What no route answers is of no route; a middleware that refuses has a pattern of its own.
        route: status === 404 ? OTHER : routePath(c, -1),
        status,
        ms: performance.now() - started,
      });
    });
  };
}
