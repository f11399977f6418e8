/** The answer while there is no hub. */
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { ErrorObject } from '../../src/errors.ts';

const RETRY_AFTER_S = 1;

/** 503 with the error object of the hub. Nothing of it comes from the hub's code, which may be what is broken. */
export function refuse(res: ServerResponse, why: string): void {
  if (res.headersSent || res.destroyed) return;
  const body: ErrorObject = {
    success: false,
    error: why,
    code: 'STORE_UNAVAILABLE',
    number: 'STORE_001',
    severity: 'critical',
    recoverable: true,
    retry_after: RETRY_AFTER_S,
    suggestions: ['Try again with the same arguments and idempotency key.'],
    context: {},
    related_resources: [],
    request_id: randomUUID(),
    timestamp: new Date().toISOString(),
  };
  const text = JSON.stringify(body);
  res.writeHead(503, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'Retry-After': RETRY_AFTER_S,
    'X-Content-Type-Options': 'nosniff',
    'X-Request-Id': body.request_id,
  });
  res.end(text);
}
