/** The OpenAPI document: made from the routes themselves, so that it cannot say what they do not do. */
import { inputJsonSchema } from '../../../mcp/json-schema.ts';
import type { JsonSchema } from '../../../mcp/surface.ts';
import { inQuery } from '../arguments.ts';
import { TAGS, type Described } from '../endpoint.ts';
import { errorExample, errorsOf, MEANING } from './errors.ts';
import { exampleOf } from './examples.ts';
import { answerSchema, componentSchemas, errorSchema } from './schemas.ts';

export interface Ref {
  readonly $ref: string;
}
export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
  readonly example?: unknown;
}
export interface Media {
  readonly schema?: JsonSchema;
  readonly example?: unknown;
}
export interface Answer {
  readonly description: string;
  readonly headers?: Readonly<Record<string, Ref>>;
  readonly content?: Readonly<Record<string, Media>>;
}
export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  /** Ways to come, each with the permission that is needed. */
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters: readonly (Parameter | Ref)[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Readonly<Record<string, Media>>;
  };
  readonly responses: Readonly<Record<string, Answer | Ref>>;
}
export interface OpenApi {
  readonly openapi: '3.1.1';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly responses: Readonly<Record<string, Answer>>;
    readonly parameters: Readonly<Record<string, Parameter>>;
    readonly headers: Readonly<Record<string, { readonly description: string; readonly schema: JsonSchema }>>;
    readonly securitySchemes: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
}

const JSON_TYPE = 'application/json';
const DESCRIPTION = `The same services as the MCP tools: a caller sees and does here what it sees and does there.
Text is UTF-8, times are ISO 8601 in UTC. Parameters that are not described are refused by name.
Lists go on with \`next_cursor\`, given back as \`cursor\`. Every error is the error object.`;

const securitySchemes = (cookieName: string) => ({
  bearer: { type: 'http', scheme: 'bearer', description: 'An API key, or a token of POST /auth/token.' },
  key: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'An API key.' },
  cookie: {
    ...{ type: 'apiKey', in: 'cookie', name: cookieName },
    description: 'The login of a browser. What changes something also needs the X-CSRF-Token of its pages.',
  },
});

const AGENT_HEADERS = {
  AgentId: {
    ...{ name: 'X-Agent-Id', in: 'header', required: false, schema: { type: 'string', maxLength: 100 } },
    description: 'Which agent of the key it is; without it one is named after the key.',
  },
  AgentType: {
    ...{ name: 'X-Agent-Type', in: 'header', required: false, schema: { type: 'string', maxLength: 50 } },
    description: 'Of what type the agent is, at its first request.',
  },
} as const satisfies Record<string, Parameter>;

const HEADERS = {
  'X-Request-Id': { description: 'The request_id of errors and of the log.', schema: { type: 'string' } },
  'Retry-After': { description: 'Seconds to wait, if it is known.', schema: { type: 'integer' } },
  ETag: { description: 'To be sent as If-None-Match.', schema: { type: 'string' } },
} as const;

const IF_NONE_MATCH = 'The ETag of the answer that the caller has.';

const header = (name: keyof typeof HEADERS): Ref => ({ $ref: `#/components/headers/${name}` });
const ID_HEADER = { 'X-Request-Id': header('X-Request-Id') };

/** The hub that is described. */
export interface DescribedHub {
  readonly version: string;
  /** Of the logins of browsers. */
  readonly cookieName: string;
}

/** `routes`: with their whole paths. */
export function openApiDocument(
  { version, cookieName }: DescribedHub,
  routes: readonly Described[],
): OpenApi {
  const schemas = componentSchemas();
  const responses: Record<string, Answer> = {};
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of routes) {
    const errors = Object.fromEntries(
      [...errorsOf(route)].map(([status, codes]) => {
        const name = codes.join('.');
        responses[name] ??= errorAnswer(status, codes);
        return [String(status), { $ref: `#/components/responses/${name}` }];
      }),
    );
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    const operation = operationOf(route, { ...errors, ...successesOf(route, schemas) });
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation };
  }
  const used = new Set(routes.map(({ tag }) => tag));
  return {
    openapi: '3.1.1',
    info: { title: 'Shared Context Hub', version, description: DESCRIPTION },
    servers: [{ url: '/' }],
    tags: TAGS.filter((tag) => used.has(tag)).map((name) => ({ name })),
    paths,
    components: {
      ...{ schemas, responses, parameters: AGENT_HEADERS, headers: HEADERS },
      securitySchemes: securitySchemes(cookieName),
    },
  };
}

