/** `/api/v1/export`: what the caller may see, as a stream that goes no faster than it is read. */
import type { Context } from 'hono';
import { z } from 'zod';
import { createFormat, EXPORT_FORMATS, type Format } from '../../features/export/formats.ts';
import type { ExportPiece } from '../../features/export/service.ts';
import type { HubEnv } from '../types.ts';
import { parser, queryOf, whileGood, type ApiDeps } from './context.ts';

const exportQuery = parser(
  z.strictObject({
    format: z.enum(EXPORT_FORMATS).default('jsonl'),
    session_id: z.string().min(1).max(100).optional(),
    query: z.string().min(1).max(500).optional(),
  }),
);

/** Answers one session, what a query finds (in one session or in all), or everything. */
export function exportRoute(deps: ApiDeps): (c: Context<HubEnv>) => Promise<Response> {
  const { services, epoch } = deps;
  return (c) =>
    whileGood(c, deps, async (ctx) => {
      const { format: name, session_id: sessionId, query } = exportQuery(queryOf(c));
      const close = once(services.streams.open(ctx.principal.keyId, `export ${ctx.requestId}`));
      try {
        const where = sessionId === undefined ? {} : { sessionId };
        const scope = query === undefined ? where : { ...where, query };
        const pieces = await services.exports.pieces(ctx, scope, name);
        const format = createFormat(name, epoch);
        return c.body(streamOf(bytesOf(pieces, format), close), 200, {
          'content-type': format.contentType,
          'content-disposition': `attachment; filename="${sessionId === undefined ? 'hub' : 'session'}.${format.extension}"`,
          // What is compressed on its way is held in memory, however slowly it is read.
          'cache-control': 'no-store, no-transform',
        });
      } catch (error) {
        close();
        throw error;
      }
    });
}

type Bytes = Uint8Array<ArrayBuffer>;

async function* bytesOf(pieces: AsyncGenerator<ExportPiece>, format: Format): AsyncGenerator<Bytes> {
  const encoder = new TextEncoder();
  if (format.head !== '') yield encoder.encode(format.head);
  for await (const piece of pieces) {
    const part = format.text(piece);
    if (part !== '') yield encoder.encode(part);
  }
}

/** Takes the next chunk when it is asked for one. Calls `close` when it is over, however it ends. */
function streamOf(chunks: AsyncGenerator<Bytes>, close: () => void): ReadableStream<Bytes> {
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const next = await chunks.next();
          if (next.done !== true) return controller.enqueue(next.value);
          controller.close();
        } catch (error) {
          controller.error(error);
        }
        close();
      },
      async cancel() {
        close();
        await chunks.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
  };
}
