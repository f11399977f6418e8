/** A hub in a process of its own, with a tool besides that does nothing; ends with its parent. Argument: its folder, empty for a new one, and settings as JSON. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listen } from '../src/http/server.ts';
import { createLogger } from '../src/telemetry/log.ts';
import { createBenchHub } from './bench-hub.ts';
import { answerParent } from './loop-delay.ts';

const [, , given = '', settings = '{}'] = process.argv;
const folder = given === '' ? mkdtempSync(join(tmpdir(), 'schub-bench-')) : given;
const { hub } = await createBenchHub(folder, {
  ...{ RATE_LIMIT_ENABLED: 'false', MAX_STREAMS_PER_KEY: '1000000' },
  ...(JSON.parse(settings) as Record<string, string>),
});
const log = createLogger({ level: 'error', format: 'json' });
const listener = await listen(hub.app, { host: '127.0.0.1', port: 0, log });
answerParent();
process.send?.({ url: listener.url });
process.once('disconnect', () => void close());

async function close(): Promise<void> {
  await listener.close(0);
  await hub.close();
  if (given === '') rmSync(folder, { recursive: true, force: true });
  process.exitCode = 0;
}
