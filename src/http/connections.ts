/** Watches the requests of a server: cuts those whose body does not come, and lets them end at a stop. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { Socket } from 'node:net';

export interface ConnectionOptions {
  /** How long a request may take to arrive in full. */
  readonly arrivalMs: number;
  /** Requests of any length: for these it is enough that something arrives within that time. */
  readonly isUpload: (method: string, path: string) => boolean;
  /** How long streams may go on at a stop after everything else has ended. */
  readonly streamGraceMs: number;
}

export interface Connections {
  /** Says that the answer is a stream that its client may hold open for ever. */
  markStream(outgoing: ServerResponse): void;
  /** Takes no new ones, waits at most `graceMs` for those that run, then cuts them. */
  drain(graceMs: number): Promise<void>;
}

interface Running {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly upload: boolean;
  /** When it began; for an upload, when something last arrived. */
  since: number;
  bytes: number;
}

const SWEEP_MS = 1_000;

export function watchConnections(server: Server | SecureServer, options: ConnectionOptions): Connections {
  const running = new Set<Running>();
  const streams = new WeakSet<ServerResponse>();
  /** Node cuts only those on which HTTP is spoken, not those whose TLS never begins. */
  const sockets = new Set<Socket>();
  let draining = false;
  let onEnd: (() => void) | undefined;

  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.prependListener('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const path = (incoming.url ?? '').replace(/[?#].*$/, '');
    const upload = options.isUpload(incoming.method ?? '', path);
    const request = {
      incoming,
      outgoing,
      upload,
      since: performance.now(),
      bytes: incoming.socket.bytesRead,
    };
    running.add(request);
    if (draining) outgoing.setHeader('Connection', 'close');
    outgoing.once('close', () => {
      running.delete(request);
      onEnd?.();
    });
  });

  // Node's own limit on the arrival of a request knows no exceptions, and the import has no length.
  const sweep = setInterval(
    () => {
      for (const request of running) if (isStuck(request, options.arrivalMs)) request.incoming.destroy();
    },
    Math.min(SWEEP_MS, options.arrivalMs / 2),
  );
  sweep.unref();

  const drain = async (graceMs: number): Promise<void> => {
    draining = true;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    server.close(() => {
      resolve(undefined);
    });
    for (const { outgoing } of running) if (!outgoing.headersSent) outgoing.setHeader('Connection', 'close');
    const cut = (): void => {
      for (const socket of sockets) socket.destroy();
    };
    const timers = [setTimeout(cut, graceMs)];
    onEnd = () => {
      setImmediate(() => {
        server.closeIdleConnections();
      });
      if (timers.length > 1 || [...running].some(({ outgoing }) => !streams.has(outgoing))) return;
      timers.push(setTimeout(cut, Math.min(graceMs, options.streamGraceMs)));
    };
    onEnd();
    await promise;
    for (const timer of timers) clearTimeout(timer);
    clearInterval(sweep);
  };
  return { drain, markStream: (outgoing) => void streams.add(outgoing) };
}

function isStuck(request: Running, arrivalMs: number): boolean {
  const { incoming, upload } = request;
  if (incoming.complete) return false;
  const { bytesRead } = incoming.socket;
  if (upload && bytesRead > request.bytes) {
    request.bytes = bytesRead;
    request.since = performance.now();
  }
  return performance.now() - request.since > arrivalMs;
}
