/** One request on its way to the hub and back. */
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { request } from 'node:http';
import { refuse } from './refuse.ts';

export interface Forwarded {
  /** Resolves when nothing is exchanged with the hub any more. */
  readonly ended: Promise<void>;
  /** Whether the answer is a stream that its client holds open for as long as it likes. */
  isStream(): boolean;
  /** Ends it now; a client that has no answer yet is told why. */
  cut(why: string): void;
}

/** Headers that speak of one connection, and what Node does by itself. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'upgrade', 'expect']);
const GONE = 'The hub ended while it worked on this request; whether it was done is unknown.';

export function forward(req: IncomingMessage, res: ServerResponse, port: number): Forwarded {
  const { promise: ended, resolve } = Promise.withResolvers<undefined>();
  let stream = false;
  const onward = request({
    host: '127.0.0.1',
    port,
    method: req.method ?? 'GET',
    path: req.url ?? '/',
    // A hub that may close the connection does so under a body that it refused unread, and its answer would be lost.
    headers: [...endToEnd(req.rawHeaders), 'Connection', 'keep-alive'],
    setHost: false,
    // A connection of its own for each: none that is kept can be closed by a stopping hub just as it is used.
    agent: false,
  });
  const cut = (why: string): void => {
    if (stream) res.end();
    else if (res.headersSent) res.destroy();
    else refuse(res, why);
    onward.destroy();
  };

  onward.on('response', (answer) => {
    stream = req.method === 'GET' && isEventStream(answer);
    if (res.destroyed || res.headersSent) return void answer.destroy();
    res.writeHead(answer.statusCode ?? 502, answer.statusMessage, [...endToEnd(answer.rawHeaders)]);
    res.flushHeaders();
    answer.pipe(res);
    // An answer that breaks off must not look like a whole one.
    answer.once('close', () => {
      if (!answer.complete && !stream) res.destroy();
      else if (!answer.complete) res.end();
    });
  });
  onward.on('error', () => {
    if (!res.headersSent) refuse(res, GONE);
  });
  onward.once('close', () => {
    req.unpipe(onward);
    // What the hub did not want to read is read and dropped, or the connection would be stuck.
    req.resume();
    resolve(undefined);
  });
  res.once('close', () => onward.destroy());
  sendBody(req, onward);
  return { ended, cut, isStream: () => stream };
}

function sendBody(req: IncomingMessage, onward: ClientRequest): void {
  const { 'content-length': length, 'transfer-encoding': coding } = req.headers;
  if (length === undefined && coding === undefined) {
    onward.useChunkedEncodingByDefault = false;
    onward.end();
  } else {
    req.pipe(onward);
  }
}

function isEventStream({ headers }: IncomingMessage): boolean {
  return headers['content-type']?.startsWith('text/event-stream') === true;
}

/** Name, value, name, value, …, as they came. */
function endToEnd(raw: readonly string[]): readonly string[] {
  return raw.filter((_, i) => !HOP_BY_HOP.has((raw[i - (i % 2)] ?? '').toLowerCase()));
}
