/** JSON-RPC errors, and HTTP answers that carry one. */
import { z } from 'zod';
import { ERRORS, errorObject, HubError, invalid, publicError } from '../../errors.ts';

export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const INTERNAL_ERROR = -32603;
/** Revisions up to 2025-11-25 only; 2026-07-28 says {@link INVALID_PARAMS}. */
export const RESOURCE_NOT_FOUND = -32002;
const SESSION_NOT_FOUND = -32001;
/** A header of a request says something else than its body. */
export const HEADER_MISMATCH = -32020;
export const UNSUPPORTED_PROTOCOL_VERSION = -32022;
/** What the SDKs use for a refusal by the transport. */
export const TRANSPORT_REFUSAL = -32000;

/** Both SDKs take code, message and data from whatever a handler throws. Their own classes put a prefix into the message. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** Any thrown value as a JSON-RPC error with the error object as its data. */
export function toRpcError(thrown: unknown, requestId: string, now: number): RpcError {
  if (thrown instanceof RpcError) return thrown;
  const error = publicError(thrown);
  return new RpcError(codeOf(error), error.message, errorObject(error, requestId, now));
}

function codeOf(error: HubError): number {
  const kind = ERRORS[error.code].number.split('_')[0];
  if (kind === 'VALIDATION' || kind === 'RESOURCE' || kind === 'CONFLICT') return INVALID_PARAMS;
  return kind === 'AUTH' ? INVALID_REQUEST : INTERNAL_ERROR;
}

const issuesSchema = z.array(
  z.looseObject({ path: z.array(z.union([z.string(), z.number()])), message: z.string() }),
);

/**
 * The SDK of the 2025 revisions answers to parameters that are no parameters of a method as to a failure of its own, with
 * the whole report of its parser as the message. Undefined: `error` says something else.
 */
export function asBadParams(
  error: { readonly code: number; readonly message: string; readonly data?: unknown },
  { requestId, now }: Occasion,
): { readonly code: number; readonly message: string; readonly data: unknown } | undefined {
  if (error.code !== INTERNAL_ERROR || error.data !== undefined || !error.message.startsWith('['))
    return undefined;
  const [issue] = issuesSchema.safeParse(jsonOf(error.message)).data ?? [];
  if (issue === undefined) return undefined;
  const field = issue.path.join('.') || 'params';
  const said = `${field} is not what the method takes: ${issue.message}.`;
  const bad = invalid(field, undefined, issue.message, { message: said, suggestions: [] });
  return { code: INVALID_PARAMS, message: said, data: errorObject(bad, requestId, now) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export type RpcId = string | number | null;

export function rpcErrorResponse(
  status: number,
  code: number,
  message: string,
  options: { id?: RpcId; data?: unknown; headers?: Readonly<Record<string, string>> } = {},
): Response {
  const error = { code, message, ...(options.data === undefined ? {} : { data: options.data }) };
  return Response.json(
    { jsonrpc: '2.0', error, id: options.id ?? null },
    { status, ...(options.headers === undefined ? {} : { headers: options.headers }) },
  );
}

/** Which request an error object is made for, and when. */
export interface Occasion {
  readonly requestId: string;
  readonly now: number;
}

/** A request that the transport does not take, with the error object as the error's data. */
export function refusal(
  status: number,
  code: number,
  message: string,
  occasion: Occasion,
  options: { id?: RpcId; headers?: Readonly<Record<string, string>>; suggestions?: readonly string[] } = {},
): Response {
  const { suggestions = [], ...rest } = options;
  const error = new HubError('INVALID_INPUT', message, { suggestions });
  const data = errorObject(error, occasion.requestId, occasion.now);
  return rpcErrorResponse(status, code, message, { ...rest, data });
}

/** The same for a session that never was, has ended, or belongs to somebody else. */
export function sessionNotFound(body: unknown, occasion: Occasion): Response {
  return refusal(404, SESSION_NOT_FOUND, 'Session not found', occasion, {
    id: idOf(body),
    suggestions: ['Open a new session with initialize.'],
  });
}

export function noBatches(occasion: Occasion): Response {
  const message = 'Invalid Request: batches are not part of this revision of the protocol';
  return refusal(400, INVALID_REQUEST, message, occasion, {
    suggestions: ['Send each message in a request of its own.'],
  });
}

/** The id of a request, to be echoed in an error that answers it. */
export function idOf(body: unknown): RpcId {
  if (!isRecord(body) || typeof body['method'] !== 'string') return null;
  const id = body['id'];
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The messages of a body: one, or those of a batch. */
export function messagesOf(body: unknown): readonly unknown[] {
  return Array.isArray(body) ? body : [body];
}

export function isInitialize(message: unknown): boolean {
  return isRecord(message) && message['method'] === 'initialize';
}

/** What a message says about itself, beside what it asks. */
export function metaOf(message: unknown): unknown {
  const params = isRecord(message) ? message['params'] : undefined;
  return isRecord(params) ? params['_meta'] : undefined;
}
