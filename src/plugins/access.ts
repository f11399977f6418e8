/** How a plugin reaches the hub: by its tools, as one agent, like every other agent. */
import { createHash } from 'node:crypto';
import type { Ctx } from '../context.ts';
import { HubError, invalid, type ErrorObject } from '../errors.ts';
import { plainJson } from '../lib/plain-json.ts';
import { UnknownName, type McpSurface } from '../mcp/surface.ts';
import type { Guard } from './guard.ts';
import type { HubAccess } from './plugin.ts';

/**
 * The hub for whoever `ctx` is. Where the call that runs has an idempotency key, each call that comes of it has one that
 * follows from it: a repetition of the whole stores nothing twice.
 */
export function accessAs(
  surface: Pick<McpSurface, 'callTool' | 'listTools'>,
  { outside }: Pick<Guard, 'outside'>,
  ctx: () => Ctx,
): HubAccess {
  let calls = 0;

  function takesKey({ principal }: Ctx, tool: string): boolean {
    const found = surface.listTools(principal, 'all').find(({ name }) => name === tool);
    return 'idempotency_key' in Object(found?.inputSchema['properties']);
  }

  return {
    async call(tool, args = {}) {
      const { idempotency, ...caller } = ctx();
      const nth = ++calls;
      const key = idempotency && createHash('sha256').update(`${idempotency.key}/${nth}`).digest('base64url');
      const sent = asSent(args);
      const given = key !== undefined && takesKey(caller, tool) ? { idempotency_key: key, ...sent } : sent;
      const { structuredContent, content } = await outside(() => surface.callTool(caller, tool, given)).catch(
        (error: unknown) => {
          throw error instanceof UnknownName ? invalid('tool', tool, 'the name of a tool of the hub') : error;
        },
      );
      // Not `structuredContent`, which may hold rows that the hub keeps.
      const answer = JSON.parse(content[0].text) as Readonly<Record<string, unknown>>;
      if (structuredContent !== undefined) return answer;
      throw hubErrorOf(answer as unknown as ErrorObject);
    },
  };
}

/** What would have come over a wire. @throws HubError INVALID_INPUT */
function asSent(args: object): object {
  try {
    return plainJson(args) as object;
  } catch {
    throw invalid('arguments', undefined, 'plain JSON: no dates, functions, circles or numbers out of range');
  }
}

function hubErrorOf({
  code,
  error,
  context,
  suggestions,
  related_resources,
  retry_after,
}: ErrorObject): HubError {
  return new HubError(code, error, {
    ...{ context, suggestions, relatedResources: related_resources },
    ...(retry_after === undefined ? {} : { retryAfter: retry_after }),
  });
}
