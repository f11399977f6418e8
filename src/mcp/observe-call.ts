/** Around every call of a tool, whichever door it comes by: counted, timed, and one line in the log, without contents. */
import type { Ctx } from '../context.ts';
import { publicError, type ErrorCode } from '../errors.ts';
import type { Logger } from '../telemetry/log.ts';
import type { ToolHub } from './tool.ts';

type Work<T> = (watched: Ctx, actsAs: (principal: Ctx['principal']) => void) => Promise<T>;

/** Runs `work` with a context that notices waits. `work` answers for whom it was done: a handle tells that only then. */
export function observed<T>(
  hub: Pick<ToolHub, 'calls'>,
  tool: string,
  ctx: Ctx,
  args: unknown,
  work: Work<T>,
): Promise<T> {
  const { tracing } = hub.calls;
  if (tracing === undefined) return measured(hub, tool, ctx, work);
  return tracing.span(`mcp.tool.${tool}`, async (note) => {
    note?.('mcp.tool.name', tool);
    note?.('hub.request_id', ctx.requestId);
    if (note !== undefined) note('mcp.tool.arguments.size', argumentsSize(args));
    const answer = await measured(hub, tool, ctx, work);
    if (note !== undefined) note('mcp.tool.result.size', sizeOf(answer));
    return answer;
  });
}

/** Says of all that ran meanwhile what took longest: whether the store was the reason. */
async function tellSlow(calls: ToolHub['calls'], log: Logger, line: object, since: number): Promise<void> {
  const queue = calls.longestWait(since);
  const slowest = await calls.slowest(since);
  log.warn(
    {
      ...line,
      queue_ms: queue === null ? null : tenths(queue),
      statement_ms: slowest === undefined ? null : tenths(slowest.ms),
      rows: slowest?.rows ?? null,
      plan: slowest?.plan ?? null,
    },
    'slow call',
  );
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}

/** In characters of names and values. Texts, which are most of it, are not written once more to be measured. */
function argumentsSize(args: unknown): number {
  if (typeof args !== 'object' || args === null) return 0;
  return Object.entries(args).reduce((sum, [name, value]: [string, unknown]) => {
    const text: unknown = typeof value === 'string' ? value : JSON.stringify(value);
    // Callers in the process may leave a value undefined.
    return sum + name.length + (typeof text === 'string' ? text.length : 0);
  }, 0);
}

/** In characters. The results of MCP have their text already. */
function sizeOf(answer: unknown): number {
  const { content } = answer as { readonly content?: readonly { readonly text?: string }[] };
  return content?.[0]?.text?.length ?? JSON.stringify(answer).length;
}

function measured<T>({ calls }: Pick<ToolHub, 'calls'>, tool: string, ctx: Ctx, work: Work<T>): Promise<T> {
  const started = performance.now();
  let { principal } = ctx;
  let waited = false;
  const end = (code: ErrorCode | undefined): void => {
    const ms = performance.now() - started;
    calls.count({ tool, ms, code, waited }, principal);
    const line = {
      ...{ tool, ms: tenths(ms), outcome: code ?? 'ok' },
      ...{ request_id: ctx.requestId, key_id: principal.keyId, agent_id: principal.agentId },
    };
    if (ms >= calls.slowMs && !waited) void tellSlow(calls, ctx.log, line, started);
    else if (calls.logged) ctx.log.info(line, 'call');
  };
  const watched: Ctx = {
    ...ctx,
    onWait() {
      waited = true;
      ctx.onWait?.();
    },
  };
  const answer = work(watched, (acting) => {
    principal = acting;
  });
  return answer.then(
    (done) => {
      end(undefined);
      return done;
    },
    (error: unknown) => {
      end(publicError(error).code);
      throw error;
    },
  );
}
