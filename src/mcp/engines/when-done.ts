/**
 * Calls `done` once: when the stream of `response` has been read to its end, broke, was given up by its reader, or `signal` says
 * that the client has gone; at once if `response` is neither a stream of events nor a download. A stream of events is
 * closed by `signal`; a download fails, or half of it would pass for the whole. A reader that leaves unread what it was
 * sent for longer than `patienceMs` is cut off: what it is told would be kept for it without end.
 */
export function whenDone(
  response: Response,
  signal: AbortSignal,
  done: () => void,
  patienceMs?: number,
): Response {
  const isDownload = response.headers.has('content-disposition');
  // Asked first: to ask for the body of an answer makes a stream of it, and all it goes through slower.
  const streams = isDownload || response.headers.get('content-type') === 'text/event-stream';
  if (!streams || response.body === null) {
    done();
    return response;
  }
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  let output: ReadableStreamDefaultController<Uint8Array> | undefined;
  let over = false;
  let unread: NodeJS.Timeout | undefined;
  const end = (): void => {
    if (over) return;
    over = true;
    clearTimeout(unread);
    signal.removeEventListener('abort', abort);
    done();
  };
  const abort = (): void => {
    end();
    if (isDownload) output?.error(new Error('the download was ended'));
    void reader.cancel();
  };
  signal.addEventListener('abort', abort);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      output = controller;
    },
    // Called whenever there is room: not while the reader leaves what it has.
    async pull(controller) {
      clearTimeout(unread);
      const next = await reader.read().catch((error: unknown) => {
        end();
        throw error;
      });
      if (next.done) {
        end();
        controller.close();
        return;
      }
      controller.enqueue(next.value);
      if (patienceMs === undefined) return;
      unread = setTimeout(() => {
        abort();
        controller.error(new Error('the client does not read what it is sent'));
      }, patienceMs).unref();
    },
    async cancel(reason) {
      end();
      await reader.cancel(reason);
    },
  });
  if (signal.aborted) abort();
  return new Response(body, { status: response.status, headers: response.headers });
}
