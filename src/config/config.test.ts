import { describe, expect, it } from 'vitest';
import { StartError } from '../errors.ts';
import type { ConfigSources } from './config.ts';
import { configWithOrigins, createConfig } from './config.ts';
import { UsageError } from './usage-error.ts';

function sources(given: Partial<ConfigSources> & { file?: string } = {}): ConfigSources {
  const { file, ...rest } = given;
  const dotenv = file === undefined ? null : { path: '/data/.env', text: file };
  return { flags: {}, env: {}, dotenv, dataDir: '/data', cwd: '/project', terminal: false, ...rest };
}

function refusal(given: Parameters<typeof sources>[0]): Error {
  try {
    createConfig(sources(given));
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('It was accepted');
}

describe('createConfig', () => {
  it('has the defaults of the contract', () => {
    expect(createConfig(sources())).toEqual({
      dataDir: '/data',
      http: {
        host: '127.0.0.1',
        port: 23_456,
        publicUrl: null,
        tls: null,
        allowedHosts: [],
        corsOrigins: [],
        trustProxy: [],
        requestTimeoutMs: 120_000,
        maxConcurrentRequests: 500,
        logRequests: true,
      },
      store: { path: '/data/hub.db', maxConnections: 4 },
      disk: { minFreeBytes: 100 * 1024 ** 2, tenthIsEnough: true },
      monitoring: true,
      slowCallMs: 1000,
      otlp: null,
      backups: { everyMs: null, keep: 7, folder: '/data/backups' },
      plugins: { load: [], folder: '/data/plugins' },
      retention: {
        inactiveSessionMs: null,
        auditLogMs: 365 * 24 * 60 * 60 * 1_000,
        memoryHistoryMs: 90 * 24 * 60 * 60 * 1_000,
      },
      log: { level: 'info', format: 'json', file: null },
      mcp: { transport: 'http', toolTimeoutMs: 60_000, maxSessions: 10_000, maxResponseBytes: 1_000_000 },
      presence: { idleMs: 300_000, offlineMs: 1_800_000 },
      limits: {
        maxMessagesPerSession: 1_000_000,
        maxMessageLength: 100_000,
        maxMetadataBytes: 10_000,
        maxMemoryEntriesPerAgent: 10_000,
        maxMemoryValueBytes: 100_000,
        maxMemoryVersions: 20,
        maxMemoryHistoryBytes: 200_000,
        maxSessionsPerAgent: 10_000,
        maxStreamsPerKey: 100,
      },
      rates: {
        enabled: true,
        authPerMinute: 60,
        messagesPerMinute: 1_000,
        readsPerMinute: 3_000,
        searchPerMinute: 100,
        memoryPerMinute: 500,
        leasesPerMinute: 300,
        totalPerMinute: 6_000,
      },
    });
  });

  it.each<[string, Parameters<typeof sources>[0], number]>([
    ['the command line', { flags: { HTTP_PORT: '1' }, env: { HTTP_PORT: '2' }, file: 'HTTP_PORT=3' }, 1],
    ['the environment', { env: { HTTP_PORT: '2' }, file: 'HTTP_PORT=3' }, 2],
    ['.env', { file: 'HTTP_PORT=3' }, 3],
    ['the default', {}, 23_456],
  ])('takes a value from %s before those after it', (_name, given, port) => {
    expect(createConfig(sources(given)).http.port).toBe(port);
  });

  it.each(['', ' ', '\t'])('takes the empty value %j as not set', (empty) => {
    const config = createConfig(
      sources({ flags: { HTTP_PORT: empty }, env: { HTTP_PORT: empty }, file: 'HTTP_PORT=7' }),
    );
    expect(config.http.port).toBe(7);
    expect(createConfig(sources({ env: { DATABASE_PATH: empty } })).store.path).toBe('/data/hub.db');
  });

  it('is frozen in depth', () => {
    const config = createConfig(sources());
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.http)).toBe(true);
    expect(Object.isFrozen(config.http.allowedHosts)).toBe(true);
  });

  it('resolves a relative database path from the working folder', () => {
    expect(createConfig(sources({ env: { DATABASE_PATH: 'x/my.db' } })).store.path).toBe('/project/x/my.db');
    expect(createConfig(sources({ env: { DATABASE_PATH: '/abs/my.db' } })).store.path).toBe('/abs/my.db');
  });

  it('logs prettily on a terminal unless told otherwise', () => {
    expect(createConfig(sources({ terminal: true })).log.format).toBe('pretty');
    expect(createConfig(sources({ terminal: true, env: { LOG_FORMAT: 'JSON' } })).log.format).toBe('json');
    expect(createConfig(sources({ env: { LOG_FORMAT: 'pretty' } })).log.format).toBe('pretty');
  });

  it.each([
    ['Warning', 'warn'],
    ['WARNING', 'warn'],
    ['warn', 'warn'],
    ['DEBUG', 'debug'],
    ['Silent', 'silent'],
  ])('reads the log level %s as %s', (text, level) => {
    expect(createConfig(sources({ env: { LOG_LEVEL: text } })).log.level).toBe(level);
  });

  it.each([
    ['http://hub.example.com/', 'http://hub.example.com'],
    ['https://HUB.example.com:8443/base/', 'https://hub.example.com:8443/base'],
  ])('reads the public address %s as %s', (text, url) => {
    expect(createConfig(sources({ env: { PUBLIC_URL: text } })).http.publicUrl).toBe(url);
  });

  it('reads lists of hosts, addresses and origins', () => {
    const { http } = createConfig(
      sources({
        env: {
          ALLOWED_HOSTS: 'Hub.Example.com, 10.0.0.5:8080,,::1, hub.example.com',
          TRUST_PROXY: '10.0.0.0/8, ::1,,fd00::/8, 192.0.2.1, ::1',
          CORS_ORIGINS: 'https://app.example.com, http://localhost:3000/,https://b.example:443',
        },
      }),
    );
    expect(http.allowedHosts).toEqual(['hub.example.com', '10.0.0.5:8080', '[::1]']);
    expect(http.trustProxy).toEqual(['10.0.0.0/8', '::1', 'fd00::/8', '192.0.2.1']);
    expect(http.corsOrigins).toEqual([
      'https://app.example.com',
      'http://localhost:3000',
      'https://b.example',
    ]);
  });

  it('passes over environment variables that are not its own', () => {
    expect(createConfig(sources({ env: { HTTP_PROT: 'x', PATH: '/bin' } })).http.port).toBe(23_456);
  });
});

