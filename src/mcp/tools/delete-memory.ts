import { z } from 'zod';
import { defineTool } from '../tool.ts';
import { ifVersion, memoryKey, memoryScope, sessionId } from './fields.ts';

export const deleteMemory = defineTool({
  name: 'delete_memory',
  title: 'Delete memory',
  description: 'Remove a memory entry for good.',
  permission: 'write',
  rate: 'memory',
  core: false,
  hints: { readOnly: false, idempotent: true, destructive: true },
  input: z.strictObject({
    key: memoryKey,
    session_id: sessionId.optional(),
    scope: memoryScope.default('agent'),
    if_version: ifVersion.optional(),
  }),
  output: z.object({ deleted: z.boolean() }),
  async handler({ services }, ctx, input) {
    const { key, scope, session_id: session, if_version: version } = input;
    return services.memory.delete(ctx, {
      ...{ key, scope },
      ...(session === undefined ? {} : { sessionId: session }),
      ...(version === undefined ? {} : { ifVersion: version }),
    });
  },
});
