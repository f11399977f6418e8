import { z } from 'zod';
import { messageShape, toMessage } from '../shapes.ts';
import { defineTool } from '../tool.ts';
import { messageId, visibility } from './fields.ts';

export const setMessageVisibility = defineTool({
  name: 'set_message_visibility',
  title: 'Set message visibility',
  description: 'Change who sees one of your messages.',
  permission: 'write',
  rate: 'messages',
  core: false,
  hints: { readOnly: false, idempotent: true, destructive: true },
  input: z.strictObject({ message_id: messageId, visibility }),
  output: z.object({ message: messageShape }),
  async handler({ services }, ctx, input) {
    return {
      message: toMessage(await services.messages.setVisibility(ctx, input.message_id, input.visibility)),
    };
  },
});
