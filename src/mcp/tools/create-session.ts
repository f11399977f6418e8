import { z } from 'zod';
import { isoTime } from '../shapes.ts';
import { defineTool } from '../tool.ts';
import { content, metadata, purpose } from './fields.ts';

export const createSession = defineTool({
  name: 'create_session',
  title: 'Create session',
  description: 'Open a session that all agents of the workspace can join. Check list_sessions first.',
  permission: 'write',
  rate: 'messages',
  core: true,
  hints: { readOnly: false, idempotent: false, destructive: false },
  input: z.strictObject({
    purpose,
    metadata: metadata.optional(),
    first_message: content.optional(),
  }),
  output: z.object({
    session_id: z.string(),
    created_by: z.string(),
    created_at: z.string(),
    message_id: z.number().optional(),
  }),
  async handler({ services }, ctx, input) {
    const { session, messageId } = await services.sessions.create(ctx, {
      purpose: input.purpose,
      metadata: input.metadata ?? {},
      ...(input.first_message === undefined ? {} : { firstMessage: input.first_message }),
    });
    return {
      session_id: session.sessionId,
      created_by: session.createdBy,
      created_at: isoTime(session.createdAt),
      ...(messageId === null ? {} : { message_id: messageId }),
    };
  },
});
