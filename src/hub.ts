/** The composition root: every part of the hub is made and wired here, and nowhere else. */
import type { Hono } from 'hono';
import { createAuthenticator } from './auth/authenticator.ts';
import { cookieNameOf, withCookie } from './auth/cookie.ts';
import { createGuessGuard, guarded } from './auth/guess-guard.ts';
import type { Config } from './config/config.ts';
import { listeningUrl } from './config/host.ts';
import { jwtSecrets } from './config/secret-rules.ts';
import type { PluginSection } from './config/file-texts.ts';
import type { Secrets } from './config/secrets.ts';
import { dashboardRoutes } from './dashboard/routes.ts';
import { createEventBus, type EventBus } from './events/bus.ts';
import { startBackups } from './features/backups.ts';
import { startHousekeeping } from './features/housekeeping.ts';
import { ensureBootstrapKeys } from './features/keys/bootstrap.ts';
import { healthChecks } from './features/health/checks.ts';
import { watchDisk, type DiskWatch, type DiskWatchOptions } from './features/health/disk.ts';
import { liveFigures } from './features/metrics/live.ts';
import { createServices, type Services } from './features/services.ts';
import { createTokenCodec } from './features/tokens/jwt.ts';
import { tracedSearch, tracedServices, tracedStore } from './features/traced.ts';
import { isOperator } from './features/operator.ts';
import { apiRoutes, prometheusRoutes } from './http/api/index.ts';
import { loginUrl } from './http/api/login-links.ts';
import { createApp } from './http/app.ts';
import { clientAddress } from './http/client-address.ts';
import { eventRoutes, type EventRouteDeps } from './http/events/route.ts';
import { authRoutes } from './http/auth-routes.ts';
import { actionOf, auditRefusals } from './http/audit-refusals.ts';
import { requestIdOf } from './http/request-id.ts';
import { exemptFromLimits } from './http/request-timeout.ts';
import { tracedByBody } from './http/trace-requests.ts';
import type { HubEnv } from './http/types.ts';
import { createCacheMeters, type CacheMeters } from './lib/cache-meter.ts';
import { steadyClock, type SteadyClock } from './lib/steady-clock.ts';
import { announceChanges } from './mcp/announce-changes.ts';
import { pushToChannels } from './mcp/channel.ts';
import { createSurface } from './mcp/create-surface.ts';
import { createMcpEngines } from './mcp/engines/engines.ts';
import { createOpenRequests } from './mcp/open-requests.ts';
import { followCredentials } from './mcp/follow-credentials.ts';
import { mcpRoutes, type McpRouteDeps } from './mcp/route.ts';
import { ADDRESSES, PERFORMANCE_URI } from './mcp/resources.ts';
import { PROMPT_DESCRIPTORS } from './mcp/prompts.ts';
import type { Tool, ToolHub } from './mcp/tool.ts';
import { TOOLS } from './mcp/tools/index.ts';
import { createPluginHost, type PluginHost } from './plugins/host.ts';
import { loadPlugins } from './plugins/load.ts';
import { createSearch, type Search } from './search/search.ts';
import { ALL_WORKSPACES, type StoreHealth } from './store/port.ts';
import { openSqliteStore, type SqliteStore } from './store/sqlite/store.ts';
import type { LiveFigures } from './telemetry/live-figures.ts';
import { watchLoad } from './telemetry/load.ts';
import type { Logger } from './telemetry/log.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import type { Otlp } from './telemetry/otlp.ts';

export interface Hub {
  readonly app: Hono<HubEnv>;
  readonly services: Services;
  health(): StoreHealth;
  /** Tells where the hub answers: for a second one on the same database, and for tokens where PUBLIC_URL is not set. */
  announce(url: string): void;
  /** An address that opens the dashboard once, for whoever started the hub; undefined if the admin key of the settings was revoked. */
  loginUrl(): Promise<string | undefined>;
  /** Answers those who wait for messages or leases: before requests that run are waited for. */
  endWaits(): void;
  /** Whether an error that nobody caught is a plugin's own, which goes on or is switched off without the hub. */
  blame(error: unknown): boolean;
  /** Ends MCP sessions, finishes what is being written and closes the store. Nothing may be asked of the hub after. */
  close(): Promise<void>;
}

