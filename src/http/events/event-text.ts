/** Events as the wire has them: server-sent events whose data are the objects of the public contract. */
import { encodeCursor } from '../../features/cursor.ts';
import type { FeedEvent } from '../../features/feed/load.ts';
import { toEntry, toMessage, toSession } from '../../mcp/shapes.ts';

/** The kind of cursor that ids are. */
export const EVENTS = 'events';

/** How soon a client whose connection broke comes again, in milliseconds. */
const RETRY_MS = 1000;

/** Before any event: where the stream begins, so that a client that loses it at once goes on from there. */
export function greetingOf(epoch: string, start: number): string {
  return `retry: ${RETRY_MS}\nid: ${encodeCursor(epoch, EVENTS, start)}\n\n`;
}

export function textOf(epoch: string, events: readonly FeedEvent[]): string {
  return events
    .map((event) => {
      const id = encodeCursor(epoch, EVENTS, event.seq);
      return `id: ${id}\nevent: ${event.kind}\ndata: ${JSON.stringify(objectOf(event))}\n\n`;
    })
    .join('');
}

function objectOf(event: FeedEvent): object {
  if ('message' in event) return toMessage(event.message);
  if ('session' in event) return toSession(event.session);
  return 'entry' in event ? toEntry(event.entry) : event.words;
}
