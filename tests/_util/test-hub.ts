/** A real hub on a folder of its own, without a socket. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConfig } from '../../src/config/config.ts';
import type { Permission } from '../../src/context.ts';
import { createHub, type Hub, type HubOptions } from '../../src/hub.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { connectClient, type ClientEra, type Connected } from './connect-client.ts';

export const AGENT_KEY = 'schk_test-agent-key-0123456789abcdef';
export const ADMIN_KEY = 'schk_test-admin-key-0123456789abcdef';
export const JWT_SECRET = 'test-secret-0123456789-0123456789-abc';
export const BASE_URL = 'http://127.0.0.1:23456';

export interface TestHubOptions extends Partial<HubOptions> {
  /** Settings as in the environment; calls are not limited in number unless `RATE_LIMIT_ENABLED` says so. */
  readonly env?: Readonly<Record<string, string>>;
  /** A folder to use again; it is then left where it is. */
  readonly folder?: string;
  readonly jwtSecretKey?: string;
}

export interface NewTestKey {
  readonly workspace?: string;
  readonly permissions?: readonly Permission[];
  readonly agent_id?: string;
  readonly agent_types?: readonly string[];
}

export interface TestHub extends AsyncDisposable {
  readonly hub: Hub;
  readonly folder: string;
  request(path: string, init?: RequestInit): Promise<Response>;
  /** Makes an API key through the JSON API. */
  makeKey(name: string, key?: NewTestKey): Promise<string>;
  /** Connects an agent; `agent` is its id, `type` its type. */
  connect<E extends ClientEra>(
    era: E,
    options: { key?: string; agent?: string; type?: string; path?: string },
  ): ReturnType<typeof connectClient<E>>;
}

export type AnyClient = Connected<never> | Awaited<ReturnType<TestHub['connect']>>;

export function testConfig(folder: string, env: Readonly<Record<string, string>> = {}) {
  return createConfig({
    flags: {},
    env,
    dotenv: null,
    dataDir: folder,
    cwd: folder,
    terminal: false,
  });
}

/** What a client on a socket sends by itself. */
function withHost(request: Request): Request {
  if (!request.headers.has('host')) request.headers.set('host', new URL(request.url).host);
  return request;
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'schub-test-'));
}

export async function startTestHub({
  env = {},
  folder,
  jwtSecretKey = JWT_SECRET,
  ...options
}: TestHubOptions = {}): Promise<TestHub> {
  const at = folder ?? temporaryFolder();
  const secrets = {
    apiKey: AGENT_KEY,
    adminApiKey: ADMIN_KEY,
    jwtSecretKey,
  };
  const hub = await createHub(testConfig(at, { RATE_LIMIT_ENABLED: 'false', ...env }), secrets, {
    version: '0.0.0-test',
    log: createLogger({ level: 'silent', format: 'json' }),
    ...options,
  });
  const target = { fetch: (incoming: Request) => hub.app.fetch(withHost(incoming)) };
  const request = async (path: string, init: RequestInit = {}): Promise<Response> =>
    target.fetch(new Request(new URL(path, BASE_URL), init));
  return {
    hub,
    folder: at,
    request,
    async makeKey(name, key = {}) {
      const response = await request('/api/v1/keys', {
        method: 'POST',
        headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify({ name, ...key }),
      });
      if (response.status !== 201) throw new Error(`no key: ${await response.text()}`);
      return ((await response.json()) as { key: string }).key;
    },
    connect(era, { key = AGENT_KEY, agent, type, path }) {
      return connectClient(target, era, {
        key,
        headers: {
          ...(agent === undefined ? {} : { 'x-agent-id': agent }),
          ...(type === undefined ? {} : { 'x-agent-type': type }),
        },
        ...(path === undefined ? {} : { path }),
      });
    },
    async [Symbol.asyncDispose]() {
      await hub.close();
      if (folder === undefined) rmSync(at, { recursive: true, force: true });
    },
  };
}
