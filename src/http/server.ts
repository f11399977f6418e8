/** Puts the app on a port, and takes it off again without cutting what runs. */
import type { RequestListener, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { isWildcard, urlHost } from '../config/host.ts';
import { StartError } from '../errors.ts';
import { portOwner } from '../lib/port-owner.ts';
import { systemCode, systemReason } from '../lib/system-error.ts';
import type { Logger } from '../telemetry/log.ts';
import { watchConnections } from './connections.ts';
import { probeHub } from './probe.ts';
import { rawRefusal, refusalResponse } from './protocol-errors.ts';
import { isImport } from './routes.ts';

export interface Fetchable {
  readonly fetch: (
    request: Request,
    env: { readonly outgoing: ServerResponse },
  ) => Response | Promise<Response>;
}

export interface ListenOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly log: Logger;
  /** How long a request may take to arrive in full; an import only from one piece to the next. */
  readonly arrivalMs?: number;
  /** How long its headers may take. */
  readonly headersMs?: number;
}

export interface Listener {
  /** Where clients of this machine reach the hub. */
  readonly url: string;
  readonly port: number;
  /** Stops taking connections, waits at most `graceMs` for the requests that run, then cuts what is left. */
  close(graceMs: number): Promise<void>;
}

const ARRIVAL_MS = 120_000;
const HEADERS_MS = 10_000;
const CHECK_MS = 2_000;
const KEEP_ALIVE_MS = 60_000;
const STREAM_GRACE_MS = 1_000;
const PROBE_MS = 2_000;
/** Connections that may wait to be taken: a herd of agents comes back at once after a restart. */
const BACKLOG = 4_096;

/** @throws StartError if the address cannot be listened on; where a hub already holds the port, it says so. */
export async function listen(app: Fetchable, options: ListenOptions): Promise<Listener> {
  const { host, log, arrivalMs = ARRIVAL_MS, headersMs = HEADERS_MS } = options;
  const server = createServer({
    headersTimeout: headersMs,
    // `watchConnections` does this one: Node's knows no exceptions, and an import may take as long as it needs.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(CHECK_MS, headersMs),
    keepAliveTimeout: KEEP_ALIVE_MS,
    // The host guard refuses those with an answer that says why.
    requireHostHeader: false,
  });
  const connections = watchConnections(server, {
    arrivalMs,
    isUpload: isImport,
    streamGraceMs: STREAM_GRACE_MS,
  });
  const listener = getRequestListener(
    (request, env) => {
      const outgoing = env.outgoing as ServerResponse;
      const answered = (response: Response): Response => {
        const type = response.headers.get('content-type');
        if (type?.startsWith('text/event-stream') === true) connections.markStream(outgoing);
        return response;
      };
      const response = app.fetch(request, { ...env, outgoing });
      return response instanceof Promise ? response.then(answered) : answered(response);
    },
    { hostname: 'host.missing', errorHandler: refusalResponse(log) },
  );
  server.on('request', listener as RequestListener);
  server.on('clientError', rawRefusal);

  await bind(server, options);
  const { port } = server.address() as AddressInfo;
  return { url: addressOf(host, port), port, close: (graceMs) => connections.drain(graceMs) };
}

async function bind(server: Server, { host, port, log }: ListenOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  server.once('error', reject);
  server.listen({ host, port, backlog: BACKLOG }, () => {
    resolve(undefined);
  });
  try {
    await promise;
  } catch (error) {
    throw await cannotListen(error, host, port);
  }
  server.off('error', reject);
  server.on('error', (err) => {
    log.error({ err }, 'the HTTP server failed');
  });
}

async function cannotListen(error: unknown, host: string, port: number): Promise<StartError> {
  const where = `${urlHost(host)}:${String(port)}`;
  const code = systemCode(error);
  const options = { cause: error };
  if (code === 'EADDRINUSE') {
    const url = addressOf(host, port);
    const hub = await probeHub(url, PROBE_MS);
    const owner = hub === undefined ? await portOwner(port) : undefined;
    const other = owner === undefined ? 'another program' : `process ${String(owner.pid)} (${owner.command})`;
    const who =
      hub === undefined ? `${other} uses it` : `a hub (version ${hub.version}) already runs at ${url}`;
    return new StartError(
      `Port ${String(port)} is taken: ${who}; stop it, or set HTTP_PORT to another one.`,
      options,
    );
  }
  if (code === 'EACCES') {
    return new StartError(
      `Port ${String(port)} may not be used by this user; set HTTP_PORT to one above 1023.`,
      options,
    );
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new StartError(`${host} is no address of this machine; set HTTP_HOST to one that is.`, options);
  }
  return new StartError(`The hub cannot listen on ${where}: ${systemReason(error)}.`, options);
}

function addressOf(host: string, port: number): string {
  const reachable = isWildcard(host) ? (host.includes(':') ? '::1' : '127.0.0.1') : host;
  return `http://${urlHost(reachable)}:${String(port)}`;
}
