/** Answers to what never becomes a request of the app: malformed HTTP, and targets that are no URL. */
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { RequestError } from '@hono/node-server';
import { HubError, errorObject } from '../errors.ts';
import { systemCode } from '../lib/system-error.ts';
import type { Logger } from '../telemetry/log.ts';

const HEADERS = {
  'Content-Type': 'application/json',
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'X-Frame-Options': 'DENY',
} as const;

/** The handler of node-server's own errors: those of the request are the client's, the others are logged. */
export function refusalResponse(log: Logger): (error: unknown) => Response {
  return (error) => {
    const id = randomUUID();
    const isClients = error instanceof RequestError;
    if (!isClients) log.error({ err: error, request_id: id }, 'request failed');
    const thrown = isClients
      ? malformed('The address or the Host header of the request is malformed.')
      : error;
    const status = isClients ? 400 : 500;
    const body = JSON.stringify(errorObject(thrown, id, Date.now()));
    return new Response(body, { status, headers: { ...HEADERS, 'X-Request-Id': id } });
  };
}

const STATUSES: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};
const WORDS: Readonly<Record<number, string>> = {
  400: 'The request is not well-formed HTTP.',
  408: 'The headers of the request did not arrive in time.',
  431: 'The headers of the request are too large.',
};

/** The listener for `clientError`: answers and hangs up. */
export function rawRefusal(error: Error, socket: Duplex): void {
  if (systemCode(error) === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = STATUSES[systemCode(error) ?? ''] ?? 400;
  const id = randomUUID();
  const body = JSON.stringify(errorObject(malformed(WORDS[status] ?? ''), id, Date.now()));
  const headers = {
    ...HEADERS,
    'X-Request-Id': id,
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
}

function malformed(message: string): HubError {
  return new HubError('INVALID_INPUT', message);
}
