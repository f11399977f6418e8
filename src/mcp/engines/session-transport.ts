/**
 * What one 2025 session talks through. Each HTTP request is an {@link Exchange} with an SDK transport of its own, whose only
 * request it is: one transport for the whole session keeps each JSON answer it ever gave, for the life of the session. And
 * it answers an HTTP request only when each of its messages has been answered, so a cancelled one, which the protocol layer
 * never answers, would hang it for good: here every message under way has an owner that settles it.
 */
import { WebStandardStreamableHTTPServerTransport as HttpTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage, MessageExtraInfo, RequestId } from '@modelcontextprotocol/sdk/types.js';
import { randomUUID } from 'node:crypto';
import type { McpSurface } from '../surface.ts';
import type { CallAuth } from './call.ts';
import { Exchange } from './exchange.ts';
import type { Capabilities } from './rich-surface.ts';
import {
  asBadParams,
  INVALID_REQUEST,
  isInitialize,
  isRecord,
  messagesOf,
  noBatches,
  type Occasion,
  refusal,
  sessionNotFound,
  TRANSPORT_REFUSAL,
} from './rpc.ts';
import { whenDone } from './when-done.ts';

/** A request under way: what aborts its handler, and what takes its answer. */
interface Pending {
  readonly abort: AbortController;
  readonly exchange: Exchange;
  /** Of the HTTP request that it came in. */
  readonly requestId: string;
}

/** What the server says of itself. */
export interface Introduction {
  readonly serverInfo: McpSurface['serverInfo'];
  readonly capabilities: Capabilities;
}

interface Opening {
  readonly http: Request;
  readonly body: unknown;
  readonly auth: CallAuth;
}

/** Revisions are dates. */
const LAST_WITH_BATCHES = '2025-03-26';
/** A batch counts as one request wherever requests are limited. */
const MAX_BATCH = 10;
/** The client took the request back: it wants no answer. */
const CANCELLED = 'Request cancelled';
/** Nobody reads it: the status that proxies give to a client that hung up. */
const CLIENT_GONE = 499;

