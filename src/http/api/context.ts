/** From a request of the JSON API to the context that services want, and from its query to checked parameters. */
import type { Context } from 'hono';
import type { z } from 'zod';
import type { Authenticator } from '../../auth/types.ts';
import type { Ctx } from '../../context.ts';
import { HubError } from '../../errors.ts';
import type { Services } from '../../features/services.ts';
import { inputJsonSchema } from '../../mcp/json-schema.ts';
import { parseArguments } from '../../mcp/validate.ts';
import type { Logger } from '../../telemetry/log.ts';
import { actionOf } from '../audit-refusals.ts';
import { requestSignal } from '../request-timeout.ts';
import type { HubEnv } from '../types.ts';

export interface ApiDeps {
  readonly services: Services;
  readonly authenticator: Authenticator;
  readonly log: Logger;
  /** Part of every cursor. */
  readonly epoch: string;
  readonly maxResponseBytes: number;
}

const CLIENT = { name: 'api', version: '1' };

/** Who calls, for the services; the credential has been verified. */
export async function contextOf(c: Context<HubEnv>, { authenticator, services, log }: ApiDeps): Promise<Ctx> {
  const credential = c.get('credential');
  if (credential === undefined) throw new Error('an API route without a verified credential');
  const principal = await authenticator.identify(credential, c.req.raw.headers, CLIENT);
  c.set('principal', principal);
  const requestId = c.get('requestId');
  const action = actionOf(c);
  services.visits.seen(principal, CLIENT.name, { requestId, action });
  const signal = requestSignal(c);
  return { principal, requestId, action, signal, log: log.child({ request_id: requestId }) };
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
