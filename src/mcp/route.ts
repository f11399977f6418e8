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
import { MAX_JSON_DEPTH, jsonDepthExceeds } from '../lib/json-depth.ts';
import type { Logger } from '../telemetry/log.ts';
import type { McpRequest } from './engines/call.ts';
import type { McpEngines } from './engines/engines.ts';
import {
  idOf,
  INVALID_REQUEST,
  noBatches,
  type Occasion,
  PARSE_ERROR,
  refusal,
  rpcErrorResponse,
  TRANSPORT_REFUSAL,
  UNSUPPORTED_PROTOCOL_VERSION,
} from './engines/rpc.ts';

export interface McpRouteDeps {
  readonly engines: McpEngines;
  readonly authenticator: Authenticator;
  readonly log: Logger;
  readonly requestIdOf: (c: Context) => string;
  /** Told whose key a request comes with. */
  readonly onVerified?: (c: Context, credential: Credential) => void;
  /** Told who a request is, for the logs. */
  readonly onIdentified?: (c: Context, principal: Principal, client: ClientInfo | undefined) => void;
  readonly now?: () => number;
}

const METHODS: readonly string[] = ['GET', 'POST', 'DELETE'];

export function mcpRoutes(deps: McpRouteDeps): Hono {
  const { engines, authenticator, log, requestIdOf, now = Date.now } = deps;

  const serve = async (c: Context, onlyLegacy: boolean): Promise<Response> => {
    const http = c.req.raw;
    const requestId = requestIdOf(c);
    const credential = await authenticator.verify(http.headers);
    deps.onVerified?.(c, credential);
    if (!METHODS.includes(http.method)) return methodNotAllowed({ requestId, now: now() });
    const parsed = http.method === 'POST' ? parseJson(await c.req.text()) : {};
    if ('problem' in parsed) return unreadable(parsed.problem, requestId, now());
    const { body } = parsed;
    const toolSet = c.req.query('tools') === 'core' ? 'core' : 'all';
    const request: McpRequest = {
      http,
      body,
      requestId,
      keyId: credential.keyId,
      toolSet,
      identify: async (era, client) => {
        const principal = await authenticator.identify(credential, http.headers, client);
        deps.onIdentified?.(c, principal, client);
        return { era, principal, toolSet, requestId, log: log.child({ request_id: requestId }) };
      },
    };
    const outcome = classify(http, body);
    const inSession = outcome.kind === 'legacy' && http.headers.has('mcp-session-id');
    if (Array.isArray(body) && !inSession) return noBatches({ requestId, now: now() });
    if (outcome.kind === 'legacy') return engines.legacy.fetch(request);
    if (onlyLegacy && !isMalformed(outcome)) return onlyLegacyHere(request);
    const callsMethod = outcome.kind === 'modern' && outcome.messageKind === 'request';
    return callsMethod ? engines.modern.fetch(request) : engines.modern.fetchWithoutCall(request);
  };

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
