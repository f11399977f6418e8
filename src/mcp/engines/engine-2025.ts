/**
 * Revisions up to 2025-11-25: sessions, owned by one FastMCP instance. fastmcp runs the handshake and the life of a session;
 * the methods are answered by the same {@link Dispatch} as in the other era. Its own `tools/call` sleeps 1 ms per call (from
 * one client 800 calls/s instead of 28,000), calls an unknown tool −32601, and hands a tool neither the HTTP request it came
 * with nor that request's AbortSignal.
 */
import {
  isInitializeRequest,
  type JSONRPCNotification,
  type JSONRPCRequest,
} from '@modelcontextprotocol/sdk/types.js';
import { FastMCP, type Logger as FastMcpLogger } from 'fastmcp';
import type { ClientInfo } from '../../auth/types.ts';
import type { Principal } from '../../context.ts';
import { HubError } from '../../errors.ts';
import type { Logger } from '../../telemetry/log.ts';
import { type Call, CallAuth, type McpRequest } from './call.ts';
import { type Change, listChanged, type MayKnow, resourceUpdated } from './changes.ts';
import { ClientLink2025 } from './client-link.ts';
import type { Dispatch } from './dispatch.ts';
import { type Capabilities, capabilitiesOf, type RichSurface } from './rich-surface.ts';
import {
  idOf,
  INVALID_PARAMS,
  isInitialize,
  type Occasion,
  refusal,
  sessionNotFound,
  toRpcError,
  TRANSPORT_REFUSAL,
} from './rpc.ts';
import { sessionToEnd } from './fair-share.ts';
import { Session } from './session.ts';
import { SessionTransport } from './session-transport.ts';
import { Watchers } from './watchers.ts';

export interface Engine2025Options {
  readonly maxSessions: number;
  /** A session without a request under way or an open stream for this long is ended. */
  readonly sessionIdleMs: number;
}

export interface Engine2025Deps {
  readonly surface: RichSurface;
  readonly dispatch: Dispatch;
  readonly log: Logger;
  readonly now: () => number;
  readonly options: Engine2025Options;
}

/** What makes Claude Code listen for pushed messages. */
const CHANNEL = { 'claude/channel': {} };
const SWEEPS_PER_IDLE_TIME = 4;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** The SDK keeps what a client says of itself for the life of the session. */
const MAX_INTRODUCTION_CHARS = 16_384;
/** Seconds after which a client that found no room may try again. */
const RETRY_AFTER = 5;

export class Engine2025 implements AsyncDisposable {
  readonly #deps: Engine2025Deps;
  readonly #capabilities: Capabilities;
  readonly #fastmcp: FastMCP;
  readonly #sessions = new Map<string, Session>();
  readonly #watchers: Watchers<Session>;
  readonly #channels = new Set<Session>();
  readonly #sweeper: NodeJS.Timeout;
  #opening = 0;

