/** Puts the app on a port, and takes it off again without cutting what runs. */
import type { RequestListener, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { TlsFiles } from '../config/config.ts';
import { isLoopback, listeningUrl, reachable, urlHost } from '../config/host.ts';
import { StartError } from '../errors.ts';
import { portOwner } from '../lib/port-owner.ts';
import { systemCode, systemReason } from '../lib/system-error.ts';
import type { Logger } from '../telemetry/log.ts';
import { watchConnections } from './connections.ts';
import { probeHub } from './probe.ts';
import { rawRefusal, refusalResponse } from './protocol-errors.ts';
import { isImport } from './routes.ts';
import { followCertificate, isFor, readCertificate, type Certificate } from './tls.ts';

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
  /** Null or absent: clients speak HTTP in the clear. */
  readonly tls?: TlsFiles | null;
  /** Where clients elsewhere reach it; also those of this machine, if the certificate is for no name of this machine. */
  readonly publicUrl?: string | null;
  readonly log: Logger;
  /** How long a request may take to arrive in full; an import only from one piece to the next. */
  readonly arrivalMs?: number;
  /** How long its headers may take. */
  readonly headersMs?: number;
  /** How often it looks for a renewed certificate. */
  readonly certificateEveryMs?: number;
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
const CERTIFICATE_EVERY_MS = 10_000;
/** Connections that may wait to be taken: a herd of agents comes back at once after a restart. */
const BACKLOG = 4_096;

/**
 * @throws StartError if the address cannot be listened on, or the certificate cannot be used; where a hub already holds the
 * port, it says so.
 */
export async function listen(app: Fetchable, options: ListenOptions): Promise<Listener> {
  const { log, tls = null, arrivalMs = ARRIVAL_MS, headersMs = HEADERS_MS } = options;
  const certificate = tls === null ? undefined : await readCertificate(tls);
  const settings = {
    headersTimeout: headersMs,
    // `watchConnections` does this one: Node's knows no exceptions, and an import may take as long as it needs.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(CHECK_MS, headersMs),
    keepAliveTimeout: KEEP_ALIVE_MS,
    // The host guard refuses those with an answer that says why.
    requireHostHeader: false,
  };
  const server =
    certificate === undefined
      ? createServer(settings)
      : createSecureServer({
          ...settings,
          ...{ cert: certificate.cert, key: certificate.key },
          ...{ minVersion: 'TLSv1.2', handshakeTimeout: headersMs },
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
  const renewals = followRenewals(server, options);
  const { port } = server.address() as AddressInfo;
  return {
    url: urlFor({ ...options, port }, certificate),
    port,
    close(graceMs) {
      renewals?.[Symbol.dispose]();
      return connections.drain(graceMs);
    },
  };
}

function followRenewals(server: Server | SecureServer, options: ListenOptions): Disposable | undefined {
  const { tls = null, log, certificateEveryMs: everyMs = CERTIFICATE_EVERY_MS } = options;
  if (tls === null || !('setSecureContext' in server)) return undefined;
  return followCertificate(tls, {
    ...{ log, everyMs },
    onRenewed: ({ cert, key }) => server.setSecureContext({ cert, key, minVersion: 'TLSv1.2' }),
  });
}

async function bind(server: Server | SecureServer, options: ListenOptions): Promise<void> {
  const { host, port, log } = options;
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  server.once('error', reject);
  server.listen({ host, port, backlog: BACKLOG }, () => {
    resolve(undefined);
  });
  try {
    await promise;
  } catch (error) {
    throw await cannotListen(error, options);
  }
  server.off('error', reject);
  server.on('error', (err) => {
    log.error({ err }, 'the HTTP server failed');
  });
}

async function cannotListen(error: unknown, options: ListenOptions): Promise<StartError> {
  const { host, port } = options;
  const where = `${urlHost(host)}:${String(port)}`;
  const code = systemCode(error);
  const cause = { cause: error };
  if (code === 'EADDRINUSE') {
    const url = listeningUrl(options);
    const hub = await probeHub(url, PROBE_MS);
    const owner = hub === undefined ? await portOwner(port) : undefined;
    const other = owner === undefined ? 'another program' : `process ${String(owner.pid)} (${owner.command})`;
    const who =
      hub === undefined ? `${other} uses it` : `a hub (version ${hub.version}) already runs at ${url}`;
    return new StartError(
      `Port ${String(port)} is taken: ${who}; stop it, or set HTTP_PORT to another one.`,
      cause,
    );
  }
  if (code === 'EACCES') {
    return new StartError(
      `Port ${String(port)} may not be used by this user; set HTTP_PORT to one above 1023.`,
      cause,
    );
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new StartError(`${host} is no address of this machine; set HTTP_HOST to one that is.`, cause);
  }
  return new StartError(`The hub cannot listen on ${where}: ${systemReason(error)}.`, cause);
}

/** The first address whose name the certificate is for. */
function urlFor(at: ListenOptions, certificate: Certificate | undefined): string {
  const url = listeningUrl(at);
  if (certificate === undefined) return url;
  const host = reachable(at.host);
  const named = isLoopback(host) ? [url, listeningUrl({ ...at, host: 'localhost' })] : [url];
  const good = [...named, at.publicUrl].find(
    (one) => one != null && isFor(certificate, new URL(one).hostname),
  );
  if (good != null) return good;
  const { subject, subjectAltName } = certificate.x509;
  at.log.warn(
    { url, certificate: subjectAltName ?? subject },
    'clients will refuse the certificate, which is for another name; set PUBLIC_URL to an address that it is for',
  );
  return url;
}
