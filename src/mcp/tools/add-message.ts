import { z } from 'zod';
import { isoTime } from '../shapes.ts';
import { defineTool } from '../tool.ts';
import { content, messageId, messageType, metadata, sessionId, visibility } from './fields.ts';

export const addMessage = defineTool({
  name: 'add_message',
  title: 'Add message',
  description:
    'Post to a session. private: you and the agents in to; agent_only: agents of your type. to takes agent ids or type:<agent_type>.',
  permission: 'write',
  rate: 'messages',
  core: true,
  hints: { readOnly: false, idempotent: false, destructive: false },
  input: z.strictObject({
    session_id: sessionId,
    content,
    visibility: visibility.default('public'),
    to: z.array(z.string().min(1).max(105)).max(50).optional(),
    message_type: messageType.default('message'),
    parent_message_id: messageId.optional(),
    metadata: metadata.optional(),
    pinned: z.boolean().default(false),
  }),
  output: z.object({
    message_id: z.number(),
    timestamp: z.string(),
    unknown_recipients: z.array(z.string()).optional(),
  }),
  async handler({ services }, ctx, input) {
    const posted = await services.messages.add(ctx, input.session_id, {
      content: input.content,
      visibility: input.visibility,
      messageType: input.message_type,
      pinned: input.pinned,
      ...(input.to === undefined ? {} : { to: input.to }),
      ...(input.parent_message_id === undefined ? {} : { parentId: input.parent_message_id }),
      ...(input.metadata === undefined ? {} : { metadata: input.metadata }),
    });
    return {
      message_id: posted.messageId,
      timestamp: isoTime(posted.timestamp),
      ...(posted.unknownRecipients.length === 0 ? {} : { unknown_recipients: [...posted.unknownRecipients] }),
    };
  },
});
