import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Ctx } from '../../context.ts';
import { invalid } from '../../errors.ts';
import { decodeCursor, encodeCursor } from '../../features/cursor.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { fit } from '../budget.ts';
import { entryShape, headShape, toEntry, toHead } from '../shapes.ts';
import { defineTool } from '../tool.ts';
import { cursor, limit, maxTokens, messageType, query, sender, sessionId, time } from './fields.ts';

const resultShape = z.object({
  message: headShape,
  score: z.number(),
  snippet: z.string(),
  session_purpose: z.string(),
});
type Result = z.infer<typeof resultShape>;

const memoryShape = z.object({ entry: entryShape, score: z.number(), snippet: z.string() });
type InMemory = z.infer<typeof memoryShape>;

const position = z.object({ score: z.number(), id: z.number(), upTo: z.number() });
const PURPOSE_SHOWN = 200;

const input = z.strictObject({
  query: query.describe('words, "phrases", -not, from: session: type: before: after: has:code'),
  session_id: sessionId.describe('none: all sessions').optional(),
  fuzzy_threshold: z.int().min(0).max(100).default(60).describe('100: exact words only'),
  limit: limit(100, 10),
  cursor: cursor.optional(),
  search_metadata: z.boolean().default(true),
  search_scope: z.enum(['all', 'public', 'private']).default('all'),
  sender: sender.optional(),
  message_type: messageType.optional(),
  since: time.optional(),
  until: time.optional(),
  include_memory: z.boolean().default(false),
  max_tokens: maxTokens,
});

export const searchContext = defineTool({
  name: 'search_context',
  title: 'Search',
  description:
    'Finds messages (include_memory: memory, too) by their words, typing errors forgiven; best first.',
  permission: 'read',
  core: true,
  rate: 'search',
  hints: { readOnly: true, idempotent: true, destructive: false },
  input,
  output: z.object({
    results: z.array(resultShape),
    memory: z.array(memoryShape).optional(),
    corrected_query: z.string().optional(),
    elsewhere: z
      .array(z.object({ session_id: z.string(), session_purpose: z.string(), count: z.number() }))
      .optional(),
    degraded: z.literal(true).optional(),
    search_time_ms: z.number(),
    truncated: z.boolean(),
    next_cursor: z.string().optional(),
  }),
  async handler({ services, epoch, maxResponseBytes }, ctx, args) {
    const started = performance.now();
    const since = args.since === undefined ? undefined : Date.parse(args.since);
    const until = args.until === undefined ? undefined : Date.parse(args.until);
    if (since !== undefined && until !== undefined && until < since)
      throw invalid('until', args.until, `a time not before since ${String(args.since)}`);
    const kind = kindOf(ctx, args);
    const from = args.cursor === undefined ? undefined : decodeCursor(epoch, kind, position, args.cursor);
    const asked = {
      query: args.query,
      scope: args.search_scope,
      fuzzyThreshold: args.fuzzy_threshold,
      limit: args.limit,
      ...(args.session_id === undefined ? {} : { sessionId: args.session_id }),
    };
    // Entries have no pages: they come with the first one of messages.
    const withMemory = args.include_memory && from === undefined;
    const remembered = withMemory ? await services.search.memory(ctx, asked) : [];
    const found = await services.search.messages(ctx, {
      ...asked,
      metadata: args.search_metadata,
      ...(args.sender === undefined ? {} : { sender: args.sender }),
      ...(args.message_type === undefined ? {} : { messageType: args.message_type }),
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
      ...(from === undefined ? {} : { position: from }),
    });
    const share = withMemory ? 2 : 1;
    const budget = { maxTokens: args.max_tokens / share, maxBytes: maxResponseBytes / share };
    const memory = fit(
      remembered.map(({ entry, ...rest }): InMemory => ({ entry: toEntry(entry), ...rest })),
      budget,
      'first',
      (hit) => ({ ...hit, entry: { ...hit.entry, metadata: {} }, snippet: '' }),
    );
    const all = found.results.map(({ message, score, snippet, sessionPurpose }): Result => ({
      message: toHead(message),
      ...{ score, snippet },
      session_purpose: sessionPurpose.slice(0, PURPOSE_SHOWN).toWellFormed(),
    }));
    const { items, truncated } = fit(all, budget, 'first', shorten);
    const last = truncated ? found.results[items.length - 1] : undefined;
    const next = last === undefined ? found.next : found.after(last);
    return {
      results: [...items],
      ...(withMemory ? { memory: [...memory.items] } : {}),
      ...(found.corrected === undefined ? {} : { corrected_query: found.corrected }),
      ...(found.elsewhere.length === 0
        ? {}
        : {
            elsewhere: found.elsewhere.map(({ sessionId: session_id, purpose, count }) => ({
              session_id,
              session_purpose: purpose.slice(0, PURPOSE_SHOWN).toWellFormed(),
              count,
            })),
          }),
      ...(found.degraded ? { degraded: true as const } : {}),
      search_time_ms: Math.round((performance.now() - started) * 10) / 10,
      truncated: truncated || memory.truncated,
      ...(next === undefined ? {} : { next_cursor: encodeCursor(epoch, kind, next) }),
    };
  },
});

/** A cursor goes on in the search it came from, for the agent it was given to. */
function kindOf({ principal }: Ctx, args: z.output<typeof input>): string {
  const { limit: _limit, cursor: _cursor, max_tokens: _tokens, ...search } = args;
  const { workspace, agentId } = principal;
  const text = canonicalJson({ ...search, workspace, agentId });
  return `search/${createHash('sha256').update(text).digest('base64url').slice(0, 16)}`;
}

function shorten(result: Result, chars: number): Result {
  const { message } = result;
  const bare: Result = {
    ...result,
    message: { ...message, metadata: {}, metadata_truncated: true },
    session_purpose: '',
  };
  const rest = JSON.stringify({ ...bare, snippet: '' }).length;
  return { ...bare, snippet: result.snippet.slice(0, Math.max(0, (chars - rest) / 6)).toWellFormed() };
}
