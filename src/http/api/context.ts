/** From a request of the JSON API to the context that services want, and from its query to checked parameters. */
import type { Context } from 'hono';
import type { z } from 'zod';
import type { Authenticator, ClientInfo, Credential } from '../../auth/types.ts';
import type { Ctx } from '../../context.ts';
import { HubError } from '../../errors.ts';
import type { RateKind } from '../../features/rates/service.ts';
import { inputJsonSchema } from '../../mcp/json-schema.ts';
import type { OpenRequests } from '../../mcp/open-requests.ts';
import type { ToolHub } from '../../mcp/tool.ts';
import { parseArguments } from '../../mcp/validate.ts';
import type { Logger } from '../../telemetry/log.ts';
import { actionOf } from '../audit-refusals.ts';
import { requestSignal } from '../request-timeout.ts';
import { isImport } from '../routes.ts';
import type { HubEnv } from '../types.ts';

export interface ApiDeps extends ToolHub {
  readonly addressOf: (c: Context) => string;
  readonly authenticator: Authenticator;
  readonly open: OpenRequests;
  readonly log: Logger;
  readonly toolTimeoutMs: number;
  /** Of the hub. */
  readonly version: string;
  /** Where the hub is reached, without a slash at the end. */
  readonly publicUrl: () => string;
}

/** No version: a client that says itself who it is counts for more. */
const CLIENT = { name: 'api', version: '' };
/** Whoever has logged in is one operator at every door. */
const DASHBOARD = { name: 'dashboard', version: '' };

export interface Coming {
  /** Whom a caller without a name of its own is called after. */
  readonly client?: ClientInfo;
  /** The limit it counts in; by default that of its method. */
  readonly rate?: RateKind;
}

/** Who calls, for the services, and counts the call; the credential has been verified. @throws HubError RATE_LIMITED */
export async function contextOf(
  c: Context<HubEnv>,
  { authenticator, log, services }: ApiDeps,
  { client: named, rate = c.req.method === 'GET' ? 'reads' : 'messages' }: Coming = {},
): Promise<Ctx> {
  const credential = c.get('credential');
  if (credential === undefined) throw new Error('an API route without a verified credential');
  const client = named ?? (credential.login === undefined ? CLIENT : DASHBOARD);
  const principal = await authenticator.identify(credential, c.req.raw.headers, client);
  c.set('principal', principal);
  const requestId = c.get('requestId');
  const action = actionOf(c);
  services.visits.seen(principal, client.name, { requestId, action });
  services.presence.seen(principal);
  // An import is one call however much it brings, and not of the kind of what agents post.
  if (isImport(c.req.method, c.req.path)) await services.rates.spendTotal(principal.keyId);
  else await services.rates.spend(principal, rate);
  const signal = requestSignal(c);
  return { principal, requestId, action, signal, log };
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
  const address = deps.addressOf(c);
  const verify = (): Promise<Credential> => deps.authenticator.verify(c.req.raw.headers, address);
  return deps.open.serve(credential, verify, async (request) => {
    const ended = new AbortController();
    request.onEnd(() => {
      ended.abort();
    });
    const ctx = await contextOf(c, deps);
    request.actsAs(ctx.principal);
    const signal = AbortSignal.any([ctx.signal, ended.signal]);
    const response = await work({ ...ctx, signal });
    // Whom another answer was given, and who asked for the headers alone, reads nothing: a stream would stay open for ever.
    if (signal.aborted || c.req.raw.method === 'HEAD') {
      await response.body?.cancel();
      return new Response(null, response);
    }
    return response;
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
