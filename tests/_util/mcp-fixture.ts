/** Three keys and the MCP routes over a small surface. */
import { Hono } from 'hono';
import { requestId } from 'hono/request-id';
import type { Authenticator, Credential } from '../../src/auth/types.ts';
import type { Permission, Principal } from '../../src/context.ts';
import { HubError } from '../../src/errors.ts';
import { createStreamQuota } from '../../src/features/rates/streams.ts';
import { requestIdOf } from '../../src/http/request-id.ts';
import { answerErrors } from '../../src/http/error-handler.ts';
import type { HubEnv } from '../../src/http/types.ts';
import { createMcpEngines, type McpEngines } from '../../src/mcp/engines/engines.ts';
import type { Engine2025Options } from '../../src/mcp/engines/engine-2025.ts';
import type { RichSurface } from '../../src/mcp/engines/rich-surface.ts';
import { mcpRoutes } from '../../src/mcp/route.ts';
import type { McpSurface } from '../../src/mcp/surface.ts';
import { createLogger, type Logger } from '../../src/telemetry/log.ts';
import { createFixtureSurface, type Seen } from './fixture-surface.ts';

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
    agentIds: null,
    agentTypes: null,
    until: null,
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
    if (agentId === 'forbidden')
      return Promise.reject(new HubError('PERMISSION_DENIED', 'That agent is not yours.'));
    const agentType = headers.get('x-agent-type') ?? client?.name ?? 'unknown';
    return Promise.resolve({ keyId, keyName, workspace, permissions, agentId, agentType });
  },
};

/** For routes without a hub: as many calls and streams as one likes. */
export function unlimited() {
  return {
    addressOf: () => 'unknown',
    rates: { spendTotal: () => Promise.resolve() },
    streams: createStreamQuota(Infinity),
  };
}

export interface McpFixture extends AsyncDisposable {
  readonly app: Hono<HubEnv>;
  readonly engines: McpEngines;
  readonly surface: McpSurface;
  readonly seen: Seen;
}

export interface FixtureOptions extends Partial<Engine2025Options> {
  readonly extraTools?: number;
  readonly now?: () => number;
  readonly log?: Logger;
  /** What the engines serve in place of the fixture's surface. */
  readonly extend?: (surface: McpSurface) => RichSurface;
}

export function createMcpFixture(options: FixtureOptions = {}): McpFixture {
  const seen: Seen = { running: new Map(), aborted: [] };
  const surface = createFixtureSurface(seen, options.extraTools);
  const log = options.log ?? createLogger({ level: 'silent', format: 'json' });
  const { maxSessions = 10_000, sessionIdleMs = 60_000, now = Date.now } = options;
  const served = options.extend?.(surface) ?? surface;
  const engines = createMcpEngines({ surface: served, log, options: { maxSessions, sessionIdleMs }, now });
  const app = new Hono<HubEnv>();
  app.onError(answerErrors({ log, now }));
  // Other than the hub's own it takes an id from the client, so that tests can tell requests apart.
  app.use(requestId(), async (c, next) => {
    await next();
    c.res.headers.set('X-Request-Id', c.get('requestId'));
  });
  app.route(
    '/',
    mcpRoutes({
      ...{ engines, authenticator: fakeAuthenticator, log, requestIdOf, now },
      ...unlimited(),
    }),
  );
  return { app, engines, surface, seen, [Symbol.asyncDispose]: () => engines[Symbol.asyncDispose]() };
}
