/** `schub reindex`: has the running hub make its search index anew, and waits for it. */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { HubClient } from './client.ts';
import { CliError, EXIT, type Output } from './output.ts';
import { startProgress } from './progress.ts';

const statusSchema = z.object({
  state: z.enum(['ready', 'indexing', 'down']),
  indexed: z.number(),
  last: z.number(),
  generation: z.string().nullable(),
});
type Status = z.infer<typeof statusSchema>;

export interface ReindexDeps {
  readonly client: HubClient;
  readonly output: Output;
  readonly signal: AbortSignal;
}

const ASK_EVERY_MS = 200;
/** The index thread tries again by itself; this is how long it may take to. */
const DOWN_FOR_MS = 60_000;

/** Answers the exit code. @throws CliError if the hub cannot do it. */
export async function reindex({ client, output, signal }: ReindexDeps): Promise<number> {
  const started = performance.now();
  const before = await client.read(statusSchema, '/api/v1/search/reindex', { method: 'POST', signal });
  const done = await waitForIt({ client, output, signal }, before);
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  if (output.json) output.document({ ...done, seconds });
  else output.line(`The search index was made anew in ${seconds} s.`);
  return EXIT.ok;
}

async function waitForIt({ client, output, signal }: ReindexDeps, before: Status): Promise<Status> {
  let progress: ReturnType<typeof startProgress> | undefined;
  let shown = 0;
  let upSince = performance.now();
  try {
    for (;;) {
      await delay(ASK_EVERY_MS, undefined, { signal });
      const status = await client.read(statusSchema, '/api/v1/search/status', { signal });
      const begun = status.generation !== null && status.generation !== before.generation;
      if (begun && status.state === 'ready') return status;
      if (status.state !== 'down') upSince = performance.now();
      else if (performance.now() - upSince > DOWN_FOR_MS) throw down();
      if (!begun) continue;
      progress ??= startProgress(status.last, output, 'positions');
      progress.advance(Math.max(0, status.indexed - shown));
      shown = Math.max(shown, status.indexed);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new CliError(EXIT.interrupted, 'Interrupted; the hub goes on with it.', { cause: error });
  } finally {
    progress?.end();
  }
}

function down(): CliError {
  return new CliError(EXIT.failure, 'The hub cannot make its search index; its log says why.');
}