function operationOf(route: Described, responses: Operation['responses']): Operation {
  const { id, tag, summary, permission } = route;
  const body = bodyOf(route);
  const headers = Object.keys(AGENT_HEADERS).map((name) => ({ $ref: `#/components/parameters/${name}` }));
  return {
    ...{ operationId: id, tags: [tag], summary },
    security: permission === null ? [] : waysTo(route).map((way) => ({ [way]: [permission] })),
    parameters: [...parametersOf(route), ...(permission === null ? [] : headers)],
    ...(body === undefined ? {} : { requestBody: body }),
    responses,
  };
}

/** Who has logged in has no key to make tokens of. */
function waysTo({ path }: Described): readonly string[] {
  return path.startsWith('/auth/') ? ['bearer', 'key'] : ['bearer', 'key', 'cookie'];
}

interface Fields {
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly required: readonly string[];
}

function fieldsOf({ input }: Described): Fields {
  const { properties = {}, required = [] } = inputJsonSchema(input);
  return { properties, required } as Fields;
}

function pathNames({ path }: Described): readonly string[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? '');
}

function parametersOf(route: Described): readonly Parameter[] {
  const { properties, required } = fieldsOf(route);
  const inPath = pathNames(route);
  const sample = new Map<string, unknown>(Object.entries(route.sample));
  const { headers = {}, etag } = route;
  const heeded = Object.entries({ ...(etag === true ? { 'If-None-Match': IF_NONE_MATCH } : {}), ...headers });
  const own: readonly Parameter[] = Object.entries(properties)
    .filter(([name]) => inPath.includes(name) || inQuery(route))
    .map(([name, { description, ...schema }]) => ({
      name,
      in: inPath.includes(name) ? 'path' : 'query',
      required: required.includes(name),
      ...(typeof description === 'string' ? { description } : {}),
      schema,
      ...(sample.has(name) ? { example: sample.get(name) } : {}),
    }));
  return [
    ...own,
    ...heeded.map(([name, description]) => ({
      ...{ name, in: 'header' as const, required: false, description, schema: { type: 'string' } },
    })),
  ];
}

function bodyOf(route: Described): Operation['requestBody'] {
  const { takes, sample } = route;
  if (takes !== undefined) {
    const schema = { type: 'string', description: 'a JSON object a line' };
    return { required: true, content: { [takes]: { schema, example: `${JSON.stringify(sample)}\n` } } };
  }
  if (inQuery(route)) return undefined;
  const inPath = pathNames(route);
  const { properties, required } = fieldsOf(route);
  const own = <T>(entries: readonly (readonly [string, T])[]): Record<string, T> =>
    Object.fromEntries(entries.filter(([name]) => !inPath.includes(name)));
  const wanted = required.filter((name) => !inPath.includes(name));
  const fields = own(Object.entries(properties));
  if (Object.keys(fields).length === 0) return undefined;
  const schema = {
    ...{ type: 'object', properties: fields, additionalProperties: false },
    ...(wanted.length === 0 ? {} : { required: wanted }),
  };
  const example = own(Object.entries(sample));
  return { required: wanted.length > 0, content: { [JSON_TYPE]: { schema, example } } };
}

function successesOf(
  { output, etag }: Described,
  components: Readonly<Record<string, JsonSchema>>,
): Record<string, Answer> {
  const { status = 200, media, schema, example, also } = output;
  const headers = { ...ID_HEADER, ...(etag === true ? { ETag: header('ETag') } : {}) };
  const json = (of: NonNullable<typeof schema>, more: object = {}): Answer['content'] => {
    const described = answerSchema(of);
    const made = exampleOf(described, components);
    return { [JSON_TYPE]: { schema: described, example: { ...(made as object), ...more } } };
  };
  const content =
    schema === undefined
      ? Object.fromEntries((media ?? []).map((type) => [type, { schema: { type: 'string' } }]))
      : json(schema, example);
  return {
    [status]: { description: 'Done.', headers, ...(content === undefined ? {} : { content }) },
    ...(etag === true ? { 304: { description: 'As the caller has it (If-None-Match).', headers } } : {}),
    ...(also === undefined
      ? {}
      : {
          [also.status]: {
            ...{ description: also.description, headers: ID_HEADER, content: json(also.schema, example) },
          },
        }),
  };
}

function errorAnswer(status: number, codes: Parameters<typeof errorSchema>[0]): Answer {
  const [first] = codes;
  const waits = status === 429 || status === 503;
  return {
    description: codes.map((code) => `${code}: ${MEANING[code]}`).join(' '),
    headers: { ...ID_HEADER, ...(waits ? { 'Retry-After': header('Retry-After') } : {}) },
    content: {
      [JSON_TYPE]: {
        schema: errorSchema(codes),
        ...(first === undefined ? {} : { example: errorExample(first) }),
      },
    },
  };
}
