/** `GET /events`: what happens, as server-sent events, for as long as the client listens and its credential is good. */
import { Hono } from 'hono';
import { z } from 'zod';
import { decodeCursor } from '../../features/cursor.ts';
import { EVENT_STREAM_HEADERS } from '../../mcp/engines/event-stream.ts';
import { whenDone } from '../../mcp/engines/when-done.ts';
import { sessionId } from '../../mcp/tools/fields.ts';
import { parser, queryOf, whileGood, type ApiDeps } from '../api/context.ts';
import { requireCredential } from '../require-credential.ts';
import type { HubEnv } from '../types.ts';
import { EVENTS, greetingOf, textOf } from './event-text.ts';
import { feedStream } from './feed-stream.ts';

export interface EventRouteDeps extends ApiDeps {
  /** Aborts when the hub closes. */
  readonly closing: AbortSignal;
  readonly heartbeatMs?: number;
  /** How long a client may leave unread what was sent. */
  readonly patienceMs?: number;
}

const HEARTBEAT_MS = 15_000;
const PATIENCE_MS = 30_000;
const LAST_ID = 'Last-Event-ID';
const WORDS = { field: LAST_ID, from: 'this stream' };

export const eventsInput = z.strictObject({
  session_id: sessionId.optional(),
  detail: z
    .enum(['objects', 'kinds'])
    .default('objects')
    .describe('kinds: only that something happened, with empty data; for admins'),
});
const query = parser(eventsInput);

export function eventRoutes(deps: EventRouteDeps): Hono<HubEnv> {
  const { services, epoch, closing } = deps;
  const { heartbeatMs = HEARTBEAT_MS, patienceMs = PATIENCE_MS } = deps;
  const routes = new Hono<HubEnv>();

  routes.get('/', requireCredential({ ...deps, auth: deps.authenticator }), (c) =>
    whileGood(c, deps, async (ctx) => {
      const { session_id: sessionId, detail } = query(queryOf(c));
      const lastId = c.req.header(LAST_ID) ?? '';
      const after = lastId === '' ? undefined : decodeCursor(epoch, EVENTS, z.int().min(0), lastId, WORDS);
      const feed = await services.feed.open(ctx, {
        ...(sessionId === undefined ? {} : { sessionId }),
        ...(after === undefined ? {} : { after }),
        kindsOnly: detail === 'kinds',
      });
      // Who only asks for the headers gets no stream.
      if (c.req.raw.method !== 'GET') return new Response(null, { headers: EVENT_STREAM_HEADERS });
      const closed = services.streams.open(ctx.principal.keyId, ctx.requestId);
      const ended = new AbortController();
      const signal = AbortSignal.any([ctx.signal, closing, ended.signal]);
      const body = feedStream(feed.parts(signal), {
        ...{ heartbeatMs, patienceMs, onEnd: () => ended.abort() },
        greeting: greetingOf(epoch, feed.start),
        text: ({ events }) => textOf(epoch, events),
      });
      return whenDone(new Response(body, { headers: EVENT_STREAM_HEADERS }), ctx.signal, closed);
    }),
  );

  return routes;
}
