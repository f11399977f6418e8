/** All services over one store: what every door of the hub speaks to. */
import type { Config } from '../config/config.ts';
import type { EventBus } from '../events/bus.ts';
import type { CacheMeters } from '../lib/cache-meter.ts';
import type { SteadyClock } from '../lib/steady-clock.ts';
import type { Search } from '../search/search.ts';
import type { Store } from '../store/port.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { createAuditor, type Auditor } from './audit/auditor.ts';
import { createAuditService, type AuditService } from './audit/service.ts';
import { createVisits, type Visits } from './audit/visits.ts';
import { createAgentDirectory, type AgentDirectory } from './agents/directory.ts';
import { createPresence, type Presence, type PresenceDeps } from './agents/presence.ts';
import { createAgentService, type AgentService } from './agents/service.ts';
import type { Gates } from './before.ts';
import { createCatchUpService, type CatchUpService } from './catch-up/service.ts';
import { createDeliveryService, type DeliveryService } from './delivery/service.ts';
import { createExportService, type ExportService } from './export/service.ts';
import { createFeedService, type FeedService } from './feed/service.ts';
import { createImportService, type ImportService } from './import/service.ts';
import { createHealthService, type HealthChecks, type HealthService } from './health/service.ts';
import { createKeyService, type KeyService } from './keys/service.ts';
import { createHookService, type HookService } from './hooks/service.ts';
import { createLoginService, type LoginService } from './logins/service.ts';
import { createPluginIdentities, type PluginIdentities } from './plugins/identity.ts';
import { createLeaseService } from './leases/service.ts';
import type { LeaseService } from './leases/types.ts';
import type { Limits } from './limits.ts';
import { createMemoryService, type MemoryService } from './memory/service.ts';
import { createMetricsService, type MetricsDeps, type MetricsService } from './metrics/service.ts';
import { createMessageService, type MessageService } from './messages/service.ts';
import { createProfilingService, type ProfilingService } from './profiling/service.ts';
import { createRateService, type RateService } from './rates/service.ts';
import { createStreamQuota, type StreamQuota } from './rates/streams.ts';
import { createAccessTokenService, type AccessTokenService } from './tokens/access-tokens.ts';
import { createHandleService, type HandleService } from './tokens/handles.ts';
import type { TokenCodec } from './tokens/jwt.ts';
import { createSearchService, type SearchService } from './search/service.ts';
import { createSessionService, type SessionService } from './sessions/service.ts';

export interface Services {
  readonly auditor: Auditor;
  readonly audit: AuditService;
  readonly visits: Visits;
  readonly agents: AgentService;
  readonly presence: Presence;
  readonly directory: AgentDirectory;
  readonly keys: KeyService;
  readonly logins: LoginService;
  readonly handles: HandleService;
  readonly accessTokens: AccessTokenService;
  readonly sessions: SessionService;
  readonly messages: MessageService;
  readonly memory: MemoryService;
  readonly leases: LeaseService;
  readonly imports: ImportService;
  readonly exports: ExportService;
  readonly rates: RateService;
  readonly streams: StreamQuota;
  readonly search: SearchService;
  readonly delivery: DeliveryService;
  readonly feed: FeedService;
  readonly catchUp: CatchUpService;
  readonly hooks: HookService;
  readonly metrics: MetricsService;
  readonly health: HealthService;
  readonly pluginIdentities: PluginIdentities;
  readonly profiling: ProfilingService;
}

export interface ServiceDeps {
  readonly store: Store;
  /** Told of what is committed. */
  readonly bus: EventBus;
  readonly search: Search;
  readonly limits: Limits;
  readonly rates: Config['rates'];
  readonly presence: Config['presence'];
  /** Makes and reads access tokens. */
  readonly codec: TokenCodec;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Counts the time of leases. */
  readonly clock: SteadyClock;
  readonly log: Logger;
  readonly caches: CacheMeters;
  readonly metrics: Metrics;
  /** What there is now. */
  readonly live: MetricsDeps['live'];
  readonly checks: HealthChecks;
  readonly progressMs?: number;
  /** Who wants to see writes before they are stored. */
  readonly gates?: Gates;
  /** Told of an agent that comes, and of one that was no longer online. */
  readonly onCame?: PresenceDeps['onCame'];
}

export function createServices(given: ServiceDeps): Services {
  const auditor = createAuditor(given);
  const rates = createRateService(given.rates);
  const presence = createPresence({ now: given.now, times: given.presence, onCame: given.onCame });
  const deps = { ...given, auditor, rates, presence };
  const agents = createAgentService(deps);
  const keys = createKeyService(deps);
  const delivery = createDeliveryService(deps);
  const leases = createLeaseService({ ...deps, agents });
  const catchUp = createCatchUpService({ ...deps, delivery, leases });
  const search = createSearchService(deps);
  return {
    auditor,
    agents,
    presence,
    directory: createAgentDirectory({ ...deps, delivery }),
    keys,
    logins: createLoginService({ ...deps, keys }),
    handles: createHandleService({ ...deps, agents, keys }),
    accessTokens: createAccessTokenService({ ...deps, agents, keys }),
    audit: createAuditService(deps),
    visits: createVisits(deps),
    sessions: createSessionService(deps),
    messages: createMessageService(deps),
    memory: createMemoryService(deps),
    leases,
    imports: createImportService(deps),
    exports: createExportService({ ...deps, search }),
    rates,
    streams: createStreamQuota(given.limits.maxStreamsPerKey),
    search,
    feed: createFeedService({ ...deps, delivery }),
    delivery,
    catchUp,
    hooks: createHookService({ ...deps, delivery, catchUp, leases }),
    metrics: createMetricsService(deps),
    health: createHealthService(deps),
    pluginIdentities: createPluginIdentities({ ...deps, agents }),
    profiling: createProfilingService(deps),
  };
}
