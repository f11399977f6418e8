import { z } from 'zod';
import { fit } from '../budget.ts';
import { idsInFull, messageShape, shortenMessage, toMessage } from '../shapes.ts';
import { defineTool } from '../tool.ts';
import { cursor, limit, maxTokens, sessionId } from './fields.ts';

export const waitForMessages = defineTool({
  name: 'wait_for_messages',
  title: 'Wait for messages',
  description:
    'New messages, at once or as soon as one comes; costs nothing meanwhile. Pass cursor back: it goes on from there and acknowledges what you got. Unacknowledged messages to you come again.',
  permission: 'read',
  rate: 'reads',
  core: true,
  hints: { readOnly: false, idempotent: true, destructive: false },
  waits: true,
  acknowledges: true,
  input: z.strictObject({
    session_id: sessionId.optional(),
    cursor: cursor.optional(),
    timeout_seconds: z.int().min(0).max(55).default(25),
    limit: limit(100, 20),
    addressed_only: z.boolean().default(false),
    max_tokens: maxTokens,
  }),
  output: z.object({
    messages: z.array(messageShape),
    cursor: z.string(),
    timed_out: z.boolean(),
    truncated: z.boolean(),
  }),
  shows: ({ messages }) => idsInFull(messages),
  async handler({ services: { delivery }, maxResponseBytes }, ctx, input) {
    const waited = await delivery.wait(ctx, {
      timeoutMs: input.timeout_seconds * 1000,
      limit: input.limit,
      addressedOnly: input.addressed_only,
      ...(input.session_id === undefined ? {} : { sessionId: input.session_id }),
      ...(input.cursor === undefined ? {} : { cursor: input.cursor }),
    });
    const { arrived } = waited;
    const budget = { maxTokens: input.max_tokens, maxBytes: maxResponseBytes };
    const { items, truncated } = fit(
      arrived.map(({ message }) => toMessage(message)),
      budget,
      'first',
      shortenMessage,
    );
    const ids = idsInFull(items);
    const last = arrived[items.length - 1];
    return {
      messages: [...items],
      cursor: await delivery.cursorOf(ctx.principal, {
        position: items.length === arrived.length ? waited.upTo : (last?.position ?? waited.from),
        ids,
        cut: [...waited.cut, ...items.map(({ id }) => id).filter((id) => !ids.includes(id))],
      }),
      timed_out: waited.timedOut,
      truncated,
    };
  },
});