describe('a malformed value stops the start with its name', () => {
  it.each([
    ['HTTP_PORT', 'abc'],
    ['HTTP_PORT', '65536'],
    ['HTTP_PORT', '-1'],
    ['HTTP_PORT', '1.5'],
    ['HTTP_PORT', '0x50'],
    ['HTTP_PORT', '1e3'],
    ['HTTP_HOST', 'http://localhost'],
    ['HTTP_HOST', 'localhost:80'],
    ['HTTP_HOST', 'a b'],
    ['PUBLIC_URL', 'hub.example.com'],
    ['PUBLIC_URL', 'ftp://hub.example.com'],
    ['PUBLIC_URL', 'https://user:pass@hub.example.com'],
    ['PUBLIC_URL', 'https://hub.example.com/?a=b'],
    ['PUBLIC_URL', 'https://hub.example.com/#a'],
    ['ALLOWED_HOSTS', '*'],
    ['ALLOWED_HOSTS', 'good.example, https://bad.example'],
    ['ALLOWED_HOSTS', 'a.example:99999'],
    ['CORS_ORIGINS', '*'],
    ['CORS_ORIGINS', 'null'],
    ['CORS_ORIGINS', 'app.example.com'],
    ['CORS_ORIGINS', 'https://app.example.com/path'],
    ['TRUST_PROXY', '*'],
    ['TRUST_PROXY', 'true'],
    ['TRUST_PROXY', 'proxy.example.com'],
    ['TRUST_PROXY', '10.0.0.0/33'],
    ['TRUST_PROXY', '10.0.0.0/'],
    ['TRUST_PROXY', '10.0.0.0/8/8'],
    ['TRUST_PROXY', '::1/129'],
    ['TRUST_PROXY', 'fe80::1%eth0'],
    ['REQUEST_TIMEOUT_SECONDS', '0'],
    ['TOOL_TIMEOUT_SECONDS', '60s'],
    ['MAX_CONCURRENT_REQUESTS', '0'],
    ['MAX_MCP_SESSIONS', 'many'],
    ['MAX_RESPONSE_BYTES', '1,000,000'],
    ['DATABASE_PATH', ':memory:'],
    ['DATABASE_PATH', '/var/data/'],
    ['DATABASE_MAX_CONNECTIONS', '0'],
    ['LOG_LEVEL', 'loud'],
    ['LOG_FORMAT', 'xml'],
    ['LOG_REQUESTS', 'maybe'],
    ['MAX_MESSAGES_PER_SESSION', '0'],
    ['MAX_MESSAGE_LENGTH', '1000001'],
    ['MAX_METADATA_BYTES', 'x'],
    ['MAX_MEMORY_ENTRIES_PER_AGENT', '-5'],
    ['MAX_MEMORY_VALUE_BYTES', '99999999999999999999'],
    ['MAX_SESSIONS_PER_AGENT', ''.padEnd(3, 'z')],
    ['MAX_STREAMS_PER_KEY', '0'],
    ['RATE_LIMIT_ENABLED', 'perhaps'],
    ['RATE_LIMIT_AUTH_PER_MINUTE', '0'],
    ['RATE_LIMIT_MESSAGES_PER_MINUTE', '-1'],
    ['RATE_LIMIT_READS_PER_MINUTE', '1.5'],
    ['RATE_LIMIT_SEARCH_PER_MINUTE', 'none'],
    ['RATE_LIMIT_MEMORY_PER_MINUTE', '1e3'],
    ['RATE_LIMIT_TOTAL_PER_MINUTE', '1,000'],
    ['HUB_URL', 'localhost:23456'],
  ])('%s=%s', (key, value) => {
    const error = refusal({ env: { [key]: value } });
    expect(error).toBeInstanceOf(StartError);
    expect(error).not.toBeInstanceOf(UsageError);
    expect(error.message).toMatch(new RegExp(`^${key} is ".*" \\(in the environment\\); expected .+\\.$`));
    expect(error.message).toContain(JSON.stringify(value));
  });

  it.each(['API_KEY', 'ADMIN_API_KEY', 'HUB_API_KEY'])('%s with a space, without showing it', (key) => {
    const error = refusal({ env: { [key]: 'abcdefghijklm nopqrstuvwxyz' } });
    expect(error.message).toMatch(new RegExp(`^${key} is malformed`));
    expect(error.message).not.toContain('abcdef');
  });

  it('tells where the value stands', () => {
    expect(refusal({ file: 'HTTP_PORT=abc' }).message).toContain('(in /data/.env)');
    const error = refusal({ flags: { HTTP_PORT: 'abc' } });
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain('(on the command line)');
  });
});

