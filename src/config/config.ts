/** The configuration of a hub: pure, frozen, free of secrets, so that it may be logged. */
import path from 'node:path';
import { StartError } from '../errors.ts';
import type { PluginSection, TextFile } from './file-texts.ts';
import { dataFiles } from './paths.ts';
import type { Resolved, Source, TextSources } from './resolve.ts';
import { resolveSettings } from './resolve.ts';
import type { SettingKey, SettingValues } from './settings.ts';
import { SETTING_KEYS, SETTINGS } from './settings.ts';

/** Where the certificate and its private key lie, by absolute paths. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface Config {
  readonly dataDir: string;
  readonly http: {
    readonly host: string;
    /** 0: any free port. */
    readonly port: number;
    /** Null: the address the hub listens on. */
    readonly publicUrl: string | null;
    /** Null: none in the hub. */
    readonly tls: TlsFiles | null;
    readonly allowedHosts: readonly string[];
    readonly corsOrigins: readonly string[];
    /** Addresses and networks of proxies. */
    readonly trustProxy: readonly string[];
    readonly requestTimeoutMs: number;
    readonly maxConcurrentRequests: number;
    readonly logRequests: boolean;
  };
  readonly store: { readonly path: string; readonly maxConnections: number };
  /** What must be free where the database lies; by default a tenth of the disk is enough. */
  readonly disk: { readonly minFreeBytes: number; readonly tenthIsEnough: boolean };
  readonly plugins: {
    /** Packages and files. */
    readonly load: readonly string[];
    /** All that lies in it is loaded. */
    readonly folder: string;
  };
  /** Null: for ever. */
  readonly retention: {
    readonly auditLogMs: number | null;
    readonly inactiveSessionMs: number | null;
    readonly memoryHistoryMs: number | null;
  };
  readonly backups: {
    /** Null: never. */
    readonly everyMs: number | null;
    readonly keep: number;
    readonly folder: string;
  };
  readonly log: {
    readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
    readonly format: 'pretty' | 'json';
    /** Null: standard error. */
    readonly file: string | null;
  };
  /** Whether durations are measured and kept. */
  readonly monitoring: boolean;
  /** A call that takes as long is logged with what it took so long. */
  readonly slowCallMs: number;
  /** Null: nothing is traced or sent. */
  readonly otlp: OtlpConfig | null;
  readonly mcp: {
    readonly transport: 'http' | 'stdio';
    readonly toolTimeoutMs: number;
    readonly maxSessions: number;
    readonly maxResponseBytes: number;
  };
  /** How long after its last request an agent is no longer online, and no longer idle. */
  readonly presence: { readonly idleMs: number; readonly offlineMs: number };
  readonly limits: {
    readonly maxMessagesPerSession: number;
    readonly maxMessageLength: number;
    readonly maxMetadataBytes: number;
    readonly maxMemoryEntriesPerAgent: number;
    readonly maxMemoryValueBytes: number;
    readonly maxMemoryVersions: number;
    readonly maxMemoryHistoryBytes: number;
    readonly maxSessionsPerAgent: number;
    readonly maxStreamsPerKey: number;
  };
  readonly rates: {
    readonly enabled: boolean;
    readonly authPerMinute: number;
    readonly messagesPerMinute: number;
    readonly readsPerMinute: number;
    readonly searchPerMinute: number;
    readonly memoryPerMinute: number;
    readonly leasesPerMinute: number;
    readonly totalPerMinute: number;
  };
}

/** Where traces and metrics are sent, and which. Its headers are secret, and so not part of it. */
export interface OtlpConfig {
  /** Null: none are made. */
  readonly traces: {
    readonly url: string;
    readonly sampler: SettingValues['OTEL_TRACES_SAMPLER'];
    /** 0–1: the part that samplers by ratio take. */
    readonly ratio: number;
    readonly delayMs: number;
    readonly maxQueue: number;
  } | null;
  /** Null: none are sent. */
  readonly metrics: { readonly url: string; readonly everyMs: number } | null;
  readonly timeoutMs: number;
  readonly serviceName: string;
  readonly resource: Readonly<Record<string, string>>;
}

const HOUR_MS = 60 * 60 * 1_000;
const DAY_MS = 24 * HOUR_MS;
const MEGABYTE = 1024 ** 2;

const unlessZero = (count: number, unitMs: number): number | null => (count === 0 ? null : count * unitMs);

export interface ConfigSources extends TextSources {
  readonly dataDir: string;
  /** The working folder. */
  readonly cwd: string;
  /** Whether standard error is a terminal. */
  readonly terminal: boolean;
}

/** Secrets that the operator set; null: not set. */
export interface GivenSecrets {
  readonly apiKey: string | null;
  readonly adminApiKey: string | null;
  readonly jwtSecretKey: string | null;
}

/** How the command line reaches a hub; null: not set. */
export interface ClientSettings {
  readonly url: string | null;
  readonly apiKey: string | null;
}

