/** Revision 2026-07-28: stateless. Each request gets a bare SDK server whose methods are {@link Dispatch}'s. */
import {
  CLIENT_INFO_META_KEY,
  createMcpHandler,
  InMemoryServerEventBus,
  type McpHttpHandler,
  Server,
  type ServerEventBus,
  type ServerOptions,
} from '@modelcontextprotocol/server';
import type { ClientInfo } from '../../auth/types.ts';
import type { Principal } from '../../context.ts';
import { HubError } from '../../errors.ts';
import type { Logger } from '../../telemetry/log.ts';
import { type Call, CallAuth, type McpRequest } from './call.ts';
import type { Change, MayKnow } from './changes.ts';
import { ClientLink2026 } from './client-link.ts';
import { type Dispatch, isMethod } from './dispatch.ts';
import { ParamHeaders } from './param-headers.ts';
import { plainAnswer, type PlainCall, plainCallOf, plainRefusal, SILENT } from './plain-call.ts';
import { capabilitiesOf, type ListKind, type RichSurface } from './rich-surface.ts';
import { isRecord } from './rpc.ts';
import { MAX_WATCHED } from './session.ts';
import { Watchers } from './watchers.ts';
import { whenDone } from './when-done.ts';

export interface Engine2026Options {
  /** Streams of `subscriptions/listen` open at once. */
  readonly maxSessions: number;
}

export interface Engine2026Deps {
  readonly surface: RichSurface;
  readonly dispatch: Dispatch;
  readonly log: Logger;
  readonly options: Engine2026Options;
}

/** An open `subscriptions/listen`, which the SDK filters by what it asked for; whose it is, only we know. */
interface Subscription {
  readonly principal: Principal;
  readonly bus: ServerEventBus;
  readonly handler: McpHttpHandler;
}

/** Who the hub is changes with its version only. */
const DISCOVER_TTL_MS = 60_000;
/** Seconds after which a client that found no room may try again. */
const RETRY_AFTER = 5;
const LIST_EVENTS = {
  tools: { kind: 'tools_list_changed' },
  resources: { kind: 'resources_list_changed' },
  prompts: { kind: 'prompts_list_changed' },
} as const satisfies Record<ListKind, object>;

export class Engine2026 implements AsyncDisposable {
  readonly #deps: Engine2026Deps;
  readonly #serverOptions: ServerOptions;
  readonly #paramHeaders: ParamHeaders;
  readonly #handler: McpHttpHandler;
  /** What ends the plain calls under way. */
  readonly #running = new Set<() => void>();
  readonly #subscriptions = new Set<Subscription>();
  readonly #watchers: Watchers<Subscription>;

