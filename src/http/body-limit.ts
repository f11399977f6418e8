/** Refuses bodies over the limit: by the length they declare, else while they are read. Nothing is read here. */
import type { Context } from 'hono';
import { HubError } from '../errors.ts';
import type { Link } from './chain.ts';

export interface BodyLimitOptions {
  readonly maxBytes: (path: string) => number;
  readonly exempt: (method: string, path: string) => boolean;
}

export function limitBody({ maxBytes, exempt }: BodyLimitOptions): Link {
  return (c, next) => {
    const { method, path } = c.req;
    if (method !== 'GET' && method !== 'HEAD' && !exempt(method, path)) boundBody(c, maxBytes(path));
    return next();
  };
}

/** @throws HubError CONTENT_TOO_LARGE, now or while the body is read. */
export function boundBody(c: Context, maxBytes: number): void {
  const { raw } = c.req;
  const length = c.req.header('content-length');
  // Node holds a body to its declared length.
  if (length !== undefined && c.req.header('transfer-encoding') === undefined) {
    if (!/^\d+$/.test(length) || Number(length) > maxBytes) throw tooLarge(maxBytes);
  } else if (raw.body !== null) {
    c.req.raw = new Request(raw, { body: raw.body.pipeThrough(counted(maxBytes)), duplex: 'half' });
  }
}

/** Passes on what it gets, and fails beyond the limit. */
function counted(maxBytes: number): TransformStream<Uint8Array, Uint8Array> {
  let size = 0;
  return new TransformStream({
    transform(chunk, controller) {
      size += chunk.byteLength;
      if (size > maxBytes) throw tooLarge(maxBytes);
      controller.enqueue(chunk);
    },
  });
}

function tooLarge(maxBytes: number): HubError {
  return new HubError('CONTENT_TOO_LARGE', `The body is larger than ${String(maxBytes)} bytes.`, {
    context: { field: 'body', value: null, expected: `at most ${String(maxBytes)} bytes` },
    suggestions: ['Send less at once.'],
  });
}
