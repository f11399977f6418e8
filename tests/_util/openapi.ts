/** The OpenAPI document of a running hub, and what it says about an answer. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { OpenApi, Operation } from '../../src/http/api/openapi/document.ts';
import { ADMIN_KEY, type TestHub } from './test-hub.ts';

export interface Described {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

export async function documentOf(hub: TestHub): Promise<OpenApi> {
  const headers = { authorization: `Bearer ${ADMIN_KEY}` };
  return (await (await hub.request('/api/v1/openapi.json', { headers })).json()) as OpenApi;
}

export function operationsOf({ paths }: OpenApi): readonly Described[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

/** Answers what is wrong with a value for the schema at a place of the document (`['components', 'schemas', …]`). */
export function schemaChecker(document: OpenApi): (place: readonly string[], value: unknown) => string[] {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(closed(document) as object, 'hub');
  return (place, value) => {
    const pointer = place.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1'));
    const check = ajv.getSchema(`hub#/${pointer.map(encodeURIComponent).join('/')}`);
    if (check === undefined) return [`there is no schema at ${place.join(' ')}`];
    if (check(value) === true) return [];
    return (check.errors ?? []).map(({ instancePath, message = '', params }) =>
      `${instancePath || 'the whole'} ${message} ${JSON.stringify(params)}`.slice(0, 300),
    );
  };
}

/** Answers may grow, and clients must let them; here what is not described is a mistake. */
function closed(part: unknown, narrows = false): unknown {
  if (Array.isArray(part)) return part.map((item) => closed(item, narrows));
  if (typeof part !== 'object' || part === null) return part;
  const entries = Object.entries(part).map(([name, value]) =>
    name === 'example' ? [name, value] : [name, closed(value, name === 'allOf')],
  );
  const copy = Object.fromEntries(entries) as Record<string, unknown>;
  if (copy['type'] === 'object' && typeof copy['properties'] === 'object' && !narrows)
    copy['additionalProperties'] ??= false;
  return copy;
}

/** Answers what is not as the operation says in an answer to it. */
export function answerChecker(
  document: OpenApi,
): (asked: Described, response: Response, text: string) => string[] {
  const check = schemaChecker(document);
  return ({ path, method, operation }, response, text) => {
    const status = String(response.status);
    const answer = operation.responses[status];
    if (answer === undefined) return [`status ${status} is not described: ${text.slice(0, 300)}`];
    const place =
      '$ref' in answer
        ? answer.$ref.slice(2).split('/')
        : ['paths', path, method.toLowerCase(), 'responses', status];
    const { content = {} } = at(document, place) as { readonly content?: object };
    if (Object.keys(content).length === 0) return text === '' ? [] : ['there is a body'];
    const type = (response.headers.get('content-type') ?? '').replace(/;.*/, '');
    if (!Object.hasOwn(content, type)) return [`it is ${type}`];
    if (type !== 'application/json') return [];
    return check([...place, 'content', type, 'schema'], JSON.parse(text));
  };
}

function at(value: unknown, place: readonly string[]): unknown {
  return place.reduce<unknown>((part, name) => (part as Record<string, unknown> | undefined)?.[name], value);
}