/** One setting as it may be shown: a secret has no value here, only whether it is set. */
export interface ShownSetting {
  readonly key: SettingKey;
  readonly section: string;
  readonly value: unknown;
  readonly source: Source;
  /** The file, where the source is one. */
  readonly path?: string;
}

export interface LoadedConfig {
  readonly config: Config;
  readonly given: GivenSecrets;
  readonly client: ClientSettings;
  /** What the file says to plugins, by their names; there may be secrets in it. */
  readonly plugins: ReadonlyMap<string, PluginSection>;
  /** Headers for the collector of `config.otlp`: secret. */
  readonly otlpHeaders: Readonly<Record<string, string>>;
  readonly settings: readonly ShownSetting[];
}

/**
 * The configuration and where each value comes from.
 * @throws StartError naming a malformed value, or an unknown key of a file.
 */
export function configWithOrigins(sources: ConfigSources): LoadedConfig {
  const { loaded, problems } = inspectConfig(sources);
  const [problem] = problems;
  if (problem !== undefined) throw problem;
  return loaded;
}

/** As {@link configWithOrigins}, with defaults in the place of what is wrong, and all that is. */
export function inspectConfig(sources: ConfigSources): {
  readonly loaded: LoadedConfig;
  readonly problems: readonly StartError[];
} {
  const resolved = resolveSettings(sources);
  const problems = [...resolved.problems, ...tlsProblems(resolved)];
  return { loaded: loadedOf(resolved, sources), problems };
}

function tlsProblems({ values: { TLS_CERT_FILE: cert, TLS_KEY_FILE: key } }: Resolved): StartError[] {
  if ((cert === null) === (key === null)) return [];
  const [set, missing] =
    cert === null ? ['TLS_KEY_FILE', 'TLS_CERT_FILE'] : ['TLS_CERT_FILE', 'TLS_KEY_FILE'];
  return [new StartError(`${set} is set and ${missing} is not; TLS needs both.`)];
}

