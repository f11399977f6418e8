/** The hub's HTTP app and MCP engines over the conformance suite's fixture; whoever asks is let in. */
import { Hono } from 'hono';
import { tmpdir } from 'node:os';
import type { Authenticator } from '../../src/auth/types.ts';
import { createConfig } from '../../src/config/config.ts';
import type { Principal } from '../../src/context.ts';
import { createApp } from '../../src/http/app.ts';
import { requestIdOf } from '../../src/http/request-id.ts';
import { listen } from '../../src/http/server.ts';
import type { HubEnv } from '../../src/http/types.ts';
import { createMcpEngines, type McpEngines } from '../../src/mcp/engines/engines.ts';
import { mcpRoutes } from '../../src/mcp/route.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { unlimited } from '../_util/mcp-fixture.ts';
import { createConformanceSurface } from './fixture-surface.ts';

export interface ConformanceServer extends AsyncDisposable {
  /** Of MCP. */
  readonly url: string;
}

const KEY = { keyId: 'k', keyName: 'suite', workspace: 'default', permissions: new Set(['read'] as const) };
const PRINCIPAL: Principal = { ...KEY, agentId: 'suite', agentType: 'suite' };

const everybody: Authenticator = {
  verify: () =>
    Promise.resolve({ ...KEY, agentId: PRINCIPAL.agentId, agentIds: null, agentTypes: null, until: null }),
  identify: () => Promise.resolve(PRINCIPAL),
};

export async function startConformanceServer(): Promise<ConformanceServer> {
  const nowhere = tmpdir();
  const config = createConfig({
    ...{ flags: {}, env: {}, dotenv: null, terminal: false },
    ...{ dataDir: nowhere, cwd: nowhere },
  });
  const log = createLogger({ level: 'warn', format: 'json' });
  // The surface announces through the engines that serve it.
  const surface = createConformanceSurface((change) => {
    engines.announce(change);
  });
  const { maxSessions } = config.mcp;
  const engines: McpEngines = createMcpEngines({
    ...{ surface, log },
    options: { maxSessions, sessionIdleMs: 60_000 },
  });
  const app = createApp({
    ...{ config, version: '0.0.0-test', log, auth: everybody },
    health: () => ({ writable: true }),
    mcp: mcpRoutes({ engines, authenticator: everybody, log, requestIdOf, ...unlimited() }),
    authRoutes: new Hono<HubEnv>(),
    events: new Hono<HubEnv>(),
    metrics: new Hono<HubEnv>(),
    dashboard: new Hono<HubEnv>(),
    api: new Hono<HubEnv>(),
  });
  const listener = await listen(app, { host: '127.0.0.1', port: 0, log });
  return {
    url: `${listener.url}/mcp`,
    async [Symbol.asyncDispose]() {
      await engines[Symbol.asyncDispose]();
      await listener.close(1_000);
    },
  };
}
