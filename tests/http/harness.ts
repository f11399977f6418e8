/** What the tests of the HTTP layer share. */
import { Writable } from 'node:stream';
import type { MiddlewareHandler } from 'hono';
import { Hono } from 'hono';
import type { Authenticator, Credential } from '../../src/auth/types.ts';
import { HubError } from '../../src/errors.ts';
import { answerErrors } from '../../src/http/error-handler.ts';
import { requestId } from '../../src/http/request-id.ts';
import type { HubEnv } from '../../src/http/types.ts';
import type { Logger } from '../../src/telemetry/log.ts';
import { createLogger } from '../../src/telemetry/log.ts';

export interface CollectedLog {
  readonly log: Logger;
  readonly lines: () => readonly Record<string, unknown>[];
  readonly text: () => string;
}

/** A logger that keeps what it is given. */
export function collectLog(): CollectedLog {
  const chunks: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  const log = createLogger({ level: 'debug', format: 'json' }, destination);
  const text = (): string => chunks.join('');
  const lines = (): readonly Record<string, unknown>[] =>
    text()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { log, lines, text };
}

/** An app of `middlewares` alone; the error object is answered as in the real one. */
export function appWith(...middlewares: readonly MiddlewareHandler<HubEnv>[]): Hono<HubEnv> {
  const app = new Hono<HubEnv>();
  app.onError(answerErrors({ log: collectLog().log, now: () => 0 }));
  app.use(requestId());
  for (const middleware of middlewares) app.use(middleware);
  return app;
}

export const GOOD_KEY = 'the-key-that-is-known-to-the-tests';

const CREDENTIAL: Credential = {
  keyId: 'key_1',
  keyName: 'agent',
  workspace: 'default',
  permissions: new Set(['read', 'write']),
  agentId: 'agent-7',
  agentIds: null,
  agentTypes: null,
  until: null,
};

export interface CountingAuth extends Pick<Authenticator, 'verify'> {
  calls: number;
}

/** Knows one key. */
export function testAuth(): CountingAuth {
  const auth: CountingAuth = {
    calls: 0,
    verify(headers) {
      auth.calls += 1;
      if (headers.get('authorization') === `Bearer ${GOOD_KEY}`) return Promise.resolve(CREDENTIAL);
      return Promise.reject(new HubError('AUTHENTICATION_FAILED', 'The request has no valid credential.'));
    },
  };
  return auth;
}

export async function json(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}
