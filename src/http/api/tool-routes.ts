/**
 * What a tool does, under an address of its own: parameters, results, rules and errors are the tool's. Path, query and body
 * together are its arguments; what is text in an address becomes what the tool's schema asks for.
 */
import { Hono } from 'hono';
import type { Context } from 'hono';
import { invalid } from '../../errors.ts';
import { prepareTool, runTool, type PreparedTool } from '../../mcp/call-tool.ts';
import { isRecord } from '../../mcp/engines/rpc.ts';
import { observed } from '../../mcp/observe-call.ts';
import type { JsonSchema } from '../../mcp/surface.ts';
import type { Tool } from '../../mcp/tool.ts';
import { addMessage } from '../../mcp/tools/add-message.ts';
import { createSession } from '../../mcp/tools/create-session.ts';
import { deleteMemory } from '../../mcp/tools/delete-memory.ts';
import { getMemory } from '../../mcp/tools/get-memory.ts';
import { listMemory } from '../../mcp/tools/list-memory.ts';
import { searchContext } from '../../mcp/tools/search-context.ts';
import { setMemory } from '../../mcp/tools/set-memory.ts';
import { setMessageVisibility } from '../../mcp/tools/set-message-visibility.ts';
import { updateSession } from '../../mcp/tools/update-session.ts';
import { readJson } from '../json-body.ts';
import type { HubEnv } from '../types.ts';
import { contextOf, queryOf, type ApiDeps } from './context.ts';

/** A request over HTTP carries the credential of whom it is for. */
const NO_HANDLE = 'no handle: a request carries the key or token of the agent itself';

export interface ToolRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Its parameters are named as the tool's. */
  readonly path: string;
  readonly tool: Tool;
  readonly status?: 201;
}

export const TOOL_ROUTES: readonly ToolRoute[] = [
  { method: 'POST', path: '/sessions', tool: createSession, status: 201 },
  { method: 'PATCH', path: '/sessions/:session_id', tool: updateSession },
  { method: 'POST', path: '/sessions/:session_id/messages', tool: addMessage, status: 201 },
  { method: 'PATCH', path: '/messages/:message_id', tool: setMessageVisibility },
  { method: 'GET', path: '/search', tool: searchContext },
  { method: 'GET', path: '/memory', tool: listMemory },
  { method: 'GET', path: '/memory/:key', tool: getMemory },
  { method: 'PUT', path: '/memory/:key', tool: setMemory },
  { method: 'DELETE', path: '/memory/:key', tool: deleteMemory },
];

export function toolRoutes(deps: ApiDeps): Hono<HubEnv> {
  const routes = new Hono<HubEnv>();
  for (const { method, path, tool, status = 200 } of TOOL_ROUTES) {
    const prepared = prepareTool(tool);
    routes.on(method, path, async (c) => {
      const ctx = await contextOf(c, deps, { rate: tool.rate });
      const args = await argumentsOf(c, prepared);
      const answer = await observed(deps, tool.name, ctx, (watched) =>
        runTool(prepared, deps, watched, args, deps.toolTimeoutMs),
      );
      return c.json(answer, status);
    });
  }
  return routes;
}

/** A parameter of the path is given there alone. @throws HubError INVALID_INPUT */
async function argumentsOf(c: Context<HubEnv>, prepared: PreparedTool): Promise<object> {
  const properties = (prepared.descriptor.inputSchema['properties'] ?? {}) as Readonly<
    Record<string, JsonSchema | undefined>
  >;
  const inAddress = Object.entries({ ...queryOf(c), ...c.req.param() });
  const texts = inAddress.map(([name, text]) => [name, valueOf(text, properties[name])] as const);
  const body = ['POST', 'PUT', 'PATCH'].includes(c.req.method) ? await readJson(c, {}) : {};
  if (!isRecord(body)) throw invalid('body', body, 'an object');
  const twice = texts.find(([name]) => name in body)?.[0];
  if (twice !== undefined) throw invalid(twice, body[twice], 'no value in the body: it is in the address');
  const args: Record<string, unknown> = { ...body, ...Object.fromEntries(texts) };
  if ('auth_token' in args) throw invalid('auth_token', undefined, NO_HANDLE);
  return args;
}

/** Text as the schema wants it; what does not look like it stays as it is, for the tool to refuse. */
function valueOf(text: string, schema: JsonSchema | undefined): unknown {
  const type = schema?.['type'];
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  if ((type === 'integer' || type === 'number') && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  return text;
}
