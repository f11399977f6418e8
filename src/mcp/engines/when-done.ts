/**
 * Calls `done` once: when the stream of `response` has been read to its end, was given up by its reader, or `signal` says
 * that the client has gone; at once if `response` is neither a stream of events nor a download. A stream of events is
 * closed by `signal`; a download fails, or half of it would pass for the whole.
 */
export function whenDone(response: Response, signal: AbortSignal, done: () => void): Response {
  const isDownload = response.headers.has('content-disposition');
  const isStream = isDownload || response.headers.get('content-type') === 'text/event-stream';
  if (response.body === null || !isStream) {
    done();
    return response;
  }
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  let output: ReadableStreamDefaultController<Uint8Array> | undefined;
  let over = false;
  const end = (): void => {
    if (over) return;
    over = true;
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
