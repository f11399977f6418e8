/**
 * The HTTP side of one 2025 session: the SDK's transport, plus what it leaves open. In JSON mode it answers an HTTP request
 * only when each of its messages has been answered, so a cancelled or abandoned message, which the SDK never answers, would
 * hang its request for good; here every message under way has an owner that settles it.
 */
import type { JSONRPCMessage, JSONRPCResultResponse, RequestId } from '@modelcontextprotocol/sdk/types.js';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import { randomUUID } from 'node:crypto';
import type { McpSurface } from '../surface.ts';
import type { CallAuth } from './call.ts';
import { CAPABILITIES } from './dispatch.ts';
import { INVALID_REQUEST, isRecord, rpcErrorResponse, TRANSPORT_REFUSAL } from './rpc.ts';

/** The client took the request back: it wants no answer. */
const CANCELLED = 'Request cancelled';
/** Nobody reads it; the status of proxies for a client that hung up. */
const CLIENT_GONE = 499;

interface Opening {
  readonly http: Request;
  readonly body: unknown;
  readonly auth: CallAuth;
}

export class SessionTransport extends WebStandardStreamableHTTPServerTransport {
  /** The requests under way, each with what aborts its handler. */
  readonly #pending = new Map<RequestId, AbortController>();
  readonly #serverInfo: McpSurface['serverInfo'];
  #opening: Opening | undefined;
  #answer: Response | undefined;

  constructor(serverInfo: McpSurface['serverInfo'], opening: Opening) {
    super({ sessionIdGenerator: randomUUID, enableJsonResponse: true });
    this.#serverInfo = serverInfo;
    this.#opening = opening;
  }

  /** The answer to the request that opened, or failed to open, this session; held until it is taken. */
  takeAnswer(): Response | undefined {
    const answer = this.#answer;
    this.#answer = undefined;
    return answer;
  }

  /** Aborted when the client cancels the request, closes its HTTP request, or the session ends. */
  signalOf(id: RequestId): AbortSignal {
    return this.#pending.get(id)?.signal ?? AbortSignal.abort();
  }

  /**
   * Serves `initialize` while the protocol layer starts this transport: fastmcp looks for the client's capabilities right
   * after, and if they are not there, again every 100 ms.
   */
  override async start(): Promise<void> {
    await super.start();
    if (this.#opening === undefined) return;
    const { http, body, auth } = this.#opening;
    this.#opening = undefined;
    this.#answer = await this.exchange(http, body, auth);
    if (this.sessionId === undefined) throw new Error('not an acceptable initialize request');
  }

  /** Serves one HTTP request of this session. */
  async exchange(http: Request, body: unknown, authInfo: CallAuth): Promise<Response> {
    if (http.signal.aborted) return new Response(null, { status: CLIENT_GONE });
    const messages: unknown[] = Array.isArray(body) ? body : [body];
    const ids = messages.flatMap(requestId);
    if (new Set(ids).size < ids.length || ids.some((id) => this.#pending.has(id))) {
      return rpcErrorResponse(400, INVALID_REQUEST, 'Invalid Request: a request with this id is under way');
    }
    const mine = ids.map((id) => [id, new AbortController()] as const);
    for (const [id, controller] of mine) this.#pending.set(id, controller);
    const abandon = (): void => {
      for (const id of ids) this.#cancel(id, 'Request abandoned');
    };
    http.signal.addEventListener('abort', abandon, { once: true });
    try {
      const response = await this.handleRequest(http, { parsedBody: body, authInfo });
      for (const id of messages.flatMap(cancelledId)) this.#cancel(id, CANCELLED);
      const withdrawn = mine.length > 0 && mine.every(([, { signal }]) => signal.reason === CANCELLED);
      return withdrawn ? new Response(null, { status: 202 }) : response;
    } finally {
      http.signal.removeEventListener('abort', abandon);
      for (const [id, controller] of mine) if (this.#pending.get(id) === controller) this.#pending.delete(id);
    }
  }

  override async send(message: JSONRPCMessage, options?: { relatedRequestId?: RequestId }): Promise<void> {
    if (!('result' in message || 'error' in message)) return super.send(message, options);
    // An answer nobody waits for any more: its request was cancelled while the handler went on.
    if (message.id === undefined || !this.#pending.delete(message.id)) return;
    return super.send('result' in message ? this.#truthful(message) : message, options);
  }

  override async close(): Promise<void> {
    for (const id of [...this.#pending.keys()]) this.#cancel(id, 'Session closed');
    await super.close();
  }

  /** Aborts the handler and settles the HTTP request, as the protocol layer answers nothing to a cancelled request. */
  #cancel(id: RequestId, message: string): void {
    const controller = this.#pending.get(id);
    if (controller === undefined) return;
    this.#pending.delete(id);
    controller.abort(message);
    super.send({ jsonrpc: '2.0', id, error: { code: TRANSPORT_REFUSAL, message } }).catch(() => undefined);
  }

  /** fastmcp declares what its own registry holds, and logging always; the hub says what the hub does. */
  #truthful(message: JSONRPCResultResponse): JSONRPCMessage {
    if (!('protocolVersion' in message.result)) return message;
    return { ...message, result: { ...message.result, capabilities: CAPABILITIES, serverInfo: this.#serverInfo } };
  }
}

function requestId(message: unknown): RequestId[] {
  if (!isRecord(message) || typeof message['method'] !== 'string') return [];
  const id = message['id'];
  return typeof id === 'string' || typeof id === 'number' ? [id] : [];
}

function cancelledId(message: unknown): RequestId[] {
  if (!isRecord(message) || message['method'] !== 'notifications/cancelled' || !isRecord(message['params'])) return [];
  const id = message['params']['requestId'];
  return typeof id === 'string' || typeof id === 'number' ? [id] : [];
}