export interface HubOptions {
  readonly log: Logger;
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** The time of leases. */
  readonly clock?: SteadyClock;
  readonly sessionIdleMs?: number;
  readonly housekeepingEveryMs?: number;
  /** How often a client that waits hears that it still does, if it wants to. */
  readonly progressMs?: number;
  /** How often it looks whether a backup is due. */
  readonly backupLookEveryMs?: number;
  /** How long to wait for a hub that is leaving the same database. */
  readonly lockWaitMs?: number;
  /** Writes per commit; 1 switches group commit off, for measurements. */
  readonly maxBatch?: number;
  /** How long event streams are silent, and how long their clients may be. */
  readonly streams?: Pick<EventRouteDeps, 'heartbeatMs' | 'patienceMs'>;
  /** How much room the disk has, instead of asking the system. */
  readonly spaceOf?: NonNullable<DiskWatchOptions['spaceOf']>;
  /** How often the disk is looked at. */
  readonly diskLookEveryMs?: number;
  /** How often it looks how busy the process is. */
  readonly loadEveryMs?: number;
  /** What the settings say to plugins, by their names. */
  readonly pluginSections?: ReadonlyMap<string, PluginSection>;
  /** How often is looked whether the health of a part has changed, if a plugin wants to know. */
  readonly healthLookEveryMs?: number;
  /** For the collector of `config.otlp`; secret. */
  readonly otlpHeaders?: Readonly<Record<string, string>>;
  /** The tool table; other than the hub's own in measurements. */
  readonly tools?: readonly Tool[];
}

const SESSION_IDLE_MS = 60 * 60 * 1000;
/** What plugins may still do when the hub stops; as long as requests under way. */
const PLUGIN_STOP_MS = 3000;

/** @throws StartError if the database cannot be used, or a plugin is not as it should be. */
export async function createHub(config: Config, secrets: Secrets, options: HubOptions): Promise<Hub> {
  const { log, now = Date.now } = options;
  const plugins = await hostPlugins(config, options);
  const bus = createEventBus();
  const caches = createCacheMeters();
  const metrics = createMetrics({ version: options.version, enabled: config.monitoring, now });
  const otlp = await startTelemetry(config, options);
  const tracing = otlp?.tracing;
  let search: Search | undefined;
  let disk: DiskWatch | undefined;
  let wired: Hub | undefined;
  const opened = await openSqliteStore({
    ...config.store,
    ...{ log, caches },
    onCommit(events) {
      search?.committed();
      bus.publish(events);
      metrics.messagesAdded(events.filter(({ kind }) => kind === 'message.added').length);
    },
    onMeasured: metrics.committed,
    ...(options.lockWaitMs === undefined ? {} : { lockWaitMs: options.lockWaitMs }),
    ...(options.maxBatch === undefined ? {} : { maxBatch: options.maxBatch }),
  });
  const store = tracing === undefined ? opened : tracedStore(tracing, opened);
  try {
    await ensureBootstrapKeys(store, { agent: secrets.apiKey, admin: secrets.adminApiKey }, now());
    search = createSearch({
      hubPath: store.path,
      log,
      caches,
      onSearched: metrics.searched,
      onRan: store.ran,
    });
    const { spaceOf, diskLookEveryMs: everyMs } = options;
    disk = await watchDisk({
      ...{ store, path: store.path, ...config.disk, log },
      ...(spaceOf === undefined ? {} : { spaceOf }),
      ...(everyMs === undefined ? {} : { everyMs }),
    });
    const hub = wire({ store, bus, search, caches, metrics, disk, otlp, plugins }, config, secrets, options);
    wired = hub;
    await hub.services.leases.load();
    await hub.startPlugins();
    return hub;
  } catch (error) {
    if (wired !== undefined) await wired.close();
    else {
      await plugins?.stop();
      await disk?.stop();
      await search?.close();
      await store.close();
      await otlp?.close();
    }
    throw error;
  }
}

/** Undefined where there are none. @throws StartError */
async function hostPlugins(config: Config, options: HubOptions): Promise<PluginHost | undefined> {
  const { dataDir, plugins, mcp } = config;
  const { log, now = Date.now, pluginSections: sections, healthLookEveryMs } = options;
  const loaded = await loadPlugins({ dataDir, ...plugins, ...(sections === undefined ? {} : { sections }) });
  if (loaded.plugins.length === 0) return undefined;
  const { toolTimeoutMs, maxResponseBytes } = mcp;
  return createPluginHost(loaded, {
    ...{ log, now, toolTimeoutMs, maxResponseBytes },
    ...(healthLookEveryMs === undefined ? {} : { healthLookEveryMs }),
  });
}

