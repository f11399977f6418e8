/** A hub in a process of its own, with a tool besides that does nothing; ends with its parent. Argument: its folder. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { createBenchHub } from './bench-hub.ts';
import { answerParent } from './loop-delay.ts';

const given = process.argv[2];
const folder = given ?? mkdtempSync(join(tmpdir(), 'schub-bench-'));
const { hub } = await createBenchHub(folder, { RATE_LIMIT_ENABLED: 'false', MAX_STREAMS_PER_KEY: '1000000' });
const server = serve({ fetch: hub.app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => {
  process.send?.({ url: `http://127.0.0.1:${port}` });
  answerParent();
});
process.once('disconnect', () => {
  server.close();
  void hub.close().then(() => {
    if (given === undefined) rmSync(folder, { recursive: true, force: true });
    process.exitCode = 0;
  });
});
