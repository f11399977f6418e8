/** `/api/v1/export`: what the caller may see, as a stream that goes no faster than it is read. */
import { z } from 'zod';
import { createFormat, EXPORT_FORMATS, EXPORT_MEDIA, type Format } from '../../features/export/formats.ts';
import type { ExportPiece } from '../../features/export/service.ts';
import { query, sessionId } from '../../mcp/tools/fields.ts';
import { readArguments } from './arguments.ts';
import { parser, whileGood } from './context.ts';
import type { Endpoint } from './endpoint.ts';

const input = z.strictObject({
  format: z.enum(EXPORT_FORMATS).default('jsonl'),
  session_id: sessionId.optional(),
  query: query.optional(),
});
const check = parser(input);

/** Answers one session, what a query finds (in one session or in all), or everything. */
export const exportEndpoint: Endpoint = {
  method: 'GET',
  path: '/export',
  id: 'exportAll',
  tag: 'Transfer',
  summary: 'One session, what a query finds, or all that the caller sees, as a stream.',
  permission: 'read',
  input,
  sample: { format: 'jsonl' },
  output: { media: EXPORT_MEDIA },
  errors: ['SESSION_NOT_FOUND', 'QUOTA_EXCEEDED'],
  answer: (c, deps) =>
    whileGood(c, deps, async (ctx) => {
      const { services, epoch } = deps;
      const asked = check(await readArguments(c, input));
      const close = once(services.streams.open(ctx.principal.keyId, `export ${ctx.requestId}`));
      try {
        const where = asked.session_id === undefined ? {} : { sessionId: asked.session_id };
        const scope = asked.query === undefined ? where : { ...where, query: asked.query };
        const pieces = await services.exports.pieces(ctx, scope, asked.format);
        const format = createFormat(asked.format, epoch);
        const file = `${asked.session_id === undefined ? 'hub' : 'session'}.${format.extension}`;
        return c.body(streamOf(bytesOf(pieces, format), close), 200, {
          'content-type': format.contentType,
          'content-disposition': `attachment; filename="${file}"`,
          // What is compressed on its way is held in memory, however slowly it is read.
          'cache-control': 'no-store, no-transform',
        });
      } catch (error) {
        close();
        throw error;
      }
    }),
};

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