describe('.env', () => {
  it('reads quotes, comments, export, CRLF and a byte order mark', () => {
    const text = '\uFEFF# hub\r\nexport HTTP_PORT="99" # mine\r\n\r\nLOG_LEVEL=\'error\'\r\nHTTP_HOST=\r\n';
    const config = createConfig(sources({ file: text }));
    expect([config.http.port, config.log.level, config.http.host]).toEqual([99, 'error', '127.0.0.1']);
  });

  it.each([
    ['HTTP_PROT=1', '"HTTP_PROT" in /data/.env is not a setting of the hub; did you mean HTTP_PORT?'],
    ['http_port=1', '"http_port" in /data/.env is not a setting of the hub; did you mean HTTP_PORT?'],
    ['LOGLEVEL=info', '"LOGLEVEL" in /data/.env is not a setting of the hub; did you mean LOG_LEVEL?'],
    ['SOMETHING_ELSE=', '"SOMETHING_ELSE" in /data/.env is not a setting of the hub.'],
    ['HTTP_PORT=1\nHTTP_HOST localhost\n', 'Line 2 of /data/.env is not of the form NAME=value.'],
    ['HTTP_PORT: 8080', 'Line 1 of /data/.env is not of the form NAME=value.'],
    ['=5', 'Line 1 of /data/.env is not of the form NAME=value.'],
  ])('refuses %j', (file, message) => {
    expect(refusal({ file }).message).toBe(message);
  });

  it('accepts a quoted value of several lines', () => {
    const file = 'JWT_SECRET_KEY="first line\nsecond line\nthird line"\nHTTP_PORT=5';
    const loaded = configWithOrigins(sources({ file }));
    expect(loaded.given.jwtSecretKey).toBe('first line\nsecond line\nthird line');
    expect(loaded.config.http.port).toBe(5);
  });
});

describe('configWithOrigins', () => {
  const secret = 'a-secret-of-the-operator-0123456789';
  const loaded = configWithOrigins(
    sources({
      flags: { HTTP_PORT: '1' },
      env: { LOG_LEVEL: 'debug', HUB_API_KEY: secret, HUB_URL: 'http://h:1/' },
      file: `API_KEY=${secret}\nMAX_MESSAGE_LENGTH=5`,
    }),
  );

  it.each([
    ['HTTP_PORT', { value: 1, source: 'flag' }],
    ['LOG_LEVEL', { value: 'debug', source: 'environment' }],
    ['MAX_MESSAGE_LENGTH', { value: 5, source: '.env', path: '/data/.env' }],
    ['API_KEY', { value: '********', source: '.env', path: '/data/.env' }],
    ['ADMIN_API_KEY', { value: null, source: 'default' }],
    ['DATABASE_PATH', { value: '/data/hub.db', source: 'default' }],
  ])('says where %s comes from', (key, expected) => {
    expect(loaded.settings.find((s) => s.key === key)).toMatchObject(expected);
  });

  it('keeps secrets out of what may be shown', () => {
    expect(JSON.stringify(loaded.config) + JSON.stringify(loaded.settings)).not.toContain(secret);
    expect(loaded.given).toEqual({ apiKey: secret, adminApiKey: null, jwtSecretKey: null });
    expect(loaded.client).toEqual({ url: 'http://h:1', apiKey: secret });
  });
});
