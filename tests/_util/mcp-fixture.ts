/** A small surface, three keys, and the MCP routes over them. */
import { Hono } from 'hono';
import { requestId } from 'hono/request-id';
import type { Authenticator, Credential } from '../../src/auth/types.ts';
import type { Ctx, Permission, Principal } from '../../src/context.ts';
import { errorObject, HubError, invalid } from '../../src/errors.ts';
import { createMcpEngines, type McpEngines } from '../../src/mcp/engines/engines.ts';
import type { Engine2025Options } from '../../src/mcp/engines/engine-2025.ts';
import { mcpRoutes } from '../../src/mcp/route.ts';
import { type McpSurface, type ToolDescriptor, type ToolResult, UnknownName } from '../../src/mcp/surface.ts';
import { createLogger, type Logger } from '../../src/telemetry/log.ts';

/** Two agents' keys and an operator's. */
export const KEYS = { alice: 'key-of-alice', bob: 'key-of-bob', admin: 'key-of-admin' } as const;

const CREDENTIALS: ReadonlyMap<string, Credential> = new Map([
  [KEYS.alice, credential('k1', 'alice', ['read', 'write'])],
  [KEYS.bob, credential('k2', 'bob', ['read', 'write'])],
  [KEYS.admin, credential('k3', 'admin', ['read', 'write', 'admin'])],
]);

function credential(keyId: string, keyName: string, permissions: readonly Permission[]): Credential {
  return {
    keyId,
    keyName,
    workspace: 'default',
    permissions: new Set(permissions),
    agentId: null,
    agentTypes: null,
  };
}

/** Who a key's requests are if they name the agent `agentId`. */
export function principalOf(key: string, agentId = 'someone'): Principal {
  const found = CREDENTIALS.get(key);
  if (found === undefined) throw new Error(`no fixture key ${key}`);
  const { keyId, keyName, workspace, permissions } = found;
  return { keyId, keyName, workspace, permissions, agentId, agentType: 'test' };
}

export const fakeAuthenticator: Authenticator = {
  verify(headers) {
    const key = headers.get('authorization')?.replace(/^Bearer /, '') ?? headers.get('x-api-key') ?? '';
    const found = CREDENTIALS.get(key);
    return found === undefined
      ? Promise.reject(new HubError('AUTHENTICATION_FAILED', 'The credential is not valid.'))
      : Promise.resolve(found);
  },
  identify({ keyId, keyName, workspace, permissions }, headers, client) {
    const agentId = headers.get('x-agent-id') ?? `${client?.name ?? 'unknown'}@${keyName}`;
    if (agentId === 'forbidden') return Promise.reject(new HubError('PERMISSION_DENIED', 'That agent is not yours.'));
    const agentType = headers.get('x-agent-type') ?? client?.name ?? 'unknown';
    return Promise.resolve({ keyId, keyName, workspace, permissions, agentId, agentType });
  },
};

/** What the fixture's tools saw, for assertions. */
export interface Seen {
  readonly running: Map<string, Ctx>;
  readonly aborted: string[];
}

interface FixtureTool {
  readonly descriptor: ToolDescriptor;
  readonly permission: Permission;
  readonly core: boolean;
  readonly run: (ctx: Ctx, args: Readonly<Record<string, unknown>>) => Promise<Readonly<Record<string, unknown>>>;
}

const anything = { type: 'object', properties: {}, additionalProperties: true };

function tool(
  name: string,
  run: FixtureTool['run'],
  options: { core?: boolean; permission?: Permission; properties?: object; output?: object } = {},
): FixtureTool {
  const { core = false, permission = 'read', properties = {}, output = anything } = options;
  return {
    descriptor: {
      name,
      title: name,
      description: `The tool ${name}.`,
      inputSchema: { type: 'object', properties, additionalProperties: false },
      outputSchema: { ...output },
      annotations: { title: name, readOnlyHint: true, openWorldHint: false },
    },
    permission,
    core,
    run,
  };
}

const echoOutput = {
  type: 'object',
  properties: { success: { const: true }, text: { type: 'string' } },
  required: ['success', 'text'],
};

