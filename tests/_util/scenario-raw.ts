/** MCP messages as HTTP requests, for what no client sends. */
import type { ClientEra } from './connect-client.ts';
import type { TestHub } from './test-hub.ts';

export interface RawCall {
  readonly method: string;
  /** Default 1. */
  readonly id?: number;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly clientInfo?: { readonly name: string; readonly version: string } | null;
  /** Default `/mcp`. */
  readonly path?: string;
}

const VERSIONS = { '2025': '2025-11-25', '2026': '2026-07-28' } as const;

/** One JSON-RPC request of an era. */
export function post(
  hub: TestHub,
  era: ClientEra,
  { method, id = 1, params = {}, headers = {}, clientInfo, path = '/mcp' }: RawCall,
): Promise<Response> {
  const target = params['name'] ?? params['uri'];
  const info = clientInfo === undefined ? { name: 'raw', version: '1' } : clientInfo;
  const meta = {
    'io.modelcontextprotocol/protocolVersion': VERSIONS['2026'],
    ...(info === null ? {} : { 'io.modelcontextprotocol/clientInfo': info }),
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const modern = { 'mcp-method': method, ...(typeof target === 'string' ? { 'mcp-name': target } : {}) };
  return hub.request(path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': VERSIONS[era],
      ...(era === '2026' ? modern : {}),
      ...headers,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id,
      method,
      params: era === '2026' ? { ...params, _meta: meta } : params,
    }),
  });
}

/** The first request of a 2025 session. */
export function initialize(
  hub: TestHub,
  headers: Readonly<Record<string, string>>,
  clientName = 'raw',
  path = '/mcp',
): Promise<Response> {
  const clientInfo = { name: clientName, version: '1' };
  const params = { protocolVersion: VERSIONS['2025'], capabilities: {}, clientInfo };
  return post(hub, '2025', { method: 'initialize', params, headers, path });
}

/** Opens a 2025 session; answers the headers that its further requests need. */
export async function openSession(
  hub: TestHub,
  headers: Readonly<Record<string, string>>,
  path?: string,
): Promise<Record<string, string>> {
  const response = await initialize(hub, headers, undefined, path);
  const id = response.headers.get('mcp-session-id');
  if (response.status !== 200 || id === null) throw new Error(`no session: ${await response.text()}`);
  return { ...headers, 'mcp-session-id': id };
}
