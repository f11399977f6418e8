/** MCP messages as HTTP requests, without a client. */
import { KEYS } from './mcp-fixture.ts';

export interface RawRequest {
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
  /** Default 1; null for a notification. */
  readonly id?: string | number | null;
  /** Default alice's. */
  readonly key?: string;
  readonly sessionId?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
  readonly signal?: AbortSignal;
}

const REVISIONS = { '2025': '2025-11-25', '2026': '2026-07-28' } as const;

/** One message as its HTTP request, without a client. */
export function rawRequest(era: '2025' | '2026', raw: RawRequest): Request {
  const { method, params = {}, id = 1, key = KEYS.alice, sessionId, headers, path = '/mcp', signal } = raw;
  const name = params['name'] ?? params['uri'];
  const modern = {
    'mcp-method': method,
    ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
  };
  const meta = {
    'io.modelcontextprotocol/protocolVersion': REVISIONS['2026'],
    'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  return new Request(`http://127.0.0.1:23456${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': REVISIONS[era],
      ...(era === '2026' ? modern : {}),
      ...(sessionId === undefined ? {} : { 'mcp-session-id': sessionId }),
      ...headers,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      ...(id === null ? {} : { id }),
      method,
      params: era === '2026' ? { ...params, _meta: meta } : params,
    }),
    ...(signal === undefined ? {} : { signal }),
  });
}

export function initialize(options: Partial<RawRequest> = {}): Request {
  const clientInfo = { name: 'raw', version: '1' };
  const params = { protocolVersion: REVISIONS['2025'], capabilities: {}, clientInfo };
  return rawRequest('2025', { method: 'initialize', params, ...options });
}

/** A request without a body: the stream of a session, or its end. */
export function bodyless(
  method: 'GET' | 'DELETE',
  sessionId: string | undefined,
  options: { readonly headers?: Readonly<Record<string, string>>; readonly signal?: AbortSignal } = {},
): Request {
  return new Request('http://127.0.0.1:23456/mcp', {
    method,
    headers: {
      authorization: `Bearer ${KEYS.alice}`,
      accept: 'text/event-stream',
      ...(sessionId === undefined ? {} : { 'mcp-session-id': sessionId }),
      ...options.headers,
    },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}
