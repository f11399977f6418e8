/**
 * One call of a tool, and what is around it, from the outside in: counted, timed and logged (`observe-call.ts`); its failure
 * audited and put into the words of the contract; who it is for; presence; rate; arguments checked; bounded in time; the
 * tool's own handler. Its answer then gets what is unread besides.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Ctx, Principal } from '../context.ts';
import { HubError, errorObject } from '../errors.ts';
import { noteRefusal } from '../features/audit/refusal.ts';
import { asError } from '../lib/as-error.ts';
import { canonicalJson } from '../lib/canonical-json.ts';
import { answerFits } from './budget.ts';
import { isRecord } from './engines/rpc.ts';
import { inputJsonSchema, outputJsonSchema } from './json-schema.ts';
import { observed } from './observe-call.ts';
import { inboxShape } from './shapes.ts';
import type { ToolDescriptor, ToolResult } from './surface.ts';
import type { Tool, ToolHub } from './tool.ts';
import { parseArguments } from './validate.ts';

/** A tool with what is made of it once, at the start. */
export interface PreparedTool {
  readonly tool: Tool;
  readonly descriptor: ToolDescriptor;
  /** The tool's own parameters, and those that all tools or all writes take. */
  readonly input: z.ZodObject;
}

export interface CallOptions {
  readonly timeoutMs: number;
  readonly now: () => number;
}

const authToken = z.string().optional();
const idempotencyKey = z.string().min(1).max(200).optional();

export function prepareTool(tool: Tool): PreparedTool {
  const { name, title, description, hints } = tool;
  const input = tool.input.extend({
    ...(isWrite(tool) ? { idempotency_key: idempotencyKey } : {}),
    ...(tool.authenticates === true ? {} : { auth_token: authToken }),
  });
  const success = z
    .object({ success: z.literal(true) })
    .extend(tool.output.shape)
    .extend({ inbox: inboxShape.optional() });
  return {
    tool,
    input,
    descriptor: {
      ...{ name, title, description },
      inputSchema: inputJsonSchema(input),
      outputSchema: outputJsonSchema(success),
      annotations: {
        title,
        readOnlyHint: hints.readOnly,
        destructiveHint: hints.destructive,
        idempotentHint: hints.idempotent,
        openWorldHint: false,
      },
    },
  };
}

function isWrite(tool: Tool): boolean {
  return tool.permission !== 'read' && !tool.hints.readOnly && tool.authenticates !== true;
}

/**
 * Never rejects: a failure is an answer too. Each async function on the way is held as long as a call waits, so there is one
 * here.
 */
export function callTool(
  prepared: PreparedTool,
  hub: ToolHub,
  caller: Ctx,
  args: unknown,
  { timeoutMs, now }: CallOptions,
): Promise<ToolResult> {
  const { tool } = prepared;
  const handle = handleOf(tool, args);
  let ctx: Ctx = { ...caller, action: tool.name };

  const answer = observed(hub, tool.name, ctx, args, async (watched, actsAs) => {
    ctx = watched;
    // A call that waits ends with its handle. Before that is looked up: it may be revoked meanwhile.
    const revoked = handle !== undefined && tool.waits === true ? new AbortController() : undefined;
    using _held = revoked && hub.services.handles.onRevoke(handle ?? '', (refusal) => revoked.abort(refusal));
    try {
      if (ctx.signal.aborted) throw callerGone(tool.name);
      if (handle !== undefined) ctx = { ...ctx, principal: await callerOf(handle, hub, ctx) };
      if (revoked !== undefined) ctx = { ...ctx, signal: AbortSignal.any([ctx.signal, revoked.signal]) };
      actsAs(ctx.principal);
      using _calling = hub.services.presence.calls(ctx.principal, tool.name);
      await hub.services.rates.spend(ctx.principal, tool.rate);
      const done = await runTool(prepared, hub, ctx, args, timeoutMs);
      revoked?.signal.throwIfAborted();
      // Awaited here: the agent is busy until its answer is whole.
      return await success(tool, hub, ctx, done);
    } catch (thrown) {
      throw revoked?.signal.aborted === true ? asError(revoked.signal.reason) : thrown;
    }
  });
  return answer.catch((error: unknown) => {
    noteRefusal(hub.services, ctx, error);
    if (!(error instanceof HubError))
      ctx.log.error({ err: error, tool: tool.name, request_id: ctx.requestId }, 'a tool failed');
    return {
      content: [{ type: 'text', text: JSON.stringify(errorObject(error, ctx.requestId, now())) }],
      isError: true,
    };
  });
}

