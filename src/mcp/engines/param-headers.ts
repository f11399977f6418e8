/**
 * Revision 2026-07-28 lets a tool mark arguments with `x-mcp-header`, so that proxies see them without reading the body; the
 * server must refuse a call whose header `Mcp-Param-…` says something else than its body. The SDK checks that for tools
 * registered with its high-level server only.
 */
import type { Principal } from '../../context.ts';
import type { JsonSchema, ToolSet } from '../surface.ts';
import type { RichSurface, RichToolDescriptor } from './rich-surface.ts';
import { HEADER_MISMATCH, idOf, isRecord, rpcErrorResponse } from './rpc.ts';

interface MarkedParam {
  /** From the arguments down. */
  readonly path: readonly string[];
  readonly header: string;
  readonly numeric: boolean;
}
type MarkedTools = ReadonlyMap<string, readonly MarkedParam[]>;

const MARK = 'x-mcp-header';
const ENCODED = /^=\?base64\?(.*)\?=$/s;
const CANONICAL_BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const DECIMAL = /^-?\d+(\.\d+)?$/;

export class ParamHeaders {
  readonly #surface: RichSurface;
  /** By the surface's own prebuilt lists. */
  readonly #marked = new WeakMap<readonly RichToolDescriptor[], MarkedTools>();

  constructor(surface: RichSurface) {
    this.#surface = surface;
  }

  /** The refusal of a call whose headers and arguments disagree. */
  refuse(http: Request, body: unknown, principal: Principal, toolSet: ToolSet): Response | undefined {
    if (!isRecord(body) || body['method'] !== 'tools/call' || !isRecord(body['params'])) return undefined;
    const { name, arguments: args } = body['params'];
    const params = this.#markedTools(principal, toolSet).get(String(name)) ?? [];
    for (const param of params) {
      const wrong = disagreement(param, args, http.headers);
      if (wrong === undefined) continue;
      const message = `Bad Request: the request headers and body disagree: ${wrong}`;
      return rpcErrorResponse(400, HEADER_MISMATCH, message, { id: idOf(body) });
    }
    return undefined;
  }

  #markedTools(principal: Principal, toolSet: ToolSet): MarkedTools {
    const list = this.#surface.listTools(principal, toolSet);
    const known = this.#marked.get(list);
    if (known !== undefined) return known;
    const tools = list.map(({ name, inputSchema }) => [name, [...markedParams(inputSchema)]] as const);
    const marked = new Map(tools.filter(([, params]) => params.length > 0));
    this.#marked.set(list, marked);
    return marked;
  }
}

/** Only what is reached through `properties` may be marked. */
function* markedParams(schema: JsonSchema, path: readonly string[] = []): Generator<MarkedParam> {
  const mark = schema[MARK];
  if (typeof mark === 'string') {
    const numeric = schema['type'] === 'integer' || schema['type'] === 'number';
    yield { path, header: `Mcp-Param-${mark}`, numeric };
  }
  const { properties } = schema;
  if (!isRecord(properties)) return;
  for (const [key, child] of Object.entries(properties))
    if (isRecord(child)) yield* markedParams(child, [...path, key]);
}

function disagreement({ path, header, numeric }: MarkedParam, args: unknown, headers: Headers) {
  const value = path.reduce<unknown>((node, key) => (isRecord(node) ? node[key] : undefined), args);
  if (typeof value !== 'string' && typeof value !== 'boolean' && !isExact(value)) return undefined;
  const sent = headers.get(header);
  if (sent === null) return `the body carries ${path.join('.')}, but the header ${header} is absent`;
  const said = decode(sent);
  if (said === undefined) return `the header ${header} is not valid Base64`;
  const same = numeric && DECIMAL.test(said) ? Number(said) === value : said === String(value);
  return same ? undefined : `the header ${header} is not the ${path.join('.')} of the body`;
}

/** Other numbers have no text that both sides would agree on. */
function isExact(value: unknown): value is number {
  return (
    typeof value === 'number' &&
    Number.isFinite(value) &&
    (Number.isSafeInteger(value) || !Number.isInteger(value))
  );
}

function decode(value: string): string | undefined {
  const encoded = ENCODED.exec(value)?.[1];
  if (encoded === undefined) return value;
  if (!CANONICAL_BASE64.test(encoded)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(encoded, 'base64'));
  } catch {
    return undefined;
  }
}