  constructor(deps: Engine2026Deps) {
    const { surface } = deps;
    this.#deps = deps;
    this.#paramHeaders = new ParamHeaders(surface);
    this.#watchers = new Watchers((uri) => surface.resourceKey?.(uri) ?? uri);
    this.#serverOptions = {
      capabilities: capabilitiesOf(surface),
      instructions: surface.instructions,
      cacheHints: { 'server/discover': { ttlMs: DISCOVER_TTL_MS, cacheScope: 'public' } },
      // Only a server that asks its client for input uses one; the default would be built for each request.
      jsonSchemaValidator: {
        getValidator() {
          throw new Error('the hub validates nothing with it');
        },
      },
    };
    this.#handler = this.#createHandler();
  }

  /** How many streams of `subscriptions/listen` are open. */
  get subscriptions(): number {
    return this.#subscriptions.size;
  }

  async fetch({ http, body, identify, toolSet }: McpRequest): Promise<Response> {
    const call = await identify('2026', clientInfoOf(body));
    const method = isRecord(body) ? String(body['method']) : '';
    if (method === 'subscriptions/listen') return this.#listen(http, body, call.principal);
    // Only where the server has no handler at all does the SDK answer 404, as the revision wants it.
    if (!isMethod(method)) return this.#handler.fetch(http, { parsedBody: body });
    const refusal = this.#paramHeaders.refuse(http, body, call.principal, toolSet);
    if (refusal !== undefined) return refusal;
    const plain = this.#deps.surface.asks === true ? undefined : plainCallOf(http.headers, body);
    if (plain !== undefined) return this.#run(plain, call, http.signal);
    return this.#handler.fetch(http, { parsedBody: body, authInfo: new CallAuth(call) });
  }

  /** The SDK's own answer where no method is called: to a malformed request, and to a notification. */
  async fetchWithoutCall({ http, body }: McpRequest): Promise<Response> {
    return this.#handler.fetch(http, { parsedBody: body });
  }

  #run(plain: PlainCall, call: Call, signal: AbortSignal): Promise<Response> {
    const stops: (() => void)[] = [];
    const end = (): void => {
      for (const stop of stops) stop();
    };
    const onEnd = (stop: () => void): void => {
      stops.push(stop);
      call.onEnd(stop);
    };
    this.#running.add(end);
    const { dispatch, surface } = this.#deps;
    return dispatch({ ...call, onEnd }, plain, signal, SILENT).then(
      (result) => {
        this.#running.delete(end);
        return plainAnswer(plain, surface.serverInfo, result);
      },
      (thrown: unknown) => {
        this.#running.delete(end);
        return plainRefusal(plain, thrown);
      },
    );
  }

  announce(change: Change, mayKnow: MayKnow): void {
    if ('list' in change) {
      const event = LIST_EVENTS[change.list];
      for (const { principal, bus } of this.#subscriptions) if (mayKnow(principal)) bus.publish(event);
      return;
    }
    this.#watchers.each(change.resource, ({ principal, bus }, uri) => {
      if (mayKnow(principal)) bus.publish({ kind: 'resource_updated', uri });
    });
  }

  /** Keys of the resources that are watched. */
  get watched(): Iterable<string> {
    return this.#watchers.keys;
  }

  async close(): Promise<void> {
    for (const end of this.#running) end();
    const handlers = [this.#handler, ...[...this.#subscriptions].map(({ handler }) => handler)];
    await Promise.all(handlers.map((handler) => handler.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #createHandler(bus?: ServerEventBus): McpHttpHandler {
    const { surface, dispatch, log } = this.#deps;
    const serverInfo = { ...surface.serverInfo };
    return createMcpHandler(
      ({ authInfo }) => {
        const server = new Server(serverInfo, this.#serverOptions);
        if (authInfo instanceof CallAuth) {
          const { call } = authInfo;
          server.fallbackRequestHandler = (request, context) =>
            dispatch(call, request, context.mcpReq.signal, new ClientLink2026(context));
        }
        return server;
      },
      {
        legacy: 'reject',
        onerror: (error) => log.debug({ engine: '2026' }, error.message.split(/[:{]/)[0]),
        ...(bus === undefined ? {} : { bus }),
      },
    );
  }

  /**
   * A handler of its own for each: what is published on a handler's bus reaches all its subscriptions.
   * @throws HubError OVERLOADED, QUOTA_EXCEEDED.
   */
  async #listen(http: Request, parsedBody: unknown, principal: Principal): Promise<Response> {
    const { maxSessions } = this.#deps.options;
    if (this.#subscriptions.size >= maxSessions) {
      throw new HubError('OVERLOADED', `The hub holds its maximum of ${String(maxSessions)} subscriptions.`, {
        retryAfter: RETRY_AFTER,
        suggestions: ['Close connections that are not used, or raise MAX_MCP_SESSIONS.'],
      });
    }
    const watched = this.#deps.surface.watchResource === undefined ? [] : watchedIn(parsedBody);
    if (watched.length > MAX_WATCHED) {
      const most = `A subscription watches at most ${String(MAX_WATCHED)} resources.`;
      throw new HubError('QUOTA_EXCEEDED', most, { suggestions: ['Watch fewer resources.'] });
    }
    const bus = new InMemoryServerEventBus();
    const handler = this.#createHandler(bus);
    const subscription = { principal, bus, handler };
    this.#subscriptions.add(subscription);
    for (const uri of watched) this.#watchers.add(uri, subscription);
    const done = (): void => {
      this.#subscriptions.delete(subscription);
      for (const uri of watched) this.#watchers.delete(uri, subscription);
    };
    try {
      return whenDone(await handler.fetch(http, { parsedBody }), http.signal, done);
    } catch (error) {
      done();
      throw error;
    }
  }
}

/** Addresses that a `subscriptions/listen` asks for; whether it is well-formed is the SDK's matter. */
function watchedIn(body: unknown): readonly string[] {
  const params = isRecord(body) ? body['params'] : undefined;
  const asked = isRecord(params) ? params['notifications'] : undefined;
  const uris = isRecord(asked) ? asked['resourceSubscriptions'] : undefined;
  if (!Array.isArray(uris)) return [];
  return [...new Set(uris.filter((uri): uri is string => typeof uri === 'string'))];
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