/** Runs a tool for the caller of `ctx`; answers the fields of its success. @throws HubError at once if `args` are bad, and as the tool's rules say. */
export function runTool(
  prepared: PreparedTool,
  hub: ToolHub,
  ctx: Ctx,
  args: unknown,
  timeoutMs: number,
): Promise<object> {
  const { name, waits } = prepared.tool;
  const work = run(prepared, hub, ctx, args);
  return waits === true ? work : withTimeout(work, timeoutMs, name);
}

/** The answer, with what is unread besides where there is room for it. */
async function success(tool: Tool, hub: ToolHub, ctx: Ctx, answer: object): Promise<ToolResult> {
  const { maxResponseBytes, services } = hub;
  const shown = tool.shows?.(answer as never, hub) ?? [];
  const plain = { success: true, ...answer };
  const plainText = JSON.stringify(plain);
  if (!answerFits(plainText, maxResponseBytes)) throw answerTooLarge(maxResponseBytes);
  if (shown.length > 0) await services.delivery.delivered(ctx.principal, shown, 'tool');
  const inbox = await services.delivery.inbox(ctx, tool.acknowledges === true ? shown : []);
  if (inbox !== undefined) {
    const structuredContent = { ...plain, inbox };
    const text = JSON.stringify(structuredContent);
    if (answerFits(text, maxResponseBytes)) return { content: [{ type: 'text', text }], structuredContent };
  }
  return { content: [{ type: 'text', text: plainText }], structuredContent: plain };
}

function run(
  { tool, input, descriptor }: PreparedTool,
  hub: ToolHub,
  ctx: Ctx,
  args: unknown,
): Promise<object> {
  const given = parseArguments<z.ZodObject>(input, descriptor.inputSchema, args);
  const { idempotency_key: key, auth_token: _, ...own } = given;
  if (typeof key !== 'string') return tool.handler(hub, ctx, own as never);
  const argsHash = createHash('sha256').update(canonicalJson(own)).digest('base64url');
  const idempotency = { key, tool: tool.name, argsHash };
  return tool.handler(hub, { ...ctx, idempotency }, own as never);
}

function handleOf(tool: Tool, args: unknown): string | undefined {
  const given = isRecord(args) && tool.authenticates !== true ? args['auth_token'] : undefined;
  return typeof given === 'string' ? given : undefined;
}

/** Whom the call is for. A handle that is refused counts as an attempt to authenticate. */
async function callerOf(handle: string, { services }: ToolHub, ctx: Ctx): Promise<Principal> {
  try {
    return await services.handles.resolve(ctx, handle);
  } catch (error) {
    await services.rates.spend(ctx.principal, 'auth');
    throw error;
  }
}

async function withTimeout<T>(work: Promise<T>, ms: number, tool: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(
        new HubError(
          'OVERLOADED',
          `${tool} took longer than ${ms / 1000} s; whether it was carried out is not known.`,
          {
            retryAfter: 1,
            suggestions: ['Try again; a write with the same idempotency_key is stored once.'],
          },
        ),
      );
    }, ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Read by nobody: the request was taken back, or its client hung up. */
function callerGone(tool: string): HubError {
  return new HubError('OVERLOADED', `${tool} was not run: its caller waits no more.`);
}

export function answerTooLarge(maxBytes: number): HubError {
  return new HubError('CONTENT_TOO_LARGE', `The answer would be larger than ${maxBytes} bytes.`, {
    context: { max_response_bytes: maxBytes },
    suggestions: ['Ask for less, or raise MAX_RESPONSE_BYTES.'],
  });
}
