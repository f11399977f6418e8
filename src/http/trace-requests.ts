/** A span for each request, by the pattern of its route. One of MCP begins when its body says who calls, all others at once. */
import type { Context } from 'hono';
import { routePath } from 'hono/route';
import { messagesOf, metaOf } from '../mcp/engines/rpc.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import type { Link } from './chain.ts';
import { OTHER } from './measure-requests.ts';
import type { HubEnv } from './types.ts';

const isMcp = (c: Context<HubEnv, string>): boolean =>
  c.req.method === 'POST' && c.req.path.startsWith('/mcp');

export function traceRequests(tracing: Pick<Tracing, 'request'>): Link {
  return async (c, next) => {
    // Probes come every few seconds.
    if (c.req.path.startsWith('/health')) return await next();
    const span = tracing.request(c.req.raw.headers);
    c.set('span', span);
    await (isMcp(c) ? next() : span.run(undefined, next));
    const { status } = c.res;
    span.end({
      ...{ method: c.req.method, status, requestId: c.get('requestId') },
      route: status === 404 ? OTHER : routePath(c, -1),
    });
  };
}

/** Answers a request of MCP inside of its span, which its messages say the caller of: a batch by the first. */
export function tracedByBody(
  c: Context<HubEnv>,
  body: unknown,
  work: () => Promise<Response>,
): Promise<Response> {
  const span = c.get('span');
  return span === undefined ? work() : span.run(metaOf(messagesOf(body)[0]), work);
}
