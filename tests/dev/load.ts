/** Requests of several kinds, one after the other without end. */
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from './wait.ts';

export interface Load extends AsyncDisposable {
  /** Requests without an answer. */
  readonly failures: readonly string[];
  readonly statuses: ReadonlySet<number>;
  /** Waits for so many more answers. */
  answers(more: number): Promise<void>;
  stop(): Promise<void>;
}

const PAUSE_MS = 5;
const initialize = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'load', version: '1' } },
});

export function callContinuously(url: string, key: string): Load {
  const failures: string[] = [];
  const statuses = new Set<number>();
  let count = 0;
  let stopped = false;
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const post = { ...headers, accept: 'application/json, text/event-stream' };
  const kinds: readonly (() => Promise<number>)[] = [
    // Over connections that are kept.
    () => answered(fetch(`${url}/health`)),
    () => answered(fetch(`${url}/mcp`, { method: 'POST', headers: post, body: initialize })),
    // Over new ones.
    () => getOnce(`${url}/health`),
    () => getOnce(`${url}/api/v1/sessions`, headers),
  ];
  const loops = kinds.map(async (call) => {
    while (!stopped) {
      try {
        statuses.add(await call());
        count++;
      } catch (error) {
        failures.push(String(error instanceof Error ? (error.cause ?? error) : error));
      }
      await delay(PAUSE_MS);
    }
  });
  const stop = async (): Promise<void> => {
    stopped = true;
    await Promise.all(loops);
  };
  return {
    failures,
    statuses,
    async answers(more) {
      const wanted = count + more;
      await waitFor(() => (count >= wanted ? true : undefined));
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function answered(response: Promise<Response>): Promise<number> {
  const arrived = await response;
  await arrived.arrayBuffer();
  return arrived.status;
}

async function getOnce(url: string, headers: http.OutgoingHttpHeaders = {}): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  http
    .get(url, { agent: false, headers }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0));
    })
    .once('error', reject);
  return await promise;
}
