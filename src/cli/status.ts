/** `schub status`: whether the hub runs, where, and how it does. */
import { z } from 'zod';
import type { LoadedConfig } from '../config/config.ts';
import { probeHub } from '../http/probe.ts';
import { hubClient } from './client.ts';
import { findHub } from './find-hub.ts';
import { CliError, EXIT, type Output } from './output.ts';

const PROBE_MS = 2000;

const readySchema = z.object({ status: z.string(), reason: z.string().optional() });
const indexSchema = z.object({ state: z.string(), indexed: z.number(), last: z.number() });

/** Answers the exit code: 1 where the hub takes no writes. @throws CliError if no hub runs. */
export async function status(loaded: LoadedConfig, output: Output): Promise<number> {
  const { url, pid } = await runningHub(loaded);
  const health = await probeHub(url, PROBE_MS);
  if (health === undefined) throw new CliError(EXIT.unreachable, `The hub at ${url} does not answer.`);
  const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(PROBE_MS) });
  const ready = readySchema.parse(await response.json());
  const index = await indexOf(loaded);
  const facts = {
    url,
    mcp: `${url}/mcp`,
    ...(pid === undefined ? {} : { pid }),
    version: health.version,
    uptime_s: health.uptime_s,
    status: ready.status,
    ...(ready.reason === undefined ? {} : { reason: ready.reason }),
    ...(index === undefined ? {} : { search_index: index }),
  };
  if (output.json) output.document(facts);
  else
    output.list({
      name: 'facts',
      items: Object.entries(facts),
      headers: ['WHAT', 'IS'],
      row: ([what, is]) => [what, String(is)],
    });
  return response.ok ? EXIT.ok : EXIT.failure;
}

async function runningHub({ client, config }: LoadedConfig): Promise<{ url: string; pid?: number }> {
  if (client.url !== null) return { url: client.url };
  const running = await findHub(config.dataDir);
  if (running !== undefined) return running;
  throw new CliError(
    EXIT.unreachable,
    `No hub runs on the data folder ${config.dataDir}; start one with "schub up", or set HUB_URL.`,
  );
}

/** Undefined without a key that may ask. */
async function indexOf(loaded: LoadedConfig): Promise<string | undefined> {
  try {
    const { state, indexed, last } = await (
      await hubClient(loaded)
    ).read(indexSchema, '/api/v1/search/status');
    return state === 'indexing' ? `indexing, ${String(indexed)} of ${String(last)}` : state;
  } catch (error) {
    if (error instanceof CliError) return undefined;
    throw error;
  }
}
