/** `/api/v1/export`: what the caller may see, as a stream that goes no faster than it is read. */
import { z } from 'zod';
import type { Ctx } from '../../context.ts';
import { invalid } from '../../errors.ts';
import {
  createAuditFormat,
  createFormat,
  EXPORT_FORMATS,
  EXPORT_MEDIA,
  type Format,
} from '../../features/export/formats.ts';
import { auditFilters, toAuditFilter } from '../../mcp/audit-listing.ts';
import { query, sessionId } from '../../mcp/tools/fields.ts';
import { readArguments } from './arguments.ts';
import { parser, whileGood, type ApiDeps } from './context.ts';
import type { Endpoint } from './endpoint.ts';

const input = z.strictObject({
  format: z.enum(EXPORT_FORMATS).default('jsonl'),
  scope: z
    .enum(['messages', 'audit'])
    .default('messages')
    .describe('audit: the audit log, newest first, for admins'),
  session_id: sessionId.optional(),
  query: query.describe('of messages').optional(),
  ...z.strictObject(auditFilters).pick({ agent_id: true, event_type: true, since: true, until: true }).shape,
});
const check = parser(input);
type Asked = z.output<typeof input>;

/** Answers one session, what a query finds (in one session or in all), or everything; or the audit log. */
export const exportEndpoint: Endpoint = {
  method: 'GET',
  path: '/export',
  id: 'exportAll',
  tag: 'Transfer',
  summary: 'One session, what a query finds, all that the caller sees, or the audit log, as a stream.',
  permission: 'read',
  input,
  sample: { format: 'jsonl' },
  output: { media: EXPORT_MEDIA },
  errors: ['SESSION_NOT_FOUND', 'QUOTA_EXCEEDED'],
  answer: (c, deps) =>
    whileGood(c, deps, async (ctx) => {
      const asked = check(await readArguments(c, input));
      const close = once(deps.services.streams.open(ctx.principal.keyId, `export ${ctx.requestId}`));
      try {
        const { format, name, chunks } =
          asked.scope === 'audit' ? auditFile(deps, ctx, asked) : await messagesFile(deps, ctx, asked);
        return c.body(streamOf(chunks, close), 200, {
          'content-type': format.contentType,
          'content-disposition': `attachment; filename="${name}.${format.extension}"`,
          // What is compressed on its way is held in memory, however slowly it is read.
          'cache-control': 'no-store, no-transform',
        });
      } catch (error) {
        close();
        throw error;
      }
    }),
};

interface File {
  readonly name: string;
  readonly format: Pick<Format, 'contentType' | 'extension'>;
  readonly chunks: AsyncGenerator<Bytes>;
}

/** @throws HubError SESSION_NOT_FOUND, INVALID_INPUT */
async function messagesFile({ services, epoch }: ApiDeps, ctx: Ctx, asked: Asked): Promise<File> {
  for (const name of ['agent_id', 'event_type', 'since', 'until'] as const)
    if (asked[name] !== undefined) throw invalid(name, asked[name], 'to be left out without scope=audit');
  const where = asked.session_id === undefined ? {} : { sessionId: asked.session_id };
  const scope = asked.query === undefined ? where : { ...where, query: asked.query };
  const pieces = await services.exports.pieces(ctx, scope, asked.format);
  const format = createFormat(asked.format, epoch);
  const name = asked.session_id === undefined ? 'hub' : 'session';
  return { name, format, chunks: bytesOf(pieces, format) };
}

/** @throws HubError PERMISSION_DENIED, INVALID_INPUT */
function auditFile({ services }: ApiDeps, ctx: Ctx, asked: Asked): File {
  if (asked.query !== undefined) throw invalid('query', asked.query, 'to be left out with scope=audit');
  const rows = services.audit.export(ctx, toAuditFilter(asked), { format: asked.format, of: 'audit' });
  const format = createAuditFormat(asked.format);
  return { name: 'audit', format, chunks: bytesOf(rows, format) };
}

type Bytes = Uint8Array<ArrayBuffer>;

async function* bytesOf<Piece>(pieces: AsyncGenerator<Piece>, format: Format<Piece>): AsyncGenerator<Bytes> {
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
