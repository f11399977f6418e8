/** The one table of settings. `.env.example`, the check of `.env` and the listing of settings are made from it. */
import {
  addressList,
  baseUrl,
  boolean,
  filePath,
  folderPath,
  headerSecret,
  hostList,
  integer,
  listenAddress,
  moduleList,
  oneOf,
  originList,
  secretText,
} from './parsers.ts';
import { setting, type Setting } from './setting.ts';
import { TELEMETRY_SETTINGS } from './telemetry-settings.ts';

export { SECTIONS, type Section, type Setting } from './setting.ts';

const MADE = { otherwise: 'made at the first start', secret: true } as const;
const FOUND = { otherwise: 'found through the data folder' } as const;
const MANY = 1_000_000_000;

export const SETTINGS = {
  API_KEY: setting(
    'keys.api_key',
    headerSecret,
    null,
    'Key of the agents (read, write); at least 24 characters.',
    MADE,
  ),
  ADMIN_API_KEY: setting(
    'keys.admin_api_key',
    headerSecret,
    null,
    'Key of the operators (read, write, admin); at least 24 characters, another one than API_KEY.',
    MADE,
  ),
  JWT_SECRET_KEY: setting(
    'keys.jwt_secret_key',
    secretText,
    null,
    'Secret that signs tokens; at least 32 characters. To change it, set NEW,OLD for the 15 minutes that old tokens live.',
    MADE,
  ),

  HTTP_HOST: setting('http.host', listenAddress, '127.0.0.1', 'Address to listen on.'),
  HTTP_PORT: setting('http.port', integer(0, 65_535), 23_456, 'Port to listen on; 0 takes any free one.'),
  PUBLIC_URL: setting(
    'http.public_url',
    baseUrl,
    null,
    'Address under which clients reach the hub; access tokens are good for it alone.',
    {
      otherwise: 'http://HOST:PORT',
    },
  ),
  TLS_CERT_FILE: setting(
    'http.tls_cert_file',
    filePath,
    null,
    'Certificate and chain (PEM), with which the hub itself does TLS; read again when it changes. Needs TLS_KEY_FILE.',
    { otherwise: 'no TLS' },
  ),
  TLS_KEY_FILE: setting(
    'http.tls_key_file',
    filePath,
    null,
    'The private key of that certificate (PEM, without a passphrase).',
    { otherwise: 'no TLS' },
  ),
  ALLOWED_HOSTS: setting(
    'http.allowed_hosts',
    hostList,
    [],
    "Names the hub answers to besides the loopback names and PUBLIC_URL's, separated by commas.",
  ),
  CORS_ORIGINS: setting(
    'http.cors_origins',
    originList,
    [],
    'Origins of web pages elsewhere that may call the hub, separated by commas.',
  ),
  TRUST_PROXY: setting(
    'http.trust_proxy',
    addressList,
    [],
    "Addresses and networks of proxies whose X-Forwarded-For tells the client's address, separated by commas.",
  ),
  REQUEST_TIMEOUT_SECONDS: setting(
    'http.request_timeout_seconds',
    integer(1, 3_600),
    120,
    'How long a request may take; waits, event streams and imports are exempt.',
  ),
  MAX_CONCURRENT_REQUESTS: setting(
    'http.max_concurrent_requests',
    integer(1, 100_000),
    500,
    'Requests worked on at once; more are refused with OVERLOADED. Waits and event streams are exempt.',
  ),

  DATABASE_PATH: setting(
    'store.path',
    filePath,
    null,
    'The database file; a relative path starts at the working folder.',
    { otherwise: 'hub.db in the data folder' },
  ),
  DATABASE_MAX_CONNECTIONS: setting(
    'store.max_connections',
    integer(1, 100),
    4,
    'Reading connections at most; they are opened on demand.',
  ),
  AUDIT_LOG_RETENTION_DAYS: setting(
    'store.audit_log_retention_days',
    integer(0, 36_500),
    365,
    'How long rows of the audit log are kept, in days; 0 keeps them for ever.',
  ),
  INACTIVE_SESSION_RETENTION_DAYS: setting(
    'store.inactive_session_retention_days',
    integer(0, 36_500),
    0,
    'After how many days without a message or a change a session is removed with all that belongs to it; 0: never.',
  ),
  MEMORY_HISTORY_RETENTION_DAYS: setting(
    'store.memory_history_retention_days',
    integer(0, 36_500),
    90,
    'How long earlier versions of memory entries are kept, in days; 0 keeps them as long as their entry.',
  ),
  BACKUP_INTERVAL_HOURS: setting(
    'store.backup_interval_hours',
    integer(0, 8_760),
    0,
    'Hours from one backup of the database to the next; 0: none are made.',
  ),
  BACKUP_KEEP: setting('store.backup_keep', integer(1, 10_000), 7, 'How many backups are kept.'),
  BACKUP_DIR: setting(
    'store.backup_dir',
    folderPath,
    null,
    'The folder of the backups; a relative path starts at the working folder.',
    { otherwise: 'backups in the data folder' },
  ),

  LOG_LEVEL: setting(
    'log.level',
    oneOf(['debug', 'info', 'warn', 'error', 'silent'], { warning: 'warn' }),
    'info',
    'What is logged: debug, info, warn, error or silent.',
  ),
  LOG_FORMAT: setting('log.format', oneOf(['pretty', 'json']), null, 'Shape of the log: pretty or json.', {
    otherwise: 'pretty on a terminal, else json',
  }),
  LOG_FILE: setting(
    'log.file',
    filePath,
    null,
    'File for the log, instead of standard error; put aside when it has grown to 10 MB, three of them kept.',
    { otherwise: 'none; hub.log in the data folder for a hub that schub stdio starts' },
  ),
  LOG_REQUESTS: setting(
    'log.requests',
    boolean,
    true,
    'Whether each HTTP request is logged (never its headers or its body).',
  ),

  ENABLE_PERFORMANCE_MONITORING: setting(
    'log.enable_performance_monitoring',
    boolean,
    true,
    'Whether durations are measured and kept by time; without, /metrics counts and nothing more.',
  ),

  SLOW_CALL_MS: setting(
    'log.slow_call_ms',
    integer(0, 3_600_000),
    1_000,
    'A call of a tool that takes so many milliseconds is logged with what it waited for and how its slowest query was run; calls that wait on purpose are not.',
  ),

  ...TELEMETRY_SETTINGS,

  MCP_TRANSPORT: setting(
    'mcp.transport',
    oneOf(['http', 'stdio']),
    'http',
    'stdio: serve and up become a bridge on standard input and output to the one hub of the data folder, as schub stdio.',
  ),
  TOOL_TIMEOUT_SECONDS: setting(
    'mcp.tool_timeout_seconds',
    integer(1, 3_600),
    60,
    'How long a tool call may take; waits are exempt.',
  ),
  MAX_MCP_SESSIONS: setting(
    'mcp.max_sessions',
    integer(1, 1_000_000),
    10_000,
    'MCP sessions open at once; more are refused with OVERLOADED.',
  ),
  MAX_RESPONSE_BYTES: setting(
    'mcp.max_response_bytes',
    integer(10_000, 100_000_000),
    1_000_000,
    'Largest answer of a tool; a larger one is cut and says how to go on.',
  ),
  AGENT_IDLE_SECONDS: setting(
    'mcp.agent_idle_seconds',
    integer(1, 86_400),
    300,
    'How long after its last request an agent is online; then it is idle. One that waits or listens stays online.',
  ),
  AGENT_OFFLINE_SECONDS: setting(
    'mcp.agent_offline_seconds',
    integer(1, 604_800),
    1_800,
    'How long after its last request an idle agent becomes offline.',
  ),

  MAX_MESSAGES_PER_SESSION: setting(
    'limits.max_messages_per_session',
    integer(1, MANY),
    1_000_000,
    'Messages in one session.',
  ),
  MAX_MESSAGE_LENGTH: setting(
    'limits.max_message_length',
    integer(1, 1_000_000),
    100_000,
    'Characters (UTF-16 units) of one message.',
  ),
  MAX_METADATA_BYTES: setting(
    'limits.max_metadata_bytes',
    integer(2, 1_000_000),
    10_000,
    'Bytes of the metadata of one message, session or memory entry.',
  ),
  MAX_MEMORY_ENTRIES_PER_AGENT: setting(
    'limits.max_memory_entries_per_agent',
    integer(1, MANY),
    10_000,
    'Memory entries of one agent.',
  ),
  MAX_MEMORY_VALUE_BYTES: setting(
    'limits.max_memory_value_bytes',
    integer(1, 1_000_000),
    100_000,
    'Bytes of one memory value.',
  ),
  MAX_MEMORY_VERSIONS: setting(
    'limits.max_memory_versions',
    integer(0, 1_000),
    20,
    'Earlier versions that are kept of one memory entry; 0: none. It holds from the next change of an entry on.',
  ),
  MAX_MEMORY_HISTORY_BYTES: setting(
    'limits.max_memory_history_bytes',
    integer(0, 100_000_000),
    200_000,
    'Bytes of the earlier values of one memory entry together; the oldest go first.',
  ),
  MAX_SESSIONS_PER_AGENT: setting(
    'limits.max_sessions_per_agent',
    integer(1, MANY),
    10_000,
    'Sessions created by one agent.',
  ),

  MIN_FREE_DISK_MB: setting(
    'limits.min_free_disk_mb',
    integer(0, MANY),
    100,
    'Megabytes that must be free where the database lies; below, writes are refused. With 100 a tenth of a smaller disk is enough.',
  ),
  MAX_STREAMS_PER_KEY: setting(
    'limits.max_streams_per_key',
    integer(1, 1_000_000),
    100,
    'Event streams open at once under one key.',
  ),

  RATE_LIMIT_ENABLED: setting(
    'limits.rate_limit_enabled',
    boolean,
    true,
    'Whether calls and refused credentials are limited in number.',
  ),
  RATE_LIMIT_AUTH_PER_MINUTE: setting(
    'limits.rate_limit_auth_per_minute',
    integer(1, MANY),
    60,
    'Refused credentials from one address, and tokens issued to one key.',
  ),
  RATE_LIMIT_MESSAGES_PER_MINUTE: setting(
    'limits.rate_limit_messages_per_minute',
    integer(1, MANY),
    1_000,
    'Writes of messages and sessions by one agent.',
  ),
  RATE_LIMIT_READS_PER_MINUTE: setting(
    'limits.rate_limit_reads_per_minute',
    integer(1, MANY),
    3_000,
    'Reads by one agent: tools, resources, prompts and completions.',
  ),
  RATE_LIMIT_SEARCH_PER_MINUTE: setting(
    'limits.rate_limit_search_per_minute',
    integer(1, MANY),
    100,
    'Searches by one agent.',
  ),
  RATE_LIMIT_MEMORY_PER_MINUTE: setting(
    'limits.rate_limit_memory_per_minute',
    integer(1, MANY),
    500,
    'Calls of the memory tools by one agent.',
  ),
  RATE_LIMIT_LEASES_PER_MINUTE: setting(
    'limits.rate_limit_leases_per_minute',
    integer(1, MANY),
    300,
    'Calls of the lease tools by one agent.',
  ),
  RATE_LIMIT_TOTAL_PER_MINUTE: setting(
    'limits.rate_limit_total_per_minute',
    integer(1, MANY),
    6_000,
    'Calls under one key, by all its agents together.',
  ),

  PLUGINS: setting(
    'plugins.load',
    moduleList,
    [],
    'Plugins to load besides those of the folder plugins in the data folder: packages and files, separated by commas; a relative path starts at the data folder.',
  ),

  HUB_URL: setting('client.url', baseUrl, null, 'The hub the command line speaks to.', FOUND),
  HUB_API_KEY: setting('client.api_key', headerSecret, null, 'The key the command line speaks with.', {
    ...FOUND,
    secret: true,
  }),
} as const;

export type SettingKey = keyof typeof SETTINGS;
type ValueOf<S> = S extends Setting<infer T, infer F> ? (F extends null ? T | null : T) : never;
export type SettingValues = { readonly [K in SettingKey]: ValueOf<(typeof SETTINGS)[K]> };

export const SETTING_KEYS: readonly SettingKey[] = Object.keys(SETTINGS).filter(isSettingKey);

/** Whether a setting of that name exists. */
export function isSettingKey(name: string): name is SettingKey {
  return Object.hasOwn(SETTINGS, name);
}