  constructor(deps: Engine2025Deps) {
    this.#deps = deps;
    this.#capabilities = capabilitiesOf(deps.surface);
    this.#watchers = new Watchers((uri) => deps.surface.resourceKey?.(uri) ?? uri);
    this.#fastmcp = new FastMCP({
      name: deps.surface.serverInfo.name,
      // Its type knows no pre-release; the transport puts the true one into the answer.
      version: '0.0.0',
      instructions: deps.surface.instructions,
      logger: quiet(deps.log),
      ping: { enabled: false },
      // Or it would ask each client for its roots and wait for them before the session is there.
      roots: { enabled: false },
    });
    const interval = Math.min(deps.options.sessionIdleMs / SWEEPS_PER_IDLE_TIME, LONGEST_TIMER_MS);
    const swept = (): Promise<void> =>
      this.sweep().catch((err: unknown) => {
        deps.log.error({ err }, 'idle MCP sessions could not be ended');
      });
    this.#sweeper = setInterval(() => void swept(), interval).unref();
  }

  /** Who is connected, by session id. */
  get sessions(): ReadonlyMap<string, Session> {
    return this.#sessions;
  }

  /** How many sessions fastmcp holds; the same as {@link sessions} unless something leaks. */
  get fastmcpSessions(): number {
    return this.#fastmcp.sessions.length;
  }

  async fetch(request: McpRequest): Promise<Response> {
    const sessionId = request.http.headers.get('mcp-session-id');
    if (sessionId === null) return this.#open(request);
    const session = this.#sessions.get(sessionId);
    // With another key the client of the session says nothing about who this is.
    if (session === undefined || session.binding.keyId !== request.keyId)
      return sessionNotFound(request.body, this.#occasion(request));
    const call = await request.identify('2025', session.binding.client);
    if (!session.belongsTo(call.principal)) return sessionNotFound(request.body, this.#occasion(request));
    return session.serve(
      request.http,
      request.body,
      { ...call, toolSet: session.binding.toolSet },
      this.#deps.now,
    );
  }

  /** Tells those that want to know. What cannot be delivered at once, to a session without an open stream, is lost. */
  announce(change: Change, mayKnow: MayKnow): void {
    const tell = (session: Session, notification: JSONRPCNotification): void => {
      if (!mayKnow(session.principal)) return;
      session.transport.send(notification).catch((err: unknown) => {
        this.#deps.log.debug({ err, engine: '2025' }, 'a change could not be announced');
      });
    };
    if ('list' in change)
      for (const session of this.#sessions.values()) tell(session, listChanged(change.list));
    else this.#watchers.each(change.resource, (session, uri) => tell(session, resourceUpdated(uri)));
  }

  /** The sessions that may be pushed messages. */
  get channels(): ReadonlySet<Session> {
    return this.#channels;
  }

  /** Keys of the resources that are watched. */
  get watched(): Iterable<string> {
    return this.#watchers.keys;
  }

  /** Ends the sessions that nobody has used for the idle time. */
  async sweep(): Promise<void> {
    const idleSince = this.#deps.now() - this.#deps.options.sessionIdleMs;
    const idle = [...this.#sessions.values()].filter((session) => session.idleSince(idleSince));
    await Promise.all(idle.map((session) => session.transport.close()));
  }

  /** Ends the sessions of these callers; what they have under way is aborted. */
  async endWhere(matches: (principal: Principal) => boolean): Promise<void> {
    const ending = [...this.#sessions.values()].filter(({ principal }) => matches(principal));
    await Promise.all(ending.map((session) => session.transport.close()));
  }

  /** Ends all sessions; what is under way is aborted and answered with an error. */
  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    await Promise.all([...this.#sessions.values()].map((session) => session.transport.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #open(request: McpRequest): Promise<Response> {
    const { body } = request;
    if (!isInitialize(body)) {
      const message = 'Bad Request: Mcp-Session-Id header is required';
      return refusal(400, TRANSPORT_REFUSAL, message, this.#occasion(request), {
        id: idOf(body),
        suggestions: ['Open a session with initialize, and send the id it answers with.'],
      });
    }
    if (!isInitializeRequest(body)) {
      return refusal(400, INVALID_PARAMS, 'Invalid initialize request', this.#occasion(request), {
        id: idOf(body),
      });
    }
    if (JSON.stringify(body).length > MAX_INTRODUCTION_CHARS) throw introductionTooLarge();
    const { name, version } = body.params.clientInfo;
    await this.#reserve(request.keyId);
    try {
      const call = await request.identify('2025', { name, version });
      return await this.#connect(request, call, { name, version });
    } finally {
      this.#opening--;
    }
  }

  async #connect(
    { http, body, toolSet, onlyLegacy }: McpRequest,
    call: Call,
    client: ClientInfo,
  ): Promise<Response> {
    const { surface, now } = this.#deps;
    const { serverInfo, logs = false } = surface;
    const channel = onlyLegacy && surface.channel === true;
    const capabilities = channel ? { ...this.#capabilities, experimental: CHANNEL } : this.#capabilities;
    const introduction = { serverInfo, capabilities };
    const transport = new SessionTransport(introduction, { http, body, auth: new CallAuth(call) }, now);
    transport.onclose = () => this.#forget(transport.sessionId);
    try {
      const fastmcp = await this.#fastmcp.connect(transport);
      const logLevel = () => (logs ? fastmcp.loggingLevel : undefined);
      fastmcp.server.removeRequestHandler('completion/complete');
      fastmcp.server.fallbackRequestHandler = async (message, extra) => {
        const { authInfo, requestId } = extra;
        if (!(authInfo instanceof CallAuth)) throw new Error('a message without a caller');
        const link = new ClientLink2025(extra, logLevel);
        const result = await this.#deps.dispatch(authInfo.call, message, transport.signalOf(requestId), link);
        this.#noteWatch(transport, authInfo.call, message);
        return result;
      };
    } catch (error) {
      const refusal = transport.takeAnswer();
      if (refusal === undefined || refusal.ok) throw error;
      return refusal;
    }
    const { keyId, agentId } = call.principal;
    const binding = { keyId, agentId: agentId.toLowerCase(), client, toolSet, channel };
    const session = new Session(transport, binding, call.principal, now());
    this.#sessions.set(transport.sessionId, session);
    if (channel) this.#channels.add(session);
    return transport.takeAnswer() ?? new Response(null, { status: 500 });
  }

  #occasion({ requestId }: McpRequest): Occasion {
    return { requestId, now: this.#deps.now() };
  }

  /** Which resources a session watches is the engine's matter; by now the surface has allowed it. */
  #noteWatch({ sessionId }: SessionTransport, { requestId }: Call, message: JSONRPCRequest): void {
    const uri = message.params?.['uri'];
    if (typeof uri !== 'string') return;
    const session = this.#sessions.get(sessionId);
    try {
      if (session === undefined) return;
      if (message.method === 'resources/subscribe') {
        session.watch(uri);
        this.#watchers.add(uri, session);
      }
      if (message.method === 'resources/unsubscribe') {
        session.unwatch(uri);
        this.#watchers.delete(uri, session);
      }
    } catch (error) {
      throw toRpcError(error, requestId, this.#deps.now());
    }
  }

  #forget(sessionId: string): void {
    const session = this.#sessions.get(sessionId);
    this.#sessions.delete(sessionId);
    if (session === undefined) return;
    this.#channels.delete(session);
    for (const uri of session.watched) this.#watchers.delete(uri, session);
  }

  /** @throws HubError OVERLOADED. */
  async #reserve(keyId: string): Promise<void> {
    const { maxSessions } = this.#deps.options;
    const full = (): boolean => this.#sessions.size + this.#opening >= maxSessions;
    if (full()) await this.sweep();
    if (full()) await sessionToEnd(this.#sessions.values(), keyId)?.transport.close();
    if (full()) {
      throw new HubError('OVERLOADED', `The hub holds its maximum of ${String(maxSessions)} MCP sessions.`, {
        retryAfter: RETRY_AFTER,
        suggestions: ['Close connections that are not used, or raise MAX_MCP_SESSIONS.'],
      });
    }
    this.#opening++;
  }
}

function introductionTooLarge(): HubError {
  const expected = `at most ${String(MAX_INTRODUCTION_CHARS)} characters`;
  return new HubError('CONTENT_TOO_LARGE', `The initialize request is too large; expected ${expected}.`, {
    context: { field: 'params', value: null, expected },
    suggestions: ['Say less of the client in clientInfo and capabilities.'],
  });
}

/** What fastmcp has to say are mistakes of clients. Of its messages only the fixed words are kept, never what was sent. */
function quiet(log: Logger): FastMcpLogger {
  const debug = (...args: unknown[]): void => {
    const words = args.map((arg) => (arg instanceof Error ? arg.message : String(arg)).split(/[:{]/)[0]);
    log.debug({ engine: '2025' }, words.join(' '));
  };
  return { debug, error: debug, info: debug, log: debug, warn: debug };
}
