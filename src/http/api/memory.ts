/** `/api/v1/memory/…/history`: what an entry was before, for those who may read it; the rest of memory is tools. */
import { z } from 'zod';
import { fit } from '../../mcp/budget.ts';
import { versionShape, toVersion } from '../../mcp/shapes.ts';
import { limit, memoryKey, memoryScope, sessionId } from '../../mcp/tools/fields.ts';
import { defineEndpoint } from './endpoint.ts';

const version = z.int().min(1);
const address = {
  key: memoryKey,
  session_id: sessionId.optional(),
  scope: memoryScope.default('agent'),
};
type Address = Readonly<z.output<z.ZodObject<typeof address>>>;

const addressOf = ({ key, scope, session_id: session }: Address) => ({
  ...{ key, scope },
  ...(session === undefined ? {} : { sessionId: session }),
});

export const memoryEndpoints = [
  defineEndpoint({
    method: 'GET',
    path: '/memory/:key/history',
    id: 'listMemoryVersions',
    tag: 'Memory',
    summary: 'The versions of an entry that are kept, newest first, without their values.',
    permission: 'read',
    input: z.strictObject({
      ...address,
      limit: limit(200, 50),
      before_version: version.describe('only versions below it').optional(),
    }),
    sample: { key: 'parser/plan', scope: 'shared' },
    output: { schema: z.object({ versions: z.array(versionShape), has_more: z.boolean() }) },
    errors: ['SESSION_NOT_FOUND', 'MEMORY_NOT_FOUND'],
    coming: { rate: 'memory' },
    async handler({ services, maxResponseBytes }, ctx, { limit: atMost, before_version: before, ...input }) {
      const found = await services.memory.history(ctx, {
        ...{ ...addressOf(input), limit: atMost },
        ...(before === undefined ? {} : { before }),
      });
      const budget = { maxTokens: Infinity, maxBytes: maxResponseBytes };
      const { items, truncated } = fit(found.versions.map(toVersion), budget, 'first', (one) => one);
      return { versions: [...items], has_more: found.more || truncated };
    },
  }),

  defineEndpoint({
    method: 'GET',
    path: '/memory/:key/history/:version',
    id: 'getMemoryVersion',
    tag: 'Memory',
    summary: 'The value that an entry has or had in one of its versions.',
    permission: 'read',
    input: z.strictObject({ ...address, version }),
    sample: { key: 'parser/plan', scope: 'shared', version: 1 },
    output: {
      schema: z.object({ version, value: z.unknown() }),
      example: { version: 1, value: { step: 1, done: [] } },
    },
    errors: ['SESSION_NOT_FOUND', 'MEMORY_NOT_FOUND'],
    coming: { rate: 'memory' },
    async handler({ services }, ctx, input) {
      const text = await services.memory.valueOf(ctx, { ...addressOf(input), version: input.version });
      return { version: input.version, value: JSON.parse(text) as unknown };
    },
  }),
];
