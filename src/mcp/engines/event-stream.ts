/** An answer that is a stream of server-sent events, one MCP message each, kept alive while there is nothing to say. */
const KEEP_ALIVE_MS = 15_000;

/** Of every answer that is such a stream. */
export const EVENT_STREAM_HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
};

export class EventStream {
  readonly response: Response;
  readonly #encoder = new TextEncoder();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #keepAlive: NodeJS.Timeout | undefined;

  constructor() {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => {
        this.#stop();
      },
    });
    this.response = new Response(body, { headers: EVENT_STREAM_HEADERS });
    this.#keepAlive = setInterval(() => {
      this.#enqueue(': keepalive\n\n');
    }, KEEP_ALIVE_MS).unref();
  }

  /** Does nothing once the stream has ended or its reader has gone. */
  write(message: object): void {
    this.#enqueue(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
  }

  end(): void {
    this.#controller?.close();
    this.#stop();
  }

  #enqueue(text: string): void {
    this.#controller?.enqueue(this.#encoder.encode(text));
  }

  #stop(): void {
    clearInterval(this.#keepAlive);
    this.#keepAlive = undefined;
    this.#controller = undefined;
  }
}
