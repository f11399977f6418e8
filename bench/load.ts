/** Agents over real sockets, as light as possible: what is measured is the hub, not its clients. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';

export const BENCH_KEY = 'schk_bench-key-0123456789abcdefghijklmn';

export type Era = '2025' | '2026';

export interface HubProcess extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
}

/** Starts a hub in a process of its own. */
export async function startHubProcess(): Promise<HubProcess> {
  const child = fork(new URL('./hub-process.ts', import.meta.url), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [message] = (await once(child, 'message')) as [{ url: string }];
  return {
    url: message.url,
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      child.disconnect();
      await once(child, 'exit');
    },
  };
}

const REVISION = { '2025': '2025-11-25', '2026': '2026-07-28' } as const;
const META = {
  'io.modelcontextprotocol/protocolVersion': REVISION['2026'],
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

export interface BenchAgent {
  /** The fields of a success. @throws Error for anything else. */
  call(tool: string, args: object): Promise<Record<string, unknown>>;
  close(): void;
}

/** Connects one agent with a connection of its own. */
export async function connectAgent(url: string, era: Era, agentId: string): Promise<BenchAgent> {
  const http = new Agent({ keepAlive: true, maxSockets: 1 });
  const target = new URL('/mcp', url);
  const headers: Record<string, string> = {
    authorization: `Bearer ${BENCH_KEY}`,
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    'mcp-protocol-version': REVISION[era],
    'x-agent-id': agentId,
  };
  let id = 0;

  function post(method: string, params: object): Promise<{ body: string; sessionId: string | undefined }> {
    const message = era === '2026' ? { ...params, _meta: META } : params;
    const text = JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params: message });
    const extra =
      era === '2026'
        ? { 'mcp-method': method, ...('name' in params ? { 'mcp-name': String(params.name) } : {}) }
        : {};
    return new Promise((resolve, reject) => {
      const outgoing = request(
        target,
        {
          method: 'POST',
          agent: http,
          headers: { ...headers, ...extra, 'content-length': Buffer.byteLength(text) },
        },
        (incoming) => {
          let body = '';
          incoming.setEncoding('utf8');
          incoming.on('data', (part: string) => (body += part));
          incoming.on('end', () => {
            if (incoming.statusCode !== 200) reject(new Error(`HTTP ${incoming.statusCode ?? 0}: ${body}`));
            else resolve({ body, sessionId: incoming.headers['mcp-session-id'] as string | undefined });
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(text);
    });
  }

  if (era === '2025') {
    const { sessionId } = await post('initialize', {
      protocolVersion: REVISION[era],
      capabilities: {},
      clientInfo: { name: 'bench', version: '1' },
    });
    if (sessionId === undefined) throw new Error('no session');
    headers['mcp-session-id'] = sessionId;
  }

  return {
    async call(tool, args) {
      const { body } = await post('tools/call', { name: tool, arguments: args });
      const { result } = JSON.parse(body) as { result?: { structuredContent?: Record<string, unknown> } };
      if (result?.structuredContent === undefined) throw new Error(body);
      return result.structuredContent;
    },
    close: () => http.destroy(),
  };
}