function tools(seen: Seen, extra: number): FixtureTool[] {
  return [
    tool(
      'echo',
      (_ctx, { text }) => {
        if (typeof text !== 'string') return Promise.reject(invalid('text', text, 'a string'));
        return Promise.resolve({ text });
      },
      { core: true, properties: { text: { type: 'string' } }, output: echoOutput },
    ),
    tool('whoami', (ctx) =>
      Promise.resolve({ agent_id: ctx.principal.agentId, key_id: ctx.principal.keyId, request_id: ctx.requestId }),
    ),
    tool('fail', () => Promise.reject(new HubError('SESSION_NOT_FOUND', 'There is no session x.'))),
    tool('throw', () => Promise.reject(new Error('/secret/path: SELECT * FROM keys'))),
    tool('slow', (ctx, { label = 'slow', ms = 60_000 }) => slow(seen, ctx, String(label), Number(ms))),
    tool('operate', () => Promise.resolve({}), { permission: 'admin' }),
    ...Array.from({ length: extra }, (_, index) =>
      tool(`extra_${String(index)}`, () => Promise.resolve({}), {
        properties: Object.fromEntries(Array.from({ length: 6 }, (__, n) => [`p${String(n)}`, manyWords])),
      }),
    ),
  ];
}

const manyWords = { type: 'string', minLength: 1, maxLength: 100, description: 'A parameter of some tool, in a few words.' };

function slow(seen: Seen, ctx: Ctx, label: string, ms: number): Promise<Readonly<Record<string, unknown>>> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      seen.running.delete(label);
      if (ctx.signal.aborted) seen.aborted.push(label);
      resolve({ label, request_id: ctx.requestId, agent_id: ctx.principal.agentId });
    };
    const timer = setTimeout(end, ms);
    seen.running.set(label, ctx);
    ctx.signal.addEventListener('abort', end, { once: true });
    if (ctx.signal.aborted) end();
  });
}

function success(result: Readonly<Record<string, unknown>>): ToolResult {
  const structuredContent = { success: true, ...result };
  return { content: [{ type: 'text', text: JSON.stringify(structuredContent) }], structuredContent };
}

function failure(error: unknown, requestId: string): ToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(errorObject(error, requestId, 0)) }], isError: true };
}

const info = { name: 'info', title: 'Info', description: 'About the hub.', mimeType: 'application/json' };
const secret = { name: 'metrics', title: 'Metrics', description: 'Figures.', mimeType: 'application/json' };
const session = { name: 'session', title: 'Session', description: 'A session.', mimeType: 'application/json' };
const prompt = {
  name: 'catch-up',
  title: 'Catch up',
  description: 'What is new.',
  arguments: [{ name: 'session_id', description: 'Which.', required: false }],
};

export function createFixtureSurface(seen: Seen, extra = 0): McpSurface {
  const table = tools(seen, extra);
  const byName = new Map(table.map((entry) => [entry.descriptor.name, entry]));
  const lists = new Map<string, readonly ToolDescriptor[]>();
  return {
    serverInfo: { name: 'fixture-hub', title: 'Fixture hub', version: '1.2.3-rc.1' },
    instructions: 'Call whoami first.',
    listTools(principal, set) {
      const key = `${set} ${[...principal.permissions].join()}`;
      const shown =
        lists.get(key) ??
        table
          .filter((entry) => principal.permissions.has(entry.permission) && (set === 'all' || entry.core))
          .map((entry) => entry.descriptor);
      lists.set(key, shown);
      return shown;
    },
    async callTool(ctx, name, args) {
      const entry = byName.get(name);
      if (entry === undefined) throw new UnknownName(name);
      try {
        if (!ctx.principal.permissions.has(entry.permission)) throw new HubError('PERMISSION_DENIED', `You may not ${name}.`);
        if (typeof args !== 'object' || args === null || Array.isArray(args)) throw invalid('arguments', args, 'an object');
        return success(await entry.run(ctx, args as Record<string, unknown>));
      } catch (error) {
        return failure(error, ctx.requestId);
      }
    },
    listResources: (principal) => [
      { ...info, uri: 'hub://info' },
      ...(principal.permissions.has('admin') ? [{ ...secret, uri: 'performance://metrics' }] : []),
    ],
    listResourceTemplates: () => [{ ...session, uriTemplate: 'session://{session_id}' }],
    readResource(ctx, uri) {
      if (uri === 'hub://info') {
        return Promise.resolve({ uri, mimeType: info.mimeType, text: JSON.stringify({ agent: ctx.principal.agentId }) });
      }
      if (uri.startsWith('session://')) return Promise.reject(new HubError('SESSION_NOT_FOUND', 'There is no such session.'));
      if (uri === 'performance://metrics') return Promise.reject(new HubError('PERMISSION_DENIED', 'That is for operators.'));
      if (uri === 'broken://x') return Promise.reject(new Error('/secret/path: SELECT * FROM keys'));
      return Promise.reject(new UnknownName(uri));
    },
    listPrompts: () => [prompt],
    getPrompt(_ctx, name, args) {
      if (name !== prompt.name) return Promise.reject(new UnknownName(name));
      const text = `Catch up with ${args['session_id'] ?? 'all'}.`;
      return Promise.resolve({ description: 'd', messages: [{ role: 'user', content: { type: 'text', text } }] });
    },
    complete(_ctx, { ref, value }) {
      if (ref.type === 'prompt' && ref.name !== prompt.name) return Promise.reject(new UnknownName(ref.name));
      return Promise.resolve(Array.from({ length: 150 }, (_, index) => `${value}${String(index)}`));
    },
  };
}

