/** Agents over real sockets, as light as possible: what is measured is the hub, not its clients. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openConnection } from './connection.ts';

export const BENCH_KEY = 'schk_bench-key-0123456789abcdefghijklmn';

export type Era = '2025' | '2026';

export interface HubProcess extends AsyncDisposable {
  readonly url: string;
  /** Answers the questions of `ask`. */
  readonly child: ChildProcess;
}

export interface HubProcessOptions {
  readonly maxOldSpaceMb?: number;
  /** With a hub's data in it; none: a new one. */
  readonly folder?: string;
  /** Settings besides. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a hub in a process of its own. */
export async function startHubProcess(options: HubProcessOptions = {}): Promise<HubProcess> {
  const { maxOldSpaceMb = 1024, folder = '', env = {} } = options;
  const child = fork(new URL('./hub-process.ts', import.meta.url), [folder, JSON.stringify(env)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: ['--expose-gc', `--max-old-space-size=${maxOldSpaceMb}`],
  });
  const [message] = (await once(child, 'message')) as [{ url: string }];
  return {
    url: message.url,
    child,
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
  listTools(): Promise<void>;
  close(): void;
}

/** Connects one agent with a connection of its own. */
async function connectAgent(url: string, era: Era, agentId: string): Promise<BenchAgent> {
  const connection = openConnection(new URL(url));
  const headers: Record<string, string> = {
    authorization: `Bearer ${BENCH_KEY}`,
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    'mcp-protocol-version': REVISION[era],
    'x-agent-id': agentId,
  };
  let id = 0;

  async function post(method: string, params: object) {
    const message = era === '2026' ? { ...params, _meta: META } : params;
    const text = JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params: message });
    const extra =
      era === '2026'
        ? { 'mcp-method': method, ...('name' in params ? { 'mcp-name': String(params.name) } : {}) }
        : {};
    const answer = await connection.post('/mcp', { ...headers, ...extra }, text);
    if (answer.status !== 200) throw new Error(`HTTP ${answer.status}: ${answer.body}`);
    return answer;
  }

  if (era === '2025') {
    const opened = await post('initialize', {
      protocolVersion: REVISION[era],
      capabilities: {},
      clientInfo: { name: 'bench', version: '1' },
    });
    const sessionId = opened.headers.get('mcp-session-id');
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
    async listTools() {
      await post('tools/list', {});
    },
    close: () => connection.close(),
  };
}

export interface Agents extends AsyncDisposable {
  readonly list: readonly [BenchAgent, ...BenchAgent[]];
}

/** Connects `count` agents, named by era and number. */
export async function connectAgents(url: string, era: Era, count: number, name = 'bench'): Promise<Agents> {
  const connect = (i: number) => connectAgent(url, era, `${name}-${era}-${i}`);
  const list: [BenchAgent, ...BenchAgent[]] = [await connect(0)];
  const rest = Array.from({ length: count - 1 }, (_, i) => i + 1);
  // Not all at once: what is measured is not how many connections a listener takes in one turn.
  while (rest.length > 0) list.push(...(await Promise.all(rest.splice(0, 50).map(connect))));
  return {
    list,
    async [Symbol.asyncDispose]() {
      for (const agent of list) agent.close();
    },
  };
}
