/** The methods of the hub: JSON-RPC requests of either era become calls of the surface. */
import { z } from 'zod';
import { ERRORS, errorObject, HubError, invalid } from '../../errors.ts';
import { asError } from '../../lib/as-error.ts';
import { type CompletionRequest, UnknownName } from '../surface.ts';
import type { Call } from './call.ts';
import type { ClientLink } from './client-link.ts';
import type { RichCtx, RichSurface } from './rich-surface.ts';
import { INVALID_PARAMS, METHOD_NOT_FOUND, RESOURCE_NOT_FOUND, RpcError, toRpcError } from './rpc.ts';

type Result = Record<string, unknown>;
interface Request {
  readonly method: string;
  readonly params?: unknown;
}
/** Answers a request with its result. @throws RpcError and nothing else. */
export type Dispatch = (
  call: Call,
  request: Request,
  signal: AbortSignal,
  client: ClientLink,
) => Promise<Result>;
type Method = (surface: RichSurface, call: Call, ctx: RichCtx, params: unknown) => Result | Promise<Result>;

/** Lists change with the permissions of a key and the version of the hub, contents at any time. */
const LIST_TTL_MS = 60_000;
const CONTENTS_TTL_MS = 0;

/** The protocol's own limit for one answer. */
const MAX_COMPLETIONS = 100;
const NAME_SHOWN = 100;
const RESOURCE_METHODS: ReadonlySet<string> = new Set(['resources/read', 'resources/subscribe']);

const toolParams = z.object({ name: z.string(), arguments: z.unknown().optional() });
const promptParams = z.object({ name: z.string(), arguments: z.record(z.string(), z.string()).default({}) });
const resourceParams = z.object({ uri: z.string() });
const completionParams = z.object({
  ref: z.discriminatedUnion('type', [
    z.object({ type: z.literal('ref/prompt'), name: z.string() }),
    z.object({ type: z.literal('ref/resource'), uri: z.string() }),
  ]),
  argument: z.object({ name: z.string(), value: z.string() }),
});

const METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ['tools/list', (surface, call) => list(call, { tools: surface.listTools(call.principal, call.toolSet) })],
  [
    'tools/call',
    (surface, _call, ctx, params) => {
      const { name, arguments: args } = parse(toolParams, params);
      return surface.callTool(ctx, name, args ?? {}).then((result) => ({ ...result }), naming('tool', name));
    },
  ],
  ['resources/list', (surface, call) => list(call, { resources: surface.listResources(call.principal) })],
  [
    'resources/templates/list',
    (surface, call) => list(call, { resourceTemplates: surface.listResourceTemplates(call.principal) }),
  ],
  [
    'resources/read',
    async (surface, call, ctx, params) => {
      const { uri } = parse(resourceParams, params);
      const contents = await named('resource', uri, surface.readResource(ctx, uri));
      return cacheable(call, CONTENTS_TTL_MS, { contents: [contents] });
    },
  ],
  [
    'resources/subscribe',
    async (surface, _call, ctx, params) => {
      if (surface.watchResource === undefined) throw methodNotFound();
      const { uri } = parse(resourceParams, params);
      await named('resource', uri, surface.watchResource(ctx, uri));
      return {};
    },
  ],
  [
    'resources/unsubscribe',
    (surface, _call, _ctx, params) => {
      if (surface.watchResource === undefined) throw methodNotFound();
      parse(resourceParams, params);
      return {};
    },
  ],
  ['prompts/list', (surface, call) => list(call, { prompts: surface.listPrompts(call.principal) })],
  [
    'prompts/get',
    async (surface, _call, ctx, params) => {
      const { name, arguments: args } = parse(promptParams, params);
      return { ...(await named('prompt', name, surface.getPrompt(ctx, name, args))) };
    },
  ],
  [
    'completion/complete',
    async (surface, _call, ctx, params) => {
      const { ref, argument } = parse(completionParams, params);
      const target: CompletionRequest['ref'] =
        ref.type === 'ref/prompt' ? { type: 'prompt', name: ref.name } : { type: 'resource', uri: ref.uri };
      const answer = surface.complete(ctx, { ref: target, argument: argument.name, value: argument.value });
      const values = await (target.type === 'prompt'
        ? named('prompt', target.name, answer)
        : named('resource template', target.uri, answer));
      const shown = values.slice(0, MAX_COMPLETIONS);
      return { completion: { values: shown, total: values.length, hasMore: values.length > shown.length } };
    },
  ],
]);

