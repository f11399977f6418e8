/** Tool calls as single HTTP requests of the stateless revision, and what became of them. */
import { HUB_KEY } from './hub-process.ts';

export type Answer =
  | { readonly is: 'success'; readonly value: Record<string, unknown> }
  /** A refusal that says what happened: an error object. */
  | { readonly is: 'refusal'; readonly code: string; readonly error: Record<string, unknown> }
  /** No answer, or half of one: whatever was asked may have been done. */
  | { readonly is: 'unknown'; readonly why: string };

const REVISION = '2026-07-28';

export async function callTool(
  url: string,
  agent: string,
  name: string,
  args: Readonly<Record<string, unknown>>,
): Promise<Answer> {
  try {
    const response = await fetch(`${url}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${HUB_KEY}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': REVISION,
        'mcp-method': 'tools/call',
        'mcp-name': name,
        'x-agent-id': agent,
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: {
          name,
          arguments: args,
          _meta: {
            'io.modelcontextprotocol/protocolVersion': REVISION,
            'io.modelcontextprotocol/clientInfo': { name: 'ledger', version: '1' },
            'io.modelcontextprotocol/clientCapabilities': {},
          },
        },
      }),
    });
    return answerOf(response.status, await response.text());
  } catch (error) {
    return { is: 'unknown', why: String((error as Error).cause ?? error) };
  }
}

interface Body {
  readonly code?: string;
  readonly result?: {
    readonly isError?: boolean;
    readonly structuredContent?: Record<string, unknown>;
    readonly content: readonly { readonly text: string }[];
  };
}

function answerOf(status: number, text: string): Answer {
  const body = JSON.parse(text) as Body;
  const { result } = body;
  if (result?.structuredContent !== undefined && result.isError !== true) {
    return { is: 'success', value: result.structuredContent };
  }
  const error = (result === undefined ? body : JSON.parse(result.content[0]?.text ?? '{}')) as Record<
    string,
    unknown
  >;
  const { code } = error;
  return { is: 'refusal', code: typeof code === 'string' ? code : `HTTP ${status}`, error };
}

/** As {@link callTool}, for what must succeed. */
export async function mustCall(...call: Parameters<typeof callTool>): Promise<Record<string, unknown>> {
  const answer = await callTool(...call);
  if (answer.is === 'success') return answer.value;
  throw new Error(`${call[2]}: ${JSON.stringify(answer)}`);
}
