/**
 * A feed as the body of an answer. A part is read from the log only when the connection has taken the one before, so what
 * a client does not read waits in the log and not in memory; one that reads nothing for long is cut, and goes on by the id
 * of what it has.
 */
import type { FeedPart } from '../../features/feed/service.ts';

export interface FeedStreamOptions {
  /** What is said first. */
  readonly greeting: string;
  readonly text: (part: FeedPart) => string;
  /** Without events a sign of life is sent this often. */
  readonly heartbeatMs: number;
  /** How long a client may leave unread what was sent. */
  readonly patienceMs: number;
  /** Ends what feeds the stream; called once. */
  readonly onEnd: () => void;
}

const HEARTBEAT = ': heartbeat\n\n';

export function feedStream(
  parts: AsyncIterator<FeedPart, void>,
  { greeting, text, heartbeatMs, patienceMs, onEnd }: FeedStreamOptions,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let next: Promise<IteratorResult<FeedPart, void>> | undefined;
  let last: FeedPart | undefined;
  let unread: NodeJS.Timeout | undefined;
  let greeted = false;

  function end(): void {
    clearTimeout(unread);
    onEnd();
  }

  return new ReadableStream<Uint8Array>(
    {
      // Called whenever the connection has taken what there was.
      async pull(controller) {
        clearTimeout(unread);
        last?.taken();
        last = undefined;
        const send = (words: string): void => {
          controller.enqueue(encoder.encode(words));
          unread = setTimeout(() => {
            end();
            controller.error(new Error('the client does not read its events'));
          }, patienceMs).unref();
        };
        if (!greeted) {
          greeted = true;
          send(greeting);
          return;
        }
        try {
          next ??= parts.next();
          const result = await orLater(next, heartbeatMs);
          if (result === undefined) {
            send(HEARTBEAT);
            return;
          }
          next = undefined;
          if (result.done === true) {
            end();
            controller.close();
            return;
          }
          last = result.value;
          send(text(result.value));
        } catch (error) {
          end();
          throw error;
        }
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
}

/** Undefined if it is not there in time. */
async function orLater<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), ms).unref();
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
