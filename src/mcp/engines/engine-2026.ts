/** Revision 2026-07-28: stateless. Each request gets a bare SDK server whose methods are {@link Dispatch}'s. */
import {
  CLIENT_INFO_META_KEY,
  createMcpHandler,
  type McpHttpHandler,
  Server,
  type ServerOptions,
} from '@modelcontextprotocol/server';
import type { ClientInfo } from '../../auth/types.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { McpSurface } from '../surface.ts';
import { CallAuth, type McpRequest } from './call.ts';
import { CAPABILITIES, type Dispatch, isMethod } from './dispatch.ts';
import { isRecord } from './rpc.ts';

export interface Engine2026Deps {
  readonly surface: McpSurface;
  readonly dispatch: Dispatch;
  readonly log: Logger;
}

/** Who the hub is changes with its version only. */
const DISCOVER_TTL_MS = 60_000;

export class Engine2026 implements AsyncDisposable {
  readonly #handler: McpHttpHandler;

  constructor({ surface, dispatch, log }: Engine2026Deps) {
    const serverInfo = { ...surface.serverInfo };
    const options: ServerOptions = {
      capabilities: CAPABILITIES,
      instructions: surface.instructions,
      cacheHints: { 'server/discover': { ttlMs: DISCOVER_TTL_MS, cacheScope: 'public' } },
      // Only a server that asks its client for input uses one; the default would be built for each request.
      jsonSchemaValidator: {
        getValidator() {
          throw new Error('the hub validates nothing with it');
        },
      },
    };
    this.#handler = createMcpHandler(
      ({ authInfo }) => {
        const server = new Server(serverInfo, options);
        if (authInfo instanceof CallAuth) {
          const { call } = authInfo;
          server.fallbackRequestHandler = (request, { mcpReq }) => dispatch(call, request, mcpReq.signal);
        }
        return server;
      },
      { legacy: 'reject', onerror: (error) => log.debug({ engine: '2026' }, error.message.split(/[:{]/)[0]) },
    );
  }

  async fetch({ http, body, identify }: McpRequest): Promise<Response> {
    const call = await identify('2026', clientInfoOf(body));
    // Only where the server has no handler at all does the SDK answer 404, as the revision wants it.
    if (!isRecord(body) || !isMethod(String(body['method'])))
      return this.#handler.fetch(http, { parsedBody: body });
    return this.#handler.fetch(http, { parsedBody: body, authInfo: new CallAuth(call) });
  }

  /** The SDK's own answer where no method is called: to a malformed request, and to a notification. */
  async fetchWithoutCall({ http, body }: McpRequest): Promise<Response> {
    return this.#handler.fetch(http, { parsedBody: body });
  }

  async close(): Promise<void> {
    await this.#handler.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** The client says who it is in each request. */
function clientInfoOf(body: unknown): ClientInfo | undefined {
  const params = isRecord(body) ? body['params'] : undefined;
  const meta = isRecord(params) ? params['_meta'] : undefined;
  const info = isRecord(meta) ? meta[CLIENT_INFO_META_KEY] : undefined;
  if (!isRecord(info)) return undefined;
  const { name, version } = info;
  return typeof name === 'string' && typeof version === 'string' ? { name, version } : undefined;
}
