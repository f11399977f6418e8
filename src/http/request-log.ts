/** One line per request. Headers, query and body are never part of it, nor what an address holds of the contents. */
import type { Context } from 'hono';
import { routePath } from 'hono/route';
import { maskSecrets } from '../lib/mask-secrets.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Link } from './chain.ts';
import type { HubEnv } from './types.ts';

export interface RequestLogOptions {
  readonly log: Logger;
  /** Monotonic milliseconds. */
  readonly clock?: () => number;
}

const PATH_SHOWN = 200;

export function requestLog({ log, clock = () => performance.now() }: RequestLogOptions): Link {
  const write = (c: Context<HubEnv>, ms: number): void => {
    const caller = c.get('principal') ?? c.get('credential');
    const { status } = c.res;
    const line = {
      method: c.req.method,
      path: maskSecrets(pathOf(c).slice(0, PATH_SHOWN)),
      status,
      ms: Math.round(ms * 10) / 10,
      request_id: c.get('requestId'),
      ...(caller === undefined ? {} : { key_id: caller.keyId, agent_id: caller.agentId }),
    };
    if (status >= 500) log.warn(line, 'request');
    // Probes come every few seconds.
    else if (c.req.path.startsWith('/health')) log.debug(line, 'request');
    else log.info(line, 'request');
  };
  return (c, next) => {
    const start = clock();
    return next().then(() => {
      write(c, clock() - start);
    });
  };
}

/** Keys of memory are contents: of their addresses the pattern alone is shown. */
function pathOf(c: Context<HubEnv>): string {
  const route = routePath(c, -1);
  return /\/memory\/:key(\/|$)/.test(route) ? route : c.req.path;
}
