import { z } from 'zod';
import { entryShape, toEntry } from '../shapes.ts';
import { defineTool } from '../tool.ts';
import { ifVersion, memoryKey, memoryScope, metadata, sessionId } from './fields.ts';

const MAX_EXPIRY_SECONDS = 365 * 24 * 60 * 60;

export const setMemory = defineTool({
  name: 'set_memory',
  title: 'Set memory',
  description:
    'Store a JSON value under a key: your own (agent) or for all agents (shared), of one session or, without session_id, global.',
  permission: 'write',
  rate: 'memory',
  core: true,
  hints: { readOnly: false, idempotent: false, destructive: true },
  input: z.strictObject({
    key: memoryKey,
    value: z.unknown().describe('any JSON'),
    session_id: sessionId.optional(),
    scope: memoryScope.default('agent'),
    expires_in: z.int().min(1).max(MAX_EXPIRY_SECONDS).describe('seconds').optional(),
    metadata: metadata.optional(),
    overwrite: z.boolean().default(true),
    if_version: ifVersion.optional(),
  }),
  output: entryShape,
  async handler({ services }, ctx, input) {
    const entry = await services.memory.set(ctx, {
      key: input.key,
      value: input.value,
      scope: input.scope,
      metadata: input.metadata ?? {},
      overwrite: input.overwrite,
      ...(input.session_id === undefined ? {} : { sessionId: input.session_id }),
      ...(input.expires_in === undefined ? {} : { expiresInSeconds: input.expires_in }),
      ...(input.if_version === undefined ? {} : { ifVersion: input.if_version }),
    });
    return toEntry(entry);
  },
});
