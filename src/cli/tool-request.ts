/** A call of a tool as one request of the stateless revision of MCP. */

export interface ToolCall {
  readonly tool: string;
  readonly args: object;
  /** The id of the agent that calls. */
  readonly agent: string;
  readonly agentType?: string;
  readonly client: { readonly name: string; readonly version: string };
  /** Of the request; needed only where answers are told apart by it. */
  readonly id?: number;
}

export interface ToolRequest {
  /** What kinds of answer are understood. */
  readonly accept: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly json: object;
}

const REVISION = '2026-07-28';
const METHOD = 'tools/call';

/** What a POST to `/mcp` must carry besides a key. */
export function toolRequest({ tool, args, agent, agentType, client, id = 1 }: ToolCall): ToolRequest {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': REVISION,
    'io.modelcontextprotocol/clientInfo': client,
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  return {
    accept: 'application/json, text/event-stream',
    headers: {
      'MCP-Protocol-Version': REVISION,
      'Mcp-Method': METHOD,
      'Mcp-Name': tool,
      'X-Agent-Id': agent,
      ...(agentType === undefined ? {} : { 'X-Agent-Type': agentType }),
    },
    json: { jsonrpc: '2.0', id, method: METHOD, params: { name: tool, arguments: args, _meta } },
  };
}
