/** Real MCP clients against an app in this process, or against a hub's address. */
import {
  Client as Client2026,
  StreamableHTTPClientTransport as Transport2026,
} from '@modelcontextprotocol/client';
import { Client as Client2025 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as Transport2025 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

/** A Hono app, or the base address of a running hub. */
export type Target = { readonly fetch: (request: Request) => Response | Promise<Response> } | string;

/** `2025`: the first SDK, which checks structured content. `2026`: the second one, finding out what the hub speaks. */
export type ClientEra = '2025' | '2026';

export interface ConnectOptions {
  readonly key: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly clientInfo?: { readonly name: string; readonly version: string };
  /** Default `/mcp`. */
  readonly path?: string;
}

export interface ToolAnswer {
  readonly isError: boolean;
  readonly structuredContent: Record<string, unknown> | undefined;
  readonly text: string;
  /** The text, parsed. */
  readonly json: Record<string, unknown>;
}

export interface Connected<C extends Client2025 | Client2026> {
  readonly client: C;
  readonly sessionId: string | undefined;
  callTool(
    name: string,
    args?: Record<string, unknown>,
    options?: { signal?: AbortSignal },
  ): Promise<ToolAnswer>;
  /** The names of the tools, in order. */
  listTools(): Promise<string[]>;
  /** Ends the session as well, if there is one. */
  close(): Promise<void>;
}

interface ClientOf {
  readonly '2025': Client2025;
  readonly '2026': Client2026;
}

export async function connectClient<E extends ClientEra>(
  target: Target,
  era: E,
  options: ConnectOptions,
): Promise<Connected<ClientOf[E]>>;
export async function connectClient(
  target: Target,
  era: ClientEra,
  options: ConnectOptions,
): Promise<Connected<Client2025 | Client2026>> {
  const url = new URL(options.path ?? '/mcp', typeof target === 'string' ? target : 'http://127.0.0.1:23456');
  const transportOptions = {
    requestInit: { headers: { authorization: `Bearer ${options.key}`, ...options.headers } },
    ...(typeof target === 'string' ? {} : { fetch: fetchFrom(target) }),
  };
  const info = options.clientInfo ?? { name: `test-client-${era}`, version: '1.0.0' };
  if (era === '2025') {
    const client = new Client2025(info);
    const transport = new Transport2025(url, transportOptions);
    await client.connect(transport);
    const callTool: Caller = (params, request) => client.callTool(params, undefined, request);
    return connected(client, transport, callTool);
  }
  const client = new Client2026(info, { versionNegotiation: { mode: 'auto' } });
  const transport = new Transport2026(url, transportOptions);
  await client.connect(transport);
  return connected(client, transport, (params, request) => client.callTool(params, request));
}

type Caller = (
  params: { name: string; arguments: Record<string, unknown> },
  request?: { signal?: AbortSignal },
) => Promise<unknown>;

function connected<C extends Client2025 | Client2026>(
  client: C,
  transport: Transport2025 | Transport2026,
  call: Caller,
): Connected<C> {
  return {
    client,
    get sessionId() {
      return transport.sessionId;
    },
    async callTool(name, args = {}, options) {
      return toAnswer(await call({ name, arguments: args }, options));
    },
    async listTools() {
      return (await client.listTools()).tools.map((tool) => tool.name);
    },
    async close() {
      if (transport.sessionId !== undefined) await transport.terminateSession();
      await client.close();
    },
  };
}

function toAnswer(result: unknown): ToolAnswer {
  const { content, structuredContent, isError } = result as {
    content: { text: string }[];
    structuredContent?: Record<string, unknown>;
    isError?: boolean;
  };
  const text = content[0]?.text ?? '';
  return {
    isError: isError ?? false,
    structuredContent,
    text,
    json: JSON.parse(text) as Record<string, unknown>,
  };
}

/** `fetch` as an app in this process serves it: with its signal, which ends the stream of an answer as well. */
export function fetchFrom(
  app: Exclude<Target, string>,
): (url: string | URL, init?: RequestInit) => Promise<Response> {
  return async (url, init) => {
    const request = new Request(url, init);
    const response = await orAborted(Promise.resolve(app.fetch(request)), request.signal);
    if (response.body === null) return response;
    const body = response.body.pipeThrough(new TransformStream(), { signal: request.signal });
    return new Response(body, { status: response.status, headers: response.headers });
  };
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(new DOMException('This operation was aborted', 'AbortError'));
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', abort);
    });
  });
}