export function isMethod(name: string): boolean {
  return METHODS.has(name);
}

export function createDispatch(surface: RichSurface, now: () => number): Dispatch {
  return (call, { method: name, params }, given, client) => {
    const method = METHODS.get(name);
    if (method === undefined) return Promise.reject(methodNotFound());
    const signal = endingWith(call, given);
    const { principal, requestId, log, onWait } = call;
    const ctx = { principal, requestId, signal, log, client, ...(onWait === undefined ? {} : { onWait }) };
    const answerFailed = (thrown: unknown): Result => {
      if (thrown instanceof RpcError) throw thrown;
      if (!(thrown instanceof HubError) && !signal.aborted)
        log.error({ err: thrown, method: name, request_id: requestId }, 'MCP request failed');
      // An agent gets to see the results of its tools, but not the errors of the protocol.
      if (name === 'tools/call' && !(thrown instanceof BadRequest))
        return failure(errorObject(thrown, requestId, now()));
      if (!RESOURCE_METHODS.has(name) || !isMissing(thrown)) throw toRpcError(thrown, requestId, now());
      const data = errorObject(thrown, requestId, now());
      const { uri } = parse(resourceParams, params);
      throw new RpcError(missingCode(call), data.error, { ...data, uri });
    };
    return attempt(() => method(surface, call, ctx, params)).catch(answerFailed);
  };
}

/** What is thrown at once is a promise that fails. An async function would be held as long as the call waits. */
function attempt(work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return Promise.resolve(work());
  } catch (thrown) {
    return Promise.reject(asError(thrown));
  }
}

/** Aborts with `given`, and when the caller's credential ends. `AbortSignal.any` costs several times as much. */
function endingWith({ onEnd }: Call, given: AbortSignal): AbortSignal {
  const both = new AbortController();
  const stop = (): void => {
    both.abort(given.reason);
  };
  onEnd(stop);
  if (given.aborted) stop();
  else given.addEventListener('abort', stop, { once: true });
  return both.signal;
}

function methodNotFound(): RpcError {
  return new RpcError(METHOD_NOT_FOUND, 'Method not found');
}

/** A request that does not reach the surface: its parameters are malformed, or it names what does not exist. */
class BadRequest extends HubError {}
class Missing extends BadRequest {}

function parse<T>(schema: z.ZodType<T>, params: unknown): T {
  const parsed = schema.safeParse(params ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = ['params', ...(issue?.path ?? [])].join('.');
  const message = `${field} is malformed: ${issue?.message ?? 'not an object'}`;
  const error = invalid(field, undefined, 'what the MCP revision in use defines', { message });
  throw new BadRequest(error.code, error.message, error.details);
}

type Kind = 'tool' | 'prompt' | 'resource' | 'resource template';

function named<T>(kind: Kind, name: string, answer: Promise<T>): Promise<T> {
  return answer.catch(naming(kind, name));
}

/** Says of what was thrown that it names what there is not. */
function naming(kind: Kind, name: string): (thrown: unknown) => never {
  return (thrown) => {
    throw thrown instanceof UnknownName ? missing(kind, name) : thrown;
  };
}

function missing(kind: string, name: string): Missing {
  const error = invalid(kind.startsWith('resource') ? 'uri' : 'name', name, `a ${kind} that the hub lists`, {
    message: `There is no ${kind} ${JSON.stringify(name.slice(0, NAME_SHOWN))}.`,
    suggestions: [`Take one from ${kind.replace(' ', 's/')}s/list.`],
  });
  return new Missing(error.code, error.message, error.details);
}

function isMissing(thrown: unknown): boolean {
  return (
    thrown instanceof Missing ||
    (thrown instanceof HubError && ERRORS[thrown.code].number.startsWith('RESOURCE_'))
  );
}

function missingCode(call: Call): number {
  return call.era === '2025' ? RESOURCE_NOT_FOUND : INVALID_PARAMS;
}

function failure(error: object): Result {
  return { content: [{ type: 'text', text: JSON.stringify(error) }], isError: true };
}

function list(call: Call, result: Result): Result {
  return cacheable(call, LIST_TTL_MS, result);
}

/** What one agent may see is nothing for a cache that others share. */
function cacheable(call: Call, ttlMs: number, result: Result): Result {
  return call.era === '2025' ? result : { ...result, ttlMs, cacheScope: 'private' };
}
