/** `schub serve`: the hub in the foreground, from its settings to the last request. */
import { Console } from 'node:console';
import type { Config } from '../config/config.ts';
import { configWithOrigins } from '../config/config.ts';
import type { Surroundings } from '../config/env.ts';
import { configSources } from '../config/env.ts';
import { isLoopback } from '../config/host.ts';
import { dataFiles } from '../config/paths.ts';
import type { LoadedSecrets } from '../config/secrets.ts';
import { loadSecrets, markShown } from '../config/secrets.ts';
import type { SettingKey } from '../config/settings.ts';
import type { Hub, createHub } from '../hub.ts';
import type { Listener } from '../http/server.ts';
import { listen } from '../http/server.ts';
import { removeRuntimeFile, writeRuntimeFile } from '../lib/runtime-file.ts';
import type { Logger } from '../telemetry/log.ts';
import { createLogger } from '../telemetry/log.ts';
import { typedLine } from '../features/connect/own-command.ts';
import { firstStartText } from './first-start.ts';
import { endOnUncaught, endWithin, watchForStop } from './lifecycle.ts';
import type { Output } from './output.ts';

export interface ServeDeps {
  readonly around: Surroundings;
  readonly flags: Readonly<Partial<Record<SettingKey, string>>>;
  readonly output: Output;
  /** Nobody reads what it says: it logs to a file of the data folder, and keeps the keys for a start that somebody sees. */
  readonly background?: boolean;
  /** Loaded only when the settings have been found good. */
  readonly loadHub: () => Promise<typeof createHub>;
}

/** Together less than the five seconds that a second hub waits for one that stops. */
const GRACE_MS = 3_000;
const LINGER_MS = 1_000;
const CLOSE_MS = 10_000;

interface Running {
  readonly hub: Hub;
  readonly listener: Listener;
}

/**
 * Runs the hub until the process is asked to stop; answers the exit code.
 * @throws StartError if it cannot start.
 */
export async function serve(deps: ServeDeps): Promise<number> {
  const stop = watchForStop();
  // Standard output carries only what scripts wait for; libraries print where they like.
  globalThis.console = new Console(process.stderr, process.stderr);
  const { config, given } = configWithOrigins(configSources(deps.around, deps.flags));
  const secrets = await loadSecrets(config.dataDir, given);
  const log = createLogger(logOptions(deps, config));
  for (const warning of secrets.warnings) log.warn(warning);
  const { hub, listener } = await start(deps, config, secrets, log);
  const runtime = dataFiles.runtime(config.dataDir);
  endOnUncaught(async (error) => {
    log.fatal({ err: error }, 'the hub failed and ends');
    await removeRuntimeFile(runtime, process.pid);
    await hub.close();
  });
  try {
    hub.announce(listener.url);
    const { version } = deps.around.package;
    await writeRuntimeFile(runtime, {
      ...{ pid: process.pid, url: listener.url, version },
      ...(config.http.tls === null ? {} : { certificate: config.http.tls.certFile }),
      started_at: new Date().toISOString(),
    });
    if (deps.background !== true)
      await tellKeys(deps, config, secrets, listener.url).catch((err: unknown) => {
        log.warn({ err }, 'that the keys were shown could not be written down');
      });
    deps.output.line(`ready ${listener.url} (MCP at ${listener.url}/mcp)`);
    // Whoever watches a terminal is the operator; a log must not hold what lets in.
    if (deps.background !== true && deps.output.terminal) await tellLogin(deps.output, hub);
    await stop.requested;
    log.info('stopping');
  } finally {
    endWithin(CLOSE_MS, 1);
    hub.endWaits();
    await listener.close(GRACE_MS);
    await hub.close();
    await removeRuntimeFile(runtime, process.pid);
  }
  log.info('stopped');
  endWithin(LINGER_MS, 0);
  return 0;
}

function logOptions({ background }: ServeDeps, { log, dataDir }: Config): Config['log'] {
  return background === true && log.file === null ? { ...log, file: dataFiles.log(dataDir) } : log;
}

async function start(
  deps: ServeDeps,
  config: Config,
  { secrets }: LoadedSecrets,
  log: Logger,
): Promise<Running> {
  const { host, publicUrl, requestTimeoutMs, tls, trustProxy } = config.http;
  const create = await deps.loadHub();
  const hub = await create(config, secrets, { log, version: deps.around.package.version });
  try {
    const listener = await listen(hub.app, { ...config.http, log, arrivalMs: requestTimeoutMs + GRACE_MS });
    // A trusted proxy is what does TLS.
    if (!isLoopback(host) && tls === null && trustProxy.length === 0) {
      const address = publicUrl ?? listener.url;
      log.warn(
        { host },
        `the hub listens beyond this machine without TLS or TRUST_PROXY: keys for ${address} travel in the clear`,
      );
    }
    return { hub, listener };
  } catch (error) {
    await hub.close();
    throw error;
  }
}

async function tellLogin(output: Output, hub: Hub): Promise<void> {
  const url = await hub.loginUrl();
  if (url !== undefined) output.note(`Dashboard, once, for ten minutes: ${url}`);
}

/** Keys are shown before anything waits for them, and remembered as shown only afterwards. */
async function tellKeys(
  { around, output }: Pick<ServeDeps, 'around' | 'output'>,
  config: Config,
  secrets: LoadedSecrets,
  url: string,
): Promise<void> {
  const connect = typedLine(around, ['connect', '--all']);
  const text = firstStartText(secrets, config.http.publicUrl ?? url, connect);
  if (text !== '') output.line(text);
  if (secrets.made.length > 0) await markShown(config.dataDir);
}
