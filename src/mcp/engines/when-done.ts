/**
 * Calls `done` once: when the stream of `response` has been read to its end, broke, was given up by its reader, or `signal` says
 * that the client has gone; at once if `response` is no stream of events.
 */
export function whenDone(response: Response, signal: AbortSignal, done: () => void): Response {
  // Asked first: to ask for the body of an answer makes a stream of it, and all it goes through slower.
  const streams = response.headers.get('content-type') === 'text/event-stream';
  if (!streams || response.body === null) {
    done();
    return response;
  }
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  let over = false;
  const end = (): void => {
    if (over) return;
    over = true;
    signal.removeEventListener('abort', abort);
    done();
  };
  const abort = (): void => {
    end();
    void reader.cancel();
  };
  signal.addEventListener('abort', abort);
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await reader.read().catch((error: unknown) => {
        end();
        throw error;
      });
      if (!next.done) return controller.enqueue(next.value);
      end();
      controller.close();
    },
    async cancel(reason) {
      end();
      await reader.cancel(reason);
    },
  });
  if (signal.aborted) abort();
  return new Response(body, { status: response.status, headers: response.headers });
}
