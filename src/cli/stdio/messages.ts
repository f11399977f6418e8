/** JSON-RPC as it passes through the bridge: looked at no more than it takes to bring it on. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type ErrorCode, errorObject, HubError } from '../../errors.ts';

export type Id = string | number;
export type Message = Readonly<Record<string, unknown>>;

export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
const INTERNAL_ERROR = -32603;
const REVISION = 'io.modelcontextprotocol/protocolVersion';

/** The field of `params` that the header Mcp-Name repeats, by method. */
const NAMED_BY: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
};

export function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function methodOf({ method }: Message): string | undefined {
  return typeof method === 'string' ? method : undefined;
}

export function paramsOf({ params }: Message): Message {
  return isMessage(params) ? params : {};
}

/** The id of a request; undefined for notifications and answers. */
export function requestId(message: Message): Id | undefined {
  if (methodOf(message) === undefined) return undefined;
  const { id } = message;
  return typeof id === 'string' || typeof id === 'number' ? id : undefined;
}

/** The revision that a message of the stateless era names; undefined: it belongs to a session. */
export function revisionOf(message: Message): string | undefined {
  const meta = paramsOf(message)['_meta'];
  const revision = isMessage(meta) ? meta[REVISION] : undefined;
  return typeof revision === 'string' ? revision : undefined;
}

/** What the stateless era repeats in headers. */
export function statelessHeaders(message: Message, revision: string): Record<string, string> {
  const method = methodOf(message) ?? '';
  const field = Object.hasOwn(NAMED_BY, method) ? NAMED_BY[method] : undefined;
  const name = field === undefined ? undefined : paramsOf(message)[field];
  return {
    'MCP-Protocol-Version': revision,
    'Mcp-Method': headerText(method),
    ...(typeof name === 'string' ? { 'Mcp-Name': headerText(name) } : {}),
  };
}

/** Anything but plain ASCII goes in Base64, marked as the protocol wants it. */
function headerText(text: string): string {
  const isPlain = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !/^=\?base64\?.*\?=$/i.test(text);
  return isPlain ? text : `=?base64?${Buffer.from(text).toString('base64')}?=`;
}

export function rpcError(id: Id | null, code: number, message: string, data?: unknown): Message {
  return { jsonrpc: '2.0', id, error: { code, message, ...(data === undefined ? {} : { data }) } };
}

/** An answer of the bridge itself: the error object as data, as the hub gives it. */
export function failure(id: Id, code: ErrorCode, text: string, suggestions: readonly string[]): Message {
  const error = new HubError(code, text, { suggestions });
  return rpcError(id, INTERNAL_ERROR, text, errorObject(error, randomUUID(), Date.now()));
}

const errorSchema = z.looseObject({ success: z.literal(false), error: z.string() });

/** What a refusal by HTTP says, as the answer to the request. */
export function refusedAs(id: Id, status: number, body: unknown): Message {
  if (isMessage(body) && body['jsonrpc'] === '2.0' && isMessage(body['error'])) return { ...body, id };
  const parsed = errorSchema.safeParse(body);
  if (parsed.success) return rpcError(id, INTERNAL_ERROR, parsed.data.error, parsed.data);
  return rpcError(id, INTERNAL_ERROR, `The hub answers with the HTTP status ${String(status)}.`);
}
