import { z } from 'zod';
import { entryShape, toFullEntry } from '../shapes.ts';
import { defineTool } from '../tool.ts';
import { memoryKey, memoryScope, sessionId } from './fields.ts';

export const getMemory = defineTool({
  name: 'get_memory',
  title: 'Get memory',
  description: 'Read a memory entry, by the key, scope and session_id it was stored with.',
  permission: 'read',
  rate: 'memory',
  core: true,
  hints: { readOnly: true, idempotent: true, destructive: false },
  input: z.strictObject({
    key: memoryKey,
    session_id: sessionId.optional(),
    scope: memoryScope.default('agent'),
  }),
  output: entryShape,
  async handler({ services }, ctx, input) {
    const { key, scope, session_id: session } = input;
    return toFullEntry(
      await services.memory.get(ctx, {
        key,
        scope,
        ...(session === undefined ? {} : { sessionId: session }),
      }),
    );
  },
});
