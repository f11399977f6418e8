import { z } from 'zod';
import { decodeCursor, encodeCursor } from '../../features/cursor.ts';
import { fit } from '../budget.ts';
import { entryShape, toEntry } from '../shapes.ts';
import { defineTool } from '../tool.ts';
import { cursor, limit, maxTokens, memoryScope, query, sessionId } from './fields.ts';

const KIND = 'memory';
const position = z.object({ agentPk: z.number(), sessionPk: z.number(), key: z.string() });

export const listMemory = defineTool({
  name: 'list_memory',
  title: 'List memory',
  description:
    'Memory entries without their values, by key. query finds text in keys and values, typing errors in keys forgiven.',
  permission: 'read',
  rate: 'memory',
  core: false,
  hints: { readOnly: true, idempotent: true, destructive: false },
  input: z.strictObject({
    session_id: sessionId.describe('"all": global and of sessions; none: global').optional(),
    scope: memoryScope.optional(),
    prefix: z.string().max(255).optional(),
    query: query.optional(),
    limit: limit(200, 50),
    cursor: cursor.optional(),
    max_tokens: maxTokens,
  }),
  output: z.object({
    entries: z.array(entryShape),
    truncated: z.boolean(),
    next_cursor: z.string().optional(),
  }),
  async handler({ services, epoch, maxResponseBytes }, ctx, input) {
    // Another agent's, or another scope's, would silently lead nowhere.
    const kind = `${KIND}/${ctx.principal.agentId}/${input.scope ?? 'all'}`;
    const after = input.cursor === undefined ? undefined : decodeCursor(epoch, kind, position, input.cursor);
    const page = await services.memory.list(ctx, {
      limit: input.limit,
      ...(after === undefined ? {} : { after }),
      ...(input.session_id === undefined ? {} : { sessionId: input.session_id }),
      ...(input.scope === undefined ? {} : { scope: input.scope }),
      ...(input.prefix === undefined ? {} : { prefix: input.prefix }),
      ...(input.query === undefined ? {} : { query: input.query }),
    });
    const budget = { maxTokens: input.max_tokens, maxBytes: maxResponseBytes };
    const { items, truncated } = fit(page.entries.map(toEntry), budget, 'first', (entry) => ({
      ...entry,
      metadata: {},
    }));
    const last = truncated ? page.entries[items.length - 1] : undefined;
    const next = last === undefined ? page.next : last.position;
    return {
      entries: [...items],
      truncated,
      ...(next === null ? {} : { next_cursor: encodeCursor(epoch, kind, next) }),
    };
  },
});
