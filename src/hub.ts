/** The composition root: every part of the hub is made and wired here, and nowhere else. */
import type { Hono } from 'hono';
import { createAuthenticator } from './auth/authenticator.ts';
import { createGuessGuard, guarded } from './auth/guess-guard.ts';
import type { Config } from './config/config.ts';
import { urlHost } from './config/host.ts';
import { jwtSecrets } from './config/secret-rules.ts';
import type { Secrets } from './config/secrets.ts';
import { startBackups } from './features/backups.ts';
import { startHousekeeping } from './features/housekeeping.ts';
import { ensureBootstrapKeys } from './features/keys/bootstrap.ts';
import { createServices, type Services } from './features/services.ts';
import { createTokenCodec } from './features/tokens/jwt.ts';
import { apiRoutes } from './http/api/index.ts';
import { createApp } from './http/app.ts';
import { clientAddress } from './http/client-address.ts';
import { authRoutes } from './http/auth-routes.ts';
import { actionOf, auditRefusals } from './http/audit-refusals.ts';
import { requestIdOf } from './http/request-id.ts';
import type { HubEnv } from './http/types.ts';
import { createSurface } from './mcp/create-surface.ts';
import { createMcpEngines } from './mcp/engines/engines.ts';
import { createOpenRequests } from './mcp/open-requests.ts';
import { followCredentials } from './mcp/follow-credentials.ts';
import { mcpRoutes, type McpRouteDeps } from './mcp/route.ts';
import type { Tool } from './mcp/tool.ts';
import { TOOLS } from './mcp/tools/index.ts';
import { createSearch, type Search } from './search/search.ts';
import type { StoreHealth } from './store/port.ts';
import { openSqliteStore, type SqliteStore } from './store/sqlite/store.ts';
import type { Logger } from './telemetry/log.ts';

export interface Hub {
  readonly app: Hono<HubEnv>;
  readonly services: Services;
  health(): StoreHealth;
  /** Tells where the hub answers: for a second one on the same database, and for tokens where PUBLIC_URL is not set. */
  announce(url: string): void;
  /** Ends MCP sessions, finishes what is being written and closes the store. Nothing may be asked of the hub after. */
  close(): Promise<void>;
}

export interface HubOptions {
  readonly log: Logger;
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly sessionIdleMs?: number;
  readonly housekeepingEveryMs?: number;
  /** How often it looks whether a backup is due. */
  readonly backupLookEveryMs?: number;
  /** How long to wait for a hub that is leaving the same database. */
  readonly lockWaitMs?: number;
  /** Writes per commit; 1 switches group commit off, for measurements. */
  readonly maxBatch?: number;
  /** The tool table; other than the hub's own in measurements. */
  readonly tools?: readonly Tool[];
}

const SESSION_IDLE_MS = 60 * 60 * 1000;
/** @throws StartError if the database cannot be used. */
export async function createHub(config: Config, secrets: Secrets, options: HubOptions): Promise<Hub> {
  const { log, now = Date.now } = options;
  let search: Search | undefined;
  const store = await openSqliteStore({
    ...config.store,
    log,
    onCommit: () => search?.committed(),
    ...(options.lockWaitMs === undefined ? {} : { lockWaitMs: options.lockWaitMs }),
    ...(options.maxBatch === undefined ? {} : { maxBatch: options.maxBatch }),
  });
  try {
    await ensureBootstrapKeys(store, { agent: secrets.apiKey, admin: secrets.adminApiKey }, now());
    search = createSearch({ hubPath: store.path, log });
    return wire(store, search, config, secrets, options);
  } catch (error) {
    await search?.close();
    await store.close();
    throw error;
  }
}

/** Everything over an open store. */
function wire(
  store: SqliteStore,
  search: Search,
  config: Config,
  secrets: Secrets,
  options: HubOptions,
): Hub {
  const { log, version, now = Date.now, sessionIdleMs = SESSION_IDLE_MS } = options;
  const { limits, rates } = config;
  const { publicUrl, host, port } = config.http;
  // The port may be any free one: which, is known when the hub listens.
  let listeningAt = `http://${urlHost(host)}:${String(port)}`;
  const codec = createTokenCodec({
    secrets: jwtSecrets(secrets.jwtSecretKey),
    publicUrl: () => publicUrl ?? listeningAt,
  });
  const services = createServices({ store, search, limits, rates, codec, now, log });
  const guesses = createGuessGuard(rates);
  const authenticator = guarded(createAuthenticator(services), guesses);
  const addressOf = clientAddress(config.http.trustProxy);
  const toolHub = { services, epoch: store.epoch, maxResponseBytes: config.mcp.maxResponseBytes };
  const surface = createSurface(toolHub, options.tools ?? TOOLS, {
    version,
    timeoutMs: config.mcp.toolTimeoutMs,
    now,
  });
  const engines = createMcpEngines({
    ...{ surface, log, now },
    options: { maxSessions: config.mcp.maxSessions, sessionIdleMs },
  });
  const open = createOpenRequests({ now });
  const following = followCredentials({ services, engines, open });
  const told: Pick<McpRouteDeps, 'onVerified' | 'onIdentified'> = {
    onVerified: (c, credential) => c.set('credential', credential),
    onIdentified(c, principal, client) {
      c.set('principal', principal);
      const visit = { requestId: requestIdOf(c), action: actionOf(c) };
      services.visits.seen(principal, client?.name ?? 'unknown', visit);
    },
  };
  const health = () => store.health();
  const mcpDeps = { engines, authenticator, log, now, requestIdOf, addressOf };
  const app = createApp({
    ...{ config, version, log, health, now },
    auth: authenticator,
    onRefused: auditRefusals({ ...services, addressOf }),
    mcp: mcpRoutes({ ...mcpDeps, rates: services.rates, streams: services.streams, open, ...told }),
    authRoutes: authRoutes({ services, auth: authenticator, addressOf, guesses }),
    api: apiRoutes({ ...toolHub, authenticator, addressOf, open, log }),
  });
  const { housekeepingEveryMs: everyMs } = options;
  const housekeeping = startHousekeeping({
    ...{ store, now, log, visits: services.visits, auditor: services.auditor, ...config.retention },
    ...(everyMs === undefined ? {} : { everyMs }),
  });
  const { backupLookEveryMs: lookEveryMs } = options;
  const backups = startBackups({
    ...{ store, schedule: config.backups, now, log },
    ...(lookEveryMs === undefined ? {} : { lookEveryMs }),
  });

  return {
    app,
    services,
    health,
    announce(url) {
      listeningAt = url;
      store.announce(url);
    },
    async close() {
      following[Symbol.dispose]();
      await engines[Symbol.asyncDispose]();
      await housekeeping.stop();
      await backups.stop();
      services.visits.sum(true);
      await services.auditor.settled();
      await search.close();
      await store.close();
    },
  };
}