/** Loads what traces and sends only where there is somebody to send to. */
async function startTelemetry({ otlp }: Config, options: HubOptions): Promise<Otlp | undefined> {
  if (otlp === null) return undefined;
  const { startOtlp } = await import('./telemetry/otlp.ts');
  const { log, version, otlpHeaders: headers = {} } = options;
  return startOtlp({ config: otlp, headers, version, log });
}

interface Parts {
  readonly store: SqliteStore;
  readonly bus: EventBus;
  readonly search: Search;
  readonly caches: CacheMeters;
  readonly metrics: Metrics;
  readonly disk: DiskWatch;
  readonly plugins: PluginHost | undefined;
  readonly otlp: Otlp | undefined;
}

/** Everything over an open store. */
function wire(
  { store, bus, search: plainSearch, caches, metrics, disk, otlp, plugins }: Parts,
  config: Config,
  secrets: Secrets,
  options: HubOptions,
): Hub & { startPlugins(): Promise<void> } {
  const { log, version, now = Date.now, clock = steadyClock, sessionIdleMs = SESSION_IDLE_MS } = options;
  const { limits, rates, presence } = config;
  // What plugins may not add ends the start here, before anything runs.
  const own = options.tools ?? TOOLS;
  const added = plugins?.added({
    resources: ADDRESSES,
    prompts: PROMPT_DESCRIPTORS.map(({ name }) => name),
  });
  const tools = plugins?.tools(own) ?? own;
  const { tracing } = otlp ?? {};
  const search = tracing === undefined ? plainSearch : tracedSearch(tracing, plainSearch);
  // The port may be any free one: which, is known when the hub listens.
  let listeningAt = listeningUrl(config.http);
  const publicUrl = (): string => config.http.publicUrl ?? listeningAt;
  const codec = createTokenCodec({ secrets: jwtSecrets(secrets.jwtSecretKey), publicUrl });
  const { progressMs, backupLookEveryMs: lookEveryMs } = options;
  const backups = startBackups({
    ...{ store, schedule: config.backups, now, log },
    ...(lookEveryMs === undefined ? {} : { lookEveryMs }),
  });
  const startedAt = now();
  const live = (): Promise<LiveFigures> =>
    liveFigures({
      ...{ ...services, store, search, bus, caches, disk, startedAt },
      load: () => load?.last,
      connections: () => ({
        sessions: engines.legacy.sessions.size,
        subscriptions: engines.modern.subscriptions,
      }),
    });
  const plainServices = createServices({
    ...{ store, bus, search, limits, rates, presence, codec, now, clock, log, caches, metrics, live },
    checks: new Map([...healthChecks({ store, search, disk, backups }), ...(plugins?.checks ?? [])]),
    ...(progressMs === undefined ? {} : { progressMs }),
    ...(plugins?.gates && { gates: plugins.gates }),
    ...(plugins?.onCame && { onCame: plugins.onCame }),
  });
  const services = tracing === undefined ? plainServices : tracedServices(tracing, plainServices);
  const guesses = createGuessGuard(rates);
  const authenticator = guarded(createAuthenticator(services), guesses);
  const cookieName = cookieNameOf(store.epoch);
  const ofPages = withCookie(authenticator, services.logins, cookieName);
  const addressOf = clientAddress(config.http.trustProxy);
  const { onToolCalled, onLoad } = plugins ?? {};
  const countCall: ToolHub['calls']['count'] =
    onToolCalled === undefined
      ? metrics.toolCalled
      : (call, by) => {
          metrics.toolCalled(call);
          onToolCalled(call, by);
        };
  const toolHub: ToolHub = {
    ...{ services, epoch: store.epoch, maxResponseBytes: config.mcp.maxResponseBytes },
    calls: {
      ...{ count: countCall, longestWait: metrics.longestWait },
      ...{ logged: config.http.logRequests, tracing, slowMs: config.slowCallMs },
      slowest: (since) => store.slowest(since),
    },
  };
  const surface = createSurface(toolHub, tools, {
    ...{ version, now, timeoutMs: config.mcp.toolTimeoutMs },
    ...(added === undefined ? {} : { added }),
  });
  const engines = createMcpEngines({
    ...{ surface, log, now, tracing },
    options: { maxSessions: config.mcp.maxSessions, sessionIdleMs },
  });
  const load = metrics.enabled
    ? watchLoad((sample) => {
        metrics.loaded(sample);
        onLoad?.(sample);
        engines.announce({ resource: PERFORMANCE_URI }, isOperator);
      }, options.loadEveryMs)
    : undefined;
  const announcing = announceChanges({
    ...{ bus, engines, log },
    labels: (pks) => store.read.sessions.labels(ALL_WORKSPACES, pks),
    agentsOfType: (...asked) => store.read.deliveries.agentsOfType(...asked),
  });
  const open = createOpenRequests({
    now,
    acting: (who, connection) => services.presence.open(who, connection),
  });
  const channels = pushToChannels({ bus, engine: engines.legacy, store, auditor: services.auditor, log });
  const following = followCredentials({ services, engines, open });
  const told: Pick<McpRouteDeps, 'onVerified' | 'onIdentified' | 'onWait'> = {
    onWait: exemptFromLimits,
    onVerified: (c, credential) => c.set('credential', credential),
    onIdentified(c, principal, client) {
      c.set('principal', principal);
      const visit = { requestId: requestIdOf(c), action: actionOf(c) };
      services.visits.seen(principal, client?.name ?? 'unknown', visit);
      services.presence.seen(principal, client);
    },
  };
  const closing = new AbortController();
  const { toolTimeoutMs } = config.mcp;
  const apiDeps = {
    ...{ ...toolHub, toolTimeoutMs, version, publicUrl },
    ...{ authenticator: ofPages, addressOf, open, log },
  };
  const onRefused = auditRefusals({ ...services, addressOf });
  const https = config.http.tls !== null || config.http.publicUrl?.startsWith('https:') === true;
  const { heartbeatMs: _, ...patience } = options.streams ?? {};
  const mcpDeps = {
    ...{ engines, authenticator, log, now, requestIdOf, addressOf, ...patience },
    ...(tracing === undefined ? {} : { traced: tracedByBody }),
  };
  const app = createApp({
    ...{ config, version, log, now },
    health: async () => ({ ...store.health(), ...(await services.health.summary()) }),
    onServed: metrics.requestServed,
    tracing,
    auth: ofPages,
    onRefused,
    mcp: mcpRoutes({ ...mcpDeps, rates: services.rates, streams: services.streams, open, ...told }),
    authRoutes: authRoutes({ services, auth: authenticator, addressOf, guesses }),
    api: apiRoutes(apiDeps),
    metrics: prometheusRoutes(apiDeps),
    events: eventRoutes({ ...apiDeps, closing: closing.signal, ...options.streams }),
    dashboard: dashboardRoutes({ ...apiDeps, now, caches, cookieName, guesses, https, onRefused }),
  });
  const { housekeepingEveryMs: everyMs } = options;
  const housekeeping = startHousekeeping({
    ...{ store, now, log, visits: services.visits, auditor: services.auditor, ...config.retention },
    indexedUpTo: () => search.index().progress?.watermark ?? 0,
    ...(everyMs === undefined ? {} : { everyMs }),
  });
  otlp?.sendMetrics(async () => metrics.collect(await live()));
  const endWaits = (): void => {
    services.delivery.endWaits();
    services.leases.endWaits();
    plugins?.stopping(now() + PLUGIN_STOP_MS);
  };

  return {
    app,
    services,
    health: () => store.health(),
    announce(url) {
      listeningAt = url;
      store.announce(url);
    },
    async loginUrl() {
      const link = await services.logins.link(secrets.adminApiKey);
      return link && loginUrl(publicUrl(), link.code);
    },
    endWaits,
    startPlugins: async () => plugins?.start(services, surface),
    blame: (error) => plugins?.blame(error) ?? false,
    async close() {
      endWaits();
      await plugins?.stop();
      services.leases.stop();
      closing.abort();
      announcing[Symbol.dispose]();
      channels[Symbol.dispose]();
      following[Symbol.dispose]();
      load?.[Symbol.dispose]();
      await disk.stop();
      await engines[Symbol.asyncDispose]();
      await housekeeping.stop();
      await backups.stop();
      services.visits.sum(true);
      await services.delivery.close();
      await services.auditor.settled();
      await otlp?.close();
      await search.close();
      await store.close();
    },
  };
}