function loadedOf(resolved: Resolved, sources: ConfigSources): LoadedConfig {
  const v = resolved.values;
  const config: Config = {
    dataDir: sources.dataDir,
    http: {
      host: v.HTTP_HOST,
      port: v.HTTP_PORT,
      publicUrl: v.PUBLIC_URL,
      tls:
        v.TLS_CERT_FILE === null || v.TLS_KEY_FILE === null
          ? null
          : {
              certFile: path.resolve(sources.cwd, v.TLS_CERT_FILE),
              keyFile: path.resolve(sources.cwd, v.TLS_KEY_FILE),
            },
      allowedHosts: v.ALLOWED_HOSTS,
      corsOrigins: v.CORS_ORIGINS,
      trustProxy: v.TRUST_PROXY,
      requestTimeoutMs: v.REQUEST_TIMEOUT_SECONDS * 1_000,
      maxConcurrentRequests: v.MAX_CONCURRENT_REQUESTS,
      logRequests: v.LOG_REQUESTS,
    },
    store: {
      path:
        v.DATABASE_PATH === null
          ? dataFiles.database(sources.dataDir)
          : path.resolve(sources.cwd, v.DATABASE_PATH),
      maxConnections: v.DATABASE_MAX_CONNECTIONS,
    },
    disk: {
      minFreeBytes: v.MIN_FREE_DISK_MB * MEGABYTE,
      tenthIsEnough: v.MIN_FREE_DISK_MB === SETTINGS.MIN_FREE_DISK_MB.fallback,
    },
    plugins: {
      load: v.PLUGINS,
      folder: dataFiles.plugins(sources.dataDir),
    },
    retention: {
      auditLogMs: unlessZero(v.AUDIT_LOG_RETENTION_DAYS, DAY_MS),
      inactiveSessionMs: unlessZero(v.INACTIVE_SESSION_RETENTION_DAYS, DAY_MS),
      memoryHistoryMs: unlessZero(v.MEMORY_HISTORY_RETENTION_DAYS, DAY_MS),
    },
    backups: {
      everyMs: unlessZero(v.BACKUP_INTERVAL_HOURS, HOUR_MS),
      keep: v.BACKUP_KEEP,
      folder:
        v.BACKUP_DIR === null ? dataFiles.backups(sources.dataDir) : path.resolve(sources.cwd, v.BACKUP_DIR),
    },
    log: {
      level: v.LOG_LEVEL,
      format: v.LOG_FORMAT ?? (sources.terminal && v.LOG_FILE === null ? 'pretty' : 'json'),
      file: v.LOG_FILE === null ? null : path.resolve(sources.cwd, v.LOG_FILE),
    },
    monitoring: v.ENABLE_PERFORMANCE_MONITORING,
    slowCallMs: v.SLOW_CALL_MS,
    otlp: otlpOf(v),
    mcp: {
      transport: v.MCP_TRANSPORT,
      toolTimeoutMs: v.TOOL_TIMEOUT_SECONDS * 1_000,
      maxSessions: v.MAX_MCP_SESSIONS,
      maxResponseBytes: v.MAX_RESPONSE_BYTES,
    },
    presence: {
      idleMs: v.AGENT_IDLE_SECONDS * 1_000,
      offlineMs: v.AGENT_OFFLINE_SECONDS * 1_000,
    },
    limits: {
      maxMessagesPerSession: v.MAX_MESSAGES_PER_SESSION,
      maxMessageLength: v.MAX_MESSAGE_LENGTH,
      maxMetadataBytes: v.MAX_METADATA_BYTES,
      maxMemoryEntriesPerAgent: v.MAX_MEMORY_ENTRIES_PER_AGENT,
      maxMemoryValueBytes: v.MAX_MEMORY_VALUE_BYTES,
      maxMemoryVersions: v.MAX_MEMORY_VERSIONS,
      maxMemoryHistoryBytes: v.MAX_MEMORY_HISTORY_BYTES,
      maxSessionsPerAgent: v.MAX_SESSIONS_PER_AGENT,
      maxStreamsPerKey: v.MAX_STREAMS_PER_KEY,
    },
    rates: {
      enabled: v.RATE_LIMIT_ENABLED,
      authPerMinute: v.RATE_LIMIT_AUTH_PER_MINUTE,
      messagesPerMinute: v.RATE_LIMIT_MESSAGES_PER_MINUTE,
      readsPerMinute: v.RATE_LIMIT_READS_PER_MINUTE,
      searchPerMinute: v.RATE_LIMIT_SEARCH_PER_MINUTE,
      memoryPerMinute: v.RATE_LIMIT_MEMORY_PER_MINUTE,
      leasesPerMinute: v.RATE_LIMIT_LEASES_PER_MINUTE,
      totalPerMinute: v.RATE_LIMIT_TOTAL_PER_MINUTE,
    },
  };
  const effective: Partial<Record<SettingKey, unknown>> = {
    PUBLIC_URL: v.PUBLIC_URL ?? SETTINGS.PUBLIC_URL.otherwise,
    DATABASE_PATH: config.store.path,
    BACKUP_DIR: config.backups.folder,
    LOG_FORMAT: config.log.format,
    LOG_FILE: config.log.file,
    TLS_CERT_FILE: config.http.tls?.certFile,
    TLS_KEY_FILE: config.http.tls?.keyFile,
  };
  return {
    config: freeze(config),
    given: { apiKey: v.API_KEY, adminApiKey: v.ADMIN_API_KEY, jwtSecretKey: v.JWT_SECRET_KEY },
    client: { url: v.HUB_URL, apiKey: v.HUB_API_KEY },
    plugins: resolved.plugins,
    otlpHeaders: v.OTEL_EXPORTER_OTLP_HEADERS ?? {},
    settings: SETTING_KEYS.map((key) => shown(key, effective[key] ?? v[key], resolved.sources[key], sources)),
  };
}

function otlpOf(v: SettingValues): OtlpConfig | null {
  const endpoint = v.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (endpoint === null) return null;
  return {
    traces:
      v.OTEL_TRACES_EXPORTER === 'none'
        ? null
        : {
            url: v.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? `${endpoint}/v1/traces`,
            sampler: v.OTEL_TRACES_SAMPLER,
            ratio: v.OTEL_TRACES_SAMPLER_ARG,
            delayMs: v.OTEL_BSP_SCHEDULE_DELAY,
            maxQueue: v.OTEL_BSP_MAX_QUEUE_SIZE,
          },
    metrics:
      v.OTEL_METRICS_EXPORTER === 'none'
        ? null
        : {
            url: v.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT ?? `${endpoint}/v1/metrics`,
            everyMs: v.OTEL_METRIC_EXPORT_INTERVAL,
          },
    timeoutMs: v.OTEL_EXPORTER_OTLP_TIMEOUT,
    serviceName: v.OTEL_SERVICE_NAME,
    resource: v.OTEL_RESOURCE_ATTRIBUTES,
  };
}

/** The configuration alone. @throws StartError as {@link configWithOrigins} does. */
export function createConfig(sources: ConfigSources): Config {
  return configWithOrigins(sources).config;
}

function shown(key: SettingKey, value: unknown, source: Source, sources: ConfigSources): ShownSetting {
  const { section, secret } = SETTINGS[key];
  const visible = secret === true && value !== null ? '********' : value;
  const files: Readonly<Partial<Record<Source, TextFile | null | undefined>>> = {
    '.env': sources.dotenv,
    'hub.config.yaml': sources.yaml,
  };
  const path = files[source]?.path;
  return { key, section, value: visible, source, ...(path === undefined ? {} : { path }) };
}

function freeze<T extends object>(value: T): T {
  for (const part of Object.values(value))
    if (typeof part === 'object' && part !== null) freeze(part as object);
  return Object.freeze(value);
}
