/** From a request of the JSON API to the context that services want, and from its query to checked parameters. */
import type { Context } from 'hono';
import type { z } from 'zod';
import type { Authenticator, Credential } from '../../auth/types.ts';
import type { Ctx } from '../../context.ts';
import { HubError } from '../../errors.ts';
import type { Services } from '../../features/services.ts';
import { inputJsonSchema } from '../../mcp/json-schema.ts';
import type { OpenRequests } from '../../mcp/open-requests.ts';
import { parseArguments } from '../../mcp/validate.ts';
import type { Logger } from '../../telemetry/log.ts';
import { requestSignal } from '../request-timeout.ts';
import type { HubEnv } from '../types.ts';

export interface ApiDeps {
  readonly services: Services;
  readonly authenticator: Authenticator;
  readonly open: OpenRequests;
  readonly log: Logger;
  /** Part of every cursor. */
  readonly epoch: string;
  readonly maxResponseBytes: number;
}

const CLIENT = { name: 'api', version: '1' };

/** Who calls, for the services; the credential has been verified. */
export async function contextOf(c: Context<HubEnv>, { authenticator, log }: ApiDeps): Promise<Ctx> {
  const credential = c.get('credential');
  if (credential === undefined) throw new Error('an API route without a verified credential');
  const principal = await authenticator.identify(credential, c.req.raw.headers, CLIENT);
  c.set('principal', principal);
  const requestId = c.get('requestId');
  return { principal, requestId, signal: requestSignal(c), log: log.child({ request_id: requestId }) };
}

/**
 * Answers a request that may take long, and ends it as soon as its credential does: `work` gets the context of the caller,
 * whose signal aborts then.
 */
export function whileGood(
  c: Context<HubEnv>,
  deps: ApiDeps,
  work: (ctx: Ctx) => Promise<Response>,
): Promise<Response> {
  const credential = c.get('credential');
  if (credential === undefined) throw new Error('an API route without a verified credential');
  const verify = (): Promise<Credential> => deps.authenticator.verify(c.req.raw.headers);
  return deps.open.serve(credential, verify, async (request) => {
    const ended = new AbortController();
    request.onEnd(() => {
      ended.abort();
    });
    const ctx = await contextOf(c, deps);
    request.actsAs(ctx.principal);
    return work({ ...ctx, signal: AbortSignal.any([ctx.signal, ended.signal]) });
  });
}

/** A checker of parameters that explains what is wrong with them as tools do. */
export function parser<T extends z.ZodObject>(schema: T): (value: unknown) => z.output<T> {
  const json = inputJsonSchema(schema);
  return (value) => parseArguments(schema, json, value);
}

export function queryOf(c: Context<HubEnv>): Record<string, string> {
  const all = c.req.queries();
  const repeated = Object.keys(all).find((name) => (all[name]?.length ?? 0) > 1);
  if (repeated !== undefined) throw new HubError('INVALID_INPUT', `${repeated} is given more than once.`);
  return c.req.query();
}
