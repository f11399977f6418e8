import { z } from 'zod';
import { sessionShape, toSession } from '../shapes.ts';
import { defineTool } from '../tool.ts';
import { metadata, purpose, sessionId } from './fields.ts';

export const updateSession = defineTool({
  name: 'update_session',
  title: 'Update session',
  description: 'Change a session you created; is_active=false closes it to new messages.',
  permission: 'write',
  rate: 'messages',
  core: false,
  hints: { readOnly: false, idempotent: true, destructive: true },
  input: z.strictObject({
    session_id: sessionId,
    purpose: purpose.optional(),
    metadata: metadata.optional(),
    is_active: z.boolean().optional(),
  }),
  output: z.object({ session: sessionShape }),
  async handler({ services }, ctx, input) {
    const view = await services.sessions.update(ctx, {
      sessionId: input.session_id,
      ...(input.purpose === undefined ? {} : { purpose: input.purpose }),
      ...(input.metadata === undefined ? {} : { metadata: input.metadata }),
      ...(input.is_active === undefined ? {} : { isActive: input.is_active }),
    });
    return { session: toSession(view) };
  },
});
