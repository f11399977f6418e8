/**
 * The HTTP door of MCP. Around it the app checks Host and Origin, limits the body, gives the request an id, and answers
 * what is thrown. A request is let in by its key before anything of it is parsed; which agent it is, an engine asks.
 */
import { classifyInboundRequest, type InboundClassificationOutcome } from '@modelcontextprotocol/server';
import { SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/sdk/types.js';
import { type Context, Hono } from 'hono';
import type { Authenticator, ClientInfo, Credential } from '../auth/types.ts';
import type { Principal } from '../context.ts';
import { errorObject, invalid } from '../errors.ts';
import type { Client, Connection } from '../features/agents/presence.ts';
import type { RateService } from '../features/rates/service.ts';
import type { StreamQuota } from '../features/rates/streams.ts';
import { MAX_JSON_DEPTH, jsonDepthExceeds } from '../lib/json-depth.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Era, McpRequest } from './engines/call.ts';
import type { McpEngines } from './engines/engines.ts';
import { createOpenRequests, type OpenRequest, type OpenRequests } from './open-requests.ts';
import {
  idOf,
  INVALID_REQUEST,
  isRecord,
  messagesOf,
  noBatches,
  type Occasion,
  PARSE_ERROR,
  refusal,
  rpcErrorResponse,
  TRANSPORT_REFUSAL,
  UNSUPPORTED_PROTOCOL_VERSION,
} from './engines/rpc.ts';
import { whenDone } from './engines/when-done.ts';

export interface McpRouteDeps {
  readonly engines: McpEngines;
  readonly authenticator: Authenticator;
  readonly log: Logger;
  readonly requestIdOf: (c: Context) => string;
  /** What ends requests together with their credentials; by default those of these routes alone. */
  readonly open?: OpenRequests;
  readonly addressOf: (c: Context) => string;
  readonly rates: Pick<RateService, 'spendTotal'>;
  readonly streams: StreamQuota;
  /** How long a client may leave unread what its stream sent. */
  readonly patienceMs?: number;
  /** Told whose key a request comes with. */
  readonly onVerified?: (c: Context, credential: Credential) => void;
  /** Told who a request is, for the logs. */
  readonly onIdentified?: (c: Context, principal: Principal, client: ClientInfo | undefined) => void;
  /** Told of a request that waits on purpose: no limit on the time or number of requests at once is meant for it. */
  readonly onWait?: (c: Context) => void;
  /** Runs the answering of a request where its spans belong, by what its body says. */
  readonly traced?: (c: Context, body: unknown, work: () => Promise<Response>) => Promise<Response>;
  readonly now?: () => number;
}

const PATIENCE_MS = 30_000;
const METHODS: readonly string[] = ['GET', 'POST', 'DELETE'];
const COUNTED_BY_AGENT: ReadonlySet<string> = new Set([
  'tools/call',
  'resources/read',
  'prompts/get',
  'completion/complete',
]);

export function mcpRoutes(deps: McpRouteDeps): Hono {
  const { engines, authenticator, rates, streams, log, requestIdOf, now = Date.now } = deps;
  const { open = createOpenRequests({ now }), patienceMs = PATIENCE_MS } = deps;

  const serve = async (c: Context, onlyLegacy: boolean): Promise<Response> => {
    const { headers } = c.req.raw;
    const address = deps.addressOf(c);
    const verify = (): Promise<Credential> => authenticator.verify(headers, address);
    const credential = await verify();
    return open.serve(credential, verify, (held) => admit(c, onlyLegacy, credential, held));
  };

  /** Reads the request of a verified credential, and counts what it opens. */
  const admit = async (
    c: Context,
    onlyLegacy: boolean,
    credential: Credential,
    held: OpenRequest,
  ): Promise<Response> => {
    const http = c.req.raw;
    const requestId = requestIdOf(c);
    deps.onVerified?.(c, credential);
    if (!METHODS.includes(http.method)) return methodNotAllowed({ requestId, now: now() });
    const parsed = http.method === 'POST' ? parseJson(await http.text()) : {};
    if ('problem' in parsed) return unreadable(parsed.problem, requestId, now());
    const { body } = parsed;
    const toolSet = c.req.query('tools') === 'core' ? 'core' : 'all';
    const request: McpRequest = {
      http,
      body,
      requestId,
      keyId: credential.keyId,
      onlyLegacy,
      toolSet,
      identify: async (era, client) => {
        const principal = await authenticator.identify(credential, http.headers, client);
        deps.onIdentified?.(c, principal, client);
        held.actsAs(principal, connectionOf(era, request, client, stream !== undefined));
        return {
          ...{ era, principal, toolSet, requestId, log },
          onEnd: (stop) => held.onEnd(stop),
          onWait: () => deps.onWait?.(c),
        };
      },
    };
    const outcome = classify(http, body);
    const stream = streamOf(request, outcome);
    const count = stream === undefined ? countedHere(body) : 1;
    for (let n = 0; n < count; n++) await rates.spendTotal(credential.keyId);
    if (stream === undefined) return answer(c, request, outcome);
    const closed = streams.open(credential.keyId, stream);
    try {
      return whenDone(await answer(c, request, outcome), http.signal, closed, patienceMs);
    } catch (error) {
      closed();
      throw error;
    }
  };

  const answerHere = async (
    _c: Context,
    request: McpRequest,
    outcome: InboundClassificationOutcome,
  ): Promise<Response> => {
    const { http, body, requestId, onlyLegacy } = request;
    const inSession = outcome.kind === 'legacy' && http.headers.has('mcp-session-id');
    if (Array.isArray(body) && !inSession) return noBatches({ requestId, now: now() });
    if (outcome.kind === 'legacy') return engines.legacy.fetch(request);
    if (onlyLegacy && !isMalformed(outcome)) return onlyLegacyHere(request);
    return isModernCall(outcome) ? engines.modern.fetch(request) : engines.modern.fetchWithoutCall(request);
  };

  const { traced } = deps;
  const answer: typeof answerHere =
    traced === undefined
      ? answerHere
      : (c, request, outcome) => traced(c, request.body, () => answerHere(c, request, outcome));

  const app = new Hono();
  for (const path of ['/mcp', '/mcp/']) app.all(path, (c) => serve(c, false));
  for (const path of ['/mcp/2025', '/mcp/2025/']) app.all(path, (c) => serve(c, true));
  return app;
}

function classify({ method, headers }: Request, body: unknown): InboundClassificationOutcome {
  const version = headers.get('mcp-protocol-version');
  const mcpMethod = headers.get('mcp-method');
  return classifyInboundRequest({
    httpMethod: method,
    ...(version === null ? {} : { protocolVersionHeader: version }),
    ...(mcpMethod === null ? {} : { mcpMethodHeader: mcpMethod }),
    ...(body === undefined ? {} : { body }),
  });
}

function isModernCall(outcome: InboundClassificationOutcome): boolean {
  return outcome.kind === 'modern' && outcome.messageKind === 'request';
}

/** The name of the event stream that a request asks for: a session has one, each `subscriptions/listen` is its own. */
function streamOf(request: McpRequest, outcome: InboundClassificationOutcome): string | undefined {
  const { http, body, requestId } = request;
  if (http.method === 'GET') return http.headers.get('mcp-session-id') ?? requestId;
  const listens = isModernCall(outcome) && isRecord(body) && body['method'] === 'subscriptions/listen';
  return listens ? requestId : undefined;
}

/** By which presence tells the clients of one agent apart; undefined: a session that is only being opened. */
function connectionOf(
  era: Era,
  { http, body }: McpRequest,
  client: Client | undefined,
  stream: boolean,
): Connection | undefined {
  if (era === '2026') return { request: isRecord(body) ? body['id'] : undefined, client, stream };
  const session = http.headers.get('mcp-session-id');
  return session === null ? undefined : { session };
}

/** How many messages of a body are not counted when they are served, by their agent. Notifications ask for nothing. */
function countedHere(body: unknown): number {
  const isCounted = (message: unknown): boolean =>
    isRecord(message) && message['id'] !== undefined && !COUNTED_BY_AGENT.has(String(message['method']));
  return messagesOf(body).filter(isCounted).length;
}

/** No message of any era, as opposed to a bad one of the current era. */
function isMalformed(outcome: InboundClassificationOutcome): boolean {
  return outcome.kind === 'reject' && outcome.code === INVALID_REQUEST;
}

/** Sent by a client that tries the current revision first; this answer makes it go on with `initialize`. */
function onlyLegacyHere({ http, body }: McpRequest): Response {
  const requested = http.headers.get('mcp-protocol-version') ?? 'unknown';
  return rpcErrorResponse(400, UNSUPPORTED_PROTOCOL_VERSION, `Unsupported protocol version: ${requested}`, {
    id: idOf(body),
    data: { supported: SUPPORTED_PROTOCOL_VERSIONS, requested },
  });
}

function methodNotAllowed(occasion: Occasion): Response {
  return refusal(405, TRANSPORT_REFUSAL, 'Method not allowed.', occasion, {
    headers: { Allow: METHODS.join(', ') },
  });
}

function parseJson(text: string): { readonly body?: unknown } | { readonly problem: string } {
  if (jsonDepthExceeds(text, MAX_JSON_DEPTH))
    return { problem: `The body nests deeper than ${String(MAX_JSON_DEPTH)} levels.` };
  try {
    return { body: JSON.parse(text) };
  } catch {
    return { problem: 'The body is not JSON.' };
  }
}

function unreadable(message: string, requestId: string, now: number): Response {
  const error = invalid('body', undefined, `JSON of at most ${String(MAX_JSON_DEPTH)} levels`, {
    message,
    suggestions: [],
  });
  return rpcErrorResponse(400, PARSE_ERROR, `Parse error: ${message}`, {
    data: errorObject(error, requestId, now),
  });
}
