/**
 * One HTTP request of a 2025 session. It is checked by an SDK transport of its own and answered as JSON; if a handler has a
 * word for its client first, everything from there on, the answers too, comes as a stream of events.
 */
import { WebStandardStreamableHTTPServerTransport as HttpTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import type { CallAuth } from './call.ts';
import { EventStream } from './event-stream.ts';

export class Exchange {
  readonly #http = new HttpTransport({ enableJsonResponse: true });
  readonly #streaming = Promise.withResolvers<Response>();
  /** Answers that came before the first word of another request of the same batch. */
  readonly #early: JSONRPCMessage[] = [];
  #stream: EventStream | undefined;
  #unanswered: number;

  /** `requests`: how many answers it will take. */
  constructor(requests: number, session: Transport) {
    this.#unanswered = requests;
    this.#http.onmessage = (message, extra) => session.onmessage?.(message, extra);
    this.#http.onerror = (error) => session.onerror?.(error);
  }

  async fetch(request: Request, parsedBody: unknown, authInfo: CallAuth): Promise<Response> {
    // After the switch to a stream nothing settles the transport any more; it goes with this object.
    return Promise.race([
      this.#http.handleRequest(request, { parsedBody, authInfo }),
      this.#streaming.promise,
    ]);
  }

  /** A notification, or a question to the client, that belongs to a request of this exchange. */
  tell(message: JSONRPCMessage): void {
    if (this.#stream === undefined) {
      this.#stream = new EventStream();
      for (const answer of this.#early) this.#stream.write(answer);
      this.#streaming.resolve(this.#stream.response);
    }
    this.#stream.write(message);
  }

  async answer(message: JSONRPCMessage): Promise<void> {
    this.#unanswered--;
    if (this.#stream === undefined) {
      this.#early.push(message);
      return this.#http.send(message);
    }
    this.#stream.write(message);
    if (this.#unanswered === 0) this.#stream.end();
  }

  /** For a request that the client took back: `filler` completes a JSON answer, a stream goes without. */
  async skip(filler: JSONRPCMessage): Promise<void> {
    this.#unanswered--;
    if (this.#stream === undefined) return this.#http.send(filler);
    if (this.#unanswered === 0) this.#stream.end();
  }
}
