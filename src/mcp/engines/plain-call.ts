/**
 * `tools/call` of revision 2026-07-28 without a server of the SDK for each, which costs more than most tools. Only requests
 * of which nothing is in doubt, and which want no word before their answer, are plain: all others are the SDK's, which knows
 * what to refuse.
 */
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  PROTOCOL_VERSION_META_KEY,
  SERVER_INFO_META_KEY,
} from '@modelcontextprotocol/server';
import type { McpSurface } from '../surface.ts';
import type { ClientLink } from './client-link.ts';
import { isRecord, RpcError } from './rpc.ts';

export interface PlainCall {
  readonly id: string | number;
  readonly method: 'tools/call';
  readonly params: Readonly<Record<string, unknown>>;
}

const REVISION = '2026-07-28';
const METHOD = 'tools/call';
/** What the protocol says in `_meta`, beside what others put there. */
const RESERVED = 'io.modelcontextprotocol/';
const REQUEST_KEYS: ReadonlySet<string> = new Set(['jsonrpc', 'id', 'method', 'params']);
const PARAMS_KEYS: ReadonlySet<string> = new Set(['name', 'arguments', '_meta']);
const META_KEYS: ReadonlySet<string> = new Set([
  PROTOCOL_VERSION_META_KEY,
  CLIENT_INFO_META_KEY,
  CLIENT_CAPABILITIES_META_KEY,
]);

/** The call that a request is, or undefined if it is not plain. */
export function plainCallOf(headers: Headers, body: unknown): PlainCall | undefined {
  if (!isRecord(body) || !onlyHas(body, REQUEST_KEYS)) return undefined;
  const { jsonrpc, id, method, params } = body;
  if (jsonrpc !== '2.0' || method !== METHOD || !isId(id)) return undefined;
  if (!isRecord(params) || !onlyHas(params, PARAMS_KEYS) || !isPlainMeta(params['_meta'])) return undefined;
  const { name, arguments: args = {} } = params;
  if (typeof name !== 'string' || !isRecord(args)) return undefined;
  const said =
    headers.get('content-type') === 'application/json' &&
    headers.get('mcp-protocol-version') === REVISION &&
    headers.get('mcp-method') === METHOD &&
    headers.get('mcp-name') === name;
  return said ? { id, method, params } : undefined;
}

/** What the SDK would answer to a result. */
export function plainAnswer(
  { id }: PlainCall,
  serverInfo: McpSurface['serverInfo'],
  { _meta, ...result }: Readonly<Record<string, unknown>>,
): Response {
  const meta = { ...(isRecord(_meta) ? _meta : {}), [SERVER_INFO_META_KEY]: serverInfo };
  return Response.json({ jsonrpc: '2.0', id, result: { resultType: 'complete', ...result, _meta: meta } });
}

/** What it would answer to what was thrown. @throws what is no RpcError. */
export function plainRefusal({ id }: PlainCall, thrown: unknown): Response {
  if (!(thrown instanceof RpcError)) throw thrown;
  const { code, message, data } = thrown;
  return Response.json({ jsonrpc: '2.0', id, error: { code, message, data } });
}

/** To a client that asked for no word. */
export const SILENT: ClientLink = {
  wantsProgress: false,
  progress: () => Promise.resolve(),
  log: () => Promise.resolve(),
  sdk: { era: '2026', context: undefined },
};

function isPlainMeta(meta: unknown): boolean {
  if (!isRecord(meta) || 'progressToken' in meta) return false;
  const client = meta[CLIENT_INFO_META_KEY];
  return (
    meta[PROTOCOL_VERSION_META_KEY] === REVISION &&
    isRecord(client) &&
    typeof client['name'] === 'string' &&
    typeof client['version'] === 'string' &&
    Object.values(client).every((value) => typeof value === 'string') &&
    isCapabilities(meta[CLIENT_CAPABILITIES_META_KEY]) &&
    Object.keys(meta).every((key) => META_KEYS.has(key) || !key.startsWith(RESERVED))
  );
}

function isCapabilities(value: unknown): boolean {
  return (
    isRecord(value) && Object.values(value).every((one) => isRecord(one) && Object.keys(one).length === 0)
  );
}

function isId(id: unknown): id is string | number {
  return typeof id === 'string' || Number.isSafeInteger(id);
}

function onlyHas(record: Readonly<Record<string, unknown>>, keys: ReadonlySet<string>): boolean {
  return Object.keys(record).every((key) => keys.has(key));
}
