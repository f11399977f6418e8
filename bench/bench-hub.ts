/** The hub that benchmarks measure: as it is, with a tool besides that does nothing. */
import { createConfig, type Config } from '../src/config/config.ts';
import { createHub, type Hub } from '../src/hub.ts';
import { TOOLS } from '../src/mcp/tools/index.ts';
import { createLogger } from '../src/telemetry/log.ts';
import { BENCH_KEY } from './load.ts';
import { noop } from './noop.ts';

/** `env`: settings. The caller closes the hub and removes the folder. */
export async function createBenchHub(
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly hub: Hub; readonly config: Config }> {
  const config = createConfig({
    flags: {},
    env: { LOG_REQUESTS: 'false', LOG_LEVEL: 'error', LOG_FORMAT: 'json', ...env },
    dotenv: null,
    dataDir: folder,
    cwd: folder,
    terminal: false,
  });
  const hub = await createHub(
    config,
    { apiKey: BENCH_KEY, adminApiKey: `${BENCH_KEY}-admin`, jwtSecretKey: `${BENCH_KEY}-secret-secret` },
    { version: 'bench', log: createLogger(config.log), tools: [...TOOLS, noop] },
  );
  return { hub, config };
}
