/** What a route of the JSON API is: data, from which it is mounted (`mount.ts`) and described (`openapi/document.ts`). */
import type { Context } from 'hono';
import type { z } from 'zod';
import type { Ctx, Permission } from '../../context.ts';
import type { ErrorCode } from '../../errors.ts';
import type { HubEnv } from '../types.ts';
import { readArguments } from './arguments.ts';
import { contextOf, parser, type ApiDeps, type Coming } from './context.ts';

export const TAGS = [
  'Sessions',
  'Messages',
  'Search',
  'Memory',
  'Agents',
  'Leases',
  'Audit',
  'Keys',
  'Transfer',
  'Help',
  'Tokens',
  'Health',
  'Metrics',
] as const;

/** What the document says of a route. */
export interface Described {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Its parameters (`:name`) are fields of `input`. */
  readonly path: string;
  /** The `operationId`. */
  readonly id: string;
  readonly tag: (typeof TAGS)[number];
  readonly summary: string;
  /** What the caller needs, which the services demand; null: nobody has to be known. */
  readonly permission: Permission | null;
  /** Fields of the path, and those of the query (GET, DELETE) or of the JSON body; strict. */
  readonly input: z.ZodObject;
  /** Its arguments are in the query although its method has a body. */
  readonly inQuery?: true;
  /** Headers that it heeds besides those of the caller, and what they are. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A body that is no JSON of `input`. */
  readonly takes?: string;
  readonly output: Output;
  /** Errors besides those that every route has (`openapi/errors.ts`). */
  readonly errors?: readonly ErrorCode[];
  /** Arguments of a call that makes sense: the example. */
  readonly sample: object;
  /** Its answers carry an entity tag, and are left out where the caller has them (`If-None-Match`). */
  readonly etag?: true;
}

/** JSON of a schema, or media of other types; with what else is no error. */
export interface Output {
  readonly status?: 200 | 201 | 202;
  readonly schema?: z.ZodType;
  /** Fields of the example, where `openapi/examples.ts` does not know better. */
  readonly example?: object;
  readonly media?: readonly string[];
  readonly also?: { readonly status: number; readonly description: string; readonly schema: z.ZodType };
}

export interface Endpoint extends Described {
  readonly answer: (c: Context<HubEnv>, deps: ApiDeps) => Promise<Response>;
}

type Handler<I extends z.ZodObject, O extends z.ZodType> = (
  deps: ApiDeps,
  ctx: Ctx,
  input: z.output<I>,
) => Promise<z.input<O>>;

/** A route of JSON, whose handler gets its caller and its checked arguments. */
export function defineEndpoint<I extends z.ZodObject, O extends z.ZodType>(
  route: Omit<Endpoint, 'input' | 'output' | 'sample' | 'answer'> & {
    readonly input: I;
    readonly output: Omit<Output, 'schema' | 'media'> & { readonly schema: O };
    readonly sample: z.input<I>;
    /** How a caller comes, where it is not as the method says. */
    readonly coming?: Coming;
    readonly handler: Handler<I, O>;
  },
): Endpoint {
  const { handler, coming, ...described } = route;
  const check = parser(route.input);
  return {
    ...described,
    async answer(c, deps) {
      const ctx = await contextOf(c, deps, coming);
      const input = check(await readArguments(c, route.input));
      return c.json(await handler(deps, ctx, input), route.output.status ?? 200);
    },
  };
}