export class SessionTransport implements Transport {
  readonly sessionId = randomUUID();
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage, extra?: MessageExtraInfo) => void;
  readonly #introduction: Introduction;
  readonly #pending = new Map<RequestId, Pending>();
  #stream: HttpTransport | undefined;
  #opening: Opening | undefined;
  #answer: Response | undefined;
  readonly #now: () => number;
  #revision: unknown;
  #closed = false;

  constructor(introduction: Introduction, opening: Opening, now: () => number) {
    this.#introduction = introduction;
    this.#opening = opening;
    this.#now = now;
  }

  /** The answer to the request that opened, or failed to open, this session; held until it is taken. */
  takeAnswer(): Response | undefined {
    const answer = this.#answer;
    this.#answer = undefined;
    return answer;
  }

  /** Aborted when the client cancels the request, closes its HTTP request, or the session ends. */
  signalOf(id: RequestId): AbortSignal {
    return this.#pending.get(id)?.abort.signal ?? AbortSignal.abort();
  }

  /**
   * Serves `initialize` while the protocol layer starts this transport: fastmcp looks for the client's capabilities right
   * after, and if they are not there, again every 100 ms.
   */
  async start(): Promise<void> {
    if (this.#opening === undefined) return;
    const { http, body, auth } = this.#opening;
    this.#opening = undefined;
    this.#answer = await this.#exchange(http, body, auth);
    if (this.#answer.status !== 200) throw new Error('not an acceptable initialize request');
    this.#answer.headers.set('mcp-session-id', this.sessionId);
  }

  /** Serves one HTTP request of this session. */
  async fetch(http: Request, body: unknown, auth: CallAuth): Promise<Response> {
    const occasion = { requestId: auth.call.requestId, now: this.#now() };
    if (this.#closed) return sessionNotFound(body, occasion);
    if (http.method === 'GET') return this.#openStream(http);
    if (http.method === 'DELETE') {
      await this.close();
      return new Response(null, { status: 200 });
    }
    if (isInitialize(body))
      return refusal(400, INVALID_REQUEST, 'Invalid Request: Server already initialized', occasion);
    return (
      (Array.isArray(body) ? this.#refuseBatch(body.length, occasion) : undefined) ??
      this.#exchange(http, body, auth)
    );
  }

  async send(message: JSONRPCMessage, options?: { relatedRequestId?: RequestId | undefined }): Promise<void> {
    if (!('result' in message || 'error' in message)) {
      const related = options?.relatedRequestId;
      if (related === undefined) return this.#stream?.send(message);
      this.#pending.get(related)?.exchange.tell(message);
      return;
    }
    const pending = message.id === undefined ? undefined : this.#pending.get(message.id);
    // Nobody waits any more: the request was cancelled while its handler went on.
    if (message.id === undefined || pending === undefined) return;
    this.#pending.delete(message.id);
    await pending.exchange.answer(this.#truthful(message, pending));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const id of [...this.#pending.keys()]) this.#cancel(id, 'Session closed');
    await this.#stream?.close();
    this.onclose?.();
  }

  async #exchange(request: Request, body: unknown, authInfo: CallAuth): Promise<Response> {
    if (request.signal.aborted) return new Response(null, { status: CLIENT_GONE });
    const messages = messagesOf(body);
    const ids = messages.flatMap(requestIdOf);
    const { requestId } = authInfo.call;
    if (new Set(ids).size < ids.length || ids.some((id) => this.#pending.has(id))) {
      const message = 'Invalid Request: a request with this id is under way';
      return refusal(400, INVALID_REQUEST, message, { requestId, now: this.#now() });
    }
    const exchange = new Exchange(ids.length, this);
    const mine = ids.map((id) => [id, { abort: new AbortController(), exchange, requestId }] as const);
    for (const [id, pending] of mine) this.#pending.set(id, pending);
    const abandon = (): void => {
      for (const [id, pending] of mine)
        if (this.#pending.get(id) === pending) this.#cancel(id, 'Request abandoned');
    };
    // What is left by then was refused by the SDK before it was under way, or its client stopped reading.
    const settle = (): void => {
      request.signal.removeEventListener('abort', abandon);
      abandon();
    };
    request.signal.addEventListener('abort', abandon, { once: true });
    try {
      const response = await exchange.fetch(request, body, authInfo);
      for (const id of messages.flatMap(cancelledId)) this.#cancel(id, CANCELLED);
      const withdrawn = mine.length > 0 && mine.every(([, { abort }]) => abort.signal.reason === CANCELLED);
      return whenDone(withdrawn ? new Response(null, { status: 202 }) : response, request.signal, settle);
    } catch (error) {
      settle();
      throw error;
    }
  }

  #refuseBatch(length: number, occasion: Occasion): Response | undefined {
    if (typeof this.#revision !== 'string' || this.#revision > LAST_WITH_BATCHES) return noBatches(occasion);
    if (length <= MAX_BATCH) return undefined;
    const message = `Invalid Request: a batch holds at most ${String(MAX_BATCH)} messages`;
    return refusal(400, INVALID_REQUEST, message, occasion, {
      suggestions: ['Send several smaller batches.'],
    });
  }

  /** The SDK refuses a second stream, which would lock out a client whose first one died unnoticed: the newest counts. */
  async #openStream(request: Request): Promise<Response> {
    const stream = new HttpTransport();
    stream.onerror = (error) => this.onerror?.(error);
    const response = await stream.handleRequest(request);
    if (response.status !== 200) return response;
    const previous = this.#stream;
    this.#stream = stream;
    await previous?.close();
    return response;
  }

  /** Aborts the handler and settles the HTTP request, as the protocol layer answers nothing to a cancelled request. */
  #cancel(id: RequestId, message: string): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    pending.abort.abort(message);
    const answer = { jsonrpc: '2.0', id, error: { code: TRANSPORT_REFUSAL, message } } as const;
    const { exchange } = pending;
    (message === CANCELLED ? exchange.skip(answer) : exchange.answer(answer)).catch(() => undefined);
  }

  /**
   * fastmcp declares what its own registry holds, and logging always; the hub says what the hub does. And what the client did
   * wrong is no failure of the hub.
   */
  #truthful(message: JSONRPCMessage, { requestId }: Pending): JSONRPCMessage {
    if ('error' in message) {
      const error = asBadParams(message.error, { requestId, now: this.#now() });
      return error === undefined ? message : { ...message, error };
    }
    if (!('result' in message && 'protocolVersion' in message.result)) return message;
    this.#revision = message.result['protocolVersion'];
    return {
      ...message,
      result: { ...message.result, ...this.#introduction },
    };
  }
}

function requestIdOf(message: unknown): RequestId[] {
  if (!isRecord(message) || typeof message['method'] !== 'string') return [];
  return toId(message['id']);
}

function cancelledId(message: unknown): RequestId[] {
  if (!isRecord(message) || message['method'] !== 'notifications/cancelled' || !isRecord(message['params']))
    return [];
  return toId(message['params']['requestId']);
}

function toId(id: unknown): RequestId[] {
  return typeof id === 'string' || typeof id === 'number' ? [id] : [];
}
