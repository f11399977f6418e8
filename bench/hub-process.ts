/** A hub in a process of its own, with a tool besides that does nothing; ends with its parent. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { createConfig } from '../src/config/config.ts';
import { createHub } from '../src/hub.ts';
import { TOOLS } from '../src/mcp/tools/index.ts';
import { createLogger } from '../src/telemetry/log.ts';
import { BENCH_KEY } from './load.ts';
import { answerParent } from './loop-delay.ts';
import { noop } from './noop.ts';

const folder = mkdtempSync(join(tmpdir(), 'schub-bench-'));
const config = createConfig({
  flags: {},
  env: { LOG_REQUESTS: 'false', RATE_LIMIT_ENABLED: 'false', MAX_STREAMS_PER_KEY: '1000000' },
  dotenv: null,
  dataDir: folder,
  cwd: folder,
  terminal: false,
});
const hub = await createHub(
  config,
  { apiKey: BENCH_KEY, adminApiKey: `${BENCH_KEY}-admin`, jwtSecretKey: `${BENCH_KEY}-secret-secret` },
  { version: 'bench', log: createLogger({ level: 'error', format: 'json' }), tools: [...TOOLS, noop] },
);
const server = serve({ fetch: hub.app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => {
  process.send?.({ url: `http://127.0.0.1:${port}` });
  answerParent();
});
process.once('disconnect', () => {
  server.close();
  void hub.close().then(() => {
    rmSync(folder, { recursive: true, force: true });
    process.exitCode = 0;
  });
});
