/**
 * Arguments of a route: those of the path, and those of the query (GET, DELETE) or the JSON body, together. What is text in
 * an address becomes what the schema asks for.
 */
import type { Context } from 'hono';
import { z } from 'zod';
import { invalid } from '../../errors.ts';
import { isRecord } from '../../mcp/engines/rpc.ts';
import { readJson } from '../json-body.ts';
import type { HubEnv } from '../types.ts';
import { queryOf } from './context.ts';

type Shape = Readonly<Record<string, z.core.$ZodType>>;

/** Which routes have their arguments in the query. */
export function inQuery({ method, inQuery: said = false }: { method: string; inQuery?: boolean }): boolean {
  return said || method === 'GET' || method === 'HEAD' || method === 'DELETE';
}

/** Unchecked but for where they are. @throws HubError INVALID_INPUT */
export async function readArguments(c: Context<HubEnv>, schema: z.ZodObject, said = false): Promise<object> {
  const shape: Shape = schema.shape;
  const path = c.req.param();
  if (inQuery({ method: c.req.method, inQuery: said })) return typed({ ...queryOf(c), ...path }, shape);
  refuseQuery(c);
  const body = await readJson(c, {});
  if (!isRecord(body)) throw invalid('body', body, 'an object');
  const twice = Object.keys(path).find((name) => Object.hasOwn(body, name));
  if (twice !== undefined) throw invalid(twice, body[twice], 'no value in the body: it is in the address');
  return { ...body, ...typed(path, shape) };
}

/** For routes that have nothing in the query. @throws HubError INVALID_INPUT */
export function refuseQuery(c: Context<HubEnv>): void {
  const [stray] = Object.keys(queryOf(c));
  if (stray === undefined) return;
  throw invalid(stray, undefined, 'no value in the address', {
    message: `${stray} is in the address, where this route takes nothing.`,
    suggestions: [`Call again with ${stray} in the body, if it belongs there.`],
  });
}

function typed(texts: Readonly<Record<string, string>>, shape: Shape): object {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, valueOf(text, shape[name])]));
}

/** What does not look like what is asked for stays as it is, to be refused. */
function valueOf(text: string, schema: z.core.$ZodType | undefined): unknown {
  const wanted = bare(schema);
  if (wanted instanceof z.ZodBoolean && (text === 'true' || text === 'false')) return text === 'true';
  if (wanted instanceof z.ZodNumber && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  return text;
}

function bare(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault ? bare(schema.unwrap()) : schema;
}
