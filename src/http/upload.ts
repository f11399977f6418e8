/** The body of a request of any length, with back pressure. */
import type { IncomingMessage } from 'node:http';
import type { Context } from 'hono';

/**
 * Chunks of the body as they arrive; what nobody has asked for yet stays with the sender. Not the web stream of the request:
 * Node bounds what that holds by the number of chunks (its high-water mark in bytes, taken as a count), so the whole
 * body would come to lie in memory.
 */
export function uploadOf(c: Context): AsyncIterable<Uint8Array> {
  const { incoming } = (c.env ?? {}) as { readonly incoming?: IncomingMessage };
  // A refusal of the rest needs the connection for its answer.
  if (incoming !== undefined) return incoming.iterator({ destroyOnReturn: false });
  return c.req.raw.body ?? ReadableStream.from<Uint8Array>([]);
}
