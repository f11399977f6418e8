import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { describe, expect, it } from 'vitest';
import { collectLog, json } from '../../tests/http/harness.ts';
import { HubError } from '../errors.ts';
import { answerErrors, throwErrorsOnly } from './error-handler.ts';
import { requestId } from './request-id.ts';
import type { HubEnv } from './types.ts';

function throwing(thrown: unknown) {
  const { log, lines, text } = collectLog();
  const app = new Hono<HubEnv>();
  app.onError(answerErrors({ log, now: () => 1_700_000_000_000 }));
  app.use(requestId({ generate: () => 'id-1' }), throwErrorsOnly);
  app.get('/', () => {
    throw thrown as Error;
  });
  return { app, lines, text };
}

describe('answerErrors', () => {
  it('answers a HubError as it is', async () => {
    const error = new HubError('RATE_LIMITED', 'Too much.', { retryAfter: 1.2, context: { kind: 'x' } });
    const { app, lines } = throwing(error);
    const response = await app.request('/');
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('2');
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await json(response)).toEqual({
      success: false,
      error: 'Too much.',
      code: 'RATE_LIMITED',
      number: 'LIMIT_001',
      severity: 'warning',
      recoverable: true,
      retry_after: 1.2,
      suggestions: [],
      context: { kind: 'x' },
      related_resources: [],
      request_id: 'id-1',
      timestamp: '2023-11-14T22:13:20.000Z',
    });
    expect(lines()).toEqual([]);
  });

  it('takes the status an error asks for', async () => {
    const { app } = throwing(new HubError('INVALID_INPUT', 'x', { status: 405 }));
    expect((await app.request('/')).status).toBe(405);
  });

  it('names the scheme of credentials with 401, and no OAuth metadata', async () => {
    const { app } = throwing(new HubError('AUTHENTICATION_FAILED', 'No.'));
    expect((await app.request('/')).headers.get('www-authenticate')).toBe('Bearer');
  });

  it.each<[string, unknown]>([
    ['an Error', new Error('canary: SELECT * FROM /home/x')],
    ['a text', 'canary text'],
    ['an object', { canary: true }],
    ['undefined', undefined],
    ['a framework failure', new HTTPException(500, { message: 'canary' })],
  ])('logs %s in full and says nothing of it', async (_name, thrown) => {
    const { app, lines } = throwing(thrown);
    const response = await app.request('/');
    expect(response.status).toBe(500);
    const body = await response.text();
    expect(body).toContain('"INTERNAL_ERROR"');
    expect(body).not.toContain('canary');
    expect(lines()).toMatchObject([{ level: 50, request_id: 'id-1', method: 'GET', path: '/' }]);
    if (thrown instanceof Error) expect(lines()[0]?.['err']).toMatchObject({ message: thrown.message });
  });

  it('takes a refusal of the framework for the mistake of the caller that it is', async () => {
    const { app, lines } = throwing(new HTTPException(400, { message: 'Malformed JSON in request body' }));
    const response = await app.request('/');
    expect(response.status).toBe(400);
    expect(await json(response)).toMatchObject({
      code: 'INVALID_INPUT',
      error: 'Malformed JSON in request body',
    });
    expect(lines()).toEqual([]);
  });

  it('logs why a 5xx of the hub happened', async () => {
    const { app, lines } = throwing(
      new HubError('STORE_UNAVAILABLE', 'x', { cause: new Error('disk full') }),
    );
    expect((await app.request('/')).status).toBe(503);
    expect(lines()).toMatchObject([{ level: 40, err: { message: 'disk full' }, code: 'STORE_UNAVAILABLE' }]);
  });

  it('does not report a client that has gone as a failure', async () => {
    const { app, lines } = throwing(new Error('aborted'));
    const client = new AbortController();
    client.abort();
    expect((await app.request('/', { signal: client.signal })).status).toBe(499);
    expect(lines()).toEqual([]);
  });
});
