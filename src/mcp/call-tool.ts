/** One call of a tool: arguments checked, the call bounded in time, and its outcome in the words of the contract. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Ctx } from '../context.ts';
import { HubError, errorObject } from '../errors.ts';
import { noteRefusal } from '../features/audit/refusal.ts';
import { canonicalJson } from '../lib/canonical-json.ts';
import { answerFits } from './budget.ts';
import { inputJsonSchema, outputJsonSchema } from './json-schema.ts';
import type { ToolDescriptor, ToolResult } from './surface.ts';
import type { Tool, ToolHub } from './tool.ts';
import { parseArguments } from './validate.ts';

/** A tool with what is made of it once, at the start. */
export interface PreparedTool {
  readonly tool: Tool;
  readonly descriptor: ToolDescriptor;
  /** The tool's own parameters, and those that every write takes. */
  readonly input: z.ZodObject;
}

export interface CallOptions {
  readonly timeoutMs: number;
  readonly now: () => number;
}

const idempotencyKey = z.string().min(1).max(200).optional();

export function prepareTool(tool: Tool): PreparedTool {
  const { name, title, description, hints } = tool;
  const input = isWrite(tool) ? tool.input.extend({ idempotency_key: idempotencyKey }) : tool.input;
  const success = z.object({ success: z.literal(true) }).extend(tool.output.shape);
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
  return tool.permission !== 'read' && !tool.hints.readOnly;
}

/** Never throws: a failure is an answer too. */
export async function callTool(
  prepared: PreparedTool,
  hub: ToolHub,
  caller: Ctx,
  args: unknown,
  { timeoutMs, now }: CallOptions,
): Promise<ToolResult> {
  const ctx = { ...caller, action: prepared.tool.name };
  try {
    if (ctx.signal.aborted) throw callerGone(prepared.tool.name);
    const answer = await withTimeout(run(prepared, hub, ctx, args), timeoutMs, prepared.tool.name);
    const structuredContent = { success: true, ...answer };
    const text = JSON.stringify(structuredContent);
    if (!answerFits(text, hub.maxResponseBytes)) throw answerTooLarge(hub.maxResponseBytes);
    return { content: [{ type: 'text', text }], structuredContent };
  } catch (error) {
    noteRefusal(hub.services, ctx, error);
    if (!(error instanceof HubError))
      ctx.log.error({ err: error, tool: prepared.tool.name, request_id: ctx.requestId }, 'a tool failed');
    return {
      content: [{ type: 'text', text: JSON.stringify(errorObject(error, ctx.requestId, now())) }],
      isError: true,
    };
  }
}

async function run(
  { tool, input, descriptor }: PreparedTool,
  hub: ToolHub,
  ctx: Ctx,
  args: unknown,
): Promise<object> {
  const { idempotency_key: key, ...own } = parseArguments<z.ZodObject>(input, descriptor.inputSchema, args);
  if (typeof key !== 'string') return tool.handler(hub, ctx, own as never);
  const argsHash = createHash('sha256').update(canonicalJson(own)).digest('base64url');
  return tool.handler(hub, { ...ctx, idempotency: { key, tool: tool.name, argsHash } }, own as never);
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

function answerTooLarge(maxBytes: number): HubError {
  return new HubError('CONTENT_TOO_LARGE', `The answer would be larger than ${maxBytes} bytes.`, {
    context: { max_response_bytes: maxBytes },
    suggestions: ['Ask for less, or raise MAX_RESPONSE_BYTES.'],
  });
}