export interface McpFixture extends AsyncDisposable {
  readonly app: Hono;
  readonly engines: McpEngines;
  readonly surface: McpSurface;
  readonly seen: Seen;
}

export interface FixtureOptions extends Partial<Engine2025Options> {
  readonly extraTools?: number;
  readonly now?: () => number;
  readonly log?: Logger;
}

export function createMcpFixture(options: FixtureOptions = {}): McpFixture {
  const seen: Seen = { running: new Map(), aborted: [] };
  const surface = createFixtureSurface(seen, options.extraTools);
  const log = options.log ?? createLogger({ level: 'silent', format: 'json' });
  const { maxSessions = 10_000, sessionIdleMs = 60_000, now = Date.now } = options;
  const engines = createMcpEngines({ surface, log, options: { maxSessions, sessionIdleMs }, now });
  const app = new Hono();
  app.use(requestId(), async (c, next) => {
    await next();
    c.res.headers.set('X-Request-Id', c.get('requestId'));
  });
  const requestIdOf = (c: { get(key: 'requestId'): unknown }): string => String(c.get('requestId'));
  app.route('/', mcpRoutes({ engines, authenticator: fakeAuthenticator, log, requestIdOf, now }));
  return { app, engines, surface, seen, [Symbol.asyncDispose]: () => engines[Symbol.asyncDispose]() };
}


export interface RawRequest {
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
  /** Default 1; null for a notification. */
  readonly id?: string | number | null;
  /** Default alice's. */
  readonly key?: string;
  readonly sessionId?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
  readonly signal?: AbortSignal;
}

const REVISIONS = { '2025': '2025-11-25', '2026': '2026-07-28' } as const;

/** One message as its HTTP request, without a client. */
export function rawRequest(era: '2025' | '2026', raw: RawRequest): Request {
  const { method, params = {}, id = 1, key = KEYS.alice, sessionId, headers, path = '/mcp', signal } = raw;
  const name = params['name'] ?? params['uri'];
  const modern = {
    'mcp-method': method,
    ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
  };
  const meta = {
    'io.modelcontextprotocol/protocolVersion': REVISIONS['2026'],
    'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  return new Request(`http://127.0.0.1:23456${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': REVISIONS[era],
      ...(era === '2026' ? modern : {}),
      ...(sessionId === undefined ? {} : { 'mcp-session-id': sessionId }),
      ...headers,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      ...(id === null ? {} : { id }),
      method,
      params: era === '2026' ? { ...params, _meta: meta } : params,
    }),
    ...(signal === undefined ? {} : { signal }),
  });
}

export function initialize(options: Partial<RawRequest> = {}): Request {
  const clientInfo = { name: 'raw', version: '1' };
  const params = { protocolVersion: REVISIONS['2025'], capabilities: {}, clientInfo };
  return rawRequest('2025', { method: 'initialize', params, ...options });
}
