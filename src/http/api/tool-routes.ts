/** What a tool does, under an address of its own: parameters, results, rules and errors are the tool's. */
import type { ErrorCode } from '../../errors.ts';
import { prepareTool, runTool, type PreparedTool } from '../../mcp/call-tool.ts';
import { inputJsonSchema } from '../../mcp/json-schema.ts';
import { observed } from '../../mcp/observe-call.ts';
import type { Tool } from '../../mcp/tool.ts';
import { addMessage } from '../../mcp/tools/add-message.ts';
import { createSession } from '../../mcp/tools/create-session.ts';
import { deleteMemory } from '../../mcp/tools/delete-memory.ts';
import { getMemory } from '../../mcp/tools/get-memory.ts';
import { getUsageGuidance } from '../../mcp/tools/get-usage-guidance.ts';
import { listAgents } from '../../mcp/tools/list-agents.ts';
import { listMemory } from '../../mcp/tools/list-memory.ts';
import { searchBySender } from '../../mcp/tools/search-by-sender.ts';
import { searchByTimerange } from '../../mcp/tools/search-by-timerange.ts';
import { searchContext } from '../../mcp/tools/search-context.ts';
import { setMemory } from '../../mcp/tools/set-memory.ts';
import { setMessageVisibility } from '../../mcp/tools/set-message-visibility.ts';
import { updateSession } from '../../mcp/tools/update-session.ts';
import { readArguments } from './arguments.ts';
import { contextOf } from './context.ts';
import type { Described, Endpoint } from './endpoint.ts';

export interface ToolRoute extends Pick<Described, 'method' | 'tag' | 'sample'> {
  /** Its parameters are named as the tool's. */
  readonly path: string;
  readonly tool: Tool;
  /** Where the tool's name would not say what is at the address. */
  readonly id?: string;
  readonly status?: 201;
  readonly etag?: true;
  /** Fields of the example of its answer. */
  readonly example?: object;
  readonly errors?: readonly ErrorCode[];
}

const session_id = 'session_5f3c9a1b2d4e6f70';
const key = 'parser/plan';
const value = { step: 2, done: ['lexer'] };

export const TOOL_ROUTES: readonly ToolRoute[] = [
  {
    ...{ method: 'POST', path: '/sessions', tool: createSession, status: 201, tag: 'Sessions' },
    sample: { purpose: 'Move the parser to the new tokenizer' },
    errors: ['QUOTA_EXCEEDED'],
  },
  {
    ...{ method: 'PATCH', path: '/sessions/:session_id', tool: updateSession, tag: 'Sessions' },
    sample: { session_id, is_active: false },
    errors: ['SESSION_NOT_FOUND'],
  },
  {
    ...{ method: 'POST', path: '/sessions/:session_id/messages', tool: addMessage, status: 201 },
    tag: 'Messages',
    sample: { session_id, content: 'Who takes the tests?', message_type: 'question', to: ['reviewer'] },
    errors: ['SESSION_NOT_FOUND', 'MESSAGE_NOT_FOUND', 'AGENT_NOT_FOUND', 'SESSION_CLOSED', 'QUOTA_EXCEEDED'],
  },
  {
    ...{ method: 'PATCH', path: '/messages/:message_id', tool: setMessageVisibility, tag: 'Messages' },
    sample: { message_id: 42, visibility: 'private' },
    errors: ['MESSAGE_NOT_FOUND', 'AGENT_NOT_FOUND'],
  },
  {
    ...{ method: 'GET', path: '/search', tool: searchContext, tag: 'Search' },
    sample: { query: 'tokenizer from:reviewer', limit: 10 },
    errors: ['SESSION_NOT_FOUND', 'INVALID_CURSOR'],
  },
  {
    ...{ method: 'GET', path: '/search/sender', tool: searchBySender, tag: 'Search' },
    sample: { sender: 'reviewer' },
    errors: ['SESSION_NOT_FOUND'],
  },
  {
    ...{ method: 'GET', path: '/search/timerange', tool: searchByTimerange, tag: 'Search' },
    sample: { start_time: '2026-03-01T00:00:00Z', end_time: '2026-03-01T12:00:00Z' },
    errors: ['SESSION_NOT_FOUND'],
  },
  {
    ...{ method: 'GET', path: '/memory', tool: listMemory, tag: 'Memory' },
    sample: { prefix: 'parser/' },
    errors: ['SESSION_NOT_FOUND', 'INVALID_CURSOR'],
  },
  {
    ...{ method: 'GET', path: '/memory/:key', tool: getMemory, tag: 'Memory', etag: true },
    sample: { key, scope: 'shared' },
    example: { value },
    errors: ['SESSION_NOT_FOUND', 'MEMORY_NOT_FOUND'],
  },
  {
    ...{ method: 'PUT', path: '/memory/:key', tool: setMemory, tag: 'Memory' },
    sample: { key, scope: 'shared', value },
    errors: ['SESSION_NOT_FOUND', 'KEY_EXISTS', 'VERSION_MISMATCH', 'QUOTA_EXCEEDED'],
  },
  {
    ...{ method: 'DELETE', path: '/memory/:key', tool: deleteMemory, tag: 'Memory' },
    sample: { key, scope: 'shared' },
    errors: ['SESSION_NOT_FOUND', 'MEMORY_NOT_FOUND', 'VERSION_MISMATCH'],
  },
  {
    ...{ method: 'GET', path: '/presence', tool: listAgents, id: 'listPresence', tag: 'Agents' },
    sample: { session_id },
    errors: ['SESSION_NOT_FOUND'],
  },
  {
    ...{ method: 'GET', path: '/guidance', tool: getUsageGuidance, tag: 'Help', etag: true },
    sample: { guidance_type: 'coordination' },
  },
];

export const toolEndpoints: readonly Endpoint[] = TOOL_ROUTES.map(
  ({ method, path, tool, id = operationId(tool.name), status, tag, sample, etag, example, errors = [] }) => {
    const prepared = withoutHandle(prepareTool(tool));
    const repeats = 'idempotency_key' in prepared.input.shape;
    return {
      ...{ method, path, tag, sample, id },
      summary: tool.description,
      permission: tool.permission,
      input: prepared.input,
      output: { status: status ?? 200, schema: tool.output, ...(example === undefined ? {} : { example }) },
      errors: repeats ? [...errors, 'IDEMPOTENCY_MISMATCH'] : errors,
      ...(etag === undefined ? {} : { etag }),
      async answer(c, deps) {
        const ctx = await contextOf(c, deps, { rate: tool.rate });
        const args = await readArguments(c, prepared.input);
        const answer = await observed(deps, tool.name, ctx, args, async (watched) =>
          runTool(prepared, deps, watched, args, deps.toolTimeoutMs),
        );
        return c.json(answer, status ?? 200);
      },
    };
  },
);

/** A request over HTTP carries the credential of whom it is for. */
function withoutHandle({ descriptor, ...prepared }: PreparedTool): PreparedTool {
  const input = prepared.input.omit({ auth_token: true });
  return { ...prepared, input, descriptor: { ...descriptor, inputSchema: inputJsonSchema(input) } };
}

function operationId(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
